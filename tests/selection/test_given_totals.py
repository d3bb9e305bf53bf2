"""Sums over ranges are compared with the noise that they have in maps that keep the total."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection.brightness_bands import bands_of
from hyperspy_multimodal.selection.lost_structure import Expectation
from hyperspy_multimodal.selection.other_maps import of_other_maps
from hyperspy_multimodal.selection.wrong_ranges import wrong_ranges

SIDE = 64
ROWS, COLS = np.indices((SIDE, SIDE))
#: A thick core with a thin rim in vacuum, and its HAADF.
DISTANCE = np.hypot(ROWS - 31, COLS - 33)
CORE, RIM = DISTANCE < 16, (DISTANCE >= 16) & (DISTANCE < 28)
HAADF = 1.0 * CORE + 0.3 * RIM


def drawn(truth, seed, background=0.0):
    """Return counts over a background that is known."""
    counts = np.random.default_rng(seed).poisson(np.stack([truth + background, 0 * truth]))
    counts = counts.astype(float)
    counts[1] = background
    return ElementMaps(["a"], counts, np.eye(2)[:1], np.eye(2)[1:], np.ones((1, 1, 1)))


def with_total(fused, maps):
    return (fused * (maps.net.sum() / fused.sum()))[None]


def by_brightness(maps, fused):
    return wrong_ranges(Expectation(maps), fused, bands_of(HAADF), [0])


def beside_another(maps, fused):
    known = [of_other_maps(np.stack([fused[0], 1.0 * CORE]), ["a", "b"])[1]]
    return wrong_ranges(Expectation(maps), fused, known, [0])


@pytest.mark.parametrize("wrong_of", [by_brightness, beside_another])
@pytest.mark.parametrize("sign", [-1, 1])
def test_contrast_is_compared_with_the_noise_of_the_contrast(wrong_of, sign):
    """Of two parts with N counts each, it is sqrt(N / 2), as neither changes without the other."""
    truth = 2.0 * CORE + 2.0 * CORE.sum() / RIM.sum() * RIM
    counts = truth[CORE].sum()
    moved = sign * 3.7 * np.sqrt(counts) * (CORE / CORE.sum() - RIM / RIM.sum())
    maps = drawn(truth, 0)
    exact = truth * (CORE * (maps.net[0][CORE].sum() / counts))
    exact += truth * (RIM * (maps.net[0][RIM].sum() / counts))
    assert not wrong_of(maps, exact[None])
    [found] = wrong_of(maps, (exact + moved)[None])
    assert 4.5 < abs(found.significance) < 6.0
    assert found.significance * (found.counts - found.fused) > 0


@pytest.mark.parametrize("background", [0.0, 0.3, 3.0])
@pytest.mark.parametrize("wrong_of", [by_brightness, beside_another])
def test_right_maps_are_left_alone_whatever_the_noise_of_vacuum(wrong_of, background):
    """The bright pixels of a map that keeps the total hold the noise of the dark ones."""
    truth, changed = 1.0 * CORE + 0.5 * RIM, 0
    for seed in range(60):
        maps = drawn(truth, seed, background)
        changed += bool(wrong_of(maps, with_total(truth, maps)))
    assert changed <= 2

"""Clipped maps: few pixels stand for several counts each, which is no structure yet."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from hyperspy_multimodal.counts.events import Events
from hyperspy_multimodal.counts.fitted_maps import FittedMaps
from hyperspy_multimodal.given.clipping_bias import without_clipping_bias
from hyperspy_multimodal.selection import kept_structure
from hyperspy_multimodal.selection.flattened import flattened_spots
from hyperspy_multimodal.selection.lost_structure import Expectation, lost_structure
from hyperspy_multimodal.selection.significance import errors_of, significance, spread_of

SIDE, SCANS = 64, 10
ROWS, COLS = np.indices((SIDE, SIDE))
FREE = np.array([np.nan])
FLAT = np.ones((SIDE, SIDE))
GRAIN = np.where(np.hypot(ROWS - 30, COLS - 34) < 14, 1.0, 0.1)
PARTICLES = np.exp(-((ROWS % 16 - 8) ** 2 + (COLS % 16 - 8) ** 2) / 18)


def clipped(truth, floor, shape, seed):
    """Return maps of electrons of all sizes beside noise that is clipped at 0."""
    rng = np.random.default_rng(seed)
    number = rng.poisson(truth[None])
    sizes = rng.gamma(shape * np.maximum(number, 1), 1 / (shape + 1)) * (number > 0)
    image = np.maximum(sizes + np.sqrt(floor) * rng.standard_normal(number.shape), 0.0)
    gross, halves = np.full(truth.shape, 1e3), np.zeros((0, *image.shape))
    maps = FittedMaps(["a"], image, image + floor, gross, np.ones(1), halves, True)
    noise = np.array([floor]), np.zeros(1), np.ones(1, bool), np.array([shape])
    return without_clipping_bias(maps, *noise, 0)


def found_in(maps, truth):
    expectation = Expectation(maps)
    windows = lost_structure(expectation, truth[None], thoroughly=False)
    return windows + flattened_spots(expectation, truth[None])


@pytest.mark.parametrize(
    ("pattern", "levels"), [(FLAT, (0.02, 0.05)), (GRAIN, (0.3, 1.0)), (PARTICLES, (0.02, 0.3))]
)
def test_maps_that_are_right_lack_nothing(pattern, levels):
    """Of all these scans, the chance of two is small; as Poisson counts, most would lack some."""
    found, as_poisson = 0, 0
    for level in levels:
        for seed in range(SCANS):
            maps = clipped(level * pattern, 0.3, 2.0, seed)
            found += bool(found_in(maps, level * pattern))
            as_poisson += bool(found_in(replace(maps, events=None), level * pattern))
    assert found <= 1 and as_poisson > 3


@pytest.mark.parametrize(("level", "more"), [(0.05, 1.2), (0.3, 1.0), (2.0, 2.5)])
def test_a_cluster_is_restored(level, more):
    there = np.hypot(ROWS - 19.5, COLS - 25.5) < 4
    maps = clipped(level * FLAT + more * there, 0.09, 2.0, 0)
    kept, lost, _ = kept_structure(maps, level * FLAT[None], FREE)
    assert lost[0].significance > 6
    assert np.hypot(*np.subtract(lost[0].centre, (19.5, 25.5))) < 2
    assert kept[0][there].mean() == pytest.approx(level + more, rel=0.35)


@pytest.mark.parametrize("size", [1.0, 2.5, 6.0])
@pytest.mark.parametrize("mean", [0.1, 2.0, 30.0])
def test_significance_is_that_of_the_number_of_events(mean, size):
    """Events of one size, over nothing: their counts have this size as their spread."""
    more = np.arange(np.ceil(mean) + 1, mean + 20)
    sums = size * more, np.full(more.size, size * mean), 0 * more
    sums += size * sums[1], size**2 * sums[1]
    expected = stats.norm.isf(stats.poisson.sf(more - 1, mean))
    seen = expected < 35
    found = significance(*sums[:2], spread_of(sums))
    np.testing.assert_allclose(found[seen], expected[seen], rtol=1e-6)


def test_poisson_counts_have_errors_as_before():
    counts, expected = np.arange(9.0), np.full(9, 3.0)
    assert spread_of((counts, expected, 0 * counts)) is None
    alike = spread_of((counts, expected, 0 * counts, expected, expected))
    both = [errors_of(counts, expected, 0 * counts, 1.2, each) for each in (None, alike)]
    np.testing.assert_allclose(*both, rtol=1e-9)


def test_more_counts_are_more_events():
    """The variance of counts above the level is that of events; below, it is as stated."""
    events = Events(np.full((1, 1, 3), 4.0), np.full((1, 1, 3), 0.5))
    net = np.array([[0.2, 0.5, 2.5]])
    variance, third = events.moments(0, net, np.full((1, 3), 0.3))
    np.testing.assert_allclose(variance, [[0.5, 0.8, 2.8 + 3 * 2.0]])
    np.testing.assert_allclose(third, 4 * variance)


def test_a_part_of_the_scan_has_its_own_events():
    maps = clipped(GRAIN, 0.09, 2.0, 0)
    part = maps.cropped(slice(8, 40), slice(16, 60))
    for one, whole in zip(part.events, maps.events, strict=True):
        np.testing.assert_array_equal(one, whole[:, 8:40, 16:60])

"""Sums where another map is dark or bright become those of the counts if they are wrong."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.counts.masked_maps import masked_maps
from hyperspy_multimodal.selection import OTHERS, kept_structure, restored_windows
from hyperspy_multimodal.selection.other_maps import OfOtherMap, of_other_maps

SHAPE = 96, 96
ROWS, COLS = np.indices(SHAPE)
RADII = [np.hypot(ROWS - y, COLS - x) for y, x in ((28, 30), (66, 62))]
CORE = np.any([each < 11 for each in RADII], axis=0)
SHELL = np.any([each < 19 for each in RADII], axis=0) & ~CORE
#: Equally bright in core and shell.
HAADF = 1.0 * (CORE | SHELL)
TRUTH = np.stack([3.0 * CORE, 2.0 * SHELL + 1.0 * CORE])
#: Counts that the HAADF has moved from the shells into the cores.
WRONG = np.stack([TRUTH[0], TRUTH[1] + 0.35 * CORE - 0.35 * CORE.sum() / SHELL.sum() * SHELL])


def drawn(truth, seed=0):
    n_maps = len(truth)
    counts = np.random.default_rng(seed).poisson(np.concatenate([truth, 0 * truth])).astype(float)
    whole, none = np.eye(n_maps), np.zeros((n_maps, n_maps))
    names = ["Co_Ka", "Mn_Ka"][:n_maps]
    weights = np.hstack([whole, none]), np.hstack([none, whole])
    return ElementMaps(names, counts, *weights, np.ones((n_maps, 1, 1)))


def with_totals(fused, maps):
    return fused * (maps.net.sum(axis=(1, 2)) / fused.sum(axis=(1, 2)))[:, None, None]


def kept(maps, fused):
    return kept_structure(maps, fused, fused.sum(axis=(1, 2)), HAADF)


def beside_others(lost):
    return [each for each in lost if each.window.family == OTHERS]


def test_the_contrast_between_core_and_shell_is_restored():
    for seed in range(3):
        maps = drawn(TRUTH, seed)
        fused = with_totals(WRONG, maps)
        found, lost, left = kept(maps, fused)
        [wrong] = beside_others(lost)
        assert wrong.element == 1 and wrong in restored_windows(lost, left)
        assert wrong.window.name == "the bright pixels of the map of Co_Ka"
        before, after = (np.square(each[1] - TRUTH[1]).sum() for each in (fused, found))
        assert after < 0.5 * before
        counts = maps.net[1][CORE].sum()
        assert abs(found[1][CORE].sum() - counts) < 1.5 * np.sqrt(counts)
        assert found[1].sum() == pytest.approx(maps.net[1].sum())
        assert found[1][~CORE & ~SHELL].max() < 1e-6


def test_maps_that_are_right_are_left_alone():
    for seed in range(20):
        maps = drawn(TRUTH, seed)
        assert not beside_others(kept(maps, with_totals(TRUTH, maps))[1])


def test_a_map_that_follows_another_is_no_evidence_against_it():
    """It is bright where the counts of the other are high by chance."""
    flat = np.stack([np.full(SHAPE, 3.0), np.full(SHAPE, 2.0)])
    maps = drawn(flat)
    fused = with_totals(flat, maps)
    follows = np.stack([fused[0] + 0.3 * (maps.net[1] - 2.0), fused[1]])
    total = follows.sum(axis=(1, 2))
    assert beside_others(kept_structure(maps, follows, total, HAADF)[1])
    assert not beside_others(kept_structure(maps, follows, total, HAADF, alone=fused)[1])


def test_dark_and_bright_pixels_of_other_maps():
    part = of_other_maps(TRUTH, ["Co_Ka", "Mn_Ka"])[0]
    assert part.pixels.tolist() == [(~CORE).sum(), CORE.sum()]
    assert np.array_equal(part.inside(1, 1), CORE)
    assert [part.name(n, n) for n in (0, 1)] == [
        "the dark pixels of the map of Co_Ka",
        "the bright pixels of the map of Co_Ka",
    ]
    np.testing.assert_allclose(part.interpolated(np.array([1.0, 2.0])), 1.0 + CORE)
    assert list(of_other_maps(np.stack([np.ones(SHAPE), TRUTH[1]]), ["a", "b"])) == [1]
    masked = OfOtherMap(TRUTH[0], "Co_Ka", COLS < 48)
    assert masked.pixels.sum() == 96 * 48 and (masked.numbers[:, :48] == 2).all()
    assert OfOtherMap(TRUTH[0], "Co_Ka", CORE).size == 1


def test_masked_pixels_count_for_nothing():
    mask = COLS < 48
    maps = masked_maps(drawn(TRUTH), mask)
    fused = np.where(mask, 0.0, WRONG)
    totals = maps.net.sum(axis=(1, 2), where=~mask)
    fused *= (totals / fused.sum(axis=(1, 2)))[:, None, None]
    lost = kept(maps, fused)[1]
    [wrong] = beside_others(lost)
    assert not mask[wrong.pixels].any()

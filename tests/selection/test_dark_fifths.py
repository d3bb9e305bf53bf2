"""Counts that maps lack in the darkest fifth of the dark pixels come back, and evenly."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection import kept_structure
from hyperspy_multimodal.selection.dark_fifths import lacking_fifths
from hyperspy_multimodal.selection.lost_structure import Expectation

SIDE = 64
ROWS, COLS = np.indices((SIDE, SIDE))
GRAIN = np.hypot(ROWS - 30, COLS - 36) < 12
#: The film becomes brighter from top to bottom, which is not due to the element.
HAADF = np.where(GRAIN, 1.0, 0.002 * ROWS)
TRUTH = np.where(GRAIN, 8.0, 0.3)


def drawn(truth, seed=0):
    counts = np.random.default_rng(seed).poisson(truth).astype(float)[None]
    return ElementMaps(["a"], counts, np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1)))


def following(truth, net):
    """Return a map that follows the film, with the total of the counts."""
    fused = np.where(GRAIN, truth, truth * 2 * ROWS / SIDE)
    return (fused * net.sum() / fused.sum())[None]


def fifths_of(maps, fused, haadf=HAADF, totals=None):
    totals = maps.net.sum(axis=(1, 2)) if totals is None else totals
    return lacking_fifths(maps, Expectation(maps), fused, haadf, totals)


def test_a_film_that_follows_the_haadf_becomes_even():
    maps = drawn(TRUTH)
    fused = following(TRUTH, maps.net)
    kept, lost, left = kept_structure(maps, fused, maps.net.sum(axis=(1, 2)), HAADF)
    assert all(each.is_shown for each in lost) and not left
    fifths = [each for each in lost if each.window.name.endswith("fifth of the dark pixels")]
    assert len(fifths) == 5 and fifths[0].significance > 5
    for each in fifths:
        counts = maps.net[0][each.pixels].sum()
        assert abs(kept[0][each.pixels].sum() - counts) < 2 * np.sqrt(counts)
    film = ~GRAIN
    errors = [np.square(each[0] - TRUTH)[film].sum() for each in (kept, fused)]
    assert errors[0] < 0.3 * errors[1]
    assert kept.sum() == pytest.approx(maps.net.sum())
    assert np.abs(np.diff(kept[0], axis=0))[:8].max() < 0.05


@pytest.mark.parametrize("counts", [0.03, 0.3, 3.0])
def test_maps_that_are_right_have_none(counts):
    """The chance is one in a thousand scans."""
    for seed in range(20):
        truth = TRUTH * counts / 0.3
        assert not fifths_of(drawn(truth, seed), truth[None])


def test_free_totals_and_a_flat_haadf_have_none():
    maps = drawn(TRUTH)
    fused = following(TRUTH, maps.net)
    assert fifths_of(maps, fused)
    assert not fifths_of(maps, fused, totals=np.array([np.nan]))
    assert not fifths_of(maps, fused, haadf=np.ones((SIDE, SIDE)))


def test_counts_of_a_dark_cluster_are_not_spread_over_what_is_as_dark():
    cluster = np.hypot(ROWS - 6, COLS - 20) < 4
    truth = np.where(GRAIN, 8.0, np.where(cluster, 3.0, 0.0))
    maps = drawn(truth)
    fused = np.where(GRAIN, 8.0, 0.0)
    fused = (fused * maps.net.sum() / fused.sum())[None]
    assert fifths_of(maps, fused)[0].significance > 5
    kept, lost, _ = kept_structure(maps, fused, maps.net.sum(axis=(1, 2)), HAADF)
    assert not any(each.window.name.endswith("fifth of the dark pixels") for each in lost)
    assert kept[0][cluster].sum() == pytest.approx(maps.net[0][cluster].sum(), rel=0.1)
    assert kept[0][(ROWS > 14) & ~GRAIN].sum() == 0


def test_what_lacks_beside_edges_alone_stays():
    """There, maps are too low or too high for other reasons than a film."""
    beside = (np.hypot(ROWS - 30, COLS - 36) < 18) & ~GRAIN
    haadf = np.where(beside, 0.2, HAADF)
    maps = drawn(TRUTH)
    assert not fifths_of(maps, np.where(beside, 0.0, TRUTH)[None], haadf)

"""Spots that total variation lowered get their counts back; nothing else is taken for a spot."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.counts.masked_maps import masked_maps
from hyperspy_multimodal.selection import kept_structure
from hyperspy_multimodal.selection.flattened import _beside, flattened_spots
from hyperspy_multimodal.selection.lost_structure import Expectation

SIDE = 48
ROWS, COLS = np.indices((SIDE, SIDE))
FREE = np.array([np.nan])
SPOT = np.hypot(ROWS - 19.5, COLS - 25.5) < 4
BOUNDARY = (COLS == 20) | (COLS == 21)
LEVEL, MORE = 2.0, 4.0  # counts per pixel


def drawn(truth, seed=0):
    counts = np.random.default_rng(seed).poisson(truth).astype(float)[None]
    return ElementMaps(["a"], counts, np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1)))


def spots(maps, fused):
    return flattened_spots(Expectation(maps), fused[None])


def film(share, there=SPOT, more=MORE):
    """Return a film of which a part has more, or less, of which a share is left."""
    return np.where(there, LEVEL + share * more, LEVEL)


@pytest.mark.parametrize("more", [MORE, -0.9 * LEVEL])
def test_a_spot_or_a_hole_that_is_too_flat_gets_the_counts_of_its_disc(more):
    maps, fused = drawn(film(1.0, more=more)), film(0.6, more=more)
    kept, lost, _ = kept_structure(maps, fused[None], FREE)
    (spot,) = lost
    assert spot.is_shown and spot.window.name == "disc of 8"
    np.testing.assert_allclose(spot.centre, (19.5, 25.5))
    assert np.sign(spot.significance) == np.sign(more)
    assert kept[0][SPOT].sum() == pytest.approx(maps.net[0][SPOT].sum(), rel=1e-4)
    far = np.hypot(ROWS - 19.5, COLS - 25.5) > 11
    np.testing.assert_array_equal(kept[0][far], fused[far])


def test_a_spot_of_the_map_alone_is_none():
    """Where the counts show nothing, as where the HAADF leaks, all counts are still compared."""
    assert not spots(drawn(film(0.0)), film(0.3))


@pytest.mark.parametrize("there", [BOUNDARY, COLS < 20, ROWS + COLS < 40, np.zeros_like(SPOT)])
def test_boundaries_edges_corners_and_films_are_no_spots(there):
    for seed in range(3):
        assert not spots(drawn(film(1.0, there), seed), film(0.9, there))


def test_spots_of_the_right_height_stay_in_most_scans():
    """One chance of 5 % for all of a scan, however many they are."""
    many = (np.hypot(ROWS % 16 - 7.5, COLS % 16 - 7.5) < 4) & (ROWS < 48)
    truth = film(1.0, many, 10.0)
    changed = [bool(spots(drawn(truth, seed), truth)) for seed in range(40)]
    assert sum(changed) <= 6
    assert len(spots(drawn(truth), film(0.6, many, 10.0))) == 9


def test_weak_spots_of_the_right_height_stay_although_only_high_ones_pass_for_spots():
    many = np.hypot(ROWS % 16 - 7.5, COLS % 16 - 7.5) < 2.2
    truth = np.where(many, 1.2, 0.52)
    changed = [bool(spots(drawn(truth, seed), truth)) for seed in range(60)]
    assert sum(changed) <= 4


def test_what_is_left_out_counts_for_nothing():
    maps, fused = drawn(film(1.0)), film(0.6)
    mask = np.hypot(ROWS - 19.5, COLS - 25.5) < 6
    assert spots(maps, fused)
    assert not spots(masked_maps(maps, mask), fused)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("shape", [(1, 9), (5, 5), (30, 21)])
def test_what_is_beside_a_spot_lies_at_its_distance_in_eight_directions(shape, sign):
    level = np.random.default_rng(0).normal(size=shape)
    found = _beside(level, 6, sign)
    steps = [(0, 6), (6, 0), (4, 4), (4, -4)]
    for place in np.ndindex(shape):
        best = []
        for step in steps:
            around = [np.add(place, way * np.array(step)) for way in (1, -1)]
            inside = [level[tuple(at)] for at in around if (at >= 0).all() and (at < shape).all()]
            best.append(max((sign * each for each in inside), default=np.inf))
        assert found[place] == sign * max(best)

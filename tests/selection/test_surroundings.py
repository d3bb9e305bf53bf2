"""The luckiest line of a region that lacks counts is no line, but one that lacks more is."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection import BROAD, kept_structure
from hyperspy_multimodal.selection.lost_structure import Expectation, lost_structure

SHAPE = (48, 192)
ROWS, COLS = np.indices(SHAPE)
FREE = np.array([np.nan])
#: A map lacks nearly all counts of the upper half, which are few.
FUSED = np.where(ROWS < 24, 0.001, 0.02)[None]
LACKED = np.where(ROWS < 24, 0.016, 0.02)[None]


def drawn(truth, seed):
    counts = np.random.default_rng(seed).poisson(truth).astype(float)
    return ElementMaps(["a"], counts, np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1)))


@pytest.mark.parametrize("seed", range(3))
def test_the_luckiest_lines_of_a_region_are_told_and_not_restored(seed):
    maps = drawn(LACKED, seed)
    found = lost_structure(Expectation(maps), FUSED)
    assert any(each.is_part for each in found)
    _, lost, left = kept_structure(maps, FUSED, FREE)
    assert not any(each.window.family == "lines" for each in lost)
    assert all(each.is_part or each.window.family == BROAD for each in left)


def test_a_line_that_lacks_more_than_its_region_is_restored():
    line = (ROWS == 12) | (ROWS == 13)
    maps = drawn(np.where(line, 0.2, LACKED), 0)
    first = lost_structure(Expectation(maps), FUSED)[0]
    assert not first.is_part and line[first.pixels].mean() > 0.4
    kept, _, _ = kept_structure(maps, FUSED, FREE)
    assert kept[0][line].sum() > 0.7 * maps.net[0][line].sum()


def test_a_line_beside_something_bright_is_restored():
    """What is bright is not like the line, and its noise tells nothing of it."""
    bright = ROWS >= 16
    line = (ROWS == 12) | (ROWS == 13)
    maps = drawn(np.where(bright, 40.0, np.where(line, 0.2, 0.01))[None], 1)
    fused = np.where(bright, 38.0, 0.01)[None]
    found = lost_structure(Expectation(maps), fused)
    assert any(not each.is_part and line[each.pixels].all() for each in found)


@pytest.mark.parametrize("level", [40.0, 400.0])
def test_a_single_dark_pixel_digs_no_hole(level):
    maps = drawn(np.full((1, *SHAPE), level), 0)
    maps.segments[0, 20, 90] = 0.0
    fused = np.full((1, *SHAPE), level)
    kept, lost, left = kept_structure(maps, fused, FREE)
    assert not lost and not left
    np.testing.assert_array_equal(kept, fused)


@pytest.mark.parametrize("size", [1, 2])
def test_a_spot_that_only_the_map_has_is_removed(size):
    maps = drawn(np.full((1, *SHAPE), 5.0), 0)
    fused = np.full((1, *SHAPE), 5.0)
    spot = np.s_[0, 20 : 20 + size, 90 : 90 + size]
    fused[spot] = 60.0
    kept, lost, _ = kept_structure(maps, fused, FREE)
    assert lost and kept[spot].max() < 20.0


def test_a_dark_spot_of_several_pixels_is_kept():
    truth = np.full(SHAPE, 40.0)
    truth[20:23, 90:93] = 2.0
    kept, lost, _ = kept_structure(drawn(truth[None], 0), np.full((1, *SHAPE), 40.0), FREE)
    assert lost and kept[0, 20:23, 90:93].mean() < 15.0

"""The luckiest line of a region that lacks counts is no line, but one that lacks more is."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection import kept_structure
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
    assert all(each.is_part for each in left)


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

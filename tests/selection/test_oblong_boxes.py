"""Tests of boxes twice as long as they are wide."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection import kept_structure
from hyperspy_multimodal.selection.lost_structure import Expectation
from hyperspy_multimodal.selection.scan_windows import Boxes, windows_over

SHAPE = (64, 64)
LEVEL = np.full(SHAPE, 0.3)
FREE = np.array([np.nan])


def region(rows, cols):
    there = np.zeros(SHAPE, bool)
    there[rows, cols] = True
    return there


def drawn(truth, seed):
    counts = np.random.default_rng(seed).poisson(truth)[None].astype(float)
    return ElementMaps(["a"], counts, np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1)))


@pytest.mark.parametrize("size", [(16, 8), (8, 16)])
def test_a_facet_or_corner_is_restored_as_one(size):
    """Of squares and lines, that hold a part of it, a line would be drawn into it as a streak."""
    facet = region(slice(20, 20 + size[0]), slice(24, 24 + size[1]))
    truth, found = LEVEL + 0.62 * facet, 0
    for seed in range(10):
        _, lost, _ = kept_structure(drawn(truth, seed), LEVEL[None], FREE)
        found += any(each.window.size == size for each in lost)
    assert found >= 7


def test_they_are_boxes_and_longer_ones_are_lines():
    boxes = [each for each in windows_over(SHAPE) if isinstance(each, Boxes)]
    families = {each.size: each.family for each in boxes}
    assert [families[each] for each in [(4, 8), (8, 4), (8, 16), (16, 8)]] == ["compact"] * 4
    assert [families[each] for each in [(4, 16), (2, 8), (16, 2)]] == ["lines"] * 3


def test_all_kinds_of_boxes_are_found_where_everything_is_wrong():
    """Sums of one kind are parts of another's, so they are not in the order of their numbers."""
    expectation = Expectation(drawn(LEVEL + 3.0, 0))
    [wrong] = expectation.wrong([0], LEVEL[None], [], thoroughly=False)
    for _, window, place in wrong:
        assert 0 <= place < np.prod(window.places)

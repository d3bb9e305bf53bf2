"""Windows over a scan: their sums, their pixels and their symmetry."""

import numpy as np
import pytest

from hyperspy_multimodal.selection.runs import Runs
from hyperspy_multimodal.selection.scan_windows import windows_over

SHAPES = [(20, 33), (1, 12), (9, 9)]


def image_of(shape):
    return np.random.default_rng(0).integers(0, 9, shape).astype(float)


@pytest.mark.parametrize("shape", SHAPES)
def test_sums_are_those_of_the_pixels(shape):
    image = image_of(shape)
    runs = Runs(image)
    for window in windows_over(shape):
        sums = window.sums(runs)
        assert sums.shape == window.places
        for place in (0, sums.size // 2, sums.size - 1):
            assert sums.flat[place] == image[window.pixels(place)].sum()


@pytest.mark.parametrize("shape", SHAPES)
def test_pixels_are_different_and_fill_the_size(shape):
    for window in windows_over(shape):
        rows, cols = window.pixels(0)
        assert len(set(zip(rows, cols, strict=True))) == rows.size
        assert (rows.min(), cols.min()) == (0, 0)
        assert (rows.max() + 1, cols.max() + 1) == window.size


@pytest.mark.parametrize("shape", SHAPES)
def test_softened_windows_hold_as_many_pixels(shape):
    """Also at the edges of the scan."""
    for window in windows_over(shape):
        places = np.prod(window.places)
        for place in (0, places // 2, places - 1):
            region, weights = window.soft(place)
            assert np.zeros(shape)[region].shape == weights.shape
            assert weights.sum() == pytest.approx(window.pixels(place)[0].size)
            assert weights.min() >= 0
            assert weights.max() <= 1 + 1e-12


def test_softened_boxes_and_discs_have_no_edges():
    for window in windows_over((40, 40)):
        if window.is_compact and window.width >= 8:
            soft = np.zeros((40, 40))
            region, weights = window.soft(np.prod(window.places) // 2)
            soft[region] = weights
            assert max(np.abs(np.diff(soft, axis=axis)).max() for axis in (0, 1)) < 0.35
            assert soft.max() > 0.95


def test_softened_lines_are_even_along_the_line():
    for window in windows_over((40, 40)):
        if window.size == (2, 32):
            _, weights = window.soft(np.ravel_multi_index((20, 4), window.places))
            across, along = weights[:, weights.shape[1] // 2], weights[weights.shape[0] // 2]
            assert np.ptp(along[4:-4]) < 1e-12
            assert across.max() > 0.8
            assert np.sum(across > 0.01) == 4


@pytest.mark.parametrize("turned", [np.flipud, np.fliplr, np.transpose])
def test_a_turned_scan_has_the_same_windows(turned):
    image = image_of((18, 18))
    found = []
    for each in (image, turned(image)):
        runs = Runs(each)
        sums = [window.sums(runs).ravel() for window in windows_over((18, 18))]
        found.append(np.sort(np.concatenate(sums)))
    np.testing.assert_array_equal(*found)


def test_lines_go_from_side_to_side():
    shape = (20, 33)
    for window in windows_over(shape):
        if not window.is_compact:
            rows, cols = window.pixels(0)
            line = window.line(0)
            assert line[rows, cols].all()
            sides = (line[0], line[-1], line[:, 0], line[:, -1])
            assert sum(each.any() for each in sides) >= 2


def test_boundaries_along_the_whole_scan_are_looked_for():
    sizes = {window.size for window in windows_over((48, 80))}
    assert {(48, 2), (2, 80)} <= sizes


def test_several_maps_are_summed_at_once():
    maps = np.stack([image_of((17, 20)), image_of((17, 20))[::-1]])
    together = Runs(maps)
    for i, each in enumerate(maps):
        alone = Runs(each)
        for window in windows_over((17, 20)):
            np.testing.assert_array_equal(window.sums(together)[i], window.sums(alone))


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 12])
def test_runs_of_any_length(rows):
    image = image_of((12, 9))
    view = np.lib.stride_tricks.sliding_window_view(image, (rows, 5))
    np.testing.assert_array_equal(Runs(image).box(rows, 5), view.sum(axis=(2, 3)))

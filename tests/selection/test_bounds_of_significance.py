"""What says where to look for lost structure: bounds that no window beyond the limit escapes."""

import numpy as np
import pytest

from hyperspy_multimodal.kernels import lengthen
from hyperspy_multimodal.kernels.window_sums import square_row
from hyperspy_multimodal.selection.significance import significance


@pytest.mark.parametrize("expected", [0.02, 0.7, 3.0, 40.0, 2e3])
def test_the_bound_is_above_the_significance_and_close_to_it_for_many_counts(expected):
    counts = np.linspace(0, 4 * expected + 30, 2000)
    squares = significance(counts, np.full(2000, expected)) ** 2
    bound = squared(np.full(2000, expected), counts - expected)
    assert (bound >= squares * (1 - 1e-6)).all()
    if expected > 1000:
        near = np.abs(counts - expected) < 5 * np.sqrt(expected)
        assert (bound[near] < 1.25 * squares[near] + 0.5).all()


def squared(expected, excess):
    """Return squared standard errors as the kernel has them."""
    found = np.empty(expected.size, np.float32)
    square_row(found.size, *(each.astype(np.float32) for each in (expected, excess)), found)
    return found


@pytest.mark.parametrize("mean", [0.02, 0.7, 40.0])
def test_bounds_of_parts_add_up_to_no_less_than_that_of_the_whole(mean):
    rng = np.random.default_rng(0)
    expected = rng.exponential(mean, (2, 5000))
    excess = rng.poisson(expected * rng.exponential(2, (2, 5000))) - expected
    parts = [squared(*each) for each in zip(expected, excess, strict=True)]
    assert (squared(expected.sum(axis=0), excess.sum(axis=0)) <= 1.001 * sum(parts)).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_chains_grow_by_the_best_piece_before(sign):
    rng = np.random.default_rng(1)
    steps = np.array([(0, 2), (1, 1), (2, 0), (-1, 1)])
    best, scores = rng.normal(size=(2, 4, 9, 7)).astype(np.float32)
    longer, turns = np.empty_like(best), np.empty(best.shape, np.int8)
    lengthen(best, scores, np.float32(sign), steps, longer, turns)
    expected = np.full_like(best, -np.inf)
    for d, row, col in np.ndindex(best.shape):
        came = {turn: best[(d + turn) % 4, row, col] for turn in (-1, 0, 1)}
        assert came[turns[d, row, col]] == max(came.values())
        end = row + steps[d, 0], col + steps[d, 1]
        if 0 <= end[0] < 9 and 0 <= end[1] < 7:
            expected[d, end[0], end[1]] = max(came.values()) + sign * scores[d, row, col]
    np.testing.assert_array_equal(longer, expected)

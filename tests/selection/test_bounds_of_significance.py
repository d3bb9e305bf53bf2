"""What says where to look for lost structure: bounds that no window beyond the limit escapes."""

import numpy as np
import pytest

from hyperspy_multimodal.kernels import lengthen, most_beyond, rows_beyond
from hyperspy_multimodal.selection.significance import significance


@pytest.mark.parametrize("expected", [0.02, 0.7, 3.0, 40.0, 2e3])
def test_the_bound_is_above_the_significance_and_close_to_it_for_many_counts(expected):
    counts = np.linspace(0, 4 * expected + 30, 2000)
    squares = significance(counts, np.full(2000, expected)) ** 2
    bound = most_beyond(np.full(2000, expected), counts - expected)
    assert (bound >= squares * (1 - 1e-6)).all()
    if expected > 1000:
        near = np.abs(counts - expected) < 5 * np.sqrt(expected)
        assert (bound[near] < 1.25 * squares[near] + 0.5).all()


def test_rows_are_passed_over_only_if_no_window_in_them_is_beyond():
    rng = np.random.default_rng(0)
    rows = np.empty(20, bool)
    for mean in (0.0, 0.3, 20.0):
        expected = np.full((20, 30), mean, np.float32)
        excess = (rng.poisson(mean, expected.shape) - mean).astype(np.float32)
        highest = most_beyond(expected, excess).max()
        assert not rows_beyond(expected, excess, np.float32(1.001 * highest + 1e-6), rows)
        assert not rows.any()
        for off in (max(-mean, -4.0), 5.0):
            excess[7, 11] = off
            if off:
                beyond = most_beyond(expected, excess)
                limit = np.float32(0.999 * beyond[7, 11])
                assert rows_beyond(expected, excess, limit, rows)
                np.testing.assert_array_equal(rows, (beyond > limit).any(axis=1))


def test_chains_grow_by_the_best_piece_before():
    rng = np.random.default_rng(1)
    steps = np.array([(0, 2), (1, 1), (2, 0), (-1, 1)])
    best, scores = rng.normal(size=(2, 4, 9, 7)).astype(np.float32)
    longer, turns = np.empty_like(best), np.empty(best.shape, np.int8)
    lengthen(best, scores, steps, longer, turns)
    expected = np.full_like(best, -np.inf)
    for d, row, col in np.ndindex(best.shape):
        came = {turn: best[(d + turn) % 4, row, col] for turn in (-1, 0, 1)}
        assert came[turns[d, row, col]] == max(came.values())
        end = row + steps[d, 0], col + steps[d, 1]
        if 0 <= end[0] < 9 and 0 <= end[1] < 7:
            expected[d, end[0], end[1]] = max(came.values()) + scores[d, row, col]
    np.testing.assert_array_equal(longer, expected)

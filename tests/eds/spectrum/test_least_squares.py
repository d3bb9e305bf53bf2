"""Least squares with counts that are never negative: the conditions of a solution."""

import numpy as np
import pytest

from hyperspy_multimodal.eds.spectrum import least_squares
from hyperspy_multimodal.eds.spectrum.least_squares import non_negative


def problem(seed, n=40):
    """Overlapping peaks, of which some would be negative, and one that no channel shows."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 60, n)[:, None]
    design = rng.uniform(1, 100, n)[:, None] * np.exp(-0.5 * (np.arange(60) - centres) ** 2 / 4)
    design[3] = 0.0
    return design @ design.T, design @ rng.normal(0.3, 1.0, 60)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_lowers_the_squares_whatever_was_likely(seed):
    gram, right = problem(seed)
    rng = np.random.default_rng(seed + 100)
    unit = np.sqrt(np.maximum(np.diag(gram), 1e-12))
    cold = non_negative(gram, right)
    for likely in (cold > 0, rng.random(len(right)) < 0.5, right > np.inf, right < np.inf):
        found = non_negative(gram, right, likely)
        slopes = (gram @ found - right) / unit
        scale = np.abs(right / unit).max()
        assert (found >= 0).all() and found[3] < 1e-8
        assert slopes.min() > -1e-6 * scale
        assert np.abs(slopes[found > 0]).max() < 1e-6 * scale
        cost = [0.5 * x @ gram @ x - right @ x for x in (found, cold)]
        assert cost[0] == pytest.approx(cost[1], rel=1e-9)


def test_a_similar_problem_saves_the_search(monkeypatch):
    gram, right = problem(7)
    likely = non_negative(gram, right) > 0
    monkeypatch.delattr(least_squares.optimize, "nnls")
    assert (non_negative(gram, 1.001 * right, likely) > 0).sum() == likely.sum()

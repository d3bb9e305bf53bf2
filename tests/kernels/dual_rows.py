"""Rows of the dual variable, and what becomes of them."""

import naive
import numpy as np
import pytest

from .variants import several, uniform

#: Of total variation, and of Huber's form with its knee within and beyond most differences.
with_softness = pytest.mark.parametrize("softness", [0.0, 0.3, 5.0])


def dual_rows(rng, n):
    """ahead (n + 1), ahead_below, below, right, in which some vectors are beyond the bound."""
    ahead = uniform(rng, n + 1, -1, 1)
    return ahead, *several(rng, n, 1), *several(rng, n, 2, -0.4, 0.4)


def expected_dual(ahead, ahead_below, below, right, directions, softness=0.0):
    """p before, and its change, for a step of 0.7 and a bound of 0.5."""
    p = np.stack([below, right]).astype(np.float64)[:, None, None]
    grad = np.stack([ahead_below - ahead[:-1], np.diff(ahead)]).astype(np.float64)[:, None, None]
    moved = p + 0.7 * naive.across(grad, directions, [True])
    return p, naive.project(moved / (1 + 0.7 * softness), [0.5]) - p


def variation_sums(function, x, x_below, directions, p, softness=0.0, bound=0.8):
    parameters = np.float32(bound), np.float32(softness)
    x_and_right = np.append(x, x[-1])  # nothing new behind the last column
    return np.array(function(p[0].size, *parameters, x_and_right, x_below, *directions, *p))


def expected_variation(x, x_below, directions, p, softness=0.0, bound=0.8):
    right = np.append(x[1:], x[-1])
    grad = np.stack([x_below - x, right - x]).astype(np.float64)[:, None, None]
    if directions:
        grad = naive.across(grad, np.stack(directions)[:, None], [True])
    p = np.stack(p)[:, None, None]
    values = naive.huber(naive.lengths(grad), [bound], [softness])
    conjugates = softness * np.square(p).sum(axis=0) / 2
    return values.sum(), np.sum(values + conjugates - (p * grad).sum(axis=0))

"""Rows of the dual variable, and what becomes of them."""

import naive
import numpy as np

from .variants import several, uniform


def dual_rows(rng, n):
    """ahead (n + 1), ahead_below, below, right, in which some vectors are beyond the bound."""
    ahead = uniform(rng, n + 1, -1, 1)
    return ahead, *several(rng, n, 1), *several(rng, n, 2, -0.4, 0.4)


def expected_dual(ahead, ahead_below, below, right, directions):
    """p before, and its change, for a step of 0.7 and a bound of 0.5."""
    p = np.stack([below, right]).astype(np.float64)[:, None, None]
    grad = np.stack([ahead_below - ahead[:-1], np.diff(ahead)]).astype(np.float64)[:, None, None]
    return p, naive.project(p + 0.7 * naive.across(grad, directions, [True]), [0.5]) - p


def variation_sums(function, x, x_below, directions, p, bound=0.8):
    return np.array(function(p[0].size, np.float32(bound), x, x_below, *directions, *p))


def expected_variation(x, x_below, directions, p, bound=0.8):
    right = np.append(x[1:], x[-1])
    grad = np.stack([x_below - x, right - x]).astype(np.float64)[:, None, None]
    if directions:
        grad = naive.across(grad, np.stack(directions)[:, None], [True])
    lengths = naive.lengths(grad)
    return lengths.sum(), np.sum(bound * lengths - (np.stack(p)[:, None, None] * grad).sum(axis=0))

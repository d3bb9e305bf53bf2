"""What the gaps are put together from: t - log(1 + t), total variation, the HAADF model."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.kernels import gaps, leaf

from .variants import as_compiled_and_python, uniform

on_lengths = pytest.mark.parametrize("n", [1, 5, 33])


@leaf
def all_log_gaps(values, out):
    for i in range(values.size):
        out[i] = gaps.log_gap(values[i])


def compiled_loop(values):
    out = np.empty_like(values)
    all_log_gaps(values, out)
    return out


def interpreted_scalar(values):
    return np.array([gaps.log_gap.py_func(value) for value in values])


@pytest.mark.parametrize("log_gap", [compiled_loop, interpreted_scalar])
def test_log_gap_is_accurate_however_small(log_gap):
    magnitudes = np.geomspace(1e-18, 0.999, 3000)
    t = np.concatenate([-magnitudes, magnitudes, np.geomspace(1, 1e6, 500)]).astype(np.float32)
    exact = t.astype(np.float64) - np.log1p(t.astype(np.float64))
    small = np.abs(t) < 1e-3  # where float64 cancels, too: t^2/2 - t^3/3 + t^4/4
    series = t.astype(np.float64) ** 2 * (0.5 - t / 3.0 + t.astype(np.float64) ** 2 / 4)
    found = log_gap(t)
    assert found.dtype == np.float32
    assert_allclose(found, np.where(small, series, exact), rtol=1e-5)
    assert log_gap(np.zeros(1, np.float32)) == 0


def vectors(rng, n, scale=1.0):
    return list(rng.normal(0, scale, (2, n)).astype(np.float32))


@on_lengths
@as_compiled_and_python
def test_feasible_row_is_the_nearest_within_the_bound(variant, n, rng):
    below, right = vectors(rng, n)
    py, px = np.full((2, n), np.nan, np.float32)
    variant(gaps.feasible_row)(n, np.float32(0.8), below, right, py, px)
    expected = naive.project(np.stack([below, right])[:, None, None], [0.8])[:, 0, 0]
    assert_allclose(np.stack([py, px]), expected, atol=1e-6)


@as_compiled_and_python
def test_feasible_row_without_a_bound_is_0(variant):
    below = np.append(0, np.geomspace(1e-44, 1e18, 60)).astype(np.float32)
    py, px = np.full((2, below.size), np.nan, np.float32)
    variant(gaps.feasible_row)(below.size, np.float32(0), below, below, py, px)
    assert_array_equal([py, px], 0)


def variation_sums(function, x, x_below, edges, p, bound=0.8):
    args = (p[0].size, np.float32(bound), x, x_below, *edges, *p)
    return np.array(function(*args))


def expected_variation(x, x_below, edges, p, bound=0.8):
    right = np.append(x[1:], x[-1])
    grad = np.stack([x_below - x, right - x]).astype(np.float64)[:, None, None]
    if edges:
        grad = naive.across(grad, np.stack(edges)[:, None], [True])
    lengths = naive.lengths(grad)
    return lengths.sum(), np.sum(bound * lengths - (np.stack(p)[:, None, None] * grad).sum(axis=0))


@on_lengths
@as_compiled_and_python
def test_variation_row_agrees_with_naive(variant, n, rng):
    x, x_below = uniform(rng, (2, n))
    p = vectors(rng, n, 0.3)
    expected = expected_variation(x, x_below, (), p)
    assert_allclose(
        variation_sums(variant(gaps.variation_row), x, x_below, (), p), expected, atol=1e-5
    )


@on_lengths
@as_compiled_and_python
def test_directional_variation_row_agrees_with_naive_and_leaves_p_across(variant, n, rng):
    x, x_below = uniform(rng, (2, n))
    p, edges = vectors(rng, n, 0.3), list(uniform(rng, (2, n), -0.7, 0.7))
    expected = expected_variation(x, x_below, edges, p)
    across = naive.across(np.stack(p)[:, None, None], np.stack(edges)[:, None], [True])
    found = variation_sums(variant(gaps.directional_variation_row), x, x_below, edges, p)
    assert_allclose(found, expected, atol=1e-5)
    assert_allclose(np.stack(p), across[:, 0, 0], atol=1e-6)


@as_compiled_and_python
def test_variation_gap_is_0_along_the_gradient_and_never_negative_within_the_bound(variant, rng):
    x, x_below = uniform(rng, (2, 33))
    grad = np.stack([x_below - x, np.append(x[1:], x[-1]) - x])
    p = (0.8 * grad / np.maximum(np.hypot(*grad), 1e-12)).astype(np.float32)
    assert variation_sums(variant(gaps.variation_row), x, x_below, (), p)[1] < 1e-5
    for _ in range(20):
        other = naive.project(rng.normal(size=(2, 1, 1, 33)), [0.8])[:, 0, 0].astype(np.float32)
        assert variation_sums(variant(gaps.variation_row), x, x_below, (), other)[1] > 0


@pytest.mark.parametrize("gamma", [0.5, 1, 1.7])
@on_lengths
@as_compiled_and_python
def test_model_row_has_slopes_and_values_in_the_dark_too(variant, n, gamma, rng):
    x, misfit = np.append(0, uniform(rng, n - 1) ** 8).astype(np.float32), uniform(rng, n)
    before, slopes = misfit.copy(), np.full(n, np.nan, np.float32)
    variant(gaps.model_row)(n, np.float32(0.6), np.float32(gamma), x, slopes, misfit)
    assert_allclose(slopes, naive.haadf_slopes(x[None, None], [0.6], gamma)[0, 0], rtol=5e-6)
    assert_allclose(misfit, before + 0.6 * naive.power(x, gamma), atol=1e-6)
    assert misfit[0] == before[0]

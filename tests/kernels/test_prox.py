"""The proximal map of the Poisson term."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.kernels.compile import leaf
from hyperspy_multimodal.kernels.rows import prox_value

from .variants import as_compiled_and_python, on_shapes, one_a_map, sparse_counts, uniform

EPS = np.finfo(np.float32).eps


@leaf
def all_prox_values(v, steps, counts, background, out):
    for i, row, col in np.ndindex(v.shape):
        place = i, row, col
        out[place], _ = prox_value(v[place], steps[i], counts[place], background[place])


def prox(v, steps, counts, background):
    out = np.full(v.shape, np.nan, np.float32)
    all_prox_values(v, steps, counts, background, out)
    return out


def rounding(v, step, counts, background):
    """What float32 inputs of the root can do to it: x moves less than v, B and the step do."""
    return 8 * EPS * (
        np.abs(v) + background + counts + np.sqrt(step * counts)
    ) + 8 * EPS * np.where(v + background > step, step, 0)


@on_shapes
def test_prox_agrees_with_naive(shape, rng):
    v, counts = uniform(rng, shape, -2, 3), sparse_counts(rng, shape)
    background, steps = uniform(rng, shape, 0, 0.5), one_a_map(rng, shape[0], 0.05, 5)
    assert_allclose(
        prox(v, steps, counts, background),
        naive.poisson_prox(v, steps, counts, background),
        rtol=1e-6,
        atol=3e-6,
    )


@pytest.mark.parametrize("step", [1e-6, 1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("background", [0.0, 0.1, 30.0])
@pytest.mark.parametrize("counts", [0.0, 1.0, 500.0])
def test_prox_agrees_with_naive_for_tiny_and_huge_steps(step, background, counts):
    v = np.array([-1e4, -30, -1, -1e-3, 0, 1e-3, 1, 30, 1e4], np.float32).reshape(1, 1, -1)
    y, b = np.full_like(v, counts), np.full_like(v, background)
    steps = np.array([step], np.float32)
    expected = naive.poisson_prox(v, steps, y, b)
    error = np.abs(prox(v, steps, y, b) - expected)
    assert np.all(error <= rounding(v, step, counts, background) + 4 * EPS * expected)


@on_shapes
def test_prox_satisfies_its_optimality_condition(shape, rng):
    """(v - x) / step is the likelihood's slope where x > 0, and not above it where x = 0."""
    v, counts = uniform(rng, shape, -1, 2), sparse_counts(rng, shape)
    background = uniform(rng, shape, 0.1, 0.5)
    background[rng.uniform(size=shape) < 0.3] = 0
    steps = np.full(shape[0], 0.4, np.float32)
    x = prox(v, steps, counts, background)
    slope = naive.poisson_gradient(x, counts, background) + (x - v) / 0.4
    sensitivity = 1 + counts / np.maximum(x + background, 1e-3) ** 2
    assert np.all(x >= 0)
    assert np.all(np.abs(slope[x > 0]) <= 1e-5 * sensitivity[x > 0])
    assert np.all(slope[x == 0] >= -1e-5 * sensitivity[x == 0])
    assert np.all(x[(counts > 0) & (background == 0)] > 0)


def test_prox_without_counts_is_a_shifted_clip(rng):
    v = uniform(rng, (1, 5, 8), -2, 3)
    nothing, background = np.zeros_like(v), uniform(rng, (1, 5, 8), 0, 2)
    x = prox(v, np.array([0.75], np.float32), nothing, background)
    assert_allclose(x, np.maximum(v - 0.75, 0), atol=1e-6)


def test_prox_moves_points_no_further_apart(rng):
    shape = (1, 9, 33)
    counts, background = sparse_counts(rng, shape), uniform(rng, shape)
    one, two = uniform(rng, shape, -5, 5), uniform(rng, shape, -5, 5)
    steps = np.array([1.3], np.float32)
    moved = prox(one, steps, counts, background) - prox(two, steps, counts, background)
    assert np.all(np.abs(moved) <= np.abs(one - two) + 1e-5)


@as_compiled_and_python
def test_prox_slope_agrees_with_finite_differences(variant, rng):
    """In float64, which the same source computes in when it is given float64."""
    for v, step, counts, background in [
        (0.7, 0.3, 2.0, 0.1),
        (-3.0, 0.3, 2.0, 0.0),
        (2.0, 5.0, 0.0, 0.4),
        (7.0, 5.0, 0.0, 0.4),
        (-2.0, 1.0, 0.5, 1.0),
        (1e3, 1e-3, 40.0, 2.0),
    ]:
        args = [np.float64(value) for value in (step, counts, background)]
        up, _ = variant(prox_value)(np.float64(v + 1e-5), *args)
        down, _ = variant(prox_value)(np.float64(v - 1e-5), *args)
        _, slope = variant(prox_value)(np.float64(v), *args)
        assert slope == pytest.approx((up - down) / 2e-5, abs=1e-6)

"""Fenchel-Young gaps: never negative, and zero at an optimum and only there."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.kernels.certificate import poisson_gap, total_variation_gap

from .variants import (
    as_compiled_and_python,
    dual_field,
    on_shapes,
    one_a_map,
    sparse_counts,
    uniform,
)


def poisson_problem(rng, shape):
    counts = sparse_counts(rng, shape)
    background = uniform(rng, shape, 0, 0.4)
    background[rng.uniform(size=shape) < 0.3] = 0
    maps = uniform(rng, shape, 0.01, 1)
    maps[(rng.uniform(size=shape) < 0.3) & (background > 0)] = 0
    return {
        "maps": maps,
        "residual": uniform(rng, shape[1:], -0.3, 0.5),
        "along": uniform(rng, shape, -0.3, 0.3),
        "counts": counts,
        "background": background,
        "weights": one_a_map(rng, shape[0], 0, 1),
        "gamma": np.float32(1),
        "fidelity": one_a_map(rng, shape[0], 0.1, 1),
        "ceilings": one_a_map(rng, shape[0], 1.1, 3),
    }


def gap_by_row(kernel, problem):
    rows = np.full(problem["maps"].shape[:2], np.nan)
    kernel(*problem.values(), rows)
    return rows


def pull(problem):
    """The slope s at which the gap is taken."""
    slopes = naive.haadf_slopes(problem["maps"], problem["weights"], np.float64(problem["gamma"]))
    return slopes * problem["residual"] + problem["along"]


def with_pull(problem, s):
    """The same problem, its dual variable such that the slope is s."""
    missing = s - (pull(problem) - problem["along"])
    return problem | {"along": missing.astype(np.float32)}


def likelihood_slope(problem):
    rise = naive.poisson_gradient(problem["maps"], problem["counts"], problem["background"])
    return naive.by_map(problem["fidelity"]) * rise


@on_shapes
@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
@as_compiled_and_python
def test_poisson_gap_agrees_with_trying_every_point(variant, gamma, shape, rng):
    problem = poisson_problem(rng, shape) | {"gamma": np.float32(gamma)}
    known = (problem[name] for name in ("counts", "background", "fidelity", "ceilings"))
    expected = naive.poisson_gap(problem["maps"].astype(np.float64), pull(problem), *known)
    assert_allclose(
        gap_by_row(variant(poisson_gap), problem), expected.sum(axis=2), rtol=1e-5, atol=1e-5
    )


@on_shapes
@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_poisson_gap_is_zero_at_the_slope_of_the_likelihood(gamma, shape, rng):
    problem = poisson_problem(rng, shape) | {"gamma": np.float32(gamma)}
    problem = with_pull(problem, likelihood_slope(problem))
    assert_allclose(gap_by_row(poisson_gap, problem), 0, atol=2e-5)


def test_poisson_gap_is_zero_where_a_bound_holds_the_map_back(rng):
    problem = poisson_problem(rng, (2, 5, 8))
    problem["background"] += np.float32(0.1)
    problem["maps"][0] = 0
    problem["maps"][1] = problem["ceilings"][1]
    beyond = naive.by_map([-0.3, 0.3])  # a pull below 0, and one above the ceiling
    problem = with_pull(problem, likelihood_slope(problem) + beyond)
    assert_allclose(gap_by_row(poisson_gap, problem), 0, atol=2e-5)


@pytest.mark.parametrize("off", [-0.3, 0.3])
def test_poisson_gap_is_positive_away_from_that_slope(off, rng):
    problem = poisson_problem(rng, (1, 7, 1))
    problem["maps"] = np.maximum(problem["maps"], np.float32(0.1))
    problem["counts"] += np.float32(0.5)
    problem = with_pull(problem, likelihood_slope(problem) + off)
    assert np.all(gap_by_row(poisson_gap, problem) > 1e-4)


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_poisson_gap_is_never_negative(gamma, rng):
    for _ in range(20):
        problem = poisson_problem(rng, (3, 300, 1)) | {"gamma": np.float32(gamma)}
        assert np.all(gap_by_row(poisson_gap, problem) >= -1e-12)


def variation_gap(kernel, maps, dual, bounds):
    rows = np.full(maps.shape[:2], np.nan)
    kernel(maps, dual, bounds, rows)
    return rows.sum(axis=1)


@on_shapes
@as_compiled_and_python
def test_total_variation_gap_agrees_with_naive(variant, shape, rng):
    maps, dual, bounds = uniform(rng, shape), dual_field(rng, shape), one_a_map(rng, shape[0], 0, 1)
    assert_allclose(
        variation_gap(variant(total_variation_gap), maps, dual, bounds),
        naive.total_variation_gap(maps, dual, bounds),
        rtol=1e-5,
        atol=1e-5,
    )


@on_shapes
def test_total_variation_gap_is_zero_along_the_gradient(shape, rng):
    maps, bounds = uniform(rng, shape), one_a_map(rng, shape[0], 0.1, 1)
    grad = naive.gradient(maps)
    along = naive.by_map(bounds) * grad / np.maximum(naive.lengths(grad), 1e-12)
    gap = variation_gap(total_variation_gap, maps, along.astype(np.float32), bounds)
    assert_allclose(gap, 0, atol=1e-5)


@on_shapes
def test_total_variation_gap_of_flat_maps_is_zero_for_any_dual(shape, rng):
    flat = np.full(shape, 0.7, np.float32)
    gap = variation_gap(total_variation_gap, flat, dual_field(rng, shape), np.ones(shape[0], "f4"))
    assert_allclose(gap, 0)


def test_total_variation_gap_is_never_negative_for_a_dual_within_bounds(rng):
    for _ in range(20):
        maps, bounds = uniform(rng, (2, 9, 33)), np.array([0.2, 1], np.float32)
        dual = naive.project(dual_field(rng, (2, 9, 33)), bounds).astype(np.float32)
        gap = variation_gap(total_variation_gap, maps, dual, bounds)
        assert np.all(gap > 0)

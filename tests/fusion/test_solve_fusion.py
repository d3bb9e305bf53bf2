"""gamma = 1: the certified optimum, against that of an interior-point solver."""

from functools import cache

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.fusion import solve_fusion

from .convex import minimiser
from .problems import CONVEX, without

on_convex_problems = pytest.mark.parametrize("name", CONVEX)


@cache
def solution(name):
    return solve_fusion(**CONVEX[name], tolerance=3e-7, max_iterations=4000)


@cache
def optimum(name):
    return minimiser(**CONVEX[name])


def total_cost(maps, name):
    return naive.cost(maps, **without(CONVEX[name], "totals")).sum()


@on_convex_problems
def test_cost_is_that_of_the_optimum(name):
    """To a millionth of the cost, or, where its constant part almost cancels it, of its excess."""
    best = optimum(name)
    least = total_cost(best, name)
    scale = max(abs(least), naive.excess(best, without(CONVEX[name], "totals")))
    assert abs(total_cost(solution(name).maps, name) - least) < 1e-6 * scale


@on_convex_problems
def test_optimality_bounds_the_distance_to_the_optimum(name):
    result = solution(name)
    above = total_cost(result.maps, name) - total_cost(optimum(name), name)
    scale = naive.excess(result.maps, without(CONVEX[name], "totals"))
    rounding = 1e-7  # of float32
    assert above <= (result.optimality + rounding) * scale
    assert result.optimality >= 0


@on_convex_problems
def test_optimality_comes_down_to_what_was_asked(name):
    result = solve_fusion(**CONVEX[name], tolerance=1e-4, max_iterations=2000)
    assert result.converged
    assert result.optimality <= 1e-4


@on_convex_problems
def test_a_loose_solution_is_certified_too(name):
    result = solve_fusion(**CONVEX[name], tolerance=0.05)
    above = total_cost(result.maps, name) - total_cost(optimum(name), name)
    scale = naive.excess(result.maps, without(CONVEX[name], "totals"))
    assert result.converged
    assert above <= result.optimality * scale


@pytest.mark.parametrize(
    "name", ["without the HAADF", "not square", "own lambdas, sloping background", "one pixel high"]
)
def test_maps_are_those_of_the_optimum(name):
    """Where the optimum is sharp enough for a small gap in cost to mean a small error."""
    best = optimum(name)
    assert_allclose(solution(name).maps, best, atol=0.01 * best.max())


@on_convex_problems
def test_maps_are_finite_and_not_negative(name):
    maps = solution(name).maps
    assert maps.dtype == np.float32
    assert maps.shape == CONVEX[name]["counts"].shape
    assert np.all(np.isfinite(maps))
    assert np.all(maps >= 0)


@pytest.mark.parametrize("name", ["totals", "one total of two"])
def test_totals_are_kept(name):
    totals = np.array(CONVEX[name]["totals"])
    kept = np.isfinite(totals)
    sums = solution(name).maps.sum(axis=(1, 2), dtype=np.float64)
    assert_allclose(sums[kept], totals[kept], rtol=1e-3)


def test_totals_are_kept_at_little_cost():
    """Their dual variables take full steps, so they do not hold the maps up."""
    free = solve_fusion(**without(CONVEX["totals"], "totals"))
    kept = solve_fusion(**CONVEX["totals"])
    assert kept.converged
    assert kept.iterations <= 3 * free.iterations


def test_totals_of_the_free_optimum_change_nothing():
    free = solution("not square")
    totals = free.maps.sum(axis=(1, 2), dtype=np.float64)
    kept = solve_fusion(**CONVEX["not square"], totals=totals, tolerance=3e-7, max_iterations=4000)
    assert_allclose(kept.maps, free.maps, atol=0.01 * free.maps.max())


def test_without_totals_is_with_totals_that_are_nan():
    free = solve_fusion(**CONVEX["not square"])
    nan = solve_fusion(**CONVEX["not square"], totals=[np.nan, np.nan])
    np.testing.assert_array_equal(nan.maps, free.maps)

"""The dual solution that comes with the maps: it certifies them, and starts the next solve."""

from dataclasses import replace

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.fusion import solve_fusion

from .problems import CONVEX, in_own_units, problem, without

on_some_problems = pytest.mark.parametrize("name", ["not square", "six elements", "totals"])


@pytest.mark.parametrize("name", CONVEX)
def test_dual_variables_are_feasible(name):
    result, known = solve_fusion(**CONVEX[name]), CONVEX[name]
    assert result.dual.shape == (2, *known["counts"].shape)
    assert np.all(naive.lengths(result.dual.astype(np.float64)) <= 1 + 1e-6)
    assert np.all(np.isfinite(result.dual))
    free = ~np.isfinite(known.get("totals", np.full(len(result.maps), np.nan)))
    assert_array_equal(result.prices[free], 0)


@on_some_problems
@pytest.mark.parametrize("max_iterations", [1, 30])
def test_optimality_is_the_gap_between_maps_and_dual(max_iterations, name):
    """Recomputed from what was returned, conjugates by trial."""
    known = without(CONVEX[name], "totals")
    result = solve_fusion(**CONVEX[name], tolerance=1e-9, max_iterations=max_iterations)
    maps, shape = result.maps.astype(np.float64), known["counts"].shape
    lambda_1, lambda_2 = (np.broadcast_to(value, len(maps)) for value in known["lambdas"])
    p = naive.by_map(lambda_2) * result.dual
    residual = naive.haadf_residual(maps, known["haadf"], known["weights"], known["offset"], 1)
    pull = naive.by_map(known["weights"]) * result.residual + naive.divergence(p)
    background = np.broadcast_to(known["background"], shape)
    ceilings = 1.5 * maps.max(axis=(1, 2)) + 0.25 * in_own_units(known).scales
    args = (known["counts"], background, lambda_1, ceilings)
    gap = 0.5 * np.sum((residual - result.residual) ** 2)
    gap += naive.poisson_gap(maps, pull - naive.by_map(result.prices), *args).sum()
    gap += naive.total_variation_gap(maps, p, lambda_2).sum()
    if "totals" in CONVEX[name]:
        missing = maps.sum(axis=(1, 2)) - CONVEX[name]["totals"]
        gap += np.abs(result.prices * missing).sum()
    assert result.optimality == pytest.approx(gap / naive.excess(maps, known), rel=0.01)


@on_some_problems
def test_a_solution_is_a_start_that_is_converged_already(name):
    first = solve_fusion(**CONVEX[name])
    again = solve_fusion(**CONVEX[name], initial=first)
    assert again.optimality_history[0] == pytest.approx(first.optimality, rel=0.05)
    assert again.cost_terms[:, 0] == pytest.approx(first.cost_terms[:, -1], rel=1e-5)
    assert again.iterations < first.iterations


def test_a_neighbouring_solution_saves_iterations():
    known = problem((2, 9, 11), level=6, background=0.5, gamma=1, lambdas=(0.05, 0.05))
    near = solve_fusion(**known | {"lambdas": (0.05, 0.045)}, tolerance=1e-4)
    cold = solve_fusion(**known, tolerance=1e-4)
    warm = solve_fusion(**known, tolerance=1e-4, initial=near)
    assert warm.converged
    assert warm.iterations < cold.iterations


@on_some_problems
def test_the_start_does_not_change_where_it_ends(name):
    known = CONVEX[name] | {"lambdas": (1.0, 1.0)}
    elsewhere = solve_fusion(**without(known, "totals"), max_iterations=20)
    options = {"tolerance": 1e-6, "max_iterations": 4000}
    cold = solve_fusion(**CONVEX[name], **options)
    warm = solve_fusion(**CONVEX[name], **options, initial=elsewhere)
    assert_allclose(warm.maps, cold.maps, atol=0.02 * cold.maps.max())


@pytest.mark.parametrize("factor", [1e3, -1e3])
def test_prices_of_another_cost_do_not_hold_up_a_start(factor):
    known = CONVEX["totals"]
    cold = solve_fusion(**known)
    far_off = replace(cold, prices=factor * np.where(cold.prices == 0, 0, 1))
    again = solve_fusion(**known, initial=far_off)
    assert cold.prices.any() and again.converged
    assert again.iterations <= cold.iterations
    assert_allclose(again.maps, cold.maps, atol=0.01 * cold.maps.max())


def test_the_start_is_not_modified():
    first = solve_fusion(**CONVEX["totals"], max_iterations=20)
    arrays = [np.copy(array) for array in (first.maps, first.dual, first.prices)]
    solve_fusion(**CONVEX["totals"], initial=first, max_iterations=20)
    for array, before in zip((first.maps, first.dual, first.prices), arrays, strict=True):
        assert_array_equal(array, before)


def test_a_start_of_another_shape_is_refused():
    first = solve_fusion(**CONVEX["not square"], max_iterations=1)
    with pytest.raises(ValueError, match=r"initial.*\(2, 15, 1\).*\(2, 7, 11\)"):
        solve_fusion(**CONVEX["one pixel wide"], initial=first)


def test_a_start_with_totals_leaves_no_trace_where_totals_are_free():
    known = without(CONVEX["totals"], "totals")
    kept = solve_fusion(**known, totals=[300.0, 20.0])
    free = solve_fusion(**known, initial=kept)
    assert free.converged
    assert_array_equal(free.prices, 0)
    assert free.cost == pytest.approx(solve_fusion(**known).cost, rel=1e-3)

"""Maps that are blurs of sources: minimum, certificate, totals and starts."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from slow_repeats import alternating

from hyperspy_multimodal.fusion import solve_fusion

from .convex import best_sources
from .problems import problem, without
from .sieves import PROBLEMS, TIGHT, cost_of, full_problem, ridges_of, sieved, with_width

on_problems = pytest.mark.parametrize("name", PROBLEMS)


@on_problems
def test_the_cost_is_the_least_of_an_interior_point_solver(name):
    known = PROBLEMS[name]
    found, twin = sieved(known, **TIGHT), cost_of(known)
    best = best_sources(ridges_of(known), **known)
    free = without(known, "totals") | {"lambdas": (known["lambdas"][0], 0.0)}
    least, excess = twin.terms(best).sum(), naive.excess(naive.blurred(best, twin.widths), free)
    assert twin.terms(found.sources).sum() == pytest.approx(
        least, abs=1e-6 * max(abs(least), excess)
    )
    assert found.converged
    assert found.cost == pytest.approx(least, rel=2e-6)
    blurred = naive.blurred(best, twin.widths)
    assert_allclose(found.maps, blurred, atol=0.02 * blurred.max())


@on_problems
def test_maps_terms_and_totals_are_those_of_the_sources(name):
    known = PROBLEMS[name]
    found, twin = sieved(known), cost_of(known)
    assert found.sources.dtype == np.float32 and (found.sources >= 0).all()
    assert found.dual is None
    blurred = naive.blurred(found.sources, twin.widths)
    assert_allclose(found.maps, blurred, rtol=1e-4, atol=1e-5 * blurred.max())
    assert_allclose(found.cost_terms[:, -1], twin.terms(found.sources), rtol=1e-4, atol=1e-5)
    totals = known.get("totals", np.full(len(found.maps), np.nan))
    kept = np.isfinite(totals)
    assert_allclose(found.maps.sum(axis=(1, 2), dtype=float)[kept], np.array(totals)[kept], 1e-6)
    assert_array_equal(found.prices[~kept], 0)


@on_problems
@pytest.mark.parametrize("max_iterations", [1, 20])
def test_optimality_is_the_gap_of_sources_and_prices(name, max_iterations):
    known = PROBLEMS[name]
    found, twin = sieved(known, tolerance=1e-9, max_iterations=max_iterations), cost_of(known)
    free = without(known, "totals") | {"lambdas": (known["lambdas"][0], 0.0)}
    excess = naive.excess(found.maps, free) + twin.terms(found.sources)[2]
    gap = twin.gap(found.sources, found.prices)
    assert found.optimality == pytest.approx(gap / excess, rel=0.02, abs=2e-6)


@pytest.mark.parametrize("totals", [None, [110.0, 70.0]])
def test_the_gap_bounds_what_the_cost_can_fall(rng, totals):
    known = with_width(problem((2, 7, 9), level=5, background=0.4, lambdas=(0.02, 0)), 1.0)
    known |= {"totals": totals}
    twin, free = cost_of(known), without(known, "totals")
    best = best_sources(ridges_of(known), **free, totals=totals)
    least = twin.terms(best).sum()
    for spread in (0.01, 0.3, 3.0):
        u = np.maximum(best + rng.normal(0, spread, best.shape), 0)
        if totals is not None:
            u *= naive.by_map(totals / u.sum(axis=(1, 2)))
        prices = rng.normal(0, 0.01, 2) if totals is not None else np.zeros(2)
        bound = twin.gap(u, prices)
        if totals is not None:  # the price of what a total leaves to be had
            slopes = twin.slopes(u) + naive.by_map(prices)
            assert np.isfinite(slopes).all()
        assert bound >= twin.terms(u).sum() - least - 1e-9
    found = sieved(known, **TIGHT)
    assert twin.gap(found.sources, found.prices) <= 1e-4 * least


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
@pytest.mark.parametrize("kept", [False, True])
def test_the_result_is_stationary(gamma, kept):
    """Slopes of the cost vanish at sources > 0, and are >= 0 where these are 0."""
    known = full_problem(gamma, lambdas=(0.3, 0.0))
    totals = (known["counts"] - known["background"]).sum(axis=(1, 2)) if kept else None
    found, twin = sieved(known | {"totals": totals}, **TIGHT), cost_of(known)
    slopes = twin.slopes(found.sources) + twin.ridges * found.sources
    slopes += naive.by_map(found.prices)
    inside = found.sources > 0.01 * found.sources.max()
    assert inside.any()
    assert np.abs(slopes[inside]).max() < 0.01
    assert slopes.min() > -0.01


@alternating(kept=[False, True], gamma=[1, 1.7])
def test_the_result_is_that_of_projected_gradients_in_double_precision(gamma, kept):
    known = full_problem(gamma, (2, 5, 6), 1.0, lambdas=(0.3, 0.0))
    totals = (known["counts"] - known["background"]).sum(axis=(1, 2)) if kept else None
    found, twin = sieved(known | {"totals": totals}, **TIGHT), cost_of(known)
    start = np.full(known["counts"].shape, known["counts"].mean())
    naively = twin.minimiser(naive.sieves.projected(start, totals), 800, totals)
    assert twin.terms(found.sources).sum() == pytest.approx(twin.terms(naively).sum(), rel=1e-5)
    maps = naive.blurred(naively, twin.widths)
    assert_allclose(found.maps, maps, atol=0.02 * maps.max())


# starts


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_a_neighbouring_solution_saves_iterations(gamma):
    known = full_problem(gamma, (2, 20, 24), 1.5, background=0.5)
    near = sieved(with_width(known, 1.55))
    cold, warm = sieved(known), sieved(known, initial=near)
    assert cold.converged and warm.converged
    assert warm.iterations < cold.iterations
    assert_allclose(warm.maps, cold.maps, atol=0.04 * cold.maps.max())
    again = sieved(known, initial=cold)
    assert again.iterations < cold.iterations / 2
    assert_allclose(again.cost_terms[:, 0], cold.cost_terms[:, -1], rtol=1e-5)


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
@pytest.mark.parametrize("max_iterations", [1, 7, 40])
def test_the_cost_is_never_above_that_of_the_start(gamma, max_iterations):
    for weight in (1.0, 1e-2, 1e-4):
        known = full_problem(gamma, (2, 12, 13), 1.2, background=0.2, lambdas=(weight, 0))
        initial = sieved(with_width(known, 0.6), max_iterations=20)
        for start in (None, initial):
            found = sieved(known, max_iterations=max_iterations, initial=start)
            first, last = found.cost_terms[:, 0].sum(), found.cost
            assert last <= first + 1e-6 * np.abs(found.cost_terms[:, 0]).sum()


def test_solutions_of_one_kind_are_starts_of_the_other():
    known = full_problem(1, (2, 12, 13), 1.2) | {"totals": [300.0, np.nan]}
    known["background"] = 0.0
    variation = solve_fusion(**known | {"lambdas": (0.1, 0.1)})
    source = sieved(known)
    from_variation = sieved(known, initial=variation)
    from_sources = solve_fusion(**known | {"lambdas": (0.1, 0.1)}, initial=source)
    assert from_variation.converged and from_sources.converged
    assert_allclose(from_variation.maps, source.maps, atol=0.04 * source.maps.max())
    assert_allclose(from_sources.maps, variation.maps, atol=0.04 * variation.maps.max())
    assert from_sources.sources is None and from_sources.dual is not None


def test_a_start_without_any_sources_of_a_map_does_not_keep_it_empty():
    known = full_problem(1, (2, 8, 9), 1.0, background=0.5)
    empty = known | {"counts": known["counts"] * naive.by_map([1, 0])}
    start = sieved(empty)
    start.sources[1] = start.maps[1] = 0
    assert_allclose(sieved(known, initial=start).maps, sieved(known).maps, atol=0.2)

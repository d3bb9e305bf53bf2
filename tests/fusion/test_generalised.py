"""Total generalised variation: the certified optimum, what it keeps, and its symmetries."""

from functools import cache

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.fusion import loop as primal_dual
from hyperspy_multimodal.fusion import solve_fusion

from .convex import best_sources, minimum
from .problems import problem, sloping, truth, without
from .sieves import ridges_of

TGV, DIRECTED, TV, S = "tgv", "directional tgv", "isotropic", "sieve"

PROBLEMS = {
    "not square": (problem((2, 7, 11), level=6, background=0.5, lambdas=(0.02, 0.02)), TGV),
    "beside total variation": (
        problem(
            (3, 9, 5),
            level=8,
            background=sloping((3, 9, 5), 0.2, 2),
            lambdas=([0.01, 0.05, 0.2], [0.03, 0.01, 0.1]),
        ),
        [TGV, TV, TGV],
    ),
    "one pixel high": (problem((2, 1, 17), level=5, background=0.3, lambdas=(0.02, 0.02)), TGV),
    "two pixels wide": (problem((2, 9, 2), level=5, background=0.3, lambdas=(0.02, 0.02)), TGV),
    "one pixel": (problem((2, 1, 1), level=5, background=0.3, lambdas=(0.02, 0.02)), TGV),
    "no background": (problem((2, 6, 8), level=2, weights=None, lambdas=(0.1, 0.1)), TGV),
    "without the HAADF": (
        problem((1, 8, 9), level=4, background=1.0, weights=0.0, lambdas=(1.0, 1.0)),
        TGV,
    ),
    "many counts": (
        problem((2, 8, 9), level=1000, background=50.0, lambdas=(1e-3, 1e-3)),
        TGV,
    ),
    "directional": (
        problem((3, 8, 9), level=4, background=0.5, lambdas=(0.05, 0.08))
        | {"guide": truth((3, 8, 9), 1.0).sum(axis=0)},
        [DIRECTED, TGV, "directional"],
    ),
    "totals": (
        problem((2, 7, 9), level=5, background=0.4, lambdas=(0.02, 0.05))
        | {"totals": [110.0, np.nan]},
        TGV,
    ),
}
on_problems = pytest.mark.parametrize("name", PROBLEMS)
with_gammas = pytest.mark.parametrize("gamma", [0.7, 1, 1.7])


def solved(name, tolerance=1e-6, max_iterations=64_000, **options):
    known, names = PROBLEMS[name]
    options |= {"tolerance": tolerance, "max_iterations": max_iterations}
    return solve_fusion(**known, regularisers=names, **options)


@cache
def solution(name):
    return solved(name)


def names_of(name):
    known, names = PROBLEMS[name]
    return [names] * len(known["counts"]) if isinstance(names, str) else names


@cache
def optimum(name):
    """Best maps and least cost of an interior-point solver that has fields among its variables."""
    given = PROBLEMS[name][0] | {"with_fields": ["tgv" in each for each in names_of(name)]}
    if "guide" in given:
        given["directional"] = ["directional" in each for each in names_of(name)]
    return minimum(**given)


def cost_of(found, name):
    """Of maps and fields, term by term."""
    known = PROBLEMS[name][0]
    lambda_1, lambda_2 = known["lambdas"]
    plain = without(known, "totals", "guide") | {"lambdas": (lambda_1, 0.0)}
    variation = naive.gradient(found.maps) - found.fields
    if "guide" in known:
        directional = ["directional" in each for each in names_of(name)]
        variation = naive.across(variation, naive.directions_of(known["guide"]), directional)
    strains = naive.fields.stress_lengths(naive.fields.strain(found.fields))
    of_maps = (naive.lengths(variation) + strains).sum(axis=(1, 2))
    return naive.cost(found.maps, **plain) + [0, 0, np.sum(lambda_2 * of_maps)]


def excess(found, name):
    known = without(PROBLEMS[name][0], "totals", "guide")
    rest = naive.excess(found.maps, known | {"lambdas": (known["lambdas"][0], 0.0)})
    return rest + found.cost_terms[2, -1]


@on_problems
def test_cost_terms_are_those_of_maps_and_fields(name):
    found = solution(name)
    expected = cost_of(found, name)
    largest = np.abs(expected).max()
    assert_allclose(found.cost_terms[:, -1], expected, rtol=1e-5, atol=1e-6 * largest)


@on_problems
def test_the_optimum_is_that_of_an_interior_point_solver(name):
    found, (maps, least) = solution(name), optimum(name)
    assert_allclose(found.maps, maps, atol=0.02 * maps.max())
    assert found.optimality < 1e-5  # float32 comes no further in some
    assert abs(found.cost - least) < 1e-6 * max(abs(least), excess(found, name))


@on_problems
@pytest.mark.parametrize("max_iterations", [1, 10, 100])
def test_optimality_bounds_the_distance_to_the_optimum(max_iterations, name):
    found = solved(name, max_iterations=max_iterations)
    above = found.cost - optimum(name)[1]
    scale = excess(found, name)
    solver = 1e-7  # how far from its own optimum the other solver may be
    assert -1e-6 * scale - solver <= above <= (found.optimality + 1e-6) * scale + solver


@on_problems
def test_fields_and_stresses_are_where_differences_are(name):
    found, known = solution(name), PROBLEMS[name][0]
    assert found.fields.shape == (2, *known["counts"].shape)
    plain = ["tgv" not in each for each in names_of(name)]
    for border in (found.fields[0, :, -1], found.fields[1, :, :, -1], found.fields[:, plain]):
        assert_array_equal(border, 0)
    assert naive.fields.stress_lengths(found.stresses.astype(float)).max() <= 1 + 1e-6


def test_totals_are_kept():
    sums = solution("totals").maps.sum(axis=(1, 2), dtype=np.float64)
    assert sums[0] == pytest.approx(110, rel=1e-6)


def test_sieves_beside_it_reach_the_optimum():
    known = problem((2, 7, 9), level=6, background=0.5, lambdas=([0.1, 0.1], [0.05, 0.1]))
    known["regularisers"] = [S, TGV]
    found = solve_fusion(**known, tolerance=1e-6, max_iterations=5000)
    ridges = ridges_of(without(known, "regularisers"), known["regularisers"])
    best = best_sources(ridges, **known)
    assert_allclose(found.sources[0], best[0], atol=0.03 * best[0].max())
    assert_allclose(found.maps[1], best[1], atol=0.01 * best[1].max())
    assert_array_equal(found.fields[:, 0], 0)


def plane(shape=(1, 14, 16)):
    row, col = np.mgrid[: shape[1], : shape[2]]
    return np.broadcast_to(4 + 0.3 * row + 0.5 * col, shape)


@pytest.mark.parametrize("name", [TGV, DIRECTED])
def test_a_plane_costs_nothing(name):
    """However strong it is: counts that are a plane are their own map."""
    haadf = np.zeros((14, 16))
    known = {"gamma": 1, "weights": 0.0, "lambdas": (1.0, 30.0), "guide": haadf}
    found = solve_fusion(
        plane(), haadf, **known, regularisers=name, tolerance=1e-6, max_iterations=5000
    )
    assert_allclose(found.maps, plane(), atol=0.02)
    flat = solve_fusion(plane(), haadf, **known, regularisers=TV, tolerance=1e-6)
    assert np.ptp(flat.maps) < 0.5 * np.ptp(plane())


def full(gamma, names=(TGV, TV, DIRECTED)):
    shape = (3, 12, 17)
    lambdas = (np.array([0.05, 0.1, 0.2]), np.array([0.05, 0.02, 0.1]))
    background = sloping(shape, 0.3, 1)
    known = problem(shape, level=6, background=background, gamma=gamma, lambdas=lambdas)
    return known | {"regularisers": list(names), "guide": known["haadf"]}


def fused(known, **options):
    return solve_fusion(**known, **{"tolerance": 1e-7, "max_iterations": 200} | options)


def assert_same(maps, others):
    """The same steps were taken, but for rounding."""
    assert_allclose(maps, others, atol=2e-3 * others.max())


@with_gammas
@pytest.mark.parametrize("names", [(TGV, TV, TGV), (TGV, TV, DIRECTED)])
def test_transposed_scan_gives_transposed_maps(names, gamma):
    known = full(gamma, names)
    turned = {each: np.swapaxes(known[each], -1, -2) for each in ("counts", "background", "haadf")}
    turned["guide"] = known["guide"].T
    assert_same(fused(known | turned).maps, np.swapaxes(fused(known).maps, -1, -2))


@with_gammas
def test_permuted_elements_give_permuted_maps(gamma):
    known, order = full(gamma), [2, 0, 1]
    turned = {each: known[each][order] for each in ("counts", "background", "weights")}
    turned["lambdas"] = tuple(each[order] for each in known["lambdas"])
    turned["regularisers"] = [known["regularisers"][i] for i in order]
    found, again = fused(known), fused(known | turned)
    assert_same(again.maps, found.maps[order])
    assert_same(again.fields, found.fields[:, order])


@with_gammas
def test_maps_follow_the_unit_of_counts(gamma):
    known, factor = full(gamma), 100.0
    scaled = {each: factor * known[each] for each in ("counts", "background")}
    scaled["weights"] = known["weights"] / factor**gamma
    scaled["lambdas"] = tuple(each / factor for each in known["lambdas"])
    found, again = fused(known), fused(known | scaled)
    assert_same(again.maps / factor, found.maps)
    assert_same(again.fields / factor, found.fields)


@with_gammas
def test_a_solution_is_a_start_that_is_converged_already(gamma):
    known = full(gamma)
    first = fused(known, tolerance=1e-4, max_iterations=3000)
    again = fused(known, tolerance=1e-4, max_iterations=3000, initial=first)
    assert again.optimality_history[0] == pytest.approx(first.optimality, rel=0.05)
    assert again.cost_terms[:, 0] == pytest.approx(first.cost_terms[:, -1], rel=1e-5)


@with_gammas
@pytest.mark.parametrize("before", [[TV] * 3, [S] * 3, [S, TGV, TGV], [TGV] * 3])
def test_any_result_is_a_start_and_the_cost_is_never_above_it(gamma, before):
    known = full(gamma)
    initial = fused(known | {"regularisers": before, "lambdas": (0.3, 0.2)})
    for max_iterations in (1, 10):
        found = fused(known, max_iterations=max_iterations, initial=initial)
        first = found.cost_terms[:, 0]
        assert found.cost <= first.sum() + 1e-6 * np.abs(first).sum()


@pytest.mark.parametrize("gamma", [1, 1.7])
def test_the_coarser_grid_starts_nearer_to_the_end(gamma, monkeypatch):
    shape = (2, 40, 45)
    known = problem(shape, level=4, background=0.5, gamma=gamma, lambdas=(0.1, 0.3))
    known["regularisers"] = TGV
    near = fused(known, max_iterations=20)
    monkeypatch.setattr(primal_dual, "can_be_coarser", lambda problem: False)
    far = fused(known, max_iterations=20)
    assert near.cost_terms[:, 0].sum() < far.cost_terms[:, 0].sum()
    assert near.optimality < 0.7 * far.optimality

"""Fusions some of whose maps are blurs of sources, and others have total variation."""

from functools import cache

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from slow_repeats import alternating

from hyperspy_multimodal.fusion import solve_fusion
from hyperspy_multimodal.fusion.scaled import KNEE, fuse_scaled

from .convex import best_sources
from .problems import CONVEX, problem, sloping, without
from .sieves import ridges_of, with_width

S, SMOOTH, D, TV = "sieve", "smooth", "directional", "isotropic"


def mixed(known, names, width=1.0):
    """The same problem with sieves, of so many pixels, for some of its maps."""
    sieves = with_width(known, width)["lambdas"]
    lambdas = tuple(
        np.where(np.isin(names, (S, SMOOTH)), some, others)
        for some, others in zip(sieves, known["lambdas"], strict=True)
    )
    return without(known, "directional") | {"lambdas": lambdas, "regularisers": names}


PROBLEMS = {
    "not square": mixed(CONVEX["not square"], [S, TV]),
    "own widths, sloping background": mixed(
        CONVEX["own lambdas, sloping background"], [TV, S, S], [0, 0.8, 1.3]
    ),
    "one pixel wide": mixed(CONVEX["one pixel wide"], [TV, S]),
    "one pixel": mixed(CONVEX["one pixel"], [S, TV]),
    "without background": mixed(CONVEX["no background, weights of 1"], [S, TV], 0.8),
    "unequal weights, one of them 0": mixed(
        CONVEX["unequal weights, one of them 0"], [TV, S, S], 1.2
    ),
    "directional": mixed(CONVEX["directional"], [D, S]),
    "smooth": mixed(CONVEX["not square"], [SMOOTH, TV], 1.5),
    "smooth without background": mixed(CONVEX["no background, weights of 1"], [TV, SMOOTH]),
    "both kinds of sieves": mixed(
        CONVEX["own lambdas, sloping background"], [SMOOTH, TV, S], [1.5, 0, 0.8]
    ),
    "six elements": mixed(CONVEX["six elements"], [S, TV] * 3),
    "totals": mixed(CONVEX["totals"], [TV, S]),
    "one total of two": mixed(CONVEX["one total of two"], [TV, S]),
    "the other total": mixed(CONVEX["one total of two"], [S, TV]),
}
on_problems = pytest.mark.parametrize("name", PROBLEMS)
with_gammas = pytest.mark.parametrize("gamma", [0.7, 1, 1.7])


def parts(known):
    """Which maps are sieves, widths of these and lambda_2 of the others."""
    are_sieves = np.isin(known["regularisers"], (S, SMOOTH))
    lambda_1, lambda_2 = (np.broadcast_to(each, len(are_sieves)) for each in known["lambdas"])
    single = known["haadf"].size == 1
    widths = np.where(are_sieves, np.sqrt(2 * lambda_2 / lambda_1) * (not single), 0)
    return are_sieves, widths, np.where(are_sieves, 0, lambda_2)


def costs(sources, known):
    """The three terms of the cost of sources, or maps where there are none; and their excess."""
    _, widths, lambda_2 = parts(known)
    maps = naive.blurred(sources, widths)
    plain = without(known, "totals", "regularisers", "guide")
    plain |= {"lambdas": (known["lambdas"][0], lambda_2)}
    directed = {}
    if "guide" in known:
        directed = {"guide": known["guide"], "directional": np.array(known["regularisers"]) == D}
    terms = naive.cost(maps, **plain, **directed)
    ridges = ridges_of(plain, known["regularisers"])
    terms[2] += np.sum(naive.by_map(ridges) * np.square(sources)) / 2
    return terms, naive.excess(maps, plain)


def sources_of(found, known):
    return np.where(naive.by_map(parts(known)[0]), found.sources, found.maps).astype(float)


@cache
def solution(name):
    return solve_fusion(**PROBLEMS[name], tolerance=1e-6, max_iterations=3000)


@alternating(name=list(PROBLEMS))
def test_the_cost_is_the_least_of_an_interior_point_solver(name):
    known, found = PROBLEMS[name], solution(name)
    ridges = ridges_of(without(known, "regularisers", "guide"), known["regularisers"])
    best = best_sources(ridges, **known)
    least, excess = costs(best, known)
    above = costs(sources_of(found, known), known)[0].sum() - least.sum()
    assert abs(above) < 1e-6 * max(abs(least.sum()), excess)
    maps = naive.blurred(best, parts(known)[1])
    assert_allclose(found.maps, maps, atol=0.02 * maps.max())


@on_problems
def test_maps_terms_and_totals_are_those_of_the_sources(name):
    known, found = PROBLEMS[name], solution(name)
    are_sieves, widths, _ = parts(known)
    assert (found.sources >= 0).all() and (found.maps >= 0).all()
    assert_array_equal(found.sources[~are_sieves], 0)
    assert_array_equal(found.dual[:, are_sieves], 0)
    sources = sources_of(found, known)
    maps = naive.blurred(sources, widths)
    assert_allclose(found.maps, maps, rtol=1e-4, atol=1e-5 * maps.max())
    terms, _ = costs(sources, known)
    assert_allclose(found.cost_terms[:, -1], terms, rtol=1e-4, atol=1e-5)
    totals = np.array(known.get("totals", np.full(len(maps), np.nan)))
    kept = np.isfinite(totals)
    assert_allclose(found.maps.sum(axis=(1, 2), dtype=float)[kept], totals[kept], 1e-6)
    assert_array_equal(found.prices[~kept], 0)


@alternating(name=list(PROBLEMS), max_iterations=[3, 30, 300])
def test_optimality_bounds_the_distance_to_the_optimum(name, max_iterations):
    known = PROBLEMS[name]
    found = solve_fusion(**known, tolerance=1e-6, max_iterations=max_iterations)
    terms, excess = costs(sources_of(found, known), known)
    least = costs(sources_of(solution(name), known), known)[0].sum()
    above = terms.sum() - least
    assert above <= (found.optimality + 1e-6) * (excess + terms[2])


@with_gammas
def test_without_haadf_elements_are_solved_each_for_itself(gamma):
    known = full(gamma) | {"weights": 0.0}
    found = solve_fusion(**known, tolerance=1e-6)
    for i, name in enumerate(known["regularisers"]):
        one = {each: known[each][i : i + 1] for each in ("counts", "background")}
        one["lambdas"] = tuple(each[i] for each in known["lambdas"])
        alone = solve_fusion(**known | one | {"regularisers": name}, tolerance=1e-6)
        assert_allclose(found.maps[i], alone.maps[0], atol=5e-3 * alone.maps.max())


def full(gamma, shape=(3, 12, 14), **given):
    known = {"level": 6, "background": sloping(shape, 0.3, 1), "lambdas": (0.3, 0.2)} | given
    known = problem(shape, gamma=gamma, **known)
    return mixed(known, [S, TV, S], [0.8, 0, 1.4]) | {"guide": known["haadf"]}


@with_gammas
def test_permuted_elements_give_permuted_maps(gamma):
    known, order = full(gamma), [2, 0, 1]
    permuted = {name: known[name][order] for name in ("counts", "background", "weights")}
    permuted["lambdas"] = tuple(each[order] for each in known["lambdas"])
    permuted["regularisers"] = [known["regularisers"][i] for i in order]
    found = solve_fusion(**known, tolerance=1e-6).maps
    again = solve_fusion(**known | permuted, tolerance=1e-6).maps
    assert_allclose(again, found[order], atol=0.01 * found.max())


@alternating(gamma=[0.7, 1, 1.7], before=[[S, TV, S], [TV, TV, TV], [S, S, S], [TV, S, D]])
def test_any_result_is_a_start_and_the_cost_is_never_above_it(gamma, before):
    known = full(gamma)
    cold = solve_fusion(**known)
    initial = solve_fusion(**known | {"regularisers": before, "lambdas": (0.3, 0.2)})
    for max_iterations in (1, 10):
        found = solve_fusion(**known, max_iterations=max_iterations, initial=initial)
        first = found.cost_terms[:, 0]
        assert found.cost <= first.sum() + 1e-6 * np.abs(first).sum()
    warm = solve_fusion(**known, initial=initial)
    assert warm.converged
    assert_allclose(warm.maps, cold.maps, atol=0.04 * cold.maps.max())
    again = solve_fusion(**known, initial=cold)
    assert again.iterations < max(cold.iterations / 2, 11)


def test_the_form_of_huber_goes_with_sieves():
    known = full(1)
    scales = np.full(3, 6.0)
    given = {name: known[name] for name in ("counts", "background", "haadf", "gamma", "offset")}
    found = [
        fuse_scaled(
            **given | {"background": np.array(known["background"])},
            scales=scales,
            weights=known["weights"] * scales,
            lambda_1=0.3,
            lambda_2=np.array([0.3, 4.0, 0.3]),
            totals=None,
            regularisers=(S, name, S),
            tolerance=1e-5,
            max_iterations=3000,
        ).maps
        for name in (TV, "huber")
    ]
    steps = [np.abs(np.diff(maps[1], axis=1)) for maps in found]
    small = [np.count_nonzero((each > 0.01) & (each < KNEE * 6)) for each in steps]
    assert small[1] > 1.5 * small[0]


def test_callbacks_see_maps_of_both_kinds_and_stop():
    seen = []

    def callback(iteration, maps, gap):
        seen.append((iteration, maps.shape, np.isfinite(gap)))
        return iteration >= 20

    known = PROBLEMS["not square"]
    found = solve_fusion(**known, tolerance=1e-12, callback=callback)
    assert found.iterations == 20
    assert seen == [(n, known["counts"].shape, True) for n in (10, 20)]

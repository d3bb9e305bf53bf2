"""Huber's form of total variation: the certified optimum, and the limits of its knee."""

from functools import cache

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.sparse.linalg import spsolve

from hyperspy_multimodal.fusion import loop
from hyperspy_multimodal.fusion.coarse import coarser
from hyperspy_multimodal.fusion.scaled import KNEE, fuse_scaled

from .convex import differences
from .huber_problems import PROBLEMS, excess, in_own_units, optimum, solved, terms, total_cost
from .problems import problem, sloping

on_problems = pytest.mark.parametrize("name", PROBLEMS)
with_gammas = pytest.mark.parametrize("gamma", [0.7, 1, 1.7])


@cache
def solution(name):
    return solved(PROBLEMS[name])


@cache
def best(name):
    return optimum(PROBLEMS[name])


@on_problems
def test_cost_is_that_of_the_optimum(name):
    """To a millionth of the cost, or, where its constant part almost cancels it, of its excess."""
    known = PROBLEMS[name]
    least = total_cost(best(name), known)
    scale = max(abs(least), excess(best(name), known))
    assert abs(total_cost(solution(name).maps, known) - least) < 1e-6 * scale


@on_problems
@pytest.mark.parametrize("tolerance", [0.05, 1e-3])
def test_optimality_bounds_the_distance_to_the_optimum(tolerance, name):
    known = PROBLEMS[name]
    result = solved(known, tolerance)
    above = total_cost(result.maps, known) - total_cost(best(name), known)
    assert result.converged
    assert -1e-6 * excess(result.maps, known) <= above
    assert above <= (result.optimality + 1e-7) * excess(result.maps, known)


@on_problems
def test_the_gap_comes_down_to_rounding_and_no_further_than_0(name):
    history = solution(name).optimality_history
    assert np.all(history >= 0)
    assert history[-1] < 3e-6
    assert solution(name).converged or history[-1] < 1e-3 * history[0]


@on_problems
def test_cost_terms_are_those_of_the_maps(name):
    result = solution(name)
    expected = terms(result.maps, PROBLEMS[name])
    assert_allclose(result.cost_terms[:, -1], expected, rtol=1e-5, atol=1e-6 * expected.max())


def test_totals_are_kept():
    sums = solution("totals").maps.sum(axis=(1, 2), dtype=np.float64)
    assert sums[0] == pytest.approx(110, rel=1e-3)


@with_gammas
@pytest.mark.parametrize("directional", [False, True])
def test_a_knee_of_0_is_total_variation_bit_for_bit(directional, gamma):
    known = problem((2, 17, 20), level=6, background=0.5, gamma=gamma, lambdas=(0.1, 0.2))
    if directional:
        known["guide"] = known["haadf"]
    plain = solved(known | {"knees": 0.0}, 1e-9, 60)
    # far below what float32 tells from 0
    softened = solved(known | {"knees": 1e-12}, 1e-9, 60)
    assert_array_equal(softened.maps, plain.maps)
    assert_array_equal(softened.dual, plain.dual)


def test_with_a_large_knee_it_is_a_quadratic():
    """Without HAADF and Poisson noise of one size: maps solve a linear system, near the mean."""
    rng, shape, level = np.random.default_rng(3), (9, 12), 1e6
    counts = level + 100 * rng.normal(size=(1, *shape))
    knee, lambda_2 = 1e5, 1.0
    known = problem((1, *shape), level=5, weights=0.0, offset=0.0, lambdas=(1.0, lambda_2))
    result = solved(known | {"counts": counts, "knees": knee, "haadf": np.zeros(shape)}, 1e-9, 3000)
    along_y = np.kron(differences(shape[0]).toarray(), np.eye(shape[1]))
    along_x = np.kron(np.eye(shape[0]), differences(shape[1]).toarray())
    stiffness = lambda_2 / knee * (along_y.T @ along_y + along_x.T @ along_x)
    fidelity = np.diag(1 / counts.ravel())  # of the Poisson term, to second order
    expected = spsolve(csr_array(fidelity + stiffness), np.ones(counts.size)).reshape(shape)
    assert_allclose(result.maps[0] - level, expected - level, atol=2)
    assert np.std(expected) < 0.5 * np.std(counts)


def test_a_stronger_quadratic_with_a_larger_knee_is_the_same():
    """Only lambda_2 over the knee matters where no difference comes to it."""
    known = PROBLEMS["knee above all differences"]
    weight = known["lambdas"][1]
    other = known | {"lambdas": (known["lambdas"][0], 2 * weight), "knees": [100.0, 160.0]}
    assert_allclose(solved(other).maps, solved(known).maps, atol=2e-3)


def test_a_slope_is_kept_where_total_variation_makes_stairs():
    ramp = np.broadcast_to(np.linspace(10, 40, 48), (1, 40, 48))
    counts = np.random.default_rng(0).poisson(ramp).astype(float)
    known = problem((1, 40, 48), level=5, weights=0.0, lambdas=(1.0, 3.0)) | {"counts": counts}

    def steps_of(knee, weight):
        maps = solved(known | {"knees": knee, "lambdas": (1.0, weight)}, 1e-5).maps[0]
        return np.diff(maps[5:-5, 5:-5].astype(float), axis=1), np.std(maps - ramp[0])

    (stairs, rough), (slope, smooth) = steps_of(0.0, 3.0), steps_of(2.4, 12.0)
    assert np.std(slope) < 0.7 * np.std(stairs)
    assert smooth < rough


def test_a_step_above_the_knee_stays_sharper_than_under_a_quadratic():
    """Which small differences feel as much."""
    step = np.where(np.arange(24) < 12, 2.0, 30.0) * np.ones((1, 20, 1))
    counts = np.random.default_rng(0).poisson(step).astype(float)
    known = problem((1, 20, 24), level=5, weights=0.0, lambdas=(1.0, 1.0)) | {"counts": counts}

    def jump(knee):
        maps = solved(known | {"knees": knee, "lambdas": (1.0, 0.3 * knee)}, 1e-5).maps[0]
        return np.mean(maps[:, 12] - maps[:, 11])

    assert jump(2.0) > 1.5 * jump(1000.0) > 0


def large_problem(gamma=1, **known):
    shape = (2, 40, 46)
    known = {"background": sloping(shape, 0.2, 1), "lambdas": (0.1, 0.6)} | known
    return problem(shape, level=4, gamma=gamma, **known) | {"knees": [0.5, 0.3]}


@pytest.mark.parametrize("slope", [0.01, 1.0])
def test_a_slope_costs_as_much_on_a_coarser_grid(slope):
    """Below the knee and above it: differences of blocks are twice as large, their knees too."""
    own = in_own_units(large_problem())
    costs = []
    for where in (own, coarser(own)):
        state, nx = where.state(), where.data.counts.shape[2]
        state.maps[:] = slope * 46 / nx * np.arange(nx)
        variation = where.record(state).variation
        costs.append(variation / (nx - 1) * nx / where.data.counts[0].size)
    assert costs[1] == pytest.approx(costs[0], rel=1e-4)


@pytest.mark.parametrize("gamma", [1, 1.7])
def test_the_coarser_grid_starts_nearer_to_the_end(gamma, monkeypatch):
    known = large_problem(gamma)
    with_grids = solved(known, 1e-4)
    monkeypatch.setattr(loop, "can_be_coarser", lambda problem: False)
    without = solved(known, 1e-4)
    assert with_grids.converged
    assert with_grids.optimality_history[0] < 0.7 * without.optimality_history[0]
    if gamma == 1:
        above = abs(with_grids.cost - without.cost)
        assert above < 2.1e-4 * excess(without.maps, known)


@with_gammas
def test_transposed_scan_gives_transposed_maps(gamma):
    known = soft_problem(gamma)
    turned = {name: np.swapaxes(known[name], -1, -2) for name in ("counts", "background", "haadf")}
    assert_same(steps(known | turned), np.swapaxes(steps(known), -1, -2))


@with_gammas
def test_maps_follow_the_unit_of_counts(gamma):
    """Counts, knees and background 100 times as large, lambdas as much smaller."""
    known, factor = soft_problem(gamma), 100.0
    scaled = {name: factor * known[name] for name in ("counts", "background", "knees")}
    scaled["weights"] = known["weights"] / factor**gamma
    scaled["lambdas"] = tuple(np.array(each) / factor for each in known["lambdas"])
    assert_same(steps(known | scaled) / factor, steps(known))


@with_gammas
def test_maps_follow_the_unit_of_the_haadf(gamma):
    known, factor = soft_problem(gamma), 30.0
    scaled = {name: factor * np.asarray(known[name]) for name in ("haadf", "weights", "offset")}
    scaled["lambdas"] = tuple(factor**2 * np.array(each) for each in known["lambdas"])
    assert_same(steps(known | scaled), steps(known))


def test_elements_in_another_order_give_maps_in_that_order():
    known, order = soft_problem(1), [2, 0, 1]
    turned = {name: known[name][order] for name in ("counts", "background", "weights", "knees")}
    turned["lambdas"] = tuple(np.array(each)[order] for each in known["lambdas"])
    assert_same(steps(known | turned), steps(known)[order])


def soft_problem(gamma):
    shape = (3, 7, 10)
    lambdas = ([0.05, 0.1, 0.2], [0.05, 0.02, 0.1])
    background = sloping(shape, 0.3, 1)
    known = problem(shape, level=6, background=background, gamma=gamma, lambdas=lambdas)
    return known | {"knees": np.array([0.5, 0.0, 1.0])}


def steps(known):
    return solved(known, 1e-5, 400).maps


def assert_same(maps, others):
    """The same steps were taken, but for rounding."""
    assert_allclose(maps, others, atol=2e-3 * others.max())


@on_problems
def test_a_solution_is_a_start_that_is_converged_already(name):
    known = PROBLEMS[name]
    first = solved(known, 1e-4)
    again = solved(known, 1e-4, initial=first)
    assert again.optimality_history[0] == pytest.approx(first.optimality, rel=0.05)
    assert again.iterations <= first.iterations


def test_total_variation_is_a_start_for_hubers_form_and_the_other_way_round():
    known = PROBLEMS["not square"]
    plain = known | {"knees": 0.0}
    for start, end in ((plain, known), (known, plain)):
        warm = solved(end, 1e-6, initial=solved(start, 1e-4))
        assert_allclose(warm.maps, solved(end, 1e-6).maps, atol=0.02 * warm.maps.max())


def test_what_is_returned_is_within_the_bound():
    for name in PROBLEMS:
        assert np.all(naive.lengths(solution(name).dual.astype(float)) <= 1 + 1e-6)


def test_the_knee_of_scaled_costs_is_a_share_of_a_bright_value():
    rng = np.random.default_rng(1)
    counts = rng.poisson(5.0, (2, 9, 11)).astype(float)
    names, scales = ("huber", "isotropic"), np.array([5.0, 7.0])
    fused = fuse_scaled(
        counts,
        np.zeros_like(counts),
        np.zeros((9, 11)),
        scales=scales,
        weights=np.zeros(2),
        offset=0.0,
        gamma=1.0,
        lambda_1=1.0,
        lambda_2=2.0,
        totals=None,
        regularisers=names,
        tolerance=1e-5,
        max_iterations=3000,
    )
    known = {
        "counts": counts,
        "haadf": np.zeros((9, 11)),
        "background": 0.0,
        "weights": 0.0,
        "offset": 0.0,
        "gamma": 1.0,
        "lambdas": (1.0, 2 / np.sqrt(scales)),
        "knees": [KNEE * 5.0, 0.0],
    }
    assert_allclose(fused.cost_terms[:, -1], terms(fused.maps, known), rtol=1e-5)
    assert_allclose(fused.maps, solved(known, 1e-5).maps, atol=1e-3)

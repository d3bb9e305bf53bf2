"""The problem on blocks: its cost is that of maps made of blocks, its solution a start."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.fusion import loop as primal_dual
from hyperspy_multimodal.fusion import solve_fusion
from hyperspy_multimodal.fusion.coarse import block_limits, can_be_coarser, coarser, refine
from hyperspy_multimodal.kernels import State

from .problems import in_own_units, problem, sloping

SHAPE = (2, 24, 30)


def known_problem(shape=SHAPE, **known):
    known = {"background": sloping(shape, 0.2, 1), "lambdas": (0.1, 0.1)} | known
    return problem(shape, level=4, **known)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 16, 17, 18, 19, 101])
def test_blocks_are_of_two_pixels_and_the_same_from_both_ends(n):
    limits = block_limits(n)
    assert limits[0] == 0 and limits[-1] == n
    assert_array_equal(n - limits[::-1], limits)
    sizes = np.diff(limits)
    assert np.all(sizes[sizes != 2] % 2 == 1)
    assert np.sum(sizes != 2) == n % 2
    assert sizes.max() <= 3


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 16, 16), True), ((9, 1, 16), True), ((9, 40, 1), True), ((1, 15, 99), False)]
    + [((1, 1, 1), False), ((1, 1, 15), False)],
)
def test_maps_are_made_coarser_while_that_means_something(shape, expected):
    assert can_be_coarser(in_own_units(known_problem(shape))) is expected


def test_directional_maps_are_not_made_coarser():
    known = known_problem()
    assert not can_be_coarser(in_own_units(known | {"guide": known["haadf"]}))


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_cost_of_maps_made_of_blocks_is_that_of_the_blocks(gamma):
    """Times 4, but for a constant; and its total variation, along edges without corners."""
    own = in_own_units(known_problem(gamma=gamma))
    coarse = coarser(own)
    rng = np.random.default_rng(3)
    differences = []
    for _ in range(2):
        blocks = rng.uniform(0, 2, coarse.data.counts.shape).astype(np.float32)
        stripes = np.broadcast_to(rng.uniform(0, 2, (2, 1, 15)), blocks.shape)
        fine = [np.repeat(np.repeat(x, 2, axis=1), 2, axis=2) for x in (blocks, stripes)]
        costs = []
        for where, of_pixels, of_lines in ((own, *fine), (coarse, blocks, stripes)):
            state = where.state()
            state.maps[:] = of_pixels
            first = where.record(state)
            state.maps[:] = of_lines
            costs.append([first.haadf, first.poisson, where.record(state).variation])
        differences.append(np.array(costs[0]) - 4 * np.array(costs[1]))
    assert_allclose(differences[0][:2], differences[1][:2], rtol=2e-3)
    assert_allclose(differences[0][2], 0, atol=1e-3)


def state_on(own, **values):
    state = own.state()
    for name in State._fields:
        getattr(state, name)[:] = values.get(name, 0)
    return state


@pytest.mark.parametrize("shape", [SHAPE, (1, 17, 19), (3, 1, 20)])
def test_constant_maps_are_refined_to_constant_maps(shape):
    own = in_own_units(known_problem(shape))
    rough = state_on(coarser(own), maps=2.5, residual=-0.5, prices=0.3)
    fine = state_on(own, maps=np.nan, residual=np.nan, dual_y=np.nan, dual_x=np.nan)
    refine(rough, fine)
    assert_allclose(fine.maps, 2.5)
    assert_allclose(fine.residual, -0.5)
    assert_allclose(fine.prices, 0.3)
    assert_array_equal(fine.dual_y, 0)
    assert_array_equal(fine.dual_x, 0)


@pytest.mark.parametrize("axis", [1, 2])
def test_refined_dual_variables_have_the_same_divergence(axis):
    own = in_own_units(known_problem())
    coarse = coarser(own)
    rng = np.random.default_rng(4)
    rough = state_on(coarse)
    p = rough.dual_y if axis == 1 else rough.dual_x
    inside = [slice(None)] * 3
    inside[axis] = slice(1, -1)
    size = [2, 1, 1]
    size[axis] = p.shape[axis] - 2
    p[tuple(inside)] = rng.normal(size=size)
    fine = state_on(own)
    refine(rough, fine)
    there = np.diff(p, axis=axis)
    here = np.diff(fine.dual_y if axis == 1 else fine.dual_x, axis=axis)
    assert_allclose(here, np.repeat(np.repeat(there, 2, axis=1), 2, axis=2), atol=1e-5)


def test_totals_and_total_variation_are_those_of_the_blocks():
    own = in_own_units(known_problem())
    own.data.totals[:] = [50, np.nan]
    coarse = coarser(own)
    assert_array_equal(coarse.data.totals, [50 / 4, np.nan])
    assert_array_equal(coarse.data.bounds, own.data.bounds / 2)


def without_coarser_grids(monkeypatch):
    monkeypatch.setattr(primal_dual, "can_be_coarser", lambda problem: False)


@pytest.mark.parametrize("known", [{}, {"totals": [500.0, np.nan]}])
@pytest.mark.parametrize("gamma", [1, 1.7])
def test_the_coarser_grid_starts_nearer_to_the_end(gamma, known, monkeypatch):
    problem = known_problem((2, 40, 45), gamma=gamma, lambdas=(0.1, 0.3)) | known
    options = {"tolerance": 1e-4, "max_iterations": 3000}
    with_grids = solve_fusion(**problem, **options)
    without_coarser_grids(monkeypatch)
    without = solve_fusion(**problem, **options)
    assert with_grids.converged
    assert with_grids.cost_terms[:, 0].sum() < without.cost_terms[:, 0].sum()
    assert with_grids.optimality_history[0] < 0.7 * without.optimality_history[0]
    if gamma == 1:
        excess = naive.excess(without.maps, {k: v for k, v in problem.items() if k in EXCESS})
        assert abs(with_grids.cost - without.cost) < 2.1e-4 * excess


EXCESS = ("counts", "haadf", "gamma", "lambdas", "background", "weights", "offset")


def test_transposed_scan_gives_transposed_maps_from_coarser_grids():
    known = known_problem(gamma=1.7)
    turned = {name: np.swapaxes(known[name], -1, -2) for name in ("counts", "background", "haadf")}
    maps, others = (
        solve_fusion(**each, tolerance=1e-9, max_iterations=30).maps
        for each in (known, known | turned)
    )
    assert_allclose(np.swapaxes(others, -1, -2), maps, atol=2e-3 * maps.max())

"""What the cost does not distinguish, the solver does not distinguish."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.fusion import solve_fusion

from .problems import problem, sloping

SHAPE = (3, 7, 10)
with_gammas = pytest.mark.parametrize("gamma", [0.7, 1, 1.7])


def full_problem(gamma, shape=SHAPE, **known):
    lambdas = known.pop("lambdas", ([0.05, 0.1, 0.2], [0.05, 0.02, 0.1]))
    background = sloping(shape, 0.3, 1)
    known = {"level": 6, "background": background, "lambdas": lambdas} | known
    return problem(shape, gamma=gamma, **known)


def fused(known, **options):
    return solve_fusion(**known, tolerance=1e-5, max_iterations=400, **options).maps


def assert_same(maps, others):
    """The same steps were taken, but for rounding."""
    assert_allclose(maps, others, atol=2e-3 * others.max())


@with_gammas
def test_transposed_scan_gives_transposed_maps(gamma):
    known = full_problem(gamma)
    turned = {name: np.swapaxes(known[name], -1, -2) for name in ("counts", "background", "haadf")}
    assert_same(fused(known | turned), np.swapaxes(fused(known), -1, -2))


@with_gammas
@pytest.mark.parametrize("axis", [-1, -2])
def test_flipped_line_scan_gives_flipped_maps(axis, gamma):
    """In two dimensions the total variation by forward differences is not quite symmetric."""
    shape = (3, 1, 12) if axis == -1 else (3, 12, 1)
    known = full_problem(gamma, shape)
    turned = {name: np.flip(known[name], axis) for name in ("counts", "background", "haadf")}
    assert_same(fused(known | turned), np.flip(fused(known), axis))


@with_gammas
@pytest.mark.parametrize("axis", [-1, -2])
def test_flipped_scan_gives_flipped_maps_without_total_variation(axis, gamma):
    known = full_problem(gamma, lambdas=(0.1, 0.0))
    turned = {name: np.flip(known[name], axis) for name in ("counts", "background", "haadf")}
    assert_same(fused(known | turned), np.flip(fused(known), axis))


@with_gammas
def test_permuted_elements_give_permuted_maps(gamma):
    known, order = full_problem(gamma), [2, 0, 1]
    permuted = known | {
        "counts": known["counts"][order],
        "background": known["background"][order],
        "weights": np.array(known["weights"])[order],
        "lambdas": [np.array(value)[order] for value in known["lambdas"]],
    }
    assert_same(fused(permuted), fused(known)[order])


@with_gammas
@pytest.mark.parametrize("factor", [1e-3, 7.0, 1e4])
def test_other_units_of_counts_give_the_same_maps_in_those_units(factor, gamma):
    known = full_problem(gamma)
    scaled = known | {
        "counts": known["counts"] * factor,
        "background": known["background"] * factor,
        "lambdas": [np.array(value) / factor for value in known["lambdas"]],
        "weights": np.array(known["weights"]) / factor**gamma,
    }
    maps, others = (
        solve_fusion(**each, tolerance=1e-7, max_iterations=2000).maps for each in (known, scaled)
    )
    assert_allclose(others / factor, maps, atol=0.01 * maps.max())


def test_other_units_of_counts_and_totals_give_the_same_maps_in_those_units():
    known = full_problem(1) | {"totals": [150.0, np.nan, 60.0]}
    scaled = known | {
        "counts": known["counts"] * 50,
        "background": known["background"] * 50,
        "lambdas": [np.array(value) / 50 for value in known["lambdas"]],
        "weights": np.array(known["weights"]) / 50,
        "totals": np.array(known["totals"]) * 50,
    }
    maps, others = (
        solve_fusion(**each, tolerance=1e-7, max_iterations=2000).maps for each in (known, scaled)
    )
    assert_allclose(others / 50, maps, atol=0.01 * maps.max())


def test_the_pedestal_only_shifts_the_haadf():
    known = full_problem(1.7)
    shifted = known | {"haadf": known["haadf"] + 0.5, "offset": known["offset"] + 0.5}
    assert_same(fused(shifted), fused(known))


def test_two_equal_elements_get_equal_maps():
    known = full_problem(1.7, shape=(2, 7, 10), lambdas=(0.1, 0.05))
    for name in ("counts", "weights", "background"):
        values = np.array(known[name])
        values[1] = values[0]
        known[name] = values
    maps = fused(known)
    assert_allclose(maps[0], maps[1], rtol=1e-6, atol=1e-6)


def test_the_cost_itself_has_these_symmetries():
    """Otherwise the tests above would ask for the wrong thing."""
    known = full_problem(1.7)
    maps = np.random.default_rng(0).uniform(0, 5, SHAPE)
    turned = {name: np.swapaxes(known[name], -1, -2) for name in ("counts", "background", "haadf")}
    there = naive.cost(maps, **known)
    assert_allclose(naive.cost(np.swapaxes(maps, -1, -2), **known | turned), there)
    flat = full_problem(1.7, lambdas=(0.1, 1.0))
    turned = {name: np.flip(flat[name], -1) for name in ("counts", "background", "haadf")}
    flipped = naive.cost(np.flip(maps, -1), **flat | turned)
    assert flipped[:2] == pytest.approx(naive.cost(maps, **flat)[:2])
    assert flipped[2] != pytest.approx(naive.cost(maps, **flat)[2], rel=1e-3)


@pytest.mark.parametrize("factor", [2.0**-10, 2.0**10])
@pytest.mark.parametrize("gamma", [1, 1.7])
def test_convergence_is_judged_alike_in_any_units(factor, gamma):
    """Powers of 2 scale without rounding, so even the iterations are the same ones."""
    known = full_problem(gamma)
    counts = known | {
        "counts": known["counts"] * factor,
        "background": known["background"] * factor,
        "lambdas": [np.array(value) / factor for value in known["lambdas"]],
        "weights": np.array(known["weights"]) / factor**gamma,
    }
    haadf = known | {
        "haadf": known["haadf"] * factor,
        "offset": known["offset"] * factor,
        "lambdas": [np.array(value) * factor**2 for value in known["lambdas"]],
        "weights": np.array(known["weights"]) * factor,
    }
    here, in_counts, in_haadf = (solve_fusion(**each) for each in (known, counts, haadf))
    assert here.converged
    assert in_counts.iterations == in_haadf.iterations == here.iterations
    assert_allclose(in_counts.maps / factor, here.maps, atol=1e-3 * here.maps.max())
    assert_allclose(in_haadf.maps, here.maps, atol=1e-3 * here.maps.max())
    assert in_counts.optimality == pytest.approx(here.optimality, rel=0.1)


def test_totals_are_met_exactly_at_a_loose_tolerance():
    totals = np.array([150.0, np.nan, 60.0])
    result = solve_fusion(**full_problem(1) | {"totals": totals}, tolerance=1e-2)
    assert result.converged
    sums = result.maps.sum(axis=(1, 2), dtype=np.float64)
    assert_allclose(sums[[0, 2]], totals[[0, 2]], rtol=1e-6)

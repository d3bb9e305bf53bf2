"""The primal step: a joint proximal point, found by Newton's method; and where iterations rest."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from slow_repeats import alternating

from .states import MIXED, at_rest, iterate, random_data, random_state, some_steps


def after_primal_step(data, before, **options):
    after, _ = iterate(data, before, relaxation=0, **options)
    return after


def likelihood_slope(x, data):
    return naive.by_map(data.fidelity) * naive.poisson_gradient(x, data.counts, data.background)


@pytest.mark.parametrize("n_maps", [1, 2, 6])
def test_primal_step_is_the_joint_proximal_point(n_maps, rng):
    """0 is in the subdifferential of HAADF + Poisson + |x - v|^2 / (2 tau) in each pixel."""
    shape = (n_maps, 9, 33)
    data, before = random_data(rng, shape, 1, (False,) * n_maps), random_state(rng, shape)
    data.background[:] = 0.2
    after, tau = after_primal_step(data, before), naive.by_map(some_steps(n_maps)[0])
    v = before.relaxed + tau * (naive.divergence(naive.dual(before)) - naive.by_map(before.prices))
    x = after.maps.astype(np.float64)
    r = naive.haadf_residual(x, data.haadf, data.weights, 0, 1)
    slope = likelihood_slope(x, data) - naive.by_map(data.weights) * r + (x - v) / tau
    assert_allclose(after.residual, r, atol=5e-6)
    assert np.all(x >= 0)
    assert np.max(np.abs(slope[x > 0])) <= 5e-5
    assert np.min(slope[x == 0]) >= -5e-5
    assert 0.05 < np.mean(x == 0) < 0.9


@alternating(background=[0.0, 0.2], step=[1.0, 1e2, 1e4], fidelity=[1e-2, 1e-4, 1e-6])
def test_newton_converges_where_lambda_1_is_tiny(background, step, fidelity, rng):
    """A long step and a weak Poisson term leave the HAADF alone to decide: a stiff equation."""
    data, before = random_data(rng, (3, 4, 25)), random_state(rng, (3, 4, 25))
    data.fidelity[:] = fidelity
    data.background[:] = background
    for array in (before.dual_y, before.dual_x, before.prices):
        array *= np.float32(1e-2 / step)
    steps = np.full(3, step, np.float32), np.full(3, 0.125 / step, np.float32)
    after = after_primal_step(data, before, steps=steps)
    (_, maps, _, residual, _), _ = naive.iteration(data, before, *steps, 0)
    assert_allclose(after.residual, residual, atol=1e-6)
    # float32 knows the residual to 1e-7, which a step of tau carries on to the maps
    assert_allclose(after.maps, maps, atol=2e-5 + 3e-7 * step)


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
@pytest.mark.parametrize("start", [-30, 0.3, 30])
def test_primal_step_does_not_depend_on_the_residual_it_starts_from(start, gamma, rng):
    data, before = random_data(rng, (3, 5, 8), gamma), random_state(rng, (3, 5, 8))
    near = after_primal_step(data, before)
    far = after_primal_step(data, before._replace(residual=np.full((5, 8), start, np.float32)))
    assert_allclose(far.maps, near.maps, atol=1e-5)
    assert_allclose(far.residual, near.residual, atol=1e-5)


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_one_step_of_newton_errs_by_the_square_of_that_step(gamma, rng):
    data, before = random_data(rng, (2, 9, 33), gamma), random_state(rng, (2, 9, 33))
    data.background[:] = 0
    data.counts[:] += 0.5  # maps stay clear of 0, where the proximal map has a kink
    exact = after_primal_step(data, before)

    def error(off):
        start = before._replace(residual=exact.residual + np.float32(off))
        once = after_primal_step(data, start, precision=1e9)
        return np.abs(once.maps - exact.maps).max()

    assert 1e-5 < error(0.2) < 0.1 * 0.2
    assert error(0.1) < 0.35 * error(0.2)
    assert error(-0.1) < 0.35 * error(-0.2)


@pytest.mark.parametrize("precision", [0.1, 0.01, 0.001])
@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_newton_goes_on_until_maps_are_as_precise_as_asked(gamma, precision, rng):
    data, before = random_data(rng, (2, 9, 33), gamma), random_state(rng, (2, 9, 33))
    before.residual[:, ::5] = 30
    exact = after_primal_step(data, before)
    near = after_primal_step(data, before, precision=precision)
    once = after_primal_step(data, before, precision=1e9)
    assert np.abs(near.maps - exact.maps).max() <= precision
    assert np.abs(once.maps - exact.maps).max() > 0.1


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_newton_goes_on_only_where_its_step_may_move_a_map_by_more_than_asked(gamma, rng):
    """By tau w gamma times the step of the residual, for the map that moves most."""
    data, before = random_data(rng, (2, 9, 33), gamma), random_state(rng, (2, 9, 33))
    exact = after_primal_step(data, before)
    start = before._replace(residual=exact.residual + np.float32(0.05))
    step = 0.05 * gamma * np.max(some_steps(2)[0] * data.weights)
    once = after_primal_step(data, start, precision=1e9)
    assert_array_equal(after_primal_step(data, start, precision=1.3 * step).maps, once.maps)
    goes_on = after_primal_step(data, start, precision=0.7 * step)
    error, error_once = (np.abs(state.maps - exact.maps).max() for state in (goes_on, once))
    assert error < 0.1 * error_once


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7, 2.5])
def test_a_stationary_point_without_total_variation_is_a_fixed_point(gamma, rng):
    """Whatever stands in for x^gamma has its value and slope there; curvature plays no part."""
    data, before = random_data(rng, (2, 5, 8), gamma), random_state(rng, (2, 5, 8))
    data.background[:] += np.float32(0.05)
    for array in (data.bounds, before.dual_y, before.dual_x, before.prices):
        array[:] = 0
    maps, tau = before.maps, naive.by_map(some_steps(2)[0])
    residual = naive.haadf_residual(maps, data.haadf, data.weights, 0, gamma)
    rise = likelihood_slope(maps, data) - residual * naive.haadf_slopes(maps, data.weights, gamma)
    withstood = np.where(maps > 0, 0, np.maximum(rise, 0) + 0.1)
    before.relaxed[:] = maps + tau * (rise - withstood)
    after = after_primal_step(data, before)
    assert_allclose(after.maps, maps, atol=1e-5)
    assert_allclose(after.residual, residual, atol=1e-5)


@pytest.mark.parametrize("totals", [False, True])
@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_iterations_come_to_rest_with_the_totals_met(gamma, totals, rng):
    data = random_data(rng, (3, 6, 7), gamma, MIXED, totals=[totals, False, False])
    state, steps = at_rest(data)
    after, moved = iterate(data, state, steps=steps)
    for name, one, other in zip(state._fields, after, state, strict=True):
        assert_allclose(one, other, atol=1e-5, err_msg=name)
    assert moved.sum() < 1e-9
    assert_allclose(after.relaxed, after.maps, atol=1e-5)
    if totals:
        assert after.maps[0].sum() == pytest.approx(data.totals[0], rel=1e-5)

"""gamma != 1: the solution is stationary, by means that share nothing with the solver."""

from functools import cache

import naive
import numpy as np
import pytest
from scipy.optimize import minimize

from hyperspy_multimodal.fusion import solve_fusion

from .convex import minimiser_near
from .problems import in_own_units, problem, sloping

SHAPE = (2, 9, 11)
TOLERANCE = 1e-4
with_gammas = pytest.mark.parametrize("gamma", [0.7, 1.7, 2.5])
with_lambdas = pytest.mark.parametrize("lambdas", [(0.1, 0.1), (0.05, 0.1)])


@cache
def solution(gamma, lambdas):
    background = sloping(SHAPE, 0.5, 1.5)
    known = problem(SHAPE, level=6, background=background, gamma=gamma, lambdas=lambdas)
    return known, solve_fusion(**known, tolerance=TOLERANCE, max_iterations=3000)


def cost(maps, known):
    return naive.cost(maps, **known).sum()


@with_gammas
@with_lambdas
def test_it_converges(lambdas, gamma):
    _, result = solution(gamma, lambdas)
    assert result.converged
    assert result.cost < result.cost_terms[:, 0].sum()


@with_gammas
@with_lambdas
def test_the_certificate_is_that_of_the_cost_with_a_linear_haadf_model(lambdas, gamma):
    """Replace x^gamma by its tangent at the maps: nothing near them is better."""
    known, result = solution(gamma, lambdas)
    maps = result.maps.astype(np.float64)
    residual = naive.haadf_residual(maps, known["haadf"], known["weights"], known["offset"], gamma)
    brightest = naive.by_map(maps.max(axis=(1, 2)))
    unit = naive.by_map(in_own_units(known).scales)
    slopes = naive.haadf_slopes(maps / unit, known["weights"], gamma) * unit ** (gamma - 1)

    def with_tangent(x):
        left = residual - np.sum(slopes * (x - maps), axis=0)
        return 0.5 * np.sum(left**2) + naive.cost(x, **known)[1:].sum()

    convex = {name: known[name] for name in ("counts", "lambdas", "background")}
    best = minimiser_near(maps, 0.1 * brightest, slopes, residual, **convex)
    above = with_tangent(maps) - with_tangent(best)
    assert above <= (result.optimality + 1e-6) * naive.excess(maps, known)


def smoothed_cost(known, softness):
    """The cost and its gradient, |grad x| rounded off to sqrt(|grad x|^2 + softness^2)."""
    lambda_1, lambda_2 = known["lambdas"]
    weights, gamma = known["weights"], known["gamma"]

    def value_and_slope(flat):
        x = flat.reshape(SHAPE)
        residual = naive.haadf_residual(x, known["haadf"], weights, known["offset"], gamma)
        slopes = naive.by_map(weights) * gamma * np.maximum(x, 1e-9) ** (gamma - 1)
        grad = naive.gradient(x)
        soft = np.sqrt(naive.lengths(grad) ** 2 + softness**2)
        value = (
            0.5 * np.sum(residual**2)
            + lambda_1 * np.sum(naive.poisson_cost(x, known["counts"], known["background"]))
            + lambda_2 * np.sum(soft)
        )
        slope = (
            -slopes * residual
            + lambda_1 * naive.poisson_gradient(x, known["counts"], known["background"])
            - lambda_2 * naive.divergence(grad / soft)
        )
        return value, slope.ravel()

    return value_and_slope


def test_the_smoothed_cost_has_the_gradient_it_claims():
    known, _ = solution(1.7, (0.1, 0.1))
    x = np.random.default_rng(3).uniform(0.5, 3, np.prod(SHAPE))
    smooth = smoothed_cost(known, 1e-2)
    for i in (0, 50, 150):
        step = np.zeros_like(x)
        step[i] = 1e-5
        difference = (smooth(x + step)[0] - smooth(x - step)[0]) / 2e-5
        assert smooth(x)[1][i] == pytest.approx(difference, rel=1e-5, abs=1e-7)


@with_gammas
@with_lambdas
def test_descent_from_the_solution_leads_nowhere(lambdas, gamma):
    known, result = solution(gamma, lambdas)
    start = result.maps.astype(np.float64)
    allowed = TOLERANCE * naive.excess(start, known)
    for softness in (1e-2, 1e-3, 1e-4):
        found = minimize(
            smoothed_cost(known, softness),
            start.ravel(),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0, None)] * start.size,
            options={"maxiter": 150, "maxcor": 20},
        )
        assert cost(start, known) - cost(found.x.reshape(SHAPE), known) <= allowed


@with_gammas
def test_descent_from_elsewhere_does_lead_somewhere(gamma):
    """So the descent above could have failed: it lowers the cost of maps that are a little off."""
    known, result = solution(gamma, (0.1, 0.1))
    off = 1.1 * result.maps.astype(np.float64)
    bounds = [(0, None)] * off.size
    found = minimize(
        smoothed_cost(known, 1e-3),
        off.ravel(),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 50},
    )
    gained = cost(off, known) - cost(found.x.reshape(SHAPE), known)
    assert gained > 10 * TOLERANCE * naive.excess(off, known)


@with_gammas
@with_lambdas
def test_no_small_feasible_move_lowers_the_cost(lambdas, gamma):
    known, result = solution(gamma, lambdas)
    maps = result.maps.astype(np.float64)
    here, allowed = cost(maps, known), TOLERANCE * naive.excess(maps, known)
    rng = np.random.default_rng(1)
    moves = [rng.normal(size=SHAPE) for _ in range(100)]
    moves += [np.ones(SHAPE) * naive.by_map(rng.normal(size=2)) for _ in range(20)]
    moves += [maps * naive.by_map(rng.normal(size=2)) for _ in range(20)]
    for move in moves:
        for size in (1e-3, 1e-2, 1e-1):
            assert cost(np.maximum(maps + size * move, 0), known) >= here - allowed

"""The two passes of an iteration: proximal points of what they claim to minimise."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.kernels.primal_dual import (
    dual_change,
    dual_step,
    linearise_haadf,
    primal_step,
    solve_for_residual,
    step_along_divergence,
)

from .variants import (
    as_compiled_and_python,
    dual_field,
    on_shapes,
    one_a_map,
    sparse_counts,
    uniform,
)

NO_RELAXATION = np.float32(0)


def state(rng, shape):
    """Arguments of a primal step but for gamma and relaxation, far from any optimum."""
    return {
        "relaxed": uniform(rng, shape, -0.5, 1.5),
        "maps": uniform(rng, shape) * (rng.uniform(size=shape) > 0.2).astype(np.float32),
        "dual": dual_field(rng, shape, 0.1),
        "prices": one_a_map(rng, shape[0], -0.1, 0.1),
        "counts": sparse_counts(rng, shape),
        "background": uniform(rng, shape, 0, 0.3),
        "haadf": uniform(rng, shape[1:], 0, 1.5),
        "weights": one_a_map(rng, shape[0], 0.2, 1),
        "fidelity": one_a_map(rng, shape[0], 0.01, 0.5),
        "steps": one_a_map(rng, shape[0], 0.1, 2),
    }


def moved_by_primal_step(kernel, state, gamma, relaxation, start=0.0):
    """Return (relaxed, maps, residual, moved, sums) after a step; ``state`` is left alone."""
    own = {name: array.copy() for name, array in state.items()}
    residual = np.full(own["haadf"].shape, start, np.float32)
    moved, sums = np.full((2, *own["maps"].shape[:2]), np.nan)
    kernel(
        own["relaxed"],
        own["maps"],
        own["dual"],
        own["prices"],
        own["counts"],
        own["background"],
        own["haadf"],
        residual,
        own["weights"],
        np.float32(gamma),
        own["fidelity"],
        own["steps"],
        np.float32(relaxation),
        moved,
        sums,
    )
    for name in set(own) - {"relaxed", "maps"}:
        assert_array_equal(own[name], state[name], err_msg=name)
    return own["relaxed"], own["maps"], residual, moved, sums


def expected_primal_step(state, gamma, relaxation):
    return naive.primal_step(**state, gamma=np.float64(np.float32(gamma)), relaxation=relaxation)


@on_shapes
@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
@as_compiled_and_python
def test_primal_step_agrees_with_naive(variant, gamma, shape, rng):
    before = state(rng, shape)
    relaxed, maps, _, moved, sums = moved_by_primal_step(variant(primal_step), before, gamma, 1.8)
    expected_relaxed, expected_maps = expected_primal_step(before, gamma, 1.8)
    assert_allclose(relaxed, expected_relaxed, atol=1e-6)
    assert_allclose(maps, expected_maps, atol=2e-5)
    squares = (expected_maps - expected_relaxed) ** 2
    assert_allclose(moved, squares.sum(axis=2), rtol=1e-4, atol=1e-6)
    assert_allclose(sums, (2 * expected_maps - expected_relaxed).sum(axis=2), atol=2e-4)


@pytest.mark.parametrize("n_maps", [1, 2, 6])
def test_primal_step_is_the_joint_proximal_point(n_maps, rng):
    """0 is in the subdifferential of HAADF + Poisson + |x - v|^2 / (2 tau) in each pixel."""
    before = state(rng, (n_maps, 9, 33))
    relaxed, maps, residual, *_ = moved_by_primal_step(primal_step, before, 1, NO_RELAXATION)
    tau, fidelity = naive.by_map(before["steps"]), naive.by_map(before["fidelity"])
    v = relaxed + tau * (naive.divergence(before["dual"]) - naive.by_map(before["prices"]))
    r = naive.haadf_residual(maps, before["haadf"], before["weights"], 0, 1)
    slope = (
        -naive.by_map(before["weights"]) * r
        + fidelity * naive.poisson_gradient(maps, before["counts"], before["background"])
        + (maps - v) / tau
    )
    assert_allclose(residual, r, atol=5e-6)
    stiffness = 1 + 1 / tau + before["counts"] / np.maximum(maps + before["background"], 1e-3) ** 2
    assert np.all(maps >= 0)
    assert np.all(np.abs(slope[maps > 0]) <= 5e-6 * stiffness[maps > 0])
    assert np.all(slope[maps == 0] >= -5e-6 * stiffness[maps == 0])
    assert 0.05 < np.mean(maps == 0) < 0.9


@pytest.mark.parametrize("fidelity", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("step", [1.0, 1e2, 1e4])
@pytest.mark.parametrize("background", [0.0, 0.2])
def test_newton_converges_where_lambda_1_is_tiny(background, step, fidelity, rng):
    """A long step and a weak Poisson term leave the HAADF alone to decide: a stiff equation."""
    before = state(rng, (3, 4, 25))
    before["fidelity"][:] = fidelity
    before["steps"][:] = step
    before["background"][:] = background
    before["dual"] *= np.float32(1e-2 / step)
    before["prices"] *= np.float32(1e-2 / step)
    _, maps, residual, *_ = moved_by_primal_step(primal_step, before, 1, NO_RELAXATION)
    _, expected = expected_primal_step(before, 1, 0.0)
    r = naive.haadf_residual(expected, before["haadf"], before["weights"], 0, 1)
    assert_allclose(residual, r, atol=1e-6)
    # float32 knows the residual to 1e-7, which a step of tau carries on to the maps
    assert_allclose(maps, expected, atol=2e-5 + 3e-7 * step)


@pytest.mark.parametrize("gamma", [1, 1.7])
@pytest.mark.parametrize("start", [-30, 0.3, 30])
def test_primal_step_does_not_depend_on_the_residual_it_starts_from(start, gamma, rng):
    before = state(rng, (3, 5, 8))
    _, near, *_ = moved_by_primal_step(primal_step, before, gamma, 1.8)
    _, far, *_ = moved_by_primal_step(primal_step, before, gamma, 1.8, start)
    assert_allclose(far, near, atol=3e-6)


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7, 2.5])
def test_a_stationary_point_is_a_fixed_point_of_the_primal_step(gamma, rng):
    """Whatever stands in for x^gamma has its value and slope there; curvature plays no part."""
    before = state(rng, (2, 5, 8))
    maps = uniform(rng, (2, 5, 8), 0.02, 1.5)
    maps[:, 0] = 0
    residual = naive.haadf_residual(maps, before["haadf"], before["weights"], 0, gamma)
    rise = (
        naive.by_map(before["fidelity"])
        * naive.poisson_gradient(maps, before["counts"], before["background"])
        - naive.haadf_slopes(maps, before["weights"], gamma) * residual
    )
    pushed = np.where(
        maps > 0, 0, np.maximum(rise, 0) + 0.1
    )  # a pull below 0 that x >= 0 withstands
    before["dual"][:] = 0
    before["prices"][:] = 0
    before["maps"] = maps
    before["relaxed"] = (maps + naive.by_map(before["steps"]) * (rise - pushed)).astype(np.float32)
    _, after, *_ = moved_by_primal_step(primal_step, before, gamma, NO_RELAXATION)
    assert_allclose(after, maps, atol=1e-5)


@on_shapes
@as_compiled_and_python
def test_step_along_divergence_agrees_with_naive(variant, shape, rng):
    before = state(rng, shape)
    relaxed, v = before["relaxed"].copy(), np.full((shape[0], shape[2]), np.nan, np.float32)
    maps, dual, steps = before["maps"], before["dual"], before["steps"]
    prices = before["prices"]
    expected_relaxed = before["relaxed"] + 1.8 * (maps.astype(np.float64) - before["relaxed"])
    along = naive.divergence(dual) - naive.by_map(prices)
    expected = expected_relaxed + naive.by_map(steps) * along
    for row in range(shape[1]):
        args = (relaxed, maps, dual, prices, steps, np.float32(1.8), row, v)
        variant(step_along_divergence)(*args)
        assert_allclose(v, expected[:, row], atol=2e-6)
    assert_allclose(relaxed, expected_relaxed, atol=1e-6)


def local_model(kernel, maps, haadf, weights, gamma, steps, row, v):
    v = v[:, row].copy()
    slopes, tau = np.full_like(v, np.nan), np.full_like(v, np.nan)
    target = np.full(v.shape[1], np.nan, np.float32)
    kernel(maps, haadf, weights, np.float32(gamma), steps, row, v, slopes, tau, target)
    return v, tau, slopes, target


@on_shapes
@pytest.mark.parametrize("gamma", [0.5, 1.4, 2])
@as_compiled_and_python
def test_linearise_haadf_agrees_with_naive(variant, gamma, shape, rng):
    known = state(rng, shape)
    args = (known["maps"], known["haadf"], known["weights"], np.float32(gamma))
    v = known["relaxed"]
    expected = naive.local_model(*args, v, known["steps"])
    for row in range(shape[1]):
        found = local_model(variant(linearise_haadf), *args, known["steps"], row, v)
        for name, array, naively in zip(("v", "tau", "slopes"), found, expected, strict=False):
            assert_allclose(array, naively[:, row], rtol=2e-5, atol=2e-6, err_msg=name)
        assert_allclose(found[3], expected[3][row], atol=5e-6)


@pytest.mark.parametrize("gamma", [0.5, 0.7, 1.7])
def test_the_tangent_meets_the_haadf_model_in_dark_pixels_too(gamma, rng):
    """Below the height at which the slope is held, where x^gamma is steep for gamma < 1."""
    known = state(rng, (2, 1, 300))
    maps = np.geomspace(1e-9, 1, 600).astype(np.float32).reshape(2, 1, 300)
    args = (maps, known["haadf"], known["weights"], gamma, known["steps"], 0, known["relaxed"])
    _, _, slopes, target = local_model(linearise_haadf, *args)
    residual = naive.haadf_residual(maps, known["haadf"], known["weights"], 0, gamma)
    assert_allclose(target - (slopes * maps[:, 0]).sum(axis=0), residual[0], atol=5e-6)


@pytest.mark.parametrize("gamma", [0.7, 1.7, 2.5])
def test_the_local_model_has_at_least_the_convex_curvature(gamma, rng):
    """1/tau grows by the term's own second derivative beyond Gauss-Newton, if that is positive."""
    known = state(rng, (2, 5, 8))
    known["maps"] = uniform(rng, (2, 5, 8), 0.01, 1.5)
    slopes = naive.haadf_slopes(known["maps"], known["weights"], gamma)
    residual = naive.haadf_residual(known["maps"], known["haadf"], known["weights"], 0, gamma)
    convex = np.maximum(-residual * (gamma - 1) * slopes / known["maps"], 0)
    for row in range(5):
        args = (known["maps"], known["haadf"], known["weights"], gamma, known["steps"], row)
        _, tau, _, _ = local_model(linearise_haadf, *args, known["relaxed"])
        assert np.all(1 / tau >= (1 / known["steps"][:, None] + convex[:, row]) * (1 - 1e-5))


@as_compiled_and_python
def test_solve_for_residual_finds_the_root(variant, rng):
    n_maps, nx, row = 3, 12, 1
    v, slopes = uniform(rng, (n_maps, nx), -1, 1), uniform(rng, (n_maps, nx), 0, 2)
    tau, target = uniform(rng, (n_maps, nx), 0.1, 9), uniform(rng, nx, -0.5, 2)
    counts, background = sparse_counts(rng, (n_maps, 2, nx)), uniform(rng, (n_maps, 2, nx))
    fidelity, residual = one_a_map(rng, n_maps, 0.01, 1), np.zeros((2, nx), np.float32)
    scratch = np.empty(nx, np.float32), np.empty(nx, np.float32)
    variant(solve_for_residual)(
        v, tau, slopes, target, counts, background, fidelity, row, residual, *scratch
    )
    inputs = (array[:, None] for array in (v, tau, slopes))
    maps = naive.joint_prox(*inputs, target[None], counts[:, row:], background[:, row:], fidelity)
    assert_allclose(residual[row], target - (slopes * maps[:, 0]).sum(axis=0), atol=3e-6)
    assert_array_equal(residual[0], 0)


@as_compiled_and_python
def test_dual_change_leads_to_the_projection(variant, rng):
    for _ in range(20):
        p, d = rng.normal(size=(2, 1, 1, 1)), rng.normal(size=(2, 1, 1, 1))
        change = variant(dual_change)(*p.ravel(), *d.ravel(), 0.7, 1.2)
        expected = naive.project(p + 0.7 * d, [1.2]) - p
        assert_allclose(change, expected.ravel(), atol=1e-12)


@on_shapes
@as_compiled_and_python
def test_dual_step_agrees_with_naive(variant, shape, rng):
    relaxed, maps = uniform(rng, shape, -1, 1), uniform(rng, shape)
    dual, bounds = dual_field(rng, shape, 0.5), one_a_map(rng, shape[0], 0.1, 1)
    steps = one_a_map(rng, shape[0], 0.1, 3)
    after, moved = dual.copy(), np.full(shape[:2], np.nan)
    variant(dual_step)(relaxed, maps, after, bounds, steps, np.float32(1.8), moved)
    expected, movement = naive.dual_step(relaxed, maps, dual, bounds, steps, 1.8)
    assert_allclose(after, expected, atol=2e-6)
    assert_allclose(moved.sum(axis=1), movement, rtol=1e-5, atol=1e-7)


def test_dual_step_without_total_variation_ends_at_zero():
    """However small the gradient: where its square underflows, its reciprocal may overflow."""
    ramp = np.add.outer(np.arange(3), np.arange(500)) % 2
    maps = (ramp * np.geomspace(1e-44, 1, 500)).astype(np.float32)[None]
    dual, bounds = np.zeros((2, *maps.shape), np.float32), np.zeros(1, np.float32)
    steps, moved = np.ones(1, np.float32), np.empty(maps.shape[:2])
    dual_step(maps, maps, dual, bounds, steps, np.float32(1), moved)
    assert_allclose(dual, 0, atol=1e-12)

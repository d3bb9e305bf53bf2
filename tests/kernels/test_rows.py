"""The loops over a segment of a row, compiled and as plain Python."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.kernels import rows
from hyperspy_multimodal.kernels.chunks import _DAMPING, _REACH

from .variants import (
    as_compiled_and_python,
    blank,
    on_lengths,
    several,
    single,
    sparse_counts,
    uniform,
)


def prox_arguments(rng, n):
    """Arrays place, residual, counts, background of one map."""
    (residual,) = several(rng, n, 1, -0.3, 0.5)
    (place,) = several(rng, n, 1, -0.5, 1.5)
    return place, residual, sparse_counts(rng, n), uniform(rng, n, 0.02, 0.4)


def exact_prox(v, tau, fidelity, counts, background):
    maps = (np.asarray(values)[None, None] for values in (v, tau * fidelity, counts, background))
    return naive.poisson_prox(*maps)[0, 0]


@on_lengths
@as_compiled_and_python
def test_prox_row_is_the_poisson_prox_at_its_residual(variant, n, rng):
    place, residual, counts, background = prox_arguments(rng, n)
    step, fidelity, weight = single(0.8, 0.3, 0.6)
    x, rise = blank(n, 2)
    misfit, descent = several(rng, n, 2)
    misfit_before, descent_before = misfit.copy(), descent.copy()
    variant(rows.prox_row)(
        n, step, fidelity, weight, place, residual, counts, background, x, rise, misfit, descent
    )

    def exact(r):
        v = place + np.float64(0.8) * 0.6 * r
        return exact_prox(v, np.full(n, 0.8), 0.3, counts, background)

    slope = (exact(residual.astype("f8") + 1e-6) - exact(residual.astype("f8") - 1e-6)) / 2e-6
    assert_allclose(x, exact(residual), atol=3e-6)
    assert_allclose(rise, slope, atol=1e-4)
    assert_allclose(misfit, misfit_before + 0.6 * x, atol=1e-6)
    assert_allclose(descent, descent_before + 0.6 * rise, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1.4, 2])
@on_lengths
@as_compiled_and_python
def test_tangent_row_has_slope_and_value_of_the_model(variant, n, gamma, rng):
    x, rising = uniform(rng, n, 1e-4, 1.5), uniform(rng, n)
    before, (slopes,) = rising.copy(), blank(n)
    variant(rows.tangent_row)(n, *single(0.6, gamma), x, slopes, rising)
    assert_allclose(slopes, naive.haadf_slopes(x[None, None], [0.6], gamma)[0, 0], rtol=5e-6)
    assert_allclose(rising, before + 0.6 * naive.power(x, gamma), atol=2e-6)


@pytest.mark.parametrize("gamma", [0.5, 1.4, 2])
@as_compiled_and_python
def test_tangent_row_is_finite_and_adds_nothing_at_0(variant, gamma):
    x, slopes, rising = np.zeros((3, 4), np.float32)
    variant(rows.tangent_row)(4, *single(0.6, gamma), x, slopes, rising)
    assert_array_equal(rising, 0)
    assert_allclose(slopes, 0.6 * gamma * 1e-4 ** (gamma - 1), rtol=5e-6)


@pytest.mark.parametrize("gamma", [0.5, 1.4, 2])
@on_lengths
@as_compiled_and_python
def test_bend_row_gives_place_and_steps_of_the_local_model(variant, n, gamma, rng):
    (before,) = several(rng, n, 1, -0.5, 1.5)
    maps, haadf = uniform(rng, n, 0.001, 1), uniform(rng, n, 0, 1.2)
    slopes = naive.haadf_slopes(maps[None, None], [0.6], gamma)[0, 0].astype(np.float32)
    rising = (0.6 * naive.power(maps, gamma) - haadf).astype(np.float32)
    steepest = 0.6 * gamma * _REACH ** (gamma - 1) if gamma > 1 else 0
    parameters = single(0.8, gamma - 1, _DAMPING * (1 - gamma), steepest)
    place, (steps,) = before.copy(), blank(n)
    variant(rows.bend_row)(n, *parameters, maps, slopes, rising, place, steps)
    args = (maps[None, None], haadf[None], [0.6], gamma, before[None, None], [0.8])
    expected_place, expected_steps, *_ = (x.ravel() for x in naive.local_model(*args))
    assert_allclose(place, expected_place, atol=2e-6)
    assert_allclose(steps, expected_steps, rtol=2e-5)


@on_lengths
@as_compiled_and_python
def test_curved_prox_row_is_the_prox_with_its_own_step_and_slope_a_pixel(variant, n, rng):
    place, residual, counts, background = prox_arguments(rng, n)
    steps, slopes = several(rng, n, 2, 0.1, 0.9)
    (maps,) = several(rng, n, 1, 0, 1)
    x, rise = blank(n, 2)
    misfit, descent = several(rng, n, 2)
    misfit_before, descent_before = misfit.copy(), descent.copy()
    variant(rows.curved_prox_row)(
        n, np.float32(0.3), place, steps, residual, counts, background, maps, slopes, x, rise,
        misfit, descent,
    )  # fmt: skip

    def exact(r):
        v = place + steps.astype("f8") * slopes * r
        return exact_prox(v, steps, 0.3, counts, background)

    slope = (exact(residual.astype("f8") + 1e-6) - exact(residual.astype("f8") - 1e-6)) / 2e-6
    assert_allclose(x, exact(residual), atol=1e-5)
    assert_allclose(rise, slope, atol=2e-4)
    assert_allclose(misfit, misfit_before + slopes * (x - maps), atol=2e-5)
    assert_allclose(descent, descent_before + slopes * rise, atol=1e-5)


@on_lengths
@as_compiled_and_python
def test_newton_row_steps_by_misfit_over_descent(variant, n, rng):
    residual, misfit = several(rng, n, 2)
    (descent,) = several(rng, n, 1, 1, 3)
    before, change = residual.copy(), -misfit / descent
    variant(rows.newton_row)(n, np.float32(0.1), residual, misfit, descent)
    assert_allclose(misfit, change, rtol=1e-6)
    assert_allclose(residual, before + change, atol=1e-6)


@pytest.mark.parametrize("place", [0, 16, 32])
@pytest.mark.parametrize("sign", [-1, 1])
@as_compiled_and_python
def test_newton_row_notices_one_long_step(variant, sign, place):
    for size, is_beyond in [(0.099, False), (0.101, True)]:
        misfit, descent = np.full((2, 33), [[0.05], [1]], np.float32)
        misfit[place] = sign * size
        residual = np.zeros(33, np.float32)
        beyond = variant(rows.newton_row)(33, np.float32(0.1), residual, misfit, descent)
        assert (beyond != 0) == is_beyond


@on_lengths
@as_compiled_and_python
def test_relax_row_moves_x_along_and_goes_beyond(variant, n, rng):
    x, rise, change, relaxed = several(rng, n, 4)
    out, ahead = blank(n, 2)
    x = np.abs(x)  # a proximal point
    before = relaxed.astype(np.float64)
    moved, total = variant(rows.relax_row)(n, np.float32(1.8), x, rise, change, relaxed, out, ahead)
    expected = np.maximum(x + rise.astype(np.float64) * change, 0.01 * x)
    assert_allclose(out, expected, atol=1e-6)
    assert_allclose(relaxed, before + 1.8 * (expected - before), atol=1e-6)
    assert_allclose(ahead, 2 * expected - before, atol=1e-6)
    assert moved == pytest.approx(np.sum((expected - before) ** 2), rel=1e-5)
    assert total == pytest.approx(np.sum(2 * expected - before), abs=1e-5)

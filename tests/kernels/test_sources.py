"""Slopes, steps and gaps of sources, pixel by pixel, against their formulas."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.kernels import (
    Data,
    descent,
    displaced,
    secants,
    slopes_of_cost,
    source_gap,
    square_sums,
)

from .variants import on_shapes, sparse_counts, uniform


def data_of(rng, shape, gamma, uniform_background=False):
    n_maps, ny, nx = shape
    background = uniform(rng, (n_maps, 1, nx) if uniform_background else shape, 0.1, 1)
    none = np.zeros((1, 1), np.float32)
    return Data(
        **dict.fromkeys(Data._fields, none)
        | {
            "counts": sparse_counts(rng, shape),
            "background": background,
            "haadf": uniform(rng, (ny, nx)),
            "weights": uniform(rng, n_maps, 0.1, 1),
            "gamma": np.float32(gamma),
            "fidelity": uniform(rng, n_maps, 0.1, 1),
        }
    )


def evaluated(data, maps):
    n_maps, ny, nx = maps.shape
    slopes, curvatures = np.full((2, *maps.shape), np.nan, np.float32)
    residual = np.full((ny, nx), np.nan, np.float32)
    squares, deviances = np.empty(ny), np.empty((n_maps, ny))
    slopes_of_cost(data, maps, slopes, curvatures, residual, squares, deviances)
    return slopes, curvatures, residual, squares, deviances


@on_shapes
@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_cost_and_slopes_are_those_of_the_formulas(rng, shape, gamma):
    data = data_of(rng, shape, gamma, uniform_background=gamma == 1)
    maps = uniform(rng, shape, 0.05, 2)
    slopes, _, residual, squares, deviances = evaluated(data, maps)
    background = np.broadcast_to(data.background, shape)
    misfit = naive.haadf_residual(maps, data.haadf, data.weights, 0, gamma)
    assert_allclose(residual, misfit, atol=1e-5)
    assert_allclose(squares, np.sum(misfit**2, axis=1), rtol=1e-4, atol=1e-6)
    deviance = naive.poisson_deviance(maps, data.counts, background)
    assert_allclose(deviances, deviance.sum(axis=2), rtol=1e-4, atol=1e-5)
    known = naive.by_map(data.fidelity) * naive.poisson_gradient(maps, data.counts, background)
    known -= naive.haadf_slopes(maps, data.weights, gamma) * misfit
    assert_allclose(slopes, known, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_slopes_are_the_derivative(rng, gamma):
    data = data_of(rng, (2, 4, 5), gamma)
    maps, step = uniform(rng, (2, 4, 5), 0.5, 2), 0.01
    slopes = evaluated(data, maps)[0]

    def cost(maps):
        _, _, _, squares, deviances = evaluated(data, maps)
        return squares.sum() / 2 + data.fidelity.astype(float) @ deviances.sum(axis=1)

    for place in np.ndindex(maps.shape):
        values = []
        for sign in (1, -1):
            moved = maps.copy()
            moved[place] += np.float32(sign * step)
            values.append(cost(moved))
        assert (values[0] - values[1]) / (2 * step) == pytest.approx(slopes[place], abs=2e-3)


def test_counts_without_any_expected_have_a_finite_cost(rng):
    data = data_of(rng, (1, 3, 4), 1)
    data.background[:] = 0
    found = evaluated(data, np.zeros((1, 3, 4), np.float32))
    assert all(np.isfinite(each).all() for each in found)


def test_squares_are_summed_by_row(rng):
    u = uniform(rng, (2, 5, 33), -1e3, 1e3)
    sums = np.empty((2, 5))
    square_sums(u, sums)
    assert_allclose(sums, np.square(u, dtype=np.float64).sum(axis=2), rtol=1e-12)


@pytest.fixture
def step(rng):
    shape = (2, 5, 8)
    return {
        "u": uniform(rng, shape) * (uniform(rng, shape) > 0.3),
        "back": uniform(rng, shape, -1, 1),
        "curvatures": uniform(rng, shape, 0.5, 2),
        "ridges": uniform(rng, 2, 0.01, 0.1),
        "floors": uniform(rng, 2, 0.01, 0.05),
    }


def pace(step):
    return np.maximum(np.float64(step["u"]) / step["curvatures"], naive.by_map(step["floors"]))


def slope(step):
    return step["back"] + naive.by_map(step["ridges"]) * step["u"]


def test_steps_go_down_the_slopes_at_their_pace_and_stop_at_0(step):
    moved, sums = np.empty_like(step["u"]), np.empty((2, 2, 5))
    prices = np.array([0.3, -0.2], np.float32)
    displaced(**step, step=np.float32(0.8), prices=prices, moved=moved, sums=sums)
    free = step["u"] + pace(step) * (naive.by_map(prices) - 0.8 * slope(step))
    assert_allclose(moved, np.maximum(free, 0), atol=1e-5)
    assert (free < 0).any()
    assert_allclose(sums[0], moved.sum(axis=2), rtol=1e-5)
    assert_allclose(sums[1], np.where(free > 0, pace(step), 0).sum(axis=2), rtol=1e-4)


def test_descent_and_lengths_are_sums_over_pixels(step, rng):
    shape = step["u"].shape
    moved, moved_back = uniform(rng, shape), uniform(rng, shape, -1, 1)
    sums = np.empty(shape[:2])
    descent(step["u"], moved, step["back"], step["ridges"], sums)
    s, d = np.float64(moved) - step["u"], pace(step)
    assert_allclose(sums, np.sum(slope(step) * s, axis=2), atol=1e-5)
    y = moved_back - step["back"] + naive.by_map(step["ridges"]) * s
    lengths = np.empty((4, *shape[:2]))
    given = step["u"], step["back"], moved, moved_back, step["curvatures"]
    secants(*given, step["ridges"], step["floors"], lengths)
    known = [s**2 / d**2, s * y / d, s * y * d, y**2 * d**2]
    assert_allclose(lengths, np.sum(known, axis=3), rtol=1e-3, atol=1e-3)


def test_the_gap_is_what_conjugates_say(step):
    """Ridge and its conjugate, less the product, each by trying many sources."""
    u, back, ridges = step["u"], step["back"], step["ridges"]
    prices, sums = np.array([0.1, -0.05]), np.empty((4, *u.shape[:2]))
    source_gap(u, back, ridges, prices, sums)
    tried = np.linspace(0, 130, 260_001)
    for i, row in np.ndindex(u.shape[:2]):
        known = 0.0
        for here, b in zip(u[i, row].astype(float), back[i, row] - prices[i], strict=True):
            known += ridges[i] / 2 * here**2 + b * here
            known += np.max(-b * tried - ridges[i] / 2 * tried**2)
        assert sums[1, i, row] == pytest.approx(known, rel=1e-4, abs=1e-4)
    best = np.maximum(naive.by_map(prices) - back, 0) / naive.by_map(ridges)
    assert_allclose(sums[0], np.sum(naive.by_map(ridges) * u**2 / 2, axis=2), rtol=1e-4)
    assert_allclose(sums[2], best.sum(axis=2), rtol=1e-4)
    assert_allclose(sums[3], (best > 0).sum(axis=2))

"""Isotropic total variation: adjointness, duality and the values of known images."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.kernels.isotropic import dual_row, place_row, variation_row

from .dual_rows import (
    dual_rows,
    expected_dual,
    expected_variation,
    variation_sums,
    with_softness,
)
from .variants import (
    as_compiled_and_python,
    blank,
    dual_field,
    on_lengths,
    on_shapes,
    several,
    single,
    uniform,
)


def divergence(row_function, p):
    """Row by row, as the iteration calls it, with a step of 1 from 0."""
    _, n_maps, ny, nx = p.shape
    dual_y, dual_x = np.zeros((n_maps, ny + 1, nx), "f4"), np.zeros((n_maps, ny, nx + 1), "f4")
    dual_y[:, 1:], dual_x[:, :, 1:] = p
    out = np.full(p.shape[1:], np.nan, np.float32)
    for i, row in np.ndindex(n_maps, ny):
        along_y = dual_y[i, row + 1], dual_y[i, row]
        along_x = dual_x[i, row, 1:], dual_x[i, row, :-1].copy()
        nothing = np.zeros(nx, np.float32)
        row_function(nx, *single(1, 0), *along_y, *along_x, nothing, out[i, row])
    return out


def by_row(row_function, maps):
    """Total variation, (K, ny)."""
    below = np.append(maps[:, 1:], maps[:, -1:], axis=1)
    nothing = np.zeros((2, maps.shape[2]), np.float32)
    args = zip(maps.reshape(-1, maps.shape[2]), below.reshape(-1, maps.shape[2]), strict=True)
    sums = [variation_sums(row_function, *pair, (), nothing, bound=1.0)[0] for pair in args]
    return np.reshape(sums, maps.shape[:2])


@on_lengths
@as_compiled_and_python
def test_place_row_goes_along_what_leaves_a_pixel_less_the_price(variant, n, rng):
    below, above, right, left, relaxed = several(rng, n, 5)
    (out,) = blank(n)
    variant(place_row)(n, *single(0.8, 0.1), below, above, right, left, relaxed, out)
    div = below.astype("f8") - above + right - left
    assert_allclose(out, relaxed + 0.8 * (div - 0.1), atol=1e-6)


@on_shapes
@as_compiled_and_python
def test_divergence_is_minus_the_adjoint_of_the_gradient(variant, shape, rng):
    x, p = uniform(rng, shape, -1, 1), dual_field(rng, shape)
    div = divergence(variant(place_row), p)
    assert_allclose(div, naive.divergence(p), atol=2e-6)
    assert np.sum(naive.gradient(x) * p) == pytest.approx(-np.sum(x * div, dtype="f8"), abs=2e-5)


@on_lengths
@with_softness
@as_compiled_and_python
def test_dual_row_goes_along_the_gradient_and_back_into_its_bound(variant, softness, n, rng):
    ahead, ahead_below, below, right = dual_rows(rng, n)
    p, change = expected_dual(ahead, ahead_below, below, right, np.zeros((2, 1, 1)), softness)
    parameters = single(0.7, 1 / (1 + 0.7 * softness), 0.5, 1.8)
    moved = variant(dual_row)(n, *parameters, ahead, ahead_below, below, right)
    assert_allclose(np.stack([below, right]), (p + 1.8 * change)[:, 0, 0], atol=2e-6)
    assert moved == pytest.approx(np.sum(change**2), rel=1e-5)


@on_lengths
@with_softness
@as_compiled_and_python
def test_variation_row_agrees_with_naive(variant, softness, n, rng):
    x, x_below = uniform(rng, (2, n))
    p = several(rng, n, 2, -0.5, 0.5)
    found = variation_sums(variant(variation_row), x, x_below, (), p, softness)
    assert_allclose(found, expected_variation(x, x_below, (), p, softness), atol=1e-5)


@as_compiled_and_python
def test_the_gap_is_0_along_the_gradient_and_never_negative_within_the_bound(variant, rng):
    x, x_below = uniform(rng, (2, 33))
    grad = np.stack([x_below - x, np.append(x[1:], x[-1]) - x])
    p = (0.8 * grad / np.maximum(np.hypot(*grad), 1e-12)).astype(np.float32)
    assert variation_sums(variant(variation_row), x, x_below, (), p)[1] < 1e-5
    for _ in range(20):
        other = naive.project(rng.normal(size=(2, 1, 1, 33)), [0.8])[:, 0, 0].astype(np.float32)
        assert variation_sums(variant(variation_row), x, x_below, (), other)[1] > 0


@as_compiled_and_python
def test_total_variation_of_known_images(variant):
    maps = np.zeros((5, 6, 9), np.float32)
    maps[0] = 7  # flat
    maps[1, :, 4:] = 3  # an edge of height 3 along 6 rows
    maps[2, 2, 3] = 1  # one bright pixel: two straight differences and one diagonal
    maps[3] = np.arange(9)  # a ramp: 8 differences in each of 6 rows
    maps[4] = np.arange(9) + np.arange(6)[:, None]  # a diagonal ramp, its far edges straight
    expected = [0, 18, 2 + np.sqrt(2), 48, 40 * np.sqrt(2) + 5 + 8]
    assert_allclose(by_row(variant(variation_row), maps).sum(axis=1), expected, rtol=1e-6)


@on_shapes
def test_total_variation_is_the_largest_pairing_with_unit_fields(shape, rng):
    """TV(x) = max over |p| <= 1 of -<x, div p>, attained by the direction of the gradient."""
    x = uniform(rng, shape)
    grad = naive.gradient(x)
    best = (grad / np.maximum(naive.lengths(grad), 1e-12)).astype(np.float32)
    value = by_row(variation_row, x).sum(axis=1)

    def pairing(p):
        return -np.sum(x * divergence(place_row, p), axis=(1, 2), dtype=np.float64)

    assert_allclose(pairing(best), value, rtol=1e-5, atol=1e-6)
    other = naive.project(dual_field(rng, shape), np.ones(shape[0])).astype(np.float32)
    assert np.all(pairing(other) <= value + 1e-5)

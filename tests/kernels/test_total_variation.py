"""Total variation: adjointness, projection, duality and the values of known images."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.kernels import divergence, gradient, project, total_variation

from .variants import as_compiled_and_python, on_shapes, one_a_map, uniform


def apply(kernel, field, shape):
    out = np.full(shape, np.nan, np.float32)
    kernel(field, out)
    return out


def variation(kernel, maps):
    rows = np.full(maps.shape[:2], np.nan)
    kernel(maps, rows)
    return rows.sum(axis=1)


def any_field(rng, shape):
    """Not 0 at the edges, where differences are."""
    return rng.normal(size=(2, *shape)).astype(np.float32)


@on_shapes
@as_compiled_and_python
def test_gradient_agrees_with_naive(variant, shape, rng):
    x = uniform(rng, shape)
    assert_allclose(apply(variant(gradient), x, (2, *shape)), naive.gradient(x), atol=1e-7)


@on_shapes
@as_compiled_and_python
def test_divergence_agrees_with_the_transposed_gradient(variant, shape, rng):
    p = any_field(rng, shape)
    assert_allclose(apply(variant(divergence), p, shape), naive.divergence(p), atol=2e-6)


@on_shapes
@as_compiled_and_python
def test_divergence_is_minus_the_adjoint_of_the_gradient(variant, shape, rng):
    x, p = uniform(rng, shape, -1, 1), any_field(rng, shape)
    along_gradient = np.sum(apply(variant(gradient), x, (2, *shape)) * p, dtype=np.float64)
    along_divergence = np.sum(x * apply(variant(divergence), p, shape), dtype=np.float64)
    assert along_gradient == pytest.approx(-along_divergence, rel=1e-5, abs=1e-6)


def test_divergence_of_any_field_sums_to_zero(rng):
    div = apply(divergence, any_field(rng, (2, 5, 8)), (2, 5, 8))
    assert_allclose(div.sum(axis=(1, 2), dtype=np.float64), 0, atol=1e-5)


@on_shapes
@as_compiled_and_python
def test_project_agrees_with_naive(variant, shape, rng):
    p, bounds = any_field(rng, shape), one_a_map(rng, shape[0], 0.2, 2)
    projected = p.copy()
    variant(project)(projected, bounds)
    assert_allclose(projected, naive.project(p, bounds), rtol=1e-6, atol=1e-7)


def test_project_leaves_what_is_inside_untouched(rng):
    p = uniform(rng, (2, 2, 5, 8), -1, 1)
    kept = p.copy()
    project(kept, np.array([1.5, 2.0], np.float32))
    assert_array_equal(kept, p)


def test_project_is_idempotent(rng):
    once = any_field(rng, (2, 5, 8))
    bounds = np.array([0.3, 1.1], np.float32)
    project(once, bounds)
    twice = once.copy()
    project(twice, bounds)
    assert_allclose(twice, once, rtol=2e-7)


def test_project_finds_the_nearest_point(rng):
    """No other point of the disc is on p's side of its projection: <p - P p, q - P p> <= 0."""
    p, bounds = any_field(rng, (2, 5, 8)), np.array([0.3, 1.1], np.float32)
    nearest = p.copy()
    project(nearest, bounds)
    for _ in range(50):
        other = naive.project(3 * any_field(rng, (2, 5, 8)), bounds)
        assert np.max(np.sum((p - nearest) * (other - nearest), axis=0)) < 1e-5


def test_project_to_length_zero_gives_zero():
    """Whatever the length: where its square underflows, its reciprocal may overflow."""
    lengths = np.geomspace(1e-44, 1e18, 500).astype(np.float32)
    p = np.broadcast_to(lengths, (2, 1, 3, 500)).copy()
    project(p, np.zeros(1, np.float32))
    assert_allclose(p, 0, atol=1e-12)


@on_shapes
@as_compiled_and_python
def test_total_variation_agrees_with_naive(variant, shape, rng):
    x = uniform(rng, shape)
    assert_allclose(variation(variant(total_variation), x), naive.total_variation(x), rtol=1e-6)


@as_compiled_and_python
def test_total_variation_of_known_images(variant):
    maps = np.zeros((5, 6, 9), np.float32)
    maps[0] = 7  # flat
    maps[1, :, 4:] = 3  # an edge of height 3 along 6 rows
    maps[2, 2, 3] = 1  # one bright pixel: two straight differences and one diagonal
    maps[3] = np.arange(9)  # a ramp: 8 differences in each of 6 rows
    maps[4] = np.arange(9) + np.arange(6)[:, None]  # a diagonal ramp, its far edges straight
    expected = [0, 18, 2 + np.sqrt(2), 48, 40 * np.sqrt(2) + 5 + 8]
    assert_allclose(variation(variant(total_variation), maps), expected, rtol=1e-6)


def test_total_variation_is_by_row():
    maps = np.zeros((1, 4, 3), np.float32)
    maps[0, 2:] = 5
    rows = np.empty((1, 4))
    total_variation(maps, rows)
    assert_allclose(rows, [[0, 15, 0, 0]])


@on_shapes
def test_total_variation_is_the_largest_pairing_with_unit_fields(shape, rng):
    """TV(x) = max over |p| <= 1 of -<x, div p>, attained by the direction of the gradient."""
    x = uniform(rng, shape)
    grad = naive.gradient(x)
    best = (grad / np.maximum(naive.lengths(grad), 1e-12)).astype(np.float32)
    value = variation(total_variation, x)

    def pairing(p):
        return -np.sum(x * apply(divergence, p, shape), axis=(1, 2), dtype=np.float64)

    assert_allclose(pairing(best), value, rtol=1e-5, atol=1e-6)
    other = naive.project(any_field(rng, shape), np.ones(shape[0])).astype(np.float32)
    assert np.all(pairing(other) <= value + 1e-5)

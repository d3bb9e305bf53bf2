"""Directional total variation: the gradient less its part along the edges, and its adjoint."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.kernels.rows import directional_place_row, place_row

from .states import certify, iterate, random_data, random_edges, random_state, state_at_start
from .variants import as_compiled_and_python, dual_field, on_shapes, uniform

ALL = (True, True, True)


def directional_divergence(row_function, p, edges):
    """Row by row, as the iteration calls it, with a step of 1 from 0."""
    _, n_maps, ny, nx = p.shape
    start = np.float32(1), np.float32(0)
    out = np.full(p.shape[1:], np.nan, np.float32)
    for i in range(n_maps):
        above, shifted = np.zeros(nx, np.float32), np.zeros(nx + 1, np.float32)
        for row in range(ny):
            parts = p[0, i, row].copy(), p[1, i, row].copy()
            along, nothing = (edges[0, row], edges[1, row]), np.zeros(nx, np.float32)
            row_function(nx, *start, *parts, *along, above, shifted, nothing, out[i, row])
    return out


@on_shapes
@as_compiled_and_python
def test_divergence_agrees_with_naive(variant, shape, rng):
    p, edges = dual_field(rng, shape), random_edges(rng, shape[1:])
    expected = naive.divergence(naive.across(p, edges, [True] * shape[0]))
    found = directional_divergence(variant(directional_place_row), p, edges)
    assert_allclose(found, expected, atol=5e-6)


@on_shapes
@as_compiled_and_python
def test_divergence_is_minus_the_adjoint_of_the_gradient_across_edges(variant, shape, rng):
    """<D grad x, p> = -<x, div D p>."""
    x, p = uniform(rng, shape, -1, 1), dual_field(rng, shape)
    edges = random_edges(rng, shape[1:])
    across = naive.across(naive.gradient(x), edges.astype(np.float64), [True] * shape[0])
    divergence = directional_divergence(variant(directional_place_row), p, edges)
    assert np.sum(across * p) == pytest.approx(-np.sum(x * divergence, dtype="f8"), abs=2e-5)


@as_compiled_and_python
def test_divergence_takes_up_where_the_segment_before_ended(variant, rng):
    p, edges = dual_field(rng, (1, 1, 33)), random_edges(rng, (1, 33))
    whole = directional_divergence(variant(directional_place_row), p, edges)[0, 0]
    out, above, relaxed = np.zeros((3, 33), "f4")
    shifted, start = np.zeros(34, "f4"), (np.float32(1), np.float32(0))
    for part in (slice(0, 20), slice(20, 33)):
        rows = (values[part] for values in (p[0, 0, 0], p[1, 0, 0], edges[0, 0], edges[1, 0]))
        own = shifted[part.start : part.stop + 1]
        n = part.stop - part.start
        places = above[part], own, relaxed[part], out[part]
        variant(directional_place_row)(n, *start, *rows, *places)
    assert_allclose(out, whole, atol=1e-6)


@as_compiled_and_python
def test_directional_place_is_that_of_place_row_without_edges(variant, rng):
    below, above, right, left, relaxed = uniform(rng, (5, 33), -1, 1)
    left[1:] = right[:-1]
    out, expected, nothing = np.zeros((3, 33), "f4")
    shifted = np.append(left[:1], np.zeros(33, "f4"))
    parameters = np.float32(0.7), np.float32(0.2)
    variant(directional_place_row)(
        33, *parameters, below, right, nothing, nothing, above.copy(), shifted, relaxed, out
    )
    variant(place_row)(33, *parameters, below, above, right, left, relaxed, expected)
    assert_allclose(out, expected, atol=1e-6)


@on_shapes
@pytest.mark.parametrize("gamma", [1, 1.7])
def test_without_edges_iterations_are_isotropic(gamma, shape, rng):
    data, before = random_data(rng, shape, gamma), random_state(rng, shape)
    zeros = np.zeros(shape[1:], np.float32)
    chosen = np.ones(shape[0], bool)
    flat = data._replace(edges_y=zeros, edges_x=zeros, directional=chosen)
    isotropic, _ = iterate(data, before, 5, rows_per_chunk=2)
    directional, _ = iterate(flat, before, 5, rows_per_chunk=2)
    for name, one, other in zip(isotropic._fields, directional, isotropic, strict=True):
        assert_allclose(one, other, atol=1e-5, err_msg=name)
    for one, other in zip(certify(flat, before), certify(data, before), strict=True):
        assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_maps_that_are_not_directional_do_not_see_the_edges(rng):
    """With no HAADF to couple them to the others."""
    data = random_data(rng, (3, 5, 8), 1, (True, False, True))
    data.weights[:] = 0
    before = random_state(rng, (3, 5, 8))
    turned = data._replace(edges_y=-data.edges_x.copy(), edges_x=data.edges_y.copy())
    one, _ = iterate(data, before, 5)
    other, _ = iterate(turned, before, 5)
    assert_array_equal(one.maps[1], other.maps[1])
    assert np.abs(one.maps[[0, 2]] - other.maps[[0, 2]]).max() > 1e-3


def test_a_map_whose_gradient_follows_the_edges_is_hardly_moved(rng):
    """Total variation alone pulls at maps that are as likely as can be."""
    y, x = np.mgrid[:12, :40].astype(np.float32) / 12
    maps = (0.5 + 0.4 * np.cos(4 * x + y)).astype(np.float32)[None]
    grad = naive.gradient(maps)[:, 0]
    edges = (grad / np.maximum(np.sqrt((grad**2).sum(axis=0)), 1e-9)).astype(np.float32)
    data = random_data(rng, maps.shape, 1, ALL)._replace(edges_y=edges[0], edges_x=edges[1])
    data.counts[:] = maps
    data.background[:] = 0
    data.weights[:] = 0
    data.bounds[:] = 0.3
    start = state_at_start(data)
    along, _ = iterate(data, start, 300)
    isotropic, _ = iterate(data._replace(directional=np.array([False])), start, 300)
    assert np.abs(along.maps - maps).max() < 1e-3
    assert np.abs(isotropic.maps - maps).max() > 0.05

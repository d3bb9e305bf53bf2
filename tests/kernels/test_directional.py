"""Directional total variation: the gradient less its part along directions, and its adjoint."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.kernels import isotropic
from hyperspy_multimodal.kernels.directional import across, dual_row, place_row, variation_row
from hyperspy_multimodal.kernels.regulariser_rows import DIRECTIONAL, ISOTROPIC

from .dual_rows import (
    dual_rows,
    expected_dual,
    expected_variation,
    variation_sums,
    with_softness,
)
from .states import certify, iterate, random_data, random_directions, random_state, state_at_start
from .variants import (
    as_compiled_and_python,
    dual_field,
    on_lengths,
    on_shapes,
    several,
    single,
    uniform,
)


def divergence_across(row_function, p, directions):
    """Row by row, as the iteration calls it, with a step of 1 from 0."""
    _, n_maps, ny, nx = p.shape
    start = np.float32(1), np.float32(0)
    out = np.full(p.shape[1:], np.nan, np.float32)
    for i in range(n_maps):
        above, shifted = np.zeros(nx, np.float32), np.zeros(nx + 1, np.float32)
        for row in range(ny):
            parts = p[0, i, row].copy(), p[1, i, row].copy()
            along, nothing = (directions[0, row], directions[1, row]), np.zeros(nx, np.float32)
            row_function(nx, *start, *parts, *along, above, shifted, nothing, out[i, row])
    return out


@as_compiled_and_python
def test_across_leaves_nothing_along_a_unit_vector_and_all_across_it(variant, rng):
    for angle in rng.uniform(0, 7, 20):
        y, x = np.sin(angle), np.cos(angle)
        along = variant(across)(*single(y, x, 2 * y, 2 * x))
        beside = variant(across)(*single(y, x, -3 * x, 3 * y))
        assert_allclose(along, 0, atol=1e-6)
        assert_allclose(beside, [-3 * x, 3 * y], atol=1e-6)


@as_compiled_and_python
def test_across_a_shorter_vector_takes_its_square_away(variant):
    assert_allclose(variant(across)(*single(0.5, 0, 2, 3)), [1.5, 3])


@on_lengths
@with_softness
@as_compiled_and_python
def test_dual_row_goes_along_the_gradient_across_directions(variant, softness, n, rng):
    ahead, ahead_below, below, right = dual_rows(rng, n)
    directions = uniform(rng, (2, n), -0.7, 0.7)
    p, change = expected_dual(ahead, ahead_below, below, right, directions[:, None], softness)
    parameters = single(0.7, 1 / (1 + 0.7 * softness), 0.5, 1.8)
    moved = variant(dual_row)(n, *parameters, ahead, ahead_below, *directions, below, right)
    assert_allclose(np.stack([below, right]), (p + 1.8 * change)[:, 0, 0], atol=2e-6)
    assert moved == pytest.approx(np.sum(change**2), rel=1e-5)


@on_lengths
@with_softness
@as_compiled_and_python
def test_variation_row_agrees_with_naive_and_leaves_p_across(variant, softness, n, rng):
    x, x_below = uniform(rng, (2, n))
    p, directions = several(rng, n, 2, -0.5, 0.5), several(rng, n, 2, -0.7, 0.7)
    expected = expected_variation(x, x_below, directions, p, softness)
    left = naive.across(np.stack(p)[:, None, None], np.stack(directions)[:, None], [True])
    found = variation_sums(variant(variation_row), x, x_below, directions, p, softness)
    assert_allclose(found, expected, atol=1e-5)
    assert_allclose(np.stack(p), left[:, 0, 0], atol=1e-6)


@on_shapes
@as_compiled_and_python
def test_divergence_agrees_with_naive(variant, shape, rng):
    p, directions = dual_field(rng, shape), random_directions(rng, shape[1:])
    expected = naive.divergence(naive.across(p, directions, [True] * shape[0]))
    found = divergence_across(variant(place_row), p, directions)
    assert_allclose(found, expected, atol=5e-6)


@on_shapes
@as_compiled_and_python
def test_divergence_is_minus_the_adjoint_of_the_gradient_across_directions(variant, shape, rng):
    """<D grad x, p> = -<x, div D p>."""
    x, p = uniform(rng, shape, -1, 1), dual_field(rng, shape)
    directions = random_directions(rng, shape[1:])
    crossing = naive.across(naive.gradient(x), directions.astype(np.float64), [True] * shape[0])
    divergence = divergence_across(variant(place_row), p, directions)
    assert np.sum(crossing * p) == pytest.approx(-np.sum(x * divergence, dtype="f8"), abs=2e-5)


@as_compiled_and_python
def test_divergence_takes_up_where_the_segment_before_ended(variant, rng):
    p, directions = dual_field(rng, (1, 1, 33)), random_directions(rng, (1, 33))
    whole = divergence_across(variant(place_row), p, directions)[0, 0]
    out, above, relaxed = np.zeros((3, 33), "f4")
    shifted, start = np.zeros(34, "f4"), (np.float32(1), np.float32(0))
    for part in (slice(0, 20), slice(20, 33)):
        rows = (
            values[part] for values in (p[0, 0, 0], p[1, 0, 0], directions[0, 0], directions[1, 0])
        )
        own = shifted[part.start : part.stop + 1]
        n = part.stop - part.start
        places = above[part], own, relaxed[part], out[part]
        variant(place_row)(n, *start, *rows, *places)
    assert_allclose(out, whole, atol=1e-6)


@as_compiled_and_python
def test_place_is_isotropic_without_directions(variant, rng):
    below, above, right, left, relaxed = uniform(rng, (5, 33), -1, 1)
    left[1:] = right[:-1]
    out, expected, nothing = np.zeros((3, 33), "f4")
    shifted = np.append(left[:1], np.zeros(33, "f4"))
    parameters = np.float32(0.7), np.float32(0.2)
    variant(place_row)(
        33, *parameters, below, right, nothing, nothing, above.copy(), shifted, relaxed, out
    )
    variant(isotropic.place_row)(33, *parameters, below, above, right, left, relaxed, expected)
    assert_allclose(out, expected, atol=1e-6)


@on_shapes
@pytest.mark.parametrize("gamma", [1, 1.7])
def test_without_directions_iterations_are_isotropic(gamma, shape, rng):
    data, before = random_data(rng, shape, gamma), random_state(rng, shape)
    zeros = np.zeros(shape[1:], np.float32)
    chosen = np.full(shape[0], DIRECTIONAL)
    flat = data._replace(directions_y=zeros, directions_x=zeros, regularisers=chosen)
    without, _ = iterate(data, before, 5, rows_per_chunk=2)
    directional, _ = iterate(flat, before, 5, rows_per_chunk=2)
    for name, one, other in zip(without._fields, directional, without, strict=True):
        assert_allclose(one, other, atol=1e-5, err_msg=name)
    for one, other in zip(certify(flat, before), certify(data, before), strict=True):
        assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_maps_that_are_not_directional_do_not_see_directions(rng):
    """With no HAADF to couple them to the others."""
    data = random_data(rng, (3, 5, 8), 1, (DIRECTIONAL, ISOTROPIC, DIRECTIONAL))
    data.weights[:] = 0
    before = random_state(rng, (3, 5, 8))
    turned = data._replace(
        directions_y=-data.directions_x.copy(), directions_x=data.directions_y.copy()
    )
    one, _ = iterate(data, before, 5)
    other, _ = iterate(turned, before, 5)
    assert_array_equal(one.maps[1], other.maps[1])
    assert np.abs(one.maps[[0, 2]] - other.maps[[0, 2]]).max() > 1e-3


def test_a_map_whose_gradient_follows_the_directions_is_hardly_moved(rng):
    """Total variation alone pulls at maps that are as likely as can be."""
    y, x = np.mgrid[:12, :40].astype(np.float32) / 12
    maps = (0.5 + 0.4 * np.cos(4 * x + y)).astype(np.float32)[None]
    grad = naive.gradient(maps)[:, 0]
    directions = (grad / np.maximum(np.sqrt((grad**2).sum(axis=0)), 1e-9)).astype(np.float32)
    data = random_data(rng, maps.shape, 1, (DIRECTIONAL,))
    data = data._replace(directions_y=directions[0], directions_x=directions[1])
    data.counts[:] = maps
    data.background[:] = 0
    data.weights[:] = 0
    data.bounds[:] = 0.3
    start = state_at_start(data)
    along, _ = iterate(data, start, 300)
    without, _ = iterate(data._replace(regularisers=np.array([ISOTROPIC])), start, 300)
    assert np.abs(along.maps - maps).max() < 1e-3
    assert np.abs(without.maps - maps).max() > 0.05

"""Means over blocks, and linear interpolation back."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.kernels.grids import block_means, interpolate, squared_differences

from .variants import as_compiled_and_python, on_shapes, uniform


def uneven(n):
    """Limits of blocks of 1, 2, 3, 1, ... of n pixels."""
    limits = np.cumsum([0] + [1 + i % 3 for i in range(n)])
    return np.append(limits[limits < n], n)


@as_compiled_and_python
@on_shapes
def test_block_means_are_those_of_slices(variant, shape, rng):
    fine = uniform(rng, shape)
    rows, cols = uneven(shape[1]), uneven(shape[2])
    out = np.empty((shape[0], len(rows) - 1, len(cols) - 1), np.float32)
    variant(block_means)(fine, rows, cols, out)
    expected = [
        [
            fine[:, rows[j] : rows[j + 1], cols[i] : cols[i + 1]].mean(axis=(1, 2))
            for i in range(len(cols) - 1)
        ]
        for j in range(len(rows) - 1)
    ]
    assert_allclose(out, np.moveaxis(np.array(expected), -1, 0), rtol=1e-5)


@as_compiled_and_python
@on_shapes
def test_interpolation_is_that_of_numpy(variant, shape, rng):
    coarse = uniform(rng, shape)
    places = [
        np.sort(rng.uniform(0, n - 1, 2 * n + 1)) if n > 1 else np.zeros(3) for n in shape[1:]
    ]
    places = [np.append(place, n - 1.0) for place, n in zip(places, shape[1:], strict=True)]
    factors = uniform(rng, shape[0], 1, 2)
    out = np.empty((shape[0], len(places[0]), len(places[1])), np.float32)
    nodes = [place.astype(int) for place in places]
    shares = [np.float32(place - node) for place, node in zip(places, nodes, strict=True)]
    variant(interpolate)(coarse, nodes[0], shares[0], nodes[1], shares[1], factors, out)
    for i, each in enumerate(coarse):
        rows = [np.interp(places[0], range(shape[1]), column) for column in each.T]
        expected = [np.interp(places[1], range(shape[2]), row) for row in np.array(rows).T]
        assert_allclose(out[i], factors[i] * np.array(expected), rtol=1e-4)


def test_a_share_of_none_reads_nothing_beyond_the_end():
    coarse = np.array([[[1.0, np.nan]]], np.float32)
    out = np.empty((1, 1, 1), np.float32)
    none, first = np.zeros(1, np.float32), np.zeros(1, int)
    last = np.ones(1, int)
    interpolate(coarse[:, :, :1].copy(), first, none, first, none, np.ones(1, np.float32), out)
    assert out[0, 0, 0] == 1
    interpolate(coarse, first, none, last, none, np.ones(1, np.float32), out)
    assert np.isnan(out[0, 0, 0])


@pytest.mark.parametrize("n", [2, 9])
def test_constant_maps_stay_constant(n):
    coarse = np.full((1, n, n), 3, np.float32)
    out = np.empty((1, 2 * n, 2 * n), np.float32)
    node, share = np.arange(2 * n) // 2, np.full(2 * n, 0.25, np.float32)
    interpolate(coarse, node, share, node, share, np.ones(1, np.float32), out)
    assert_allclose(out, 3)


@as_compiled_and_python
@on_shapes
def test_squared_differences_are_those_of_slices(variant, shape, rng):
    maps = uniform(rng, shape)
    sums = np.empty(len(maps))
    variant(squared_differences)(maps, sums)
    expected = [sum(np.square(np.diff(each, axis=axis)).sum() for axis in (0, 1)) for each in maps]
    assert_allclose(sums, expected, rtol=1e-5)

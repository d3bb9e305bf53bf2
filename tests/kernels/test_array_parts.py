"""Segments are slices, and prefetching is not seen."""

import numba
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from slow_repeats import alternating

from hyperspy_multimodal.kernels.array_parts import prefetch, segment

SHAPES = [(5,), (3, 4), (2, 3, 5), (2, 2, 3, 4)]


@numba.njit
def copied(array, indices, length):
    return segment(array, indices, length).copy()


@numba.njit
def fill(array, indices, length, value):
    part = segment(array, indices, length)
    for i in range(part.size):
        part[i] = value


@numba.njit
def prefetched(array, indices):
    prefetch(array, indices)
    return array.sum()


def numbered(shape, dtype):
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


def starts_and_lengths(shape):
    for start in np.ndindex(shape):
        first = int(np.ravel_multi_index(start, shape))
        for length in range(np.prod(shape) - first + 1):
            yield start, first, length


@alternating(dtype=[np.float32, np.float64, np.int16], shape=SHAPES)
def test_segment_equals_a_slice_of_the_memory(dtype, shape):
    array = numbered(shape, dtype)
    for start, first, length in starts_and_lengths(shape):
        part = copied(array, start, length)
        assert part.dtype == dtype
        assert_array_equal(part, array.ravel()[first : first + length])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_segment_writes_into_its_array_and_nowhere_else(shape):
    for start, first, length in starts_and_lengths(shape):
        array, expected = numbered(shape, np.float32), numbered(shape, np.float32)
        fill(array, start, length, -1)
        expected.ravel()[first : first + length] = -1
        assert_array_equal(array, expected)


@pytest.mark.parametrize("integer", [np.int8, np.int32, np.uint16, np.int64])
def test_segment_takes_any_integer(integer):
    array = numbered((3, 4), np.float32)
    part = copied(array, (integer(1), integer(2)), integer(2))
    assert_array_equal(part, array[1, 2:])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_prefetch_changes_nothing(shape):
    array = numbered(shape, np.float32)
    for indices in np.ndindex(shape):
        assert prefetched(array, indices) == array.size * (array.size - 1) / 2
    assert_array_equal(array, numbered(shape, np.float32))

"""What every kernel is tested with: compiled and as plain Python, on maps of awkward shapes."""

import numpy as np
import pytest


def compiled(kernel):
    return kernel


def interpreted(kernel):
    return kernel.py_func


SHAPES = [(1, 1, 1), (2, 1, 7), (3, 7, 1), (2, 5, 8), (1, 9, 33)]

as_compiled_and_python = pytest.mark.parametrize("variant", [compiled, interpreted])
on_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
on_lengths = pytest.mark.parametrize("n", [1, 5, 33])


def uniform(rng, shape, low=0.0, high=1.0):
    return rng.uniform(low, high, shape).astype(np.float32)


def single(*values):
    return [np.float32(value) for value in values]


def several(rng, n, count, low=-1.0, high=1.0):
    """Rows of n columns."""
    return list(uniform(rng, (count, n), low, high))


def blank(n, count=1):
    return list(np.full((count, n), np.nan, np.float32))


def one_a_map(rng, n_maps, low, high):
    return uniform(rng, n_maps, low, high)


def sparse_counts(rng, shape):
    """Poisson counts with many zeros."""
    return rng.poisson(uniform(rng, shape, 0, 2)).astype(np.float32)


def dual_field(rng, shape, length=1.0):
    """A field as the iteration keeps it: 0 where differences are always 0."""
    p = rng.normal(0, length, (2, *shape)).astype(np.float32)
    p[0, :, -1, :] = 0
    p[1, :, :, -1] = 0
    return p

"""Sums over the counts against those of NumPy."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import xlogy

from hyperspy_multimodal.kernels.reference import constant_deviance, likeliest

from .variants import as_compiled_and_python, on_shapes, sparse_counts, uniform

with_backgrounds = pytest.mark.parametrize("rows_alike", [False, True])


def counts_and_background(rng, shape, rows_alike):
    background = uniform(rng, (shape[0], 1 if rows_alike else shape[1], shape[2]), 0, 2)
    background[:, :, ::3] = 0
    return sparse_counts(rng, shape), background


def deviance(maps, counts, background):
    """Less likely than the counts themselves by so much."""
    background = np.broadcast_to(background, counts.shape)
    found = naive.poisson_likelihood(maps, counts, background)
    return found - naive.poisson_likelihood(counts, counts, 0 * background)


@with_backgrounds
@on_shapes
@as_compiled_and_python
def test_sums_of_the_likeliest_maps(variant, shape, rows_alike, rng):
    counts, background = counts_and_background(rng, shape, rows_alike)
    rows = np.full((4, *shape[:2]), np.nan)
    variant(likeliest)(counts, background, rows)
    maps = np.maximum(counts.astype("f8") - background, 0)
    net, least, gross, entropy = rows.sum(axis=2)
    assert_allclose(net, maps.sum(axis=(1, 2)), rtol=1e-6)
    assert_allclose(least, deviance(maps, counts, background), rtol=1e-5, atol=1e-6)
    assert_allclose(gross, counts.sum(axis=(1, 2)))
    exact = np.sum(counts - xlogy(counts, counts.astype("f8")), axis=(1, 2))
    assert_allclose(entropy, exact, rtol=1e-6, atol=1e-6 * gross.max())


@with_backgrounds
@on_shapes
@as_compiled_and_python
def test_deviance_of_constant_maps(variant, shape, rows_alike, rng):
    counts, background = counts_and_background(rng, shape, rows_alike)
    levels = uniform(rng, shape[0], 1e-3, 1)
    rows = np.full(shape[:2], np.nan)
    variant(constant_deviance)(levels, counts, background, rows)
    maps = np.broadcast_to(naive.by_map(levels), shape)
    assert_allclose(rows.sum(axis=1), deviance(maps, counts, background), rtol=1e-5, atol=1e-6)

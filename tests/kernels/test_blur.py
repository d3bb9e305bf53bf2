"""The blur by Gaussians: that of SciPy, symmetric, and with the sums that were there."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import ndimage

from hyperspy_multimodal.fusion.sieve import gaussian_taps
from hyperspy_multimodal.kernels import blur

from .variants import on_shapes, uniform

WIDTHS = [0.0, 0.4, 1.0, 2.7]


def blurred(images, widths):
    out = np.full(images.shape, np.nan, np.float32)
    blur(images, *gaussian_taps(np.asarray(widths)), out)
    return out


@on_shapes
def test_it_is_the_product_with_a_matrix(rng, shape):
    images = uniform(rng, shape, -1, 1)
    widths = rng.uniform(0, 3, shape[0])
    found = blurred(images, widths)
    assert_allclose(found, naive.blurred(images, widths), atol=2e-6)


@pytest.mark.parametrize("width", WIDTHS[1:])
def test_it_is_that_of_scipy(rng, width):
    images = uniform(rng, (1, 23, 31))
    radius = int(np.ceil(3.5 * width))
    found = blurred(images, [width])[0]
    known = ndimage.gaussian_filter(
        images[0].astype(float), width, mode="reflect", truncate=radius / width
    )
    assert_allclose(found, known, atol=2e-6)


@on_shapes
@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_symmetric_and_keeps_sums(rng, shape, width):
    some, others = uniform(rng, shape, 0, 1), uniform(rng, shape, -1, 1)
    widths = np.full(shape[0], width)
    there, back = blurred(some, widths), blurred(others, widths)
    assert np.sum(there * others) == pytest.approx(np.sum(some * back), abs=1e-4)
    assert_allclose(there.sum(axis=(1, 2)), some.sum(axis=(1, 2)), rtol=1e-5)


def test_a_width_of_0_changes_nothing(rng):
    images = uniform(rng, (2, 5, 6))
    np.testing.assert_array_equal(blurred(images, [0.0, 0.0]), images)

"""Peaks of single spectra against a loop over all pixels and channels."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.kernels import find_peaks


def found(spectra, rows_per_chunk, kernel=find_peaks, factor=1.3):
    chunks = -(-spectra.shape[0] // rows_per_chunk)
    heights = np.full((chunks, 4, spectra.shape[2]), np.nan)
    pixels = np.full(heights.shape, -9)
    for k in range(chunks):
        kernel(k, spectra, rows_per_chunk, factor, heights, pixels)
    return heights, pixels


@pytest.mark.parametrize("kernel", [find_peaks, find_peaks.py_func], ids=["compiled", "Python"])
@pytest.mark.parametrize("dtype", ["u2", "i4", "f8"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 20), (5, 2, 4)], ids=str)
def test_peaks_are_those_of_a_loop(shape, dtype, kernel, rng):
    spectra = rng.poisson(3.0, shape).astype(dtype)
    heights, pixels = found(spectra, shape[0], kernel)
    expected, where = naive.highest_peaks(spectra, 1.3)
    assert_allclose(heights[0], expected, rtol=1e-12)
    assert_array_equal(pixels[0], where)


def test_negative_values_beside_a_peak_count_as_none(rng):
    spectra = rng.normal(0.0, 1.0, (3, 4, 20))
    heights, pixels = found(spectra, 3)
    expected, where = naive.highest_peaks(spectra, 1.3)
    assert_allclose(heights[0], expected, rtol=1e-12)
    assert_array_equal(pixels[0], where)


def test_chunks_number_the_pixels_of_all(rng):
    spectra = rng.poisson(3.0, (5, 3, 12))
    heights, pixels = found(spectra, 2)
    for k, (own, where) in enumerate(zip(heights, pixels, strict=True)):
        rows = spectra[2 * k : 2 * k + 2]
        expected, places = naive.highest_peaks(rows, 1.3)
        assert_allclose(own, expected, rtol=1e-12)
        assert_array_equal(where, np.where(places < 0, -1, places + 6 * k))

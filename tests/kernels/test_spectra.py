"""Sums over channels against NumPy, and halves of counts against the binomial law."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from slow_repeats import slow

from hyperspy_multimodal.kernels.spectra import (
    half_of,
    ones,
    project_halves,
    project_spectra,
    sum_spectra,
)

SHAPES = [(1, 1, 1), (3, 4, 7), (5, 2, 70)]
on_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
on_types = pytest.mark.parametrize("dtype", ["u1", "u2", slow("u4"), "i4", "f4", "f8"])


def counts(rng, shape, dtype="u1", mean=1.0):
    return rng.poisson(mean, shape).astype(dtype)


def summed(spectra, rows_per_chunk=2, kernel=sum_spectra):
    """Sums of each chunk, put together as far as that is plain."""
    ny, nx, n_channels = spectra.shape
    chunks = -(-ny // rows_per_chunk)
    sums = np.full((chunks, n_channels), np.nan)
    filled = np.full((chunks, n_channels), -9)
    largest = np.full((chunks, 4, n_channels), np.nan)
    pixels = np.full(largest.shape, -9)
    by_pixel, lowest = np.full((ny, nx), np.nan, np.float32), np.full(chunks, np.nan)
    divisors = np.full(chunks, -9)
    into = sums, filled, largest, pixels, by_pixel, lowest, divisors
    for k in range(chunks):
        kernel(k, spectra, rows_per_chunk, *into)
    return sums.sum(axis=0), filled.sum(axis=0), largest, pixels, by_pixel, lowest.min(), divisors


@on_types
@on_shapes
def test_sums_are_those_of_numpy(shape, dtype, rng):
    spectra = counts(rng, shape, dtype)
    sums, filled, _, _, by_pixel, lowest, _ = summed(spectra)
    assert_array_equal(sums, spectra.sum(axis=(0, 1), dtype="f8"))
    assert_array_equal(filled, np.count_nonzero(spectra, axis=(0, 1)))
    assert_array_equal(by_pixel, spectra.sum(axis=2, dtype="f8"))
    assert lowest == 0


@pytest.mark.parametrize("kernel", [sum_spectra, sum_spectra.py_func], ids=["compiled", "Python"])
@pytest.mark.parametrize("mean", [0.05, 1, 30])
@on_shapes
def test_largest_values_and_their_places_are_those_of_a_sort(shape, mean, kernel, rng):
    spectra = counts(rng, shape, "i4", mean) - 2
    found = summed(spectra, rows_per_chunk=shape[0], kernel=kernel)
    total, filled, largest, pixels = naive.summed(spectra)
    assert_array_equal(found[0], total)
    assert_array_equal(found[1], filled)
    assert_array_equal(found[2][0], largest)
    assert_array_equal(found[3][0], pixels)


def test_chunks_number_the_pixels_of_all(rng):
    spectra = counts(rng, (5, 4, 7), mean=20)
    _, _, largest, pixels, *_ = summed(spectra)
    for values, places in zip(largest, pixels, strict=True):
        there = np.take_along_axis(spectra.reshape(-1, 7), np.maximum(places, 0), axis=0)
        assert_array_equal(np.where(places < 0, -np.inf, there), values)


def test_nan_and_negative_values_are_noticed(rng):
    spectra = counts(rng, (5, 4, 7), "f4")
    spectra[3, 2, 6] = -2
    assert summed(spectra)[5] == -2
    spectra[0, 0, 5] = np.nan
    sums, _, _, _, by_pixel, lowest, _ = summed(spectra)
    assert np.isnan(sums[5]) and np.isfinite(np.delete(sums, 5)).all()
    assert np.argwhere(np.isnan(by_pixel)).tolist() == [[0, 0]]
    assert lowest == -2


@pytest.mark.parametrize(("factor", "expected"), [(1, 1), (6, 6), (0, 0), (0.5, -1)])
@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_common_divisors(factor, expected, dtype, rng):
    if dtype == "u2" and factor == 0.5:
        pytest.skip("no fractions in integers")
    spectra = (factor * rng.poisson(20, (4, 5, 30))).astype(dtype)
    divisors = summed(spectra)[-1]
    assert (-1 if -1 in divisors else np.gcd.reduce(divisors)) == expected


def test_one_fraction_after_many_whole_numbers_is_noticed():
    spectra = np.ones((2, 3, 50), np.float32)
    spectra[1, 2, 49] = 1.5
    assert -1 in summed(spectra)[-1]


def projected(spectra, operator, out):
    """Project the first row, then all others."""
    project_spectra(0, 1, spectra, operator, out)
    project_spectra(1, len(spectra), spectra, operator, out)


@on_types
@on_shapes
def test_projection_is_a_matrix_product(shape, dtype, rng):
    spectra, operator = counts(rng, shape, dtype), rng.normal(size=(shape[2], 3)).astype("f4")
    out = np.empty((3, *shape[:2]), np.float32)
    projected(spectra, operator, out)
    assert_allclose(np.moveaxis(out, 0, -1), spectra.astype("f8") @ operator, rtol=1e-5, atol=1e-5)


def test_spectra_need_not_be_contiguous(rng):
    spectra = np.moveaxis(counts(rng, (70, 5, 2)), 0, -1)
    operator, out = rng.normal(size=(70, 3)).astype("f4"), np.empty((3, 5, 2), np.float32)
    projected(spectra, operator, out)
    assert_allclose(np.moveaxis(out, 0, -1), spectra.astype("f8") @ operator, rtol=1e-5, atol=1e-5)


def halves(spectra, seed=0, first=(0, 0, 0), n_columns=None):
    """First halves of all counts, by an operator that copies the channels."""
    ny, nx, n_channels = spectra.shape
    out = np.empty((n_channels, ny, nx), np.float32)
    operator = np.eye(n_channels, dtype=np.float32)
    where = np.array(first), n_columns or nx
    for row in range(ny):
        project_halves(row, row + 1, spectra, operator, *where, np.uint64(seed), out)
    return np.moveaxis(out, 0, -1)


def test_halves_are_parts_of_the_counts(rng):
    spectra = counts(rng, (6, 7, 30), "u2", 40)
    half = halves(spectra)
    assert_array_equal(half, np.rint(half))
    assert np.all((half >= 0) & (half <= spectra))


@pytest.mark.parametrize("mean", [0.3, 5, 63, 64, 65, 500])
def test_halves_have_the_mean_and_variance_of_fair_coins(mean, rng):
    spectra = counts(rng, (40, 50, 20), "u2", mean)
    error = halves(spectra) - spectra / 2
    expected = spectra.sum() / 4
    assert abs(error.sum()) < 5 * np.sqrt(expected)
    assert np.sum(error**2) == pytest.approx(expected, rel=0.05)


def test_halves_of_poisson_counts_are_independent(rng):
    spectra = counts(rng, (60, 60, 20), "u1", 4)
    first = halves(spectra)
    second = spectra - first
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 5 / np.sqrt(first.size)
    for axis in range(3):
        neighbours = (
            np.take(first, range(1, first.shape[axis]), axis),
            np.take(first, range(first.shape[axis] - 1), axis),
        )
        correlation = np.corrcoef(*(x.ravel() for x in neighbours))[0, 1]
        assert abs(correlation) < 5 / np.sqrt(first.size)


def test_halves_depend_on_the_seed_but_not_on_blocks(rng):
    spectra = counts(rng, (6, 7, 30), "u1", 3)
    whole = halves(spectra, seed=3)
    assert np.any(whole != halves(spectra, seed=4))
    parts = np.empty_like(whole)
    for rows in (slice(0, 2), slice(2, 6)):
        for cols in (slice(0, 3), slice(3, 7)):
            for channels in (slice(0, 11), slice(11, 30)):
                block = spectra[rows, cols, channels]
                first = rows.start, cols.start, channels.start
                parts[rows, cols, channels] = halves(block, 3, first, 7)
    assert_array_equal(parts, whole)


def test_ones_counts_bits():
    for value in (0, 1, 0xFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0x123456789ABCDEF):
        assert ones(np.uint64(value)) == bin(value).count("1")


def test_all_coins_are_tossed():
    for count in (1, 63, 64, 65, 1000):
        heads = [half_of(count, np.uint64(key)) for key in range(400)]
        assert np.mean(heads) == pytest.approx(count / 2, abs=5 * np.sqrt(count / 4 / 400))

"""Shares of spectral lines in channels against integrals by quadrature."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtr

from hyperspy_multimodal.kernels.peaks import (
    add_peaks,
    add_slopes,
    gaussian_integral,
    tailed_integral,
)

from .variants import as_compiled_and_python

LOW, CHANNEL, N_CHANNELS = -0.2, 0.01, 240
with_tails = pytest.mark.parametrize(
    ("tail", "shelf"), [(0.0, 0.0), (0.2, 0.0), (0.0, 0.1), (0.15, 0.05)]
)


def lines(rng, number=7, lowest=0.3, highest=2.1):
    """Places, widths, standard deviations, factors and rows."""
    sigmas = rng.uniform(0.015, 0.06, number)
    places = rng.uniform(lowest, highest, number)
    return places, 2.35 * sigmas, sigmas, rng.uniform(1, 9, number), np.arange(number) % 3


def added(variant, drawn, tail, shelf, low=LOW, n_channels=N_CHANNELS):
    out = np.zeros((3, n_channels))
    places, widths, sigmas, factors, rows = drawn
    shares = in_shares(factors, tail, shelf)
    variant(add_peaks)(places, widths, sigmas, shares, rows[None], low, CHANNEL, out)
    return out


def in_shares(factors, tail, shelf):
    """Shares of lines as Gaussians, in their tails and in their shelves, for one sum."""
    return np.multiply.outer([1 - tail - shelf, tail, shelf], factors)[None]


@as_compiled_and_python
def test_gaussian_integrals_are_those_of_the_normal_distribution(variant):
    u = np.linspace(-8, 8, 161)
    found = [variant(gaussian_integral)(each) for each in u]
    assert_allclose(found, ndtr(u), rtol=1e-12, atol=1e-16)


@as_compiled_and_python
@pytest.mark.parametrize("ratio", [0.1, 0.4247, 1.0, 5.0, 18.0])
def test_tailed_integrals_are_those_of_a_quadrature(variant, ratio):
    u = np.linspace(-30, 8, 120)
    found = [variant(tailed_integral)(each, ratio) for each in u]
    assert_allclose(found, naive.tailed_integral(u, ratio), rtol=1e-5, atol=1e-9)


@as_compiled_and_python
@pytest.mark.parametrize("u", [-3.0, 0.0, 2.0])
def test_short_tails_are_continued_without_a_step(variant, u):
    """Where one formula takes over from another, and far beyond: there the tail vanishes."""
    switch = 20 * np.sqrt(2) - u
    below, above = (variant(tailed_integral)(u, switch + step) for step in (-1e-9, 1e-9))
    assert above == pytest.approx(below, rel=1e-6)
    farther = variant(tailed_integral)(u, 1e6)
    assert farther == pytest.approx(variant(gaussian_integral)(u), abs=1e-6)


@as_compiled_and_python
@with_tails
def test_peaks_equal_those_of_the_naive_version(variant, tail, shelf, rng):
    drawn = lines(rng)
    found = added(variant, drawn, tail, shelf)
    expected = naive.peaks(*drawn, LOW, CHANNEL, tail, shelf, found)
    assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


@as_compiled_and_python
@with_tails
def test_peaks_on_the_ends_of_the_axis_are_cut_off(variant, tail, shelf, rng):
    for lowest, highest in ((0.02, 0.06), (2.15, 2.25)):
        drawn = lines(rng, 4, lowest, highest)
        found = added(variant, drawn, tail, shelf, low=0.0, n_channels=220)
        expected = naive.peaks(*drawn, 0.0, CHANNEL, tail, shelf, found)
        assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
        assert 0.05 < found.sum() < 0.98 * drawn[3].sum()


@as_compiled_and_python
def test_lines_beyond_the_axis_add_nothing(variant):
    """Not even at the other end of it, where negative indices would lead."""
    sigma = np.full(2, 0.03)
    drawn = np.array([-0.9, 3.0]), 2.35 * sigma, sigma, np.full(2, 5.0), np.array([0, 1])
    assert not added(variant, drawn, 0.0, 0.0).any()
    moved, wider = np.zeros((2, 3, N_CHANNELS))
    args = drawn[0], sigma, drawn[3], drawn[4], LOW, CHANNEL
    variant(add_slopes)(*args, moved, wider)
    assert not moved.any() and not wider.any()


@as_compiled_and_python
@with_tails
def test_all_counts_are_kept(variant, tail, shelf, rng):
    """On an axis that holds the lines and what of their tails is filled."""
    drawn = lines(rng, 6, 1.5, 1.9)
    found = added(variant, drawn, tail, shelf, low=-1.0, n_channels=340)
    expected = np.bincount(drawn[4], drawn[3])
    assert_allclose(found.sum(axis=1), expected, rtol=2e-4 * tail + 1e-3 * shelf + 1e-11)
    assert (found >= 0).all()


@as_compiled_and_python
def test_peaks_are_added_to_what_is_there_in_proportion_to_their_factors(variant, rng):
    places, widths, sigmas, factors, rows = lines(rng)
    once = added(variant, (places, widths, sigmas, factors, rows), 0.1, 0.05)
    out = once.copy()
    shares, others = in_shares(factors, 0.1, 0.05), (rows[None], LOW, CHANNEL, out)
    variant(add_peaks)(places, widths, sigmas, 3 * shares, *others)
    assert_allclose(out, 4 * once)
    before = out.copy()
    variant(add_peaks)(places, widths, sigmas, 0 * shares, *others)
    assert_array_equal(out, before)


@as_compiled_and_python
def test_several_sums_of_lines_are_those_of_each(variant, rng):
    """One of the Gaussians alone, one of tails less these, one with shelves."""
    places, widths, sigmas, factors, rows = lines(rng)
    shares = np.concatenate([in_shares(factors, *each) for each in ((0, 0), (0.3, 0), (0.1, 0.2))])
    shares[1, 0] *= -1
    rows = np.stack([rows, rows[::-1], 0 * rows])
    together, apart = np.zeros((2, 3, N_CHANNELS))
    variant(add_peaks)(places, widths, sigmas, shares, rows, LOW, CHANNEL, together)
    for own, to in zip(shares, rows, strict=True):
        variant(add_peaks)(places, widths, sigmas, own[None], to[None], LOW, CHANNEL, apart)
    assert_allclose(together, apart, atol=1e-10)


@as_compiled_and_python
def test_peaks_move_with_their_lines(variant, rng):
    """By whole channels; the shelf, which begins at 0, does not."""
    places, *others = lines(rng, 5, 1.0, 1.5)
    here = added(variant, (places, *others), 0.2, 0.0)
    there = added(variant, (places + 10 * CHANNEL, *others), 0.2, 0.0)
    assert_allclose(there[:, 10:], here[:, :-10], atol=1e-11)


@as_compiled_and_python
def test_slopes_equal_differences_of_the_naive_version(variant, rng):
    places, _, sigmas, factors, rows = lines(rng, 7, 0.02, 2.15)
    moved, wider = np.zeros((2, 3, N_CHANNELS))
    args = places, sigmas, factors, rows, LOW, CHANNEL
    variant(add_slopes)(*args, moved, wider)
    for found, expected in zip((moved, wider), naive.peak_slopes(*args, moved), strict=True):
        assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())


@as_compiled_and_python
def test_a_line_that_moves_or_broadens_keeps_its_counts(variant, rng):
    places, _, sigmas, factors, rows = lines(rng, 7, 0.8, 1.5)
    moved, wider = np.zeros((2, 3, N_CHANNELS))
    variant(add_slopes)(places, sigmas, factors, rows, LOW, CHANNEL, moved, wider)
    assert_allclose(moved.sum(axis=1), 0, atol=1e-7 * np.abs(moved).max())
    assert_allclose(wider.sum(axis=1), 0, atol=1e-7 * np.abs(wider).max())

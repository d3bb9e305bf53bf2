"""Counts, background and their thinning into independent halves."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps

# Windows 0 and 1 share segment 2; window 2 equals window 1; segment 3 of element 2 lies inside and
# beside at once.
INSIDE = np.array([[0, 1, 1, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 0, 0]], dtype=float)
BESIDE = np.array([[1, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 1, 1, 1]], dtype=float)
RATIOS = np.array([0.5, 1.5, 0.8])[:, None, None]
EXPECTED = np.array([3.0, 8.0, 5.0, 2.0, 1.0, 0.7])


def simulated(shape=(40, 50), seed=0, expected=EXPECTED):
    segments = np.random.default_rng(seed).poisson(expected[:, None, None], (6, *shape))
    return ElementMaps(["A", "B", "C"], segments, INSIDE, BESIDE, RATIOS)


def correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def test_counts_are_sums_over_the_window():
    maps = simulated()
    np.testing.assert_array_equal(maps.counts[0], maps.segments[1] + maps.segments[2])
    np.testing.assert_array_equal(maps.counts[1], maps.segments[2] + maps.segments[3])


def test_net_is_gross_less_scaled_neighbours_and_is_not_clipped():
    maps = simulated()
    beside = maps.segments[0] + maps.segments[4]
    np.testing.assert_allclose(maps.net[0], maps.counts[0] - 0.5 * beside, rtol=1e-12)
    sparse = simulated(expected=EXPECTED / 20)
    assert sparse.net.min() < 0


def test_background_is_pooled_positive_and_keeps_its_total():
    maps = simulated()
    measured = maps.counts - maps.net
    assert maps.background.min() >= 0
    np.testing.assert_allclose(
        maps.background.sum(axis=(1, 2)), measured.sum(axis=(1, 2)), rtol=1e-12
    )
    assert (maps.background.std(axis=(1, 2)) < measured.std(axis=(1, 2)) / 4).all()
    truth = RATIOS * np.tensordot(BESIDE, EXPECTED, axes=1)[:, None, None]
    np.testing.assert_allclose(maps.background.mean(axis=(1, 2)), truth[:, 0, 0], rtol=0.05)


def test_net_variance_is_that_of_the_net_counts():
    """Also where a segment lies inside the window and beside it: its noise cancels in part."""
    maps = simulated((300, 300), seed=1)
    variance = maps.net.var(axis=(1, 2))
    np.testing.assert_allclose(maps.net_variance.mean(axis=(1, 2)), variance, rtol=0.03)
    in_window, both, outside = EXPECTED[2], EXPECTED[3], EXPECTED[4:].sum()
    assert variance[2] == pytest.approx(in_window + 0.2**2 * both + 0.64 * outside, rel=0.03)


def test_totals_are_net_totals_and_free_where_not_positive():
    """But 0 where there are no counts at all."""
    segments = np.zeros((6, 4, 4))
    segments[1] = 3
    segments[5] = 2
    maps = ElementMaps(["A", "B", "C"], segments, INSIDE, BESIDE, RATIOS)
    np.testing.assert_array_equal(maps.totals, [48, 0, 0])
    segments[3, 0, 0] = 1
    maps = ElementMaps(["A", "B", "C"], segments, INSIDE, BESIDE, RATIOS)
    np.testing.assert_array_equal(maps.totals, [48, np.nan, np.nan])
    full = simulated()
    np.testing.assert_allclose(full.totals, full.net.sum(axis=(1, 2)), rtol=1e-12)


@pytest.mark.parametrize("fraction", [0.5, 0.3])
def test_split_adds_up_and_keeps_the_rest(fraction):
    maps = simulated()
    whole = maps.segments.copy()
    first, second = maps.split(fraction, np.random.default_rng(2))
    np.testing.assert_array_equal(maps.segments, whole)
    np.testing.assert_array_equal(first.segments + second.segments, whole)
    np.testing.assert_array_equal(first.counts + second.counts, maps.counts)
    np.testing.assert_allclose(first.net + second.net, maps.net, atol=1e-12)
    for half in (first, second):
        assert half.segments.min() >= 0
        assert half.are_integers
        assert half.names == maps.names
        np.testing.assert_array_equal(half.inside, maps.inside)
        np.testing.assert_array_equal(half.beside, maps.beside)
        np.testing.assert_array_equal(half.ratios, maps.ratios)


def test_split_follows_its_generator():
    maps = simulated()
    draws = [maps.split(0.5, np.random.default_rng(seed))[0].segments for seed in (3, 3, 4)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


@pytest.mark.parametrize("fraction", [0.5, 0.3])
def test_parts_are_poisson_and_independent(fraction):
    maps = simulated((200, 200), seed=5)
    first, second = maps.split(fraction, np.random.default_rng(6))
    n_values = maps.segments[0].size
    for part, share in ((first, fraction), (second, 1 - fraction)):
        mean = part.segments.mean(axis=(1, 2))
        np.testing.assert_allclose(mean, share * EXPECTED, rtol=0.03)
        # Poisson: variance = mean, to 5 sigma of the estimate
        fano = part.segments.var(axis=(1, 2)) / mean
        assert (abs(fano - 1) < 5 * np.sqrt((2 + 1 / mean) / n_values)).all()
    for a, b in zip(first.segments, second.segments, strict=True):
        assert abs(correlation(a, b)) < 5 / np.sqrt(n_values)
    for a, b in zip(first.net, second.net, strict=True):
        assert abs(correlation(a, b)) < 5 / np.sqrt(n_values)


def test_overlapping_windows_share_the_same_thinned_counts():
    """A count that two windows hold goes to one half in both, never to different halves."""
    maps = simulated((100, 100))
    first, second = maps.split(0.5, np.random.default_rng(7))
    for half in (first, second):
        np.testing.assert_array_equal(half.counts[1], half.counts[2])
        own = half.segments[1] - half.segments[3]
        np.testing.assert_array_equal(half.counts[0] - half.counts[1], own)
    assert abs(correlation(first.counts[0], second.counts[1])) < 0.05
    assert correlation(first.counts[0], first.counts[1]) > 0.3


@pytest.mark.parametrize(("value", "whole"), [(3.0, True), (2.5, False), (1e-6, False)])
def test_only_whole_counts_can_be_thinned(value, whole):
    segments = np.zeros((6, 3, 3))
    segments[2, 1, 1] = value
    assert ElementMaps(["A", "B", "C"], segments, INSIDE, BESIDE, RATIOS).are_integers is whole

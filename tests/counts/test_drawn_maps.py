"""Counts as they might have been measured."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.counts.fitted_maps import FittedMaps

SHAPE = 30, 40
DRAWS = 400
TRUTH = np.stack([np.full(SHAPE, 6.0), np.zeros(SHAPE)])
TRUTH[1, :, 20:] = 2.0


def element_maps(background=0.5, ratio=2.0):
    """A count beside a window stands for ``ratio`` counts of background."""
    rng = np.random.default_rng(1)
    beside = rng.poisson(background / ratio, TRUTH.shape)
    segments = np.concatenate([rng.poisson(TRUTH + background), beside])
    own, none = np.eye(2), np.zeros((2, 2))
    return ElementMaps(
        ["A", "B"], segments, np.c_[own, none], np.c_[none, own], np.full((2, 1, 1), ratio)
    )


def fitted_maps(excess=1.5):
    """Net counts whose variance is ``excess`` above their own."""
    rng = np.random.default_rng(1)
    net = rng.poisson(TRUTH + excess) - excess
    return FittedMaps(
        names=["A", "B"],
        net=net,
        net_variance=net + excess,
        gross=np.full(SHAPE, 50.0),
        gains=np.ones(2),
        first_halves=np.empty((0, *TRUTH.shape)),
        are_integers=True,
    )


MAKERS = pytest.mark.parametrize("make", [element_maps, fitted_maps])


def draws(maps, truth=TRUTH, seed=0):
    generator = np.random.default_rng(seed)
    return [maps.drawn(truth, generator) for _ in range(DRAWS)]


@MAKERS
def test_net_counts_are_those_of_the_truth(make):
    maps = make()
    drawn = draws(maps)
    found = np.mean([each.counts - each.background for each in drawn], axis=0)
    error = np.sqrt((TRUTH + maps.background) / DRAWS)
    assert np.abs(found - TRUTH).max() < 5 * error.max()
    assert np.abs(found.mean(axis=(1, 2)) - TRUTH.mean(axis=(1, 2))).max() < 0.02


def test_counts_in_windows_are_poisson_over_the_background():
    maps = element_maps()
    counts = np.array([each.counts for each in draws(maps)])
    expected = TRUTH + maps.background
    np.testing.assert_array_equal(counts, np.rint(counts))
    ratios = counts.var(axis=0, ddof=1) / expected
    np.testing.assert_allclose(ratios.mean(axis=(1, 2)), 1, atol=0.02)
    np.testing.assert_allclose(counts.mean(axis=(0, 2, 3)), expected.mean(axis=(1, 2)), rtol=0.01)


def test_fitted_counts_have_the_variance_of_fits():
    """That of the net counts and what is beyond, which is half the background that is added."""
    maps = fitted_maps()
    counts = np.array([each.counts for each in draws(maps)])
    expected = TRUTH + maps.background / 2
    ratios = counts.var(axis=0, ddof=1).mean(axis=(1, 2)) / expected.mean(axis=(1, 2))
    np.testing.assert_allclose(ratios, 1, atol=0.03)
    assert counts.min() >= 0


@MAKERS
def test_background_is_that_of_the_maps(make):
    maps = make()
    np.testing.assert_array_equal(draws(maps)[0].background, maps.background)


def test_totals_of_windows_have_the_noise_of_the_background():
    maps = element_maps(ratio=2.0)
    totals = np.array([each.totals for each in draws(maps)])
    exact = TRUTH.sum(axis=(1, 2))
    # counts in the window, and counts beside it, each of which stands for two
    beside = 4 * np.tensordot(maps.beside, maps.segments, axes=1).sum(axis=(1, 2))
    variance = exact + maps.background.sum(axis=(1, 2)) + beside
    np.testing.assert_allclose(totals.var(axis=0, ddof=1) / variance, 1, atol=0.25)
    assert np.all(np.abs(totals.mean(axis=0) - exact) < 5 * np.sqrt(variance / DRAWS))


def test_totals_of_fits_have_the_noise_of_their_counts():
    maps = fitted_maps()
    totals = np.array([each.totals for each in draws(maps)])
    exact = TRUTH.sum(axis=(1, 2))
    variance = exact + maps.background.sum(axis=(1, 2)) / 2
    np.testing.assert_allclose(totals.var(axis=0, ddof=1) / variance, 1, atol=0.25)
    assert np.all(np.abs(totals.mean(axis=0) - exact) < 5 * np.sqrt(variance / DRAWS))


@MAKERS
def test_elements_and_pixels_are_independent(make):
    counts = np.array([each.counts for each in draws(make())])
    counts = (counts - counts.mean(axis=0)) / counts.std(axis=0)
    for a, b in ((counts[:, 0], counts[:, 1]), (counts[:, :, 1:], counts[:, :, :-1])):
        assert abs((a * b).mean()) < 0.01


@MAKERS
def test_draws_follow_their_generator(make):
    maps = make()
    first, again, other = (
        maps.drawn(TRUTH, np.random.default_rng(seed)).counts for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@MAKERS
def test_totals_that_are_not_positive_are_free(make):
    nothing = np.zeros_like(TRUTH)
    totals = np.array([each.totals for each in draws(make(), nothing)])
    assert 0.2 < np.isnan(totals).mean() < 0.8
    assert np.nanmin(totals) > 0


@MAKERS
def test_negative_truth_is_no_truth(make):
    maps = make()
    negative = TRUTH - 2.0
    drawn = maps.drawn(negative, np.random.default_rng(0))
    expected = maps.drawn(np.maximum(negative, 0), np.random.default_rng(0))
    np.testing.assert_array_equal(drawn.counts, expected.counts)


@MAKERS
def test_inputs_are_not_modified(make):
    maps, truth = make(), TRUTH.copy()
    before = maps.net.copy(), maps.background.copy(), maps.counts.copy()
    maps.drawn(truth, np.random.default_rng(0))
    np.testing.assert_array_equal(truth, TRUTH)
    for now, then in zip((maps.net, maps.background, maps.counts), before, strict=True):
        np.testing.assert_array_equal(now, then)

"""Halves of maps that are not counts: their errors are independent."""

import numpy as np
import pytest
from scipy import ndimage
from slow_repeats import alternating

from hyperspy_multimodal.given.clipping_bias import clipped_mean
from hyperspy_multimodal.given.map_halves import halved_counts
from hyperspy_multimodal.given.noise_model import moments_for
from hyperspy_multimodal.given.noisy_maps import ready_maps


def compound(mean, rng, shape=2.0):
    """Sums of signals of different sizes, in effective counts."""
    counts = rng.poisson(mean)
    sizes = rng.gamma(shape * np.maximum(counts, 1), 1 / (shape + 1))
    return np.where(counts > 0, sizes, 0.0)


@alternating(mean=[0.05, 0.5, 5.0, 200.0])
def test_errors_of_halves_are_independent(mean):
    """Also of maps that are 0 nearly everywhere."""
    rng = np.random.default_rng(0)
    sizes = rng.gamma(2, 0.5, (400, 400))
    net = rng.poisson(mean, sizes.shape) * (1 if mean > 1 else sizes) / (1 if mean > 1 else 1.5)
    net = net[None] + 0.5 * rng.standard_normal(net.shape)
    (first,) = halved_counts(net, np.array([0.25]), 1, 1)
    second = net - first
    correlation = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    assert abs(correlation) < 0.08
    assert first.mean() == pytest.approx(second.mean(), abs=0.02 * max(mean, 0.5))


@pytest.mark.parametrize("level", [0.0, 0.1])
@pytest.mark.parametrize("stated", [0.7, 1.4])
def test_halves_are_independent_whatever_the_stated_noise(level, stated):
    """An error of the floor would leave noise in both halves, or take too much from each."""
    rng = np.random.default_rng(0)
    net = compound(np.full((1, 200, 200), level), rng) + 0.3 * rng.standard_normal((200, 200))
    (first,) = halved_counts(net, np.array([stated * 0.09]), 1, 1)
    shared = np.cov(first.ravel(), (net - first).ravel())[0, 1] / net.var()
    assert abs(shared) < 0.02


def test_halves_of_clipped_maps_share_no_noise_of_the_level_around():
    """What is subtracted for clipping follows that level, which each half must know by itself."""
    rng = np.random.default_rng(0)
    mean = np.zeros((256, 256))
    mean[:, 200:] = 20.0  # by which the noise is known
    image = np.maximum(rng.poisson(mean) + 0.5 * rng.standard_normal(mean.shape), 0.0)
    maps, _ = ready_maps(["Co"], 0.04 * image[None], None, None, 3, 0)
    dark = np.s_[:, 8:180]
    shared = whole = 0.0
    for (first,) in maps.first_halves:
        one, other = (
            ndimage.gaussian_filter(half, 2.0)[dark] for half in (first, maps.net[0] - first)
        )
        shared += np.cov(one.ravel(), other.ravel())[0, 1]
        whole += (one + other).var()
    assert abs(shared / whole) < 0.03


def test_what_is_0_stays_0_in_both_halves():
    net = np.zeros((1, 40, 40))
    net[0, 10:20, 10:20] = 0.7
    for first in halved_counts(net, np.zeros(1), 3, 0):
        assert np.all(first[net == 0] == 0) and np.ptp(first[net > 0]) > 0


@alternating(shape=[1.0, 2.0, 10.0], mean=[0.05, 0.5, 5.0])
def test_signals_of_any_sizes_are_halved_independently(mean, shape):
    """The shape of the distribution of sizes is not known, and need not be."""
    mean = np.full((400, 400), mean) * (shape / (shape + 1))
    net = compound(mean * (shape + 1) / shape, np.random.default_rng(0), shape)[None]
    (first,) = halved_counts(net, np.zeros(1), 1, 1)
    second = net - first
    correlation = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    assert abs(correlation) < 0.08
    assert first.min() >= 0 and second.min() >= 0
    assert first.sum() == pytest.approx(second.sum(), rel=0.05)


def test_single_signals_go_to_one_half_wholly():
    """Where hardly a pixel holds two, halves share none of them."""
    net = compound(np.full((200, 200), 0.01), np.random.default_rng(0))[None]
    (first,) = halved_counts(net, np.zeros(1), 1, 1)
    there = net > 0
    shared = (first > 0) & (first < net)
    assert shared[there].mean() < 0.05


def test_filtered_maps_are_halved_by_noise_that_neighbours_share():
    counts = np.random.default_rng(0).poisson(5.0, (1, 300, 300)).astype(float)
    net = ndimage.gaussian_filter(counts, (0, 1.0, 1.0), mode="nearest")
    (first,) = halved_counts(net, np.zeros(1), 1, 1, np.array([1.0]))
    second = net - first
    a, b = first[0] - first.mean(), second[0] - second.mean()
    for shift in ((0, 0), (0, 1), (1, 1), (0, 2)):
        moved = np.roll(b, shift, (0, 1))
        assert abs(np.mean(a * moved)) < 0.08 * np.mean(a * a)
    # halved as if pixels were independent, neighbours share
    (white,) = halved_counts(net, np.zeros(1), 1, 1)
    a, b = white[0] - white.mean(), (net - white)[0]
    assert abs(np.mean(a * (b - b.mean()))) > 0.2 * np.mean(a * a)


@alternating(level=[0.0, 0.2, 1.0], shape=[2.0, np.inf])
def test_the_mean_of_clipped_noise_is_subtracted(level, shape):
    """Also of counts of different sizes, of which a clipped map holds less noise."""
    rng = np.random.default_rng(0)
    expected = np.full((300, 300), level)
    counts = rng.poisson(expected) if np.isinf(shape) else compound(1.5 * expected, rng)
    net = np.maximum(counts + 0.5 * rng.standard_normal(expected.shape), 0)
    below = clipped_mean(net, 0.25, shape)
    assert (net - below).mean() == pytest.approx(level, abs=0.009)
    assert np.all(below >= 0) and below.max() <= 1.3 * moments_for(0.25, clipped=True).mean[0]


def test_clipped_maps_are_said_to_be_so_and_lose_what_is_too_bright(caplog):
    rng = np.random.default_rng(0)
    mean = np.zeros((96, 96))
    mean[24:72, 24:72] = np.linspace(2, 8, 48)
    image = 0.04 * np.maximum(rng.poisson(mean) + 0.5 * rng.standard_normal(mean.shape), 0)
    maps, _ = ready_maps(["Co"], image[None], None, None, 1, 0)
    assert "Noise below 0 was cut off from the map of Co" in caplog.text
    total = maps.gains[0] * maps.net.sum()
    assert total == pytest.approx(0.04 * mean.sum(), rel=0.05)
    assert image.sum() > 1.05 * total


@pytest.mark.parametrize("level", [0.5, 0.7, 1.0])
def test_counts_of_a_film_are_not_taken_for_clipped_noise(level, caplog):
    """Half of the pixels are 0 there, too."""
    mean = np.full((128, 128), level)
    mean[40:80, 40:80] += np.linspace(1, 5, 40)
    for draw in (lambda rng: 0.04 * rng.poisson(mean), lambda rng: 0.04 * compound(mean, rng)):
        image = draw(np.random.default_rng(0))
        maps, _ = ready_maps(["Co"], image[None], None, None, 1, 0)
        assert "cut off" not in caplog.text
        assert maps.gains[0] * maps.net.sum() == pytest.approx(image.sum())


def test_the_error_of_the_floor_is_one_of_the_total():
    """Clipped noise of a known floor adds a known mean; an error of the floor scales that."""
    rng = np.random.default_rng(0)
    mean = np.zeros((96, 96))
    mean[24:72, 24:72] = np.linspace(0.2, 2, 48)
    image = np.maximum(rng.poisson(mean) + 0.5 * rng.standard_normal(mean.shape), 0)
    maps, _ = ready_maps(["Co"], 0.04 * image[None], None, None, 1, 0)
    error = np.sqrt(maps.common[0, 0])
    assert 0.005 < error < 0.05
    assert abs(maps.gains[0] * maps.net.sum() / (0.04 * mean.sum()) - 1) < 3 * error + 0.02

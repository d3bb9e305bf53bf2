"""Counts that clipped maps stand for: unbiased, less noisy than values, and with known variance."""

import numpy as np
import pytest
from scipy import ndimage
from slow_repeats import alternating

from hyperspy_multimodal.given.clipping_bias import clipped_mean
from hyperspy_multimodal.given.likely_counts import drawn_numbers, likely_counts, mean_size
from hyperspy_multimodal.given.map_halves import halved_likely_counts
from hyperspy_multimodal.given.noise_model import TABLE, clipping_bias

FLOOR = 0.09


def clipped(expected, shape, rng, floor=FLOOR):
    """Numbers of counts and the map that they make, in effective counts, with clipped noise."""
    number = rng.poisson(expected)
    sizes = number.astype(float)
    if np.isfinite(shape):
        sizes = rng.gamma(shape * np.maximum(number, 1), 1 / (shape + 1)) * (number > 0)
    image = sizes + np.sqrt(floor) * rng.standard_normal(expected.shape)
    return number, np.maximum(image, 0.0)


def counts_of(image, shape, floor=FLOOR):
    return likely_counts(image, image - clipped_mean(image, floor, shape), floor, shape)


@pytest.mark.parametrize("shape", [1.0, 2.0, np.inf])
@pytest.mark.parametrize("level", [0.0, 0.05, 0.5, 1.5, 5.0])
def test_counts_are_unbiased_and_as_noisy_as_counts_over_the_background(level, shape, rng):
    expected = np.full((256, 256), level)
    found = counts_of(clipped(expected, shape, rng)[1], shape)
    variance = found.net.var()
    assert found.net.mean() == pytest.approx(level, abs=4 * np.sqrt(variance / found.net.size))
    stated = found.net.mean() + found.background.mean()
    # next to no counts are read as at a level of some: the variance is less than stated
    assert (0.0 if level == 0 else 0.7) * stated < variance < 1.1 * stated
    assert np.all(found.net + found.background >= 0)


@alternating(level=[0.05, 0.3, 1.0, 5.0], shape=[1.0, 2.0, np.inf])
def test_counts_come_in_events_of_the_stated_size(level, shape, rng):
    found = counts_of(clipped(np.full((512, 512), level), shape, rng)[1], shape)
    away = found.net - found.net.mean()
    size = np.power(away, 3).mean() / np.square(away).mean()
    assert found.event_sizes.mean() == pytest.approx(max(size, 1.0), abs=0.1, rel=0.1)


@pytest.mark.parametrize("shape", [1.0, np.inf])
def test_above_their_surroundings_counts_vary_with_the_size_of_events(shape, rng):
    """Single bright pixels, so that the level around them is that of the dark ones."""
    expected = np.full((512, 512), 0.1)
    expected[8::16, 8::16] = 0.4
    found = counts_of(clipped(expected, shape, rng, 0.3)[1], shape, 0.3)
    net, size, behind, level = (
        each[8::16, 8::16]
        for each in (found.net, found.event_sizes, found.background, found.stated_at)
    )
    stated = (0.4 + behind + (size - 1) * (0.4 - level)).mean()
    assert net.var() == pytest.approx(stated, rel=0.2)
    assert net.var() > 1.2 * (0.4 + behind).mean()


@pytest.mark.parametrize("value", [10.0, 12.0, 15.0])
@pytest.mark.parametrize("floor", [0.3, 1.0])
def test_values_far_above_the_noise_are_no_more_counts_than_they_may_be(value, floor, rng):
    """Chances of such values are too small for differences of chances near 1."""
    _, image = clipped(np.full((64, 64), 0.1), np.inf, rng, floor)
    image[32, 32] = value
    assert value < counts_of(image, np.inf, floor).net[32, 32] < 10 * value


@pytest.mark.parametrize(("level", "share"), [(0.02, 0.65), (0.1, 0.93), (0.5, 0.99)])
def test_counts_are_less_noisy_than_values(level, share, rng):
    """Values follow the counts with a slope, as part of what a count adds is cut off again."""
    _, image = clipped(np.full((256, 256), level), 2.0, rng)
    lower, upper = (
        np.interp(each, TABLE, TABLE + clipping_bias(FLOOR, 2.0))
        for each in np.array([0.8, 1.2]) * level * mean_size(2.0)
    )
    slope = (upper - lower) / (0.4 * level)
    assert counts_of(image, 2.0).net.var() < share * image.var() / slope**2


@pytest.mark.parametrize("peak", [0.3, 1.0, 3.0, 10.0, 40.0])
def test_columns_that_are_narrower_than_the_level_around_keep_their_counts(peak, rng):
    rows, columns = np.mgrid[:240, :240] % 12 - 6
    expected = peak * np.exp(-(rows**2 + columns**2) / (2 * 2.2**2))
    found = counts_of(clipped(expected, 2.0, rng)[1], 2.0)
    for where in (expected > 0.7 * peak, expected < 0.1 * peak):
        error = np.sqrt((found.net + found.background)[where].sum()) / where.sum()
        there = expected[where].mean()
        assert found.net[where].mean() == pytest.approx(there, abs=0.06 * peak + 4 * error)


@pytest.mark.parametrize("floor", [0.02, 1.0, 9.0])
def test_any_floor_leaves_the_total_of_particles(floor, rng):
    rows, columns = np.mgrid[:240, :240]
    expected = 4 * np.exp(-((rows % 60 - 30) ** 2 + (columns % 60 - 30) ** 2) / 200)
    found = counts_of(clipped(expected, 2.0, rng, floor)[1], 2.0, floor)
    error = np.sqrt((found.net + found.background).sum()) / expected.sum()
    assert found.net.sum() == pytest.approx(expected.sum(), rel=0.03 + 3 * error)


def test_numbers_are_drawn_as_often_as_there_are_counts(rng):
    number, image = clipped(np.full((256, 256), 0.3), 2.0, rng)
    drawn = drawn_numbers(image, np.full(image.shape, 0.3), FLOOR, 2.0, rng)
    for n in (0, 1, 2):
        assert np.mean(drawn == n) == pytest.approx(np.mean(number == n), abs=0.008)
    assert np.corrcoef(drawn.ravel(), number.ravel())[0, 1] > 0.45


@alternating(level=[0.0, 0.05, 0.3, 1.5, 5.0], stated=[0.7, 1.4])
def test_halves_are_independent_whatever_the_stated_noise(level, stated, rng):
    """Also after what is negative is cut off, as fusion does."""
    _, image = clipped(np.full((256, 256), level), 2.0, rng)
    found = counts_of(image, 2.0, stated * FLOOR)
    first = halved_likely_counts(image, found, stated * FLOOR, 2.0, rng)
    second = found.net - first
    spread = found.net.std() / np.sqrt(found.net.size)
    assert first.mean() == pytest.approx(second.mean(), abs=4 * spread)
    for one in (first, np.maximum(first, 0.0)):
        away = one - ndimage.gaussian_filter(one, 8.0)
        assert abs(np.corrcoef(away.ravel(), second.ravel())[0, 1]) < 0.045


def test_halves_do_not_share_the_noise_of_the_background(rng):
    """It follows the counts of neighbours, whose differences then show too little of the noise."""
    shared = whole = 0.0
    for _ in range(6):
        _, image = clipped(np.full((192, 192), 0.05), 2.0, rng)
        found = counts_of(image, 2.0)
        first = halved_likely_counts(image, found, FLOOR, 2.0, rng)
        shared += np.cov(first.ravel(), (found.net - first).ravel())[0, 1]
        whole += first.var()
    assert abs(shared / whole) < 0.006

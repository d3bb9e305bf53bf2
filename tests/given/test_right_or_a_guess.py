"""Gains that are told are right to within a quarter; others are guesses."""

from functools import cache

import numpy as np
import pytest
from slow_repeats import alternating

from hyperspy_multimodal.data import core_shell, oxide_interface
from hyperspy_multimodal.given.clipped_noise import fit_clipped
from hyperspy_multimodal.given.map_noise import estimate_noise
from hyperspy_multimodal.given.noise_blocks import blocks_of
from hyperspy_multimodal.given.noise_of_parts import spread_of_gain

GAIN = 0.04


@cache
def expected(make, size=64):
    return [each.data / each.data.max() for each in make((size, size), 10).counts[:2]]


def with_noise(mean, rng):
    return GAIN * (rng.poisson(mean) + 2.0 * rng.standard_normal(mean.shape))


def clipped(mean, rng):
    return np.maximum(with_noise(mean, rng), 0.0)


def subtracted(mean, rng):
    """A background of two to four counts."""
    background = np.linspace(2, 4, len(mean))[:, None]
    return GAIN * (rng.poisson(mean + background) - background)


def subtracted_and_clipped(mean, rng):
    return np.maximum(subtracted(mean, rng), 0.0)


def is_right_or_a_guess(found):
    return np.isinf(found.gain_error) or found.gain == pytest.approx(GAIN, rel=0.25)


@alternating(
    3,
    make=[core_shell, oxide_interface],
    draw=[with_noise, clipped, subtracted, subtracted_and_clipped],
    seed=range(3),
)
def test_few_pixels_do_not_tell_the_gain_beside_other_noise(make, draw, seed):
    """Standard errors are then a fifth of the gain, or two kinds of noise look alike."""
    for mean in expected(make):
        assert is_right_or_a_guess(estimate_noise(draw(5 * mean, np.random.default_rng(seed))))


def columns(counts, size=128):
    rows, places = np.indices((size, size))
    along, across = (
        (np.cos(0.2) * places + np.sin(0.2) * rows) / 8.3,
        (np.cos(0.2) * rows - np.sin(0.2) * places) / 8.3,
    )
    away = np.hypot(along - np.rint(along), across - np.rint(across)) * 8.3
    return counts * (0.05 + np.exp(-np.square(away / 1.7) / 2))


@pytest.mark.parametrize("rounded", [False, True])
def test_columns_of_counts_are_no_clipped_noise(rounded):
    """Expected counts differ between pixels with equal surroundings, but all are whole numbers."""
    image = GAIN * np.random.default_rng(0).poisson(columns(5.0))
    if rounded:
        image = np.rint(image * 255 / image.max()) / 255 * image.max()
    assert fit_clipped(image, GAIN)[0] is None
    found = estimate_noise(image)
    assert not found.clipped
    assert is_right_or_a_guess(found)


def test_counts_of_a_film_are_clearly_counts():
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.full((128, 128), 0.5))
    assert fit_clipped(GAIN * counts, GAIN) == (None, True)
    sizes = np.where(counts > 0, rng.gamma(2.0 * np.maximum(counts, 1), 0.5), 0.0)
    assert fit_clipped(GAIN * sizes, 1.5 * GAIN) == (None, True)


def test_signal_in_one_part_of_the_scan_does_not_tell_the_gain():
    image = np.zeros((96, 96))
    image[4:20, 4:20] = GAIN * np.random.default_rng(0).poisson(2.0, (16, 16))
    assert np.isinf(spread_of_gain(image, blocks_of(image), GAIN, 0.0, True))
    assert np.isinf(estimate_noise(image).gain_error)

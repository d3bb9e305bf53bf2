"""Hot pixels have no say in the noise of a map, and are named."""

import numpy as np
import pytest
from slow_repeats import alternating

from hyperspy_multimodal.given.hot_pixels import hot_pixels, without_hot_pixels
from hyperspy_multimodal.given.map_noise import estimate_noise
from hyperspy_multimodal.given.noisy_maps import ready_maps

GAIN = 0.04


def particles(counts, size=96):
    rows, columns = np.indices((size, size)) % 24 - 11.5
    return counts * (0.02 + np.sqrt(np.maximum(1 - (rows**2 + columns**2) / 81, 0.0)))


def with_hot(image, value, share=1e-3, seed=1):
    hot = np.random.default_rng(seed).random(image.shape) < share
    return np.where(hot, value, image), hot


@alternating(2, counts=[0.1, 1.0, 10.0], brightness=[40.0, 1e4], seed=range(2))
def test_one_pixel_in_a_thousand_does_not_change_the_gain(counts, brightness, seed):
    """With a tenth of a count, few pixels are not 0, and many of these are hot."""
    image = GAIN * np.random.default_rng(seed).poisson(particles(counts))
    spiked, hot = with_hot(image, brightness * GAIN * max(counts, 1.0), seed=seed + 7)
    found, without = estimate_noise(spiked), estimate_noise(image)
    assert found.hot == hot.sum() > 0
    assert without.hot == 0
    assert found.gain == pytest.approx(without.gain, rel=0.1)
    assert found.gain == pytest.approx(GAIN, rel=0.25)


def test_pairs_are_found():
    image = GAIN * np.random.default_rng(0).poisson(particles(3.0))
    image[40, 40:42] = 100.0
    assert np.argwhere(hot_pixels(image)).tolist() == [[40, 40], [40, 41]]


@pytest.mark.parametrize("shape", [1.0, 2.0, np.inf])
@pytest.mark.parametrize("counts", [0.05, 1.0, 30.0])
def test_single_counts_and_small_particles_are_not_hot(shape, counts):
    """Sizes of counts may differ, with an exponential distribution."""
    rng = np.random.default_rng(0)
    number = rng.poisson(particles(counts))
    sizes = number if np.isinf(shape) else rng.gamma(shape * np.maximum(number, 1), 1 / shape)
    assert not hot_pixels(np.where(number > 0, sizes, 0.0)).any()


def test_hot_pixels_are_replaced_by_values_of_their_neighbours():
    image = np.random.default_rng(0).poisson(particles(3.0)).astype(float)
    changed, number = without_hot_pixels(with_hot(image, 1e3)[0])
    assert number > 0
    assert np.array_equal(changed, np.rint(changed))
    assert changed.max() == image.max()


@pytest.mark.parametrize("image", [np.zeros((9, 9)), np.full((9, 9), -1.0)])
def test_maps_without_signal_have_none(image):
    assert not hot_pixels(image).any()


def test_hot_pixels_are_named(caplog):
    image = GAIN * np.random.default_rng(0).poisson(particles(3.0))
    spiked, hot = with_hot(image, 1e3)
    ready_maps(["Ti", "O"], np.array([spiked, image]), None, None, 1, 0)
    assert f"as hot pixels are: Ti ({hot.sum()})." in caplog.text

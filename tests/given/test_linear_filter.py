"""Median filters are no linear filters: the noise before them is not known."""

import numpy as np
import pytest
from scipy import ndimage
from slow_repeats import alternating

from hyperspy_multimodal.data import oxide_interface
from hyperspy_multimodal.given.linear_filter import _equal_by_rounding, may_be_linear
from hyperspy_multimodal.given.map_noise import estimate_noise

GAIN = 0.04
LINEAR = {
    "none": lambda image: image,
    "Gaussian": lambda image: ndimage.gaussian_filter(image, 1.0),
    "3 x 3": lambda image: ndimage.uniform_filter(image, 3),
    "enlarged": lambda image: ndimage.zoom(image[::2, ::2], 2, order=1),
}
#: Pixels along an axis over which each of them distributes a count.
SPREAD = {"none": 1.0, "Gaussian": 3.5, "3 x 3": 3.0, "enlarged": 3.0}


def columns(counts, size=96):
    rows, places = np.indices((size, size))
    return counts * (0.1 + 0.9 * np.square(np.sin(rows / 9) * np.cos(places / 7)))


def drawn(counts, seed, has_floor=False):
    rng = np.random.default_rng(seed)
    image = rng.poisson(columns(counts)) + 0.5 * has_floor * rng.standard_normal((96, 96))
    return GAIN * image


@alternating(3, counts=[0.3, 1, 5, 30], has_floor=[False, True], seed=range(2))
def test_gains_before_a_median_filter_are_guesses(counts, has_floor, seed):
    """Its noise is much lower than that of an average, and looks like that of many counts."""
    image = ndimage.median_filter(drawn(counts, seed, has_floor), 3)
    found = estimate_noise(image)
    assert np.isinf(found.gain_error) or found.gain == pytest.approx(GAIN, rel=0.25)


@alternating(3, name=list(LINEAR), counts=[0.3, 1, 5, 30], rounded=[False, True])
def test_linear_filters_and_rounding_are_accepted(name, counts, rounded):
    """Neighbours are equal where there are few counts, and by rounding to 8 bits."""
    image = LINEAR[name](drawn(counts, 0))
    gain = GAIN * (4 if name == "enlarged" else 1)
    if rounded:
        gain *= 255 / image.max()
        image = np.rint(image * 255 / image.max())
    assert may_be_linear(image, SPREAD[name], gain)


def test_steps_that_are_larger_than_counts_are_not_accepted():
    image = ndimage.gaussian_filter(drawn(30, 0), 1.0)
    assert may_be_linear(image, 3.5, GAIN)
    assert not may_be_linear(np.rint(image / GAIN / 4) * 4 * GAIN, 3.5, GAIN)


def test_constant_maps_have_no_counts():
    assert not may_be_linear(np.ones((40, 40)), 1.0, 1.0)
    assert may_be_linear(np.zeros((40, 40)), 1.0, 1.0)


def test_differences_of_mixed_noise_tell_how_many_are_equal():
    """Also where the noise varies by a factor of two and more."""
    steps = np.arange(4)
    for deviations in ([2.0], [1.5, 3.0], [1.2, 2.0, 4.0]):
        each = [np.exp(-np.square(steps / s) / 2) / s for s in deviations]
        chance = np.sum(each, axis=0) * np.array([1, 2, 2, 2])
        chance /= 100 * len(deviations)
        found = _equal_by_rounding(*chance[1:], 1e-9)
        assert found == pytest.approx(chance[0], rel=0.06)


@pytest.mark.parametrize("seed", range(2, 10, 3))
def test_a_median_of_columns_has_too_many_equal_neighbours(seed):
    """They are a quarter of all, but differences of a step and more explain a sixth."""
    mean = oxide_interface((128, 128), 10).counts[0].data
    counts = np.random.default_rng(seed).poisson(mean * 30 / mean.max()).astype(float)
    assert may_be_linear(GAIN * counts, 1.0, GAIN)
    assert not may_be_linear(GAIN * ndimage.median_filter(counts, 3), 1.0, 0.12 * GAIN)

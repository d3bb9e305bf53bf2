"""Noise before a filter: right, or a guess, also if structure or an unknown filter hides it."""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage
from slow_repeats import alternating

from hyperspy_multimodal.data import core_shell, oxide_interface
from hyperspy_multimodal.given import noise_before_filter
from hyperspy_multimodal.given.map_noise import estimate_noise
from hyperspy_multimodal.given.noise_correlation import correlation_of_noise

GAIN = 0.04


@cache
def expected(make):
    return [each.data / each.data.max() for each in make((128, 128), 10).counts[:2]]


def enlarged(mean, seed, order):
    counts = np.random.default_rng(seed).poisson(mean[::2, ::2]).astype(float)
    return GAIN * ndimage.zoom(counts, 2, order=order)


def is_right_or_a_guess(found, gain):
    return np.isinf(found.gain_error) or found.gain == pytest.approx(gain, rel=0.25)


@alternating(4, make=[core_shell, oxide_interface], counts=[0.3, 1.0], seed=range(4))
def test_cubic_interpolation_is_no_known_filter(make, counts, seed):
    """It fits one up to three pixels, but not beyond."""
    for mean in expected(make):
        found = estimate_noise(enlarged(counts * mean, seed, 3))
        assert is_right_or_a_guess(found, 4 * GAIN)


def test_correlations_farther_apart_show_structure_and_other_filters():
    smooth, columns = np.full((128, 128), 2.0), expected(oxide_interface)[0]
    assert correlation_of_noise(enlarged(smooth, 0, 1)).is_of_filter
    for mean, order in ((columns, 1), (0.3 * columns, 3)):
        found = [correlation_of_noise(enlarged(mean, seed, order)) for seed in range(4)]
        assert sum(each.blur > 0 for each in found) >= 3
        assert sum(np.isnan(each.blur) or not each.is_of_filter for each in found) >= 3


def test_structure_makes_the_gain_less_certain():
    """The noise of sums increases where structure increases it, and cannot decrease."""

    def of(noises):
        tried = [
            noise_before_filter._OfSums(
                gain=1.0, error=0.1, floor=0.0, floor_error=0.1, structure=size**6,
                noise=noise, noise_error=0.1, found=None, sums=None, gap=0, sharing=1.0,
            )
            for size, noise in zip((1, 3, 5), noises, strict=True)
        ]  # fmt: skip
        return noise_before_filter._from_structure(tried[0], tried[1:], 1.0)

    alike = of((1.0, 1.0, 1.0))
    assert 0 < alike < 0.05
    assert of((1.0, 1.5, 2.0)) > 2 * alike
    assert of((1.0, 0.9, 0.9)) < alike
    assert of((1.0, 0.6, 0.6)) > 0.3  # another filter


def test_parts_of_the_scan_are_compared_once(monkeypatch):
    compared = []
    original = noise_before_filter.spread_of_gain

    def counted(image, *args):
        compared.append(image.shape)
        return original(image, *args)

    monkeypatch.setattr(noise_before_filter, "spread_of_gain", counted)
    monkeypatch.setattr("hyperspy_multimodal.given.noise_from_moments.spread_of_gain", counted)
    rows, columns = np.indices((128, 128)) / 128
    mean = 1.5 + np.sin(5 * rows) * np.cos(4 * columns)
    counts = np.random.default_rng(1).poisson(mean).astype(float)
    found = estimate_noise(ndimage.gaussian_filter(counts, 1.0))
    assert np.isfinite(found.gain_error)
    assert len(compared) == 1

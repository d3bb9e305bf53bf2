"""How far counts scatter about a map, relative to their noise."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.data import oxide_interface
from hyperspy_multimodal.selection import Expectation
from hyperspy_multimodal.selection.window_noise import warn_of_scatter

SAID = "In most of the scan"


def _scatter(counts, expected):
    counts = np.asarray(counts, float)[None]
    maps = ElementMaps(["a"], counts, np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1)))
    return Expectation(maps).scatters(np.asarray(expected, float)[None])[0]


@pytest.mark.parametrize("level", [2.0, 50.0])
def test_counts_scatter_about_their_mean_as_their_noise(rng, level):
    expected = np.full((96, 96), level)
    assert _scatter(rng.poisson(expected), expected) == pytest.approx(1, abs=0.1)


def test_noise_that_is_too_small_or_correlated_shows(rng):
    expected = np.full((96, 96), 40.0)
    counts = rng.poisson(expected)
    assert _scatter(4 * counts, 4 * expected) == pytest.approx(2, abs=0.2)
    shared = 40 + 2 * (ndimage.uniform_filter(counts, 2, output=float) - 40)
    assert _scatter(shared, expected) > 1.5


def test_a_map_that_is_too_smooth_shows(rng):
    expected = 20.0 + 15.0 * np.sin(np.arange(96) / 2)[:, None] + np.zeros(96)
    counts = rng.poisson(expected)
    assert _scatter(counts, ndimage.uniform_filter(expected, 15)) > 1.5


def _messages(**settings):
    specimen = oxide_interface((48, 48), counts=20)
    _, output = specimen.signal.multimodal_fusion(
        specimen.haadf, show_progressbar=False, full_output=True, **settings
    )
    return [each for each in output["messages"] if each.startswith(SAID)]


def test_a_fusion_that_is_too_smooth_is_reported():
    (said,) = _messages(lambdas=(1, 100), keep_significant=False)
    assert "Use lambdas='auto'" in said
    assert not _messages()


def test_binning_is_advised_once_and_not_with_given_lambdas(logged):
    warn_of_scatter(["a"], [2.0], automatic=True)
    assert "bin the scan with s.rebin once" in logged.text
    assert "binning further does not help" in logged.text
    logged.clear()
    warn_of_scatter(["a"], [2.0], automatic=False)
    assert "In most of the scan" in logged.text and "s.rebin" not in logged.text

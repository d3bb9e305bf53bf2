"""Preparation of a scan: where the HAADF lies relative to the maps."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal.given.noisy_maps import ready_maps
from hyperspy_multimodal.recovery.prepared import registered_fit
from hyperspy_multimodal.selection.registration import moved_image

SHAPE = 96, 96


def shares(seed=0, peak=12):
    """Return a HAADF of particles, and maps that add up to 1, the last of which is the rest."""
    rows, cols = np.indices(SHAPE)

    def particles(*centres):
        return sum(np.exp(-((rows - y) ** 2 + (cols - x) ** 2) / 30.0) for y, x in centres)

    heavy = particles((20, 24), (50, 70), (74, 30), (30, 52))
    light = particles((24, 74), (60, 44), (78, 66), (46, 18))
    rng = np.random.default_rng(seed)
    counts = rng.poisson([peak * heavy + peak / 12, peak * light + peak / 12]).astype(float)
    first, second = 0.02 * counts
    return heavy + 0.2 * light, np.stack([first, second, 1 - first - second])


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.0, 3.0), (-2.0, 1.0)])
def test_a_map_whose_counts_are_a_guess_does_not_hide_a_shift(shift):
    haadf, arrays = shares()
    maps, _ = ready_maps(["Dy", "Sc", "O"], arrays, None, None, 0, 0)
    assert np.isinf(maps.gain_doubts[2]) and np.isfinite(maps.gain_doubts[:2]).all()
    parameters = SimpleNamespace(weights_of=lambda _: "auto", fits_weights=True, align=True)
    moved = moved_image(haadf, shift)
    _, found = registered_fit(maps, moved, [66**1.7, 21**1.7, 8**1.7], parameters)
    np.testing.assert_allclose(found, -np.array(shift), atol=0.3)


@pytest.mark.parametrize("weights", ["auto", "Z", None])
@pytest.mark.parametrize("noise_maps", [0, 3, 12])
def test_maps_of_noise_alone_do_not_hide_a_shift(weights, noise_maps):
    """Heavy elements that are not there count for much in the HAADF, and are all noise."""
    haadf, arrays = shares(peak=2)
    rng = np.random.default_rng(1)
    arrays = np.stack([*(arrays[:2] / 0.02), *rng.poisson(0.5, (noise_maps, *SHAPE))])
    names = ["Dy", "Sc", *("Au", "Pt", "Pb", "W", "Ta", "Hf", "Bi", "U", "Th", "Re", "Os", "Ir")]
    maps, _ = ready_maps(names[: len(arrays)], arrays.astype(float), None, None, 0, 0)
    is_fitted = weights is not None
    parameters = SimpleNamespace(weights_of=lambda _: weights, fits_weights=is_fitted, align=True)
    moved = moved_image(haadf, (0.0, 3.0))
    scattering = [66**1.7, 21**1.7, *[79**1.7] * noise_maps]
    _, found = registered_fit(maps, moved, scattering, parameters)
    np.testing.assert_allclose(found, (0.0, -3.0), atol=0.4)


@pytest.mark.parametrize("weights", ["auto", "Z", None])
def test_a_haadf_is_not_moved_to_maps_of_noise(weights):
    haadf, _ = shares()
    arrays = np.random.default_rng(2).poisson(0.5, (2, *SHAPE)).astype(float)
    maps, _ = ready_maps(["Au", "Pt"], arrays, None, None, 0, 0)
    is_fitted = weights is not None
    parameters = SimpleNamespace(weights_of=lambda _: weights, fits_weights=is_fitted, align=True)
    _, found = registered_fit(maps, haadf, [79**1.7, 78**1.7], parameters)
    assert not found.any()

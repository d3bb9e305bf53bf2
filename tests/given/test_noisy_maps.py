"""Maps that were made elsewhere: their noise, and effective counts."""

import logging

import numpy as np
import pytest
from scipy import ndimage
from slow_repeats import alternating

from hyperspy_multimodal.counts.repeated_lines import Repeats
from hyperspy_multimodal.given.clipped_noise import may_be_clipped
from hyperspy_multimodal.given.map_noise import Noise
from hyperspy_multimodal.given.noisy_maps import (
    _estimated,
    _warn_of_estimate,
    estimate_noise,
    ready_maps,
)

SHAPE = (96, 80)


def truth(peak=20.0):
    y, x = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return peak * np.exp(-((y - 40) ** 2 + (x - 36) ** 2) / 2 / 20**2)


def counts(seed=0, peak=20.0):
    return np.random.default_rng(seed).poisson(truth(peak)).astype(float)


@alternating(floor=[0.0, 4.0], gain=[0.02, 3.0])
def test_gain_and_floor_are_found_in_the_noise(gain, floor):
    found = []
    for seed in range(6):
        extra = np.random.default_rng(100 + seed).normal(0, np.sqrt(floor), SHAPE)
        noise = estimate_noise(gain * (counts(seed) + extra))
        found.append((noise.gain / gain, noise.floor / gain**2))
        assert noise.blur == 0
    mean = np.mean(found, axis=0)
    assert mean[0] == pytest.approx(1, abs=0.3)
    assert mean[1] == pytest.approx(floor, abs=1.2)


def test_noise_that_does_not_grow_is_a_floor():
    image = truth() + np.random.default_rng(0).normal(0, 3, SHAPE)
    noise = estimate_noise(image)
    variance = noise.floor + noise.gain * truth().mean()
    assert variance == pytest.approx(9, rel=0.2)


def test_smoothed_noise_is_noticed():
    assert estimate_noise(ndimage.gaussian_filter(counts(), 1.0)).blur == pytest.approx(1, rel=0.2)


@pytest.mark.parametrize("value", [0.0, 3.3])
def test_a_constant_map_has_no_noise(value):
    noise = estimate_noise(np.full(SHAPE, value))
    assert (noise.gain > 0, noise.floor, noise.blur) == (True, 0.0, 0.0)


def test_pictures_of_8_bits_are_no_counts(caplog):
    image = counts()
    picture = np.rint(image / image.max() * 255)
    maps, source = ready_maps(["Ti"], picture[None], None, None, 1, 0)
    assert source == "estimated"
    assert "look scaled" in caplog.text
    assert maps.gains[0] == pytest.approx(255 / image.max(), rel=0.3)
    assert ready_maps(["Ti"], image[None], None, None, 1, 0)[1] == "counts"


def test_counts_are_split_into_independent_halves():
    image = np.stack([counts(0), counts(1)])
    maps, source = ready_maps(["Ti", "O"], image, None, None, 3, 0)
    assert source == "counts"
    np.testing.assert_array_equal(maps.counts, image)
    np.testing.assert_array_equal(maps.background, 0)
    for first, second in maps.halves(3, 0):
        np.testing.assert_array_equal(first.net + second.net, image)
        assert (first.net >= 0).all() and (second.net >= 0).all()
        shared = (first.net - truth() / 2) * (second.net - truth() / 2)
        assert abs(shared.mean()) < 0.05 * truth().mean()
    again, _ = ready_maps(["Ti", "O"], image, None, None, 3, 0)
    np.testing.assert_array_equal(again.first_halves, maps.first_halves)


@pytest.mark.parametrize("gain", [None, 0.05])
def test_halves_of_fractions_are_independent(gain, caplog):
    shared = []
    for seed in range(5):
        noise = 1e-4 * np.random.default_rng(seed).standard_normal(truth().shape)
        image = 0.05 * counts(seed)[None] + noise  # not in equal steps
        maps, source = ready_maps(["Ti"], image, gain, None, 1, seed)
        assert source == ("estimated" if gain is None else "given")
        [(first, second)] = maps.halves(1, seed)
        half = truth() / 2 * 0.05 / maps.gains[0]
        error = (first.net[0] - half) * (second.net[0] - half)
        shared.append(error.mean() / np.square(first.net[0] - half).mean())
    assert abs(np.mean(shared)) < 0.15
    assert ("The maps are not counts" in caplog.text) == (gain is None)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_scaled_counts_are_counts(kind, caplog):
    """As counts per second, or normalised to a maximum of 1: the steps show the factor exactly."""
    images = np.stack([counts(0), counts(1)])
    factors = 1 / images.max(axis=(1, 2)), np.array([0.3, 7.0])
    for each in factors:
        scaled = (images * each[:, None, None]).astype(kind).astype(float)
        maps, source = ready_maps(["Ti", "O"], scaled, None, None, 2, 0)
        assert source == "counts"
        np.testing.assert_allclose(maps.gains, each, rtol=1e-6)
        np.testing.assert_allclose(maps.net, images, atol=1e-3)
    assert "counts that were multiplied by a constant" in caplog.text
    noisy = scaled + 0.01 * np.random.default_rng(0).standard_normal(scaled.shape)
    doubled = 2 * np.rint(images / 2)  # noise of half as many counts
    rounded = np.rint(1.3 * images)
    for other in (noisy, 0.3 * doubled, [scaled[0], noisy[1]], rounded / rounded.max()):
        assert ready_maps(["Ti", "O"], np.array(other), None, None, 1, 0)[1] == "estimated"


def test_units_do_not_matter():
    """A given gain undoes a factor on the maps, exactly."""
    image = counts()[None]
    reference, _ = ready_maps(["Ti"], 0.5 * image, 0.5, None, 2, 0)
    scaled, _ = ready_maps(["Ti"], 0.25 * image, 0.25, None, 2, 0)
    np.testing.assert_allclose(scaled.net, image)
    np.testing.assert_allclose(scaled.net, reference.net)
    np.testing.assert_allclose(scaled.counts, reference.counts)
    np.testing.assert_allclose(scaled.first_halves, reference.first_halves)
    np.testing.assert_allclose(scaled.gains, 0.25)


def test_subtracted_background_is_noise_that_stays():
    """y = x + 2 v over 2 v: the variance that a background of 5 counts leaves, doubled."""
    rng = np.random.default_rng(0)
    image = (rng.poisson(truth() + 5.0) - 5.0)[None]
    maps, source = ready_maps(["Ti"], image, None, 5.0, 2, 0)
    assert source == "estimated"
    maps, source = ready_maps(["Ti"], image, 1.0, 5.0, 2, 0)
    assert source == "given"
    np.testing.assert_allclose(maps.background, 10.0)
    assert (maps.counts >= 0).all()


def test_wrong_gains_are_refused():
    with pytest.raises(ValueError, match="gain"):
        ready_maps(["Ti"], counts()[None], -1.0, None, 1, 0)
    with pytest.raises(ValueError, match="background"):
        ready_maps(["Ti"], counts()[None], None, -1.0, 1, 0)


def test_input_is_not_modified(caplog):
    caplog.set_level(logging.ERROR)
    image = 0.3 * counts()[None]
    before = image.copy()
    maps, _ = ready_maps(["Ti"], image, None, None, 1, 0)
    maps.counts, maps.background, maps.halves(1, 0)
    np.testing.assert_array_equal(image, before)


def test_maps_of_a_scan_are_clipped_together():
    """One map alone does not show it clearly. Counts beside a clipped map stay counts."""
    rng = np.random.default_rng(1)
    rows, columns = np.ogrid[:64, :64]
    spheres = np.zeros((2, 64, 64))
    for sphere, number in zip(spheres, (6, 4), strict=True):
        for _ in range(number):
            row, column, radius = *rng.uniform(8, 56, 2), rng.uniform(5, 11)
            height = 1 - ((rows - row) ** 2 + (columns - column) ** 2) / radius**2
            sphere[:] = np.maximum(sphere, np.sqrt(np.maximum(height, 0)))
    rng.standard_normal((64, 64))
    noisy = rng.poisson(spheres) + 0.5 * rng.standard_normal(spheres.shape)
    first, second = np.maximum(noisy, 0)
    assert [estimate_noise(each).clipped for each in (first, second)] == [False, True]
    assert [each.clipped for each in _estimated([first, second])] == [True, True]
    few = 0.7 * rng.poisson(spheres[0])
    assert [each.clipped for each in _estimated([few, second])] == [False, True]


def test_zeros_that_may_be_noise_are_told_from_those_of_counts():
    rng = np.random.default_rng(0)
    counts = rng.poisson(1.5, (32, 32))
    noisy = counts + rng.normal(0, 0.5, counts.shape)
    assert not may_be_clipped(np.float32(0.37) * counts, 0.4)
    assert not may_be_clipped(noisy, 1.0)  # with negative values
    assert may_be_clipped(np.maximum(noisy, 0), 1.0)
    assert may_be_clipped(np.rint(20 * np.maximum(noisy, 0)), 20.0)
    assert not may_be_clipped(np.maximum(noisy + 8, 0), 1.0)


def test_what_is_not_known_of_the_noise_is_called_unknown(caplog):
    known = Noise(0.02, 0.003, gain_error=0.004, floor_error=0.001)
    plain = Noise(0.03, 0.0001, gain_error=0.003, floor_error=0.0004)
    unknown = Noise(0.00082, 0.01, gain_error=np.inf, floor_error=0.41)
    noises, repeats = [known, plain, unknown], Repeats(np.ones((3, 2, 2)), 1.0, 1.0, None)
    floors = [noise.floor for noise in noises]
    _warn_of_estimate(["Sc", "Dy", "O"], noises, floors, None, repeats)
    assert "Sc 0.0200 ± 0.0040, Dy 0.0300 ± 0.0030, O unknown (0.00082 assumed). " in caplog.text
    assert "adds a variance of Sc 0.0030 ± 0.0010, O 0.01. " in caplog.text
    caplog.clear()
    _warn_of_estimate(["Dy"], [plain], [plain.floor], None, repeats)
    assert "variance" not in caplog.text


@pytest.mark.parametrize("is_clipped", [False, True])
def test_gains_that_are_given_as_estimated_change_nothing(is_clipped):
    """Noise beside that of counts, and what was cut off of it, are estimated in both cases."""
    rng = np.random.default_rng(3)
    image = 0.01 * (rng.poisson(truth(2.0)) + rng.normal(0, 0.5, SHAPE))[None]
    if is_clipped:
        image = np.maximum(image, 0.0)
    first, source = ready_maps(["Ti"], image, None, None, 2, 0)
    again, known = ready_maps(["Ti"], image, first.gains, None, 2, 0)
    assert (source, known) == ("estimated", "given")
    for name in ("net", "net_variance", "first_halves", "gains", "cut_off"):
        np.testing.assert_allclose(getattr(again, name), getattr(first, name), rtol=1e-9)
    assert (first.events is not None) == is_clipped and (again.events is not None) == is_clipped
    assert bool(first.cut_off.any()) == is_clipped


def test_a_floor_that_was_given_beside_a_gain_is_all_of_it():
    rng = np.random.default_rng(3)
    image = 0.01 * (rng.poisson(truth(2.0)) + rng.normal(0, 0.5, SHAPE))[None]
    maps, _ = ready_maps(["Ti"], image, 0.01, 0.001, 1, 0)
    np.testing.assert_allclose(maps.net_variance - maps.net, 0.1)

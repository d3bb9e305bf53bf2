"""The HAADF image itself: scale, noise, blur and edges."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.selection import normalise_haadf
from hyperspy_multimodal.selection.normalised_haadf import guide_directions, noise_of, smoothed

from .particles import blobs

# scale


@pytest.mark.parametrize("gain", [1e-3, 1.0, 5e4])
@pytest.mark.parametrize("pedestal", [0.0, 1e4, -3.0])
def test_unit_range_does_not_depend_on_gain_and_pedestal(gain, pedestal):
    image = blobs(0)
    reference, _ = normalise_haadf(image)
    found, _ = normalise_haadf(gain * image + pedestal)
    np.testing.assert_allclose(found, reference, atol=1e-6)
    np.testing.assert_allclose(np.percentile(found, (0.5, 99.5)), (0, 1), atol=1e-12)


def test_outliers_do_not_set_the_range():
    image = blobs(0)
    reference, _ = normalise_haadf(image)
    image[5, 5], image[9, 9] = 1e6, -1e6
    np.testing.assert_allclose(normalise_haadf(image)[0][20:], reference[20:], atol=0.01)


def test_few_bright_pixels_make_an_image():
    image = np.zeros((40, 40))
    image[3, 4] = 7
    found, _ = normalise_haadf(image)
    assert (found.min(), found.max(), found[3, 4]) == (0, 1, 1)


@pytest.mark.parametrize("lowest", [100.0, 0.0, -20.0])
def test_lowest_pedestal_stands_for_no_intensity(lowest):
    image = lowest + 50 * np.random.default_rng(0).random((30, 30))
    image[0, 0] = lowest
    found, offset = normalise_haadf(image)
    gain = (image[0, 0] - image[1, 1]) / (found[0, 0] - found[1, 1])
    assert image[1, 1] + gain * (offset - found[1, 1]) == pytest.approx(min(lowest, 0), abs=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_unit_range_of_any_number(dtype):
    image = np.round(250 * blobs(0)).astype(dtype)
    found, _ = normalise_haadf(image)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, normalise_haadf(image.astype(float))[0])


# noise


def noise(deviation, shape, seed=3):
    return np.random.default_rng(seed).normal(0, deviation, shape)


@pytest.mark.parametrize("deviation", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("shape", [(96, 112), (40, 200)])
def test_noise_is_told_from_smooth_structure(deviation, shape):
    image = 5 + blobs(0, shape) + noise(deviation, shape)
    assert noise_of(image) == pytest.approx(deviation, rel=0.05)


def test_noise_is_not_seen_in_slopes_and_few_steps():
    y, x = np.mgrid[:60, :70]
    steps = (x > 30) + 2.0 * (np.hypot(y - 20, x - 50) < 9)
    assert noise_of(3 * x - 2.0 * y) == pytest.approx(0, abs=1e-12)
    assert noise_of(steps) == 0
    assert noise_of(steps + 0.5 * x + noise(0.1, y.shape)) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_a_line_of_pixels_has_no_known_noise(shape):
    assert noise_of(noise(1.0, shape)) == 0


# blur


def test_a_width_of_zero_leaves_images_as_they_are():
    image = noise(1.0, (3, 20, 30))
    assert smoothed(image, 0) is image


def test_images_are_blurred_one_by_one():
    images = noise(1.0, (3, 20, 30))
    for found, image in zip(smoothed(images, 1.3), images, strict=True):
        expected = ndimage.gaussian_filter(image, 1.3, mode="nearest")
        np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(smoothed(np.full((20, 30), 7.0), 2.5), 7)


def test_blurs_add_in_squares():
    spot = np.zeros((61, 61))
    spot[30, 30] = 1
    twice = smoothed(smoothed(spot, 3.0), 4.0)
    np.testing.assert_allclose(twice, smoothed(spot, 5.0), atol=2e-5)
    assert twice.sum() == pytest.approx(1, rel=1e-3)


# edges that guide


def step(shape=(64, 72)):
    return np.broadcast_to((np.arange(shape[1]) >= shape[1] // 2).astype(float), shape)


@pytest.mark.parametrize("blur", [0.0, 1.5])
@pytest.mark.parametrize("deviation", [0.0, 0.05])
def test_a_sharp_edge_has_unit_directions_across_it(blur, deviation):
    haadf, _ = normalise_haadf(step() + noise(deviation, step().shape))
    along_y, along_x = guide_directions(haadf, blur)
    at_edge = along_x[:, step().shape[1] // 2 - 1]
    assert at_edge.min() > 0.98
    assert np.abs(along_y[:, step().shape[1] // 2 - 1]).max() < 0.2
    # and along y, for an edge that lies the other way
    turned = guide_directions(haadf.T, blur)
    np.testing.assert_allclose(turned[0], along_x.T, atol=1e-6)
    np.testing.assert_allclose(turned[1], along_y.T, atol=1e-6)


@pytest.mark.parametrize("blur", [0.0, 1.5])
def test_noise_makes_no_edges(blur):
    haadf, _ = normalise_haadf(noise(1.0, (96, 96)))
    assert np.median(np.hypot(*guide_directions(haadf, blur))) < 0.6


def test_noise_beside_an_edge_does_not_pass_for_one():
    lengths = []
    for deviation in (0.02, 0.1):
        haadf, _ = normalise_haadf(step() + noise(deviation, step().shape))
        lengths.append(np.median(np.hypot(*guide_directions(haadf, 0.0))[:, :25]))
    assert max(lengths) < 0.55
    # a blur takes noise off the guide
    assert np.median(np.hypot(*guide_directions(haadf, 1.5))[:, :25]) < 0.8 * lengths[1]


@pytest.mark.parametrize("blur", [0.0, 2.0])
def test_a_uniform_image_has_no_edges(blur):
    np.testing.assert_array_equal(guide_directions(np.full((9, 12), 0.4), blur), 0)

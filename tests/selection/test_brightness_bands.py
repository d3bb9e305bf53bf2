"""Bands of brightness of the HAADF, and images that are interpolated between them."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.selection.brightness import otsu
from hyperspy_multimodal.selection.brightness_bands import Bands

SHAPE = 60, 70
ROWS, COLS = np.indices(SHAPE)
SLOPE = (ROWS + 0.01 * COLS) / SHAPE[0]


def test_bands_part_dark_and_bright_pixels_evenly_by_brightness():
    bands = Bands(SLOPE)
    assert bands.pixels.sum() == SLOPE.size and np.ptp(bands.pixels) <= 2
    threshold = otsu(SLOPE.ravel())
    for n in range(bands.size):
        inside = SLOPE[bands.numbers == n]
        assert inside.max() <= threshold or inside.min() > threshold
        below = (SLOPE < inside.min()).mean()
        assert bands.quantiles[n] == pytest.approx(below, abs=1e-9)
        assert bands.nodes[n] == pytest.approx(inside.mean())
    assert np.all(np.diff(bands.nodes) > 0)
    assert np.array_equal(bands.inside(0, bands.dark - 1), SLOPE <= threshold)


@pytest.mark.parametrize("noise", [0.03, 0.3])
def test_bands_are_broader_than_the_noise(noise):
    noisy = SLOPE + np.random.default_rng(0).normal(0, noise, SHAPE)
    bands = Bands(noisy)
    assert 2 <= bands.size < Bands(SLOPE).size
    assert np.diff(bands.nodes).min() > noise


def test_masked_pixels_are_in_no_band():
    mask = COLS > 40
    bands = Bands(np.where(mask, 99.0, SLOPE), mask)
    assert bands.pixels.sum() == (~mask).sum()
    assert not any(bands.inside(0, bands.size - 1)[mask])
    assert bands.sums(np.where(mask, 1.0, 0.0)).sum() == 0


def test_pixels_are_ranked_in_the_image_that_the_name_states():
    noisy = SLOPE + np.random.default_rng(0).normal(0, 0.1, SHAPE)
    for blur, words in ((0.0, "of the pixels"), (1.5, "of the HAADF blurred by 1.5 pixels")):
        bands, ranked = (
            Bands(noisy, blur=blur),
            ndimage.gaussian_filter(noisy, blur, mode="nearest"),
        )
        inside = bands.inside(0, 0)
        assert bands.name(0, 0).endswith(words)
        assert bands.name(0, 0).startswith(f"the darkest {100 * inside.mean():.0f} % ")
        assert ranked[inside].max() < ranked[~inside].min()


@pytest.mark.parametrize("haadf", [np.ones(SHAPE), np.ones((1, 1)), SLOPE[:3, :3]])
def test_scans_without_contrast_or_pixels_have_few_bands(haadf):
    bands = Bands(haadf)
    assert 1 <= bands.size <= 2 and bands.pixels.sum() == haadf.size
    assert bands.quantiles[0] == 0 and bands.quantiles[-1] == 1


def test_without_any_pixel_there_is_one_empty_band():
    assert Bands(SLOPE, np.ones(SHAPE, bool)).pixels.tolist() == [0.0]


def test_interpolated_values_stay_between_those_of_the_nodes_and_have_no_steps():
    bands = Bands(SLOPE)
    values = np.random.default_rng(1).normal(size=bands.size)
    image = bands.interpolated(values)
    order = np.argsort(SLOPE, axis=None)
    steps = np.abs(np.diff(image.ravel()[order]))
    slope = np.abs(np.diff(values) / np.diff(bands.nodes)).max()
    assert np.all(steps <= slope * np.diff(SLOPE.ravel()[order]) + 1e-12)
    assert image.min() >= values.min() and image.max() <= values.max()


def test_products_are_the_sums_of_interpolated_images():
    bands = Bands(SLOPE).within(COLS > 12)
    image, there = np.random.default_rng(2).random(SHAPE), COLS > 12
    values = np.random.default_rng(3).random(bands.size)
    expected = Bands(SLOPE).sums(np.where(there, image, 0.0) * bands.interpolated(values))
    np.testing.assert_allclose(bands.products(image) @ values, expected)
    assert bands.pixels.sum() == there.sum() and Bands(SLOPE).pixels.sum() == SLOPE.size


def test_sums_over_ranges_are_those_of_their_bands():
    bands, image = Bands(SLOPE), np.random.default_rng(4).random(SHAPE)
    first, last = np.array([0, 2]), np.array([3, 2])
    expected = [image[bands.inside(*each)].sum() for each in zip(first, last, strict=True)]
    np.testing.assert_allclose(bands.range_sums(bands.sums(image), first, last), expected)

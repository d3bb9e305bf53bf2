"""How the HAADF lies over the maps: shift and orientation."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.selection.normalised_haadf import smoothed
from hyperspy_multimodal.selection.registration import (
    _noise_of_overlap,
    moved_image,
    registration,
)

ORIENTATIONS = {
    "mirrored left to right": lambda a: a[:, ::-1],
    "mirrored top to bottom": lambda a: a[::-1],
    "rotated by 180 degrees": lambda a: a[::-1, ::-1],
    "transposed": lambda a: a.T,
    "rotated by 90 degrees": lambda a: np.rot90(a, 3),
    "rotated by 270 degrees": lambda a: np.rot90(a),
    "rotated by 180 degrees and transposed": lambda a: a[::-1, ::-1].T,
}


def particles(shape=(72, 80)):
    rng = np.random.default_rng(4)
    y, x = np.ogrid[: shape[0], : shape[1]]
    centres = rng.uniform(0.2, 0.8, (7, 2)) * shape
    image = sum(
        np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 2 / width**2)
        for (cy, cx), width in zip(centres, rng.uniform(3, 7, 7), strict=True)
    )
    return image / image.max()


def noisy(image, noise=0.05, seed=0):
    return image + np.random.default_rng(seed).normal(0, noise, image.shape)


@pytest.mark.parametrize("shift", [(0.5, 0.0), (0.0, 1.7), (-3.0, 2.6), (4.0, 4.0)])
def test_a_shift_is_found_to_a_tenth_of_a_pixel(shift):
    image = particles()
    modelled = smoothed(noisy(image, seed=1), 1.5)
    found = registration(modelled, noisy(moved_image(image, shift)))
    assert found.orientation is None
    np.testing.assert_allclose(found.shift, np.negative(shift), atol=0.15)
    assert found.distance == pytest.approx(np.hypot(*shift), abs=0.15)


def test_an_image_that_fits_is_not_moved():
    image = particles()
    found = registration(smoothed(noisy(image, seed=1), 1.5), noisy(image))
    assert (found.shift, found.orientation) == ((0.0, 0.0), None)


@pytest.mark.parametrize("seed", range(4))
def test_noise_and_other_images_have_no_shift(seed):
    image = particles()
    noise = np.random.default_rng(seed).normal(size=image.shape)
    assert registration(smoothed(image, 1.5), noise).distance == 0
    flat = registration(np.ones(image.shape), image)
    assert (flat.distance, flat.orientation) == (0, None)


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_an_orientation_is_recognised_and_its_remedy_undoes_it(name):
    image = particles((72, 72))
    turned = ORIENTATIONS[name](image)
    found = registration(smoothed(image, 1.5), noisy(turned))
    assert found.orientation == name

    class Haadf:
        data = turned

    undone = eval(found.remedy, {"numpy": np, "haadf": Haadf})
    np.testing.assert_array_equal(undone, image)


def test_moving_is_exact_for_whole_pixels_and_keeps_its_input():
    image = particles()
    before = image.copy()
    moved = moved_image(image, (2, -3))
    np.testing.assert_allclose(moved[2:, :-3], image[:-2, 3:], atol=1e-10)
    np.testing.assert_array_equal(image, before)


def contrast(seed, width=7.0):
    """Contrast of the HAADF that no map has, such as diffraction, as strong as the particles."""
    noise = np.random.default_rng(seed).normal(size=(72, 80))
    image = ndimage.gaussian_filter(noise, width, mode="wrap")
    return image / image.std()


def test_contrast_that_the_maps_lack_is_no_shift():
    image = particles()
    modelled = smoothed(noisy(image, seed=1), 1.5)
    moved = [
        registration(modelled, noisy(image) + 0.6 * image.std() * contrast(seed)).distance
        for seed in range(30)
    ]
    assert np.count_nonzero(moved) <= 2


@pytest.mark.parametrize("shift", [(0.0, 2.5), (-3.0, 2.0), (4.0, 4.0)])
def test_true_shifts_are_found_below_such_contrast(shift):
    image = particles()
    modelled = smoothed(noisy(image, seed=1), 1.5)
    haadf = noisy(moved_image(image, shift))
    found = [
        registration(modelled, haadf + 0.25 * image.std() * contrast(seed)).shift
        for seed in range(10)
    ]
    errors = np.hypot(*(np.array(found) + shift).T)
    assert np.count_nonzero(errors < 1) >= 9


@pytest.mark.parametrize("shift", [(0, 2), (0, -5), (3, 0), (-5, 3)])
def test_a_shift_is_found_below_a_slope_that_the_maps_lack(shift):
    """The specimen extends beyond the scan, and its thickness changes only in the HAADF."""
    rows, columns = np.indices((60, 64))
    rng = np.random.default_rng(5)
    texture = ndimage.gaussian_filter(rng.normal(size=(60, 64)), 2.5)
    texture /= texture.std()
    slope = (rows - columns) / 15
    modelled = smoothed(noisy(texture, 0.5, seed=1), 1.5)
    ends = [(max(-each, 0), max(each, 0)) for each in shift]
    of_maps = tuple(slice(first, n - last) for n, (first, last) in zip((60, 64), ends, strict=True))
    of_haadf = tuple(
        slice(last, n - first) for n, (first, last) in zip((60, 64), ends, strict=True)
    )
    found = registration(modelled[of_maps], noisy(texture + slope)[of_haadf])
    np.testing.assert_allclose(found.shift, shift, atol=0.5)
    unmoved = registration(modelled, noisy(texture + slope))
    assert unmoved.distance < 0.5


@pytest.mark.parametrize(("shift", "expected"), [((0, 3), (0, 3)), ((0, 8), (0, 0))])
def test_a_lattice_is_moved_by_the_shortest_shift_or_not_at_all(shift, expected):
    rows, columns = np.indices((80, 80))
    lattice = (np.cos(np.pi * rows / 8) + 1) ** 4 * (np.cos(np.pi * columns / 8) + 1) ** 4 / 256
    moved = np.roll(lattice, shift, (0, 1))
    found = registration(smoothed(noisy(moved, seed=1), 1.5), noisy(lattice))
    np.testing.assert_allclose(found.shift, expected, atol=0.2)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.0, 4.0)])
def test_a_map_that_is_dark_where_the_haadf_is_bright_has_no_shift(shift):
    rows, columns = np.indices((80, 80))
    lattice = np.cos(np.pi * rows / 8) + np.cos(np.pi * columns / 8)
    haadf = noisy(moved_image(lattice, shift))
    assert registration(smoothed(noisy(-lattice, seed=1), 1.5), haadf).distance == 0


def test_noise_of_the_maps_does_not_hide_a_shift():
    """What noise leaves unexplained is not what a shift could explain."""
    image = particles()
    noise = 0.5
    modelled = smoothed(noisy(image, noise, seed=3), 1.5)
    haadf = noisy(moved_image(image, (0.0, 2.0)))
    assert registration(modelled, haadf).distance == 0
    found = registration(modelled, haadf, noise**2 / (4 * np.pi * 1.5**2))
    np.testing.assert_allclose(found.shift, (0, -2), atol=0.6)


@pytest.mark.parametrize("shift", [(0.0, 4.0), (-3.0, 2.0)])
def test_a_shift_is_found_from_edges_that_are_mostly_noise(shift):
    """Contrast that the maps lack hides the shift of the images, but not that of their edges."""
    rng = np.random.default_rng(2)
    texture = ndimage.gaussian_filter(rng.normal(size=(256, 256)), 2.0)
    other = ndimage.gaussian_filter(rng.normal(size=(256, 256)), 12.0)
    texture, other = (each / each.std() for each in (texture, other))
    noise = 6.0
    modelled = smoothed(noisy(texture, noise, seed=1), 1.5)
    haadf = moved_image(noisy(texture + 5 * other), shift)
    found = registration(modelled, haadf, noise**2 / (4 * np.pi * 1.5**2))
    np.testing.assert_allclose(found.shift, np.negative(shift), atol=0.5)


@pytest.mark.parametrize("size", [24, 96])
def test_noise_of_images_and_edges_is_that_of_simulated_noise(size):
    """Noise that is wrong by a quarter makes a shift of noisy edges look like none."""
    rng = np.random.default_rng(0)
    part = slice(0, size), slice(3, size)
    images = [smoothed(rng.normal(size=(size, size)), 1.5)[part] for _ in range(400)]
    measured = [
        np.mean([np.square(image).mean() for image in images]),
        np.mean([np.square(np.gradient(image)).sum(axis=0).mean() for image in images]),
    ]
    expected = np.array(_noise_of_overlap((size, size), part)) / (4 * np.pi * 1.5**2)
    np.testing.assert_allclose(measured, expected, rtol=0.05)

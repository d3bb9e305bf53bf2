"""Maps that were enlarged by interpolation: the map before is found exactly; others are not."""

import logging

import numpy as np
import pytest
from scipy import ndimage
from slow_repeats import alternating

from hyperspy_multimodal.data import core_shell, oxide_interface
from hyperspy_multimodal.given.enlarged_maps import before_enlarging, of_enlarged
from hyperspy_multimodal.given.map_noise import Noise, estimate_noise
from hyperspy_multimodal.given.noisy_maps import ready_maps

GAIN = 0.04


def mean(shape, counts):
    rows, columns = np.indices(shape)
    return counts * (0.05 + np.square(np.sin(rows / 7) * np.cos(columns / 6)))


def drawn(shape=(64, 64), counts=5.0, seed=0):
    return GAIN * np.random.default_rng(seed).poisson(mean(shape, counts))


def zoomed(image, shape, order=1, is_centred=False):
    times = np.array(shape) / image.shape
    mode = "mirror" if is_centred else "constant"
    return ndimage.zoom(image, times, order=order, grid_mode=is_centred, mode=mode)


@alternating(
    3,
    order=[1, 3],
    is_centred=[False, True],
    shapes=[((64, 64), (128, 128)), ((48, 64), (72, 160)), ((90, 100), (128, 125))],
    counts=[0.1, 5.0],
    single=[False, True],
)
def test_maps_before_interpolation_are_found(order, is_centred, shapes, counts, single):
    """Also in single precision, and if 95 % of the pixels are 0."""
    old, new = shapes
    source = drawn(old, counts)
    image = zoomed(source, new, order, is_centred)
    found = before_enlarging(image.astype(np.float32).astype(float) if single else image)
    assert found.shape == old
    assert found.times == pytest.approx(new[0] / old[0] * new[1] / old[1])
    np.testing.assert_allclose(_aligned(found.source, source), 0, atol=2e-5 * source.max())
    assert np.mean(found.source == 0) == pytest.approx(np.mean(source == 0), abs=0.02)


def _aligned(found, source):
    """Return the least difference from a part of the source."""
    ny, nx = found.shape
    shifts = np.ndindex(*(np.subtract(source.shape, found.shape) + 1))
    away = (found - source[y : y + ny, x : x + nx] for y, x in shifts)
    return min(away, key=lambda each: np.abs(each).max())


@pytest.mark.parametrize("name", ["BILINEAR", "BICUBIC"])
def test_maps_that_pillow_enlarged_are_found(name):
    images = pytest.importorskip("PIL.Image")
    source = drawn((40, 50))
    large = images.fromarray(source.astype(np.float32)).resize((120, 100), getattr(images, name))
    assert before_enlarging(np.asarray(large, float)).shape == (40, 50)


@pytest.mark.parametrize("is_centred", [False, True])
@pytest.mark.parametrize("counts", [0.1, 5.0])
def test_rounding_to_8_bits_is_allowed_for(is_centred, counts):
    image = zoomed(drawn(counts=counts), (128, 128), 1, is_centred)
    found = before_enlarging(np.rint(255 * image / image.max()))
    assert found.shape == (64, 64)
    source = drawn(counts=counts) * 255 / image.max()
    assert np.abs(_aligned(found.source, source)).max() <= 2


def test_one_axis_may_be_enlarged():
    found = before_enlarging(zoomed(drawn(), (64, 96)))
    assert (found.shape, found.times) == ((64, 64), 1.5)


def test_twice_enlarged_maps_are_found_again():
    image = zoomed(zoomed(drawn((40, 40)), (80, 80)), (120, 120))
    noise = estimate_noise(image)
    assert noise.enlarged_from == (40, 40)
    assert noise.gain == pytest.approx(9 * GAIN, rel=0.15)


OTHERS = {
    "counts": lambda image: image,
    "repeated": lambda image: np.repeat(np.repeat(image[::2, ::2], 2, 0), 2, 1),
    "filtered slightly": lambda image: ndimage.gaussian_filter(image, 0.5),
    "filtered": lambda image: ndimage.gaussian_filter(image, 1.0),
    "filtered strongly": lambda image: ndimage.gaussian_filter(image, 4.0),
    "3 x 3": lambda image: ndimage.uniform_filter(image, 3),
    "median": lambda image: ndimage.median_filter(image, 3),
    "shifted": lambda image: ndimage.shift(image, 0.3, order=1, mode="nearest"),
    "shifted half a pixel": lambda image: ndimage.shift(image, 0.5, order=3, mode="nearest"),
    "rotated": lambda image: ndimage.rotate(image, 5, order=1, reshape=False),
    "reduced": lambda image: ndimage.zoom(image, 0.8, order=1),
}


@alternating(
    3,
    name=list(OTHERS),
    counts=[0.02, 0.1, 1.0, 30.0],
    shape=[(64, 64), (48, 130), (128, 128)],
    rounded=[False, True],
)
def test_other_maps_are_not_enlarged(name, counts, shape, rounded):
    for seed in range(3):
        image = OTHERS[name](drawn(shape, counts, seed))
        if rounded:
            image = np.rint(image * 255 / max(image.max(), GAIN))
        assert before_enlarging(image) is None


@pytest.mark.parametrize("make", [core_shell, oxide_interface])
@pytest.mark.parametrize("counts", [0.02, 0.3, 30])
def test_specimens_are_not_enlarged(make, counts):
    for each in make((96, 96), 10).counts[:2]:
        expected = each.data / each.data.max() * counts
        assert before_enlarging(np.random.default_rng(0).poisson(expected) * GAIN) is None
        assert before_enlarging(expected) is None  # without noise


def test_maps_without_detail_are_not_enlarged():
    rows, columns = np.indices((64, 64)).astype(float)
    one = np.zeros((64, 64))
    one[20, 30] = 1.0
    line = np.zeros((64, 64))
    line[20:22] = np.arange(64)
    for image in (0 * rows, 0 * rows + 3.3, rows, rows + 2 * columns, rows**2, one, line):
        assert before_enlarging(image) is None
    assert before_enlarging(np.full((64, 64), np.nan)) is None


@alternating(2, order=[1, 3], counts=[0.3, 1.0, 10.0], seed=range(2))
def test_the_gain_is_that_of_the_map_before(order, counts, seed):
    """A count of the source is distributed over four pixels, whose sum is four counts' worth."""
    source = drawn((96, 96), counts, seed)
    before, after = estimate_noise(source), estimate_noise(zoomed(source, (192, 192), order))
    assert after.gain == pytest.approx(4 * before.gain, rel=0.05)
    assert after.gain == pytest.approx(4 * GAIN, rel=0.25)
    assert after.gain_error == pytest.approx(4 * before.gain_error, rel=0.3)


def test_gain_and_floor_are_those_of_sums():
    """Sums of many pixels vary as if pixels were independent with this gain and floor."""
    rng = np.random.default_rng(0)
    level, deviation, block = 4.0, 1.5, 20
    shape, large = (300, 300), (600, 600)
    source = GAIN * (rng.poisson(level, shape) + deviation * rng.standard_normal(shape))
    image = zoomed(source, large)
    found = of_enlarged(Noise(GAIN, (GAIN * deviation) ** 2), before_enlarging(image))
    sums = image.reshape(30, block, 30, block).sum(axis=(1, 3))
    expected = (found.gain * GAIN * level + found.floor) * block**2
    assert sums.var() == pytest.approx(expected, rel=0.15)
    # and each of them as after the filter
    own = (found.gain * GAIN * level + found.floor) / (4 * np.pi * found.blur**2)
    assert image.var() == pytest.approx(own, rel=0.05)


def test_messages_give_the_original_size(caplog):
    arrays = np.array([zoomed(drawn((48, 64), 5.0, seed), (96, 128)) for seed in range(2)])
    with caplog.at_level(logging.INFO):
        maps, source = ready_maps(["Co", "Mn"], arrays, None, None, 1, 0)
    assert source == "estimated"
    assert "enlarged by interpolation, with their original pixels: Co (48 x 64), Mn (48 x 64)" in (
        caplog.text
    )
    np.testing.assert_allclose(maps.gains, 4 * GAIN, rtol=0.25)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        ready_maps(["Co"], ndimage.gaussian_filter(arrays[:1], (0, 1, 1)), None, None, 1, 0)
    assert "enlarged by" not in caplog.text

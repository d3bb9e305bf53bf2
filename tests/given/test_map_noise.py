"""Noise of maps that are not counts: gain and floor from moments."""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage
from slow_repeats import alternating, slow

from hyperspy_multimodal.data import core_shell, oxide_interface, swap
from hyperspy_multimodal.given.map_noise import estimate_noise
from hyperspy_multimodal.given.noise_blocks import blocks_of
from hyperspy_multimodal.given.noise_of_parts import change_by_position, spread_of_gain
from hyperspy_multimodal.given.noisy_maps import ready_maps

GAIN, FLOOR = 0.04, 0.02
SEEDS = range(5)
#: Draws of tests whose statements are about each.
SOME = pytest.mark.parametrize("seeds", [SEEDS[:2], slow(SEEDS[2:])], ids=str)


def truth(counts, make=core_shell):
    """Expected counts of two elements, of so many at the brightest pixel."""
    return [each / each.max() * counts for each in expected(make)]


@cache
def expected(make):
    """Of a specimen, simulated once for all tests."""
    return [each.data for each in make((128, 128), 10).counts[:2]]


def scaled(mean, rng):
    return GAIN * rng.poisson(mean)


def compound(mean, rng):
    """Electrons of which each makes a signal of its own size: an effective gain of 1.5 times."""
    counts = rng.poisson(mean)
    return GAIN * np.where(counts > 0, rng.gamma(2 * np.maximum(counts, 1), 0.5), 0.0)


def with_floor(mean, rng):
    return scaled(mean, rng) + rng.normal(0, FLOOR, mean.shape)


def clipped(mean, rng):
    return np.maximum(with_floor(mean, rng), 0)


def eight_bits(mean, rng):
    image = clipped(mean, rng)
    return np.rint(image * 255 / image.max()) * image.max() / 255


def subtracted(mean, rng):
    return GAIN * (rng.poisson(mean + 1.0) - 1.0)


def found_by_seed(draw, mean, seeds=SEEDS):
    return [estimate_noise(draw(mean, np.random.default_rng(seed))) for seed in seeds]


@alternating(4, draw=[scaled, compound], counts=[0.1, 1, 10, 30])
def test_gain_without_a_floor(draw, counts):
    """Also where 95 % of the pixels are exactly 0."""
    gain = 1.5 * GAIN if draw is compound else GAIN
    found = found_by_seed(draw, truth(counts)[0])
    gains = np.array([each.gain for each in found])
    assert np.mean(gains) == pytest.approx(gain, rel=0.1)
    assert np.all(np.abs(gains / gain - 1) < 0.25)
    assert max(each.floor for each in found) < 0.05 * gain**2 * max(counts, 1)
    assert not any(each.blur or each.clipped for each in found)


@alternating(
    3,
    make=[core_shell, oxide_interface],
    draw=[with_floor, clipped, eight_bits],
    counts=[1, 10, 30],
)
@pytest.mark.parametrize("seed", [0, slow(1)])
def test_gain_and_floor(make, draw, counts, seed):
    """Also where what was negative is 0: half the noise is lost in the dark."""
    for found in found_by_seed(draw, truth(counts, make)[0], [seed]):
        assert found.gain == pytest.approx(GAIN, rel=0.25)
        assert found.floor == pytest.approx(FLOOR**2, rel=0.5)
        assert found.gain_error < 0.3 * GAIN


@SOME
@pytest.mark.parametrize("counts", [10, 30])
def test_a_background_that_was_subtracted_is_a_floor(counts, seeds):
    for found in found_by_seed(subtracted, truth(counts)[0], seeds):
        assert found.gain == pytest.approx(GAIN, rel=0.25)
        assert found.floor == pytest.approx(GAIN**2, rel=0.5)


@SOME
@pytest.mark.parametrize(("draw", "there"), [(clipped, True), (with_floor, False), (scaled, False)])
def test_clipped_noise_is_told_from_counts(draw, there, seeds):
    assert all(found.clipped == there for found in found_by_seed(draw, truth(1)[0], seeds))


@alternating(5, seed=range(5), below_0=[True, False])
def test_gain_is_a_guess_where_the_floor_hides_it(seed, below_0):
    """A tenth of a count beside noise of ten counts: the variance is known, its slope is not."""
    rng = np.random.default_rng(seed)
    image = scaled(truth(0.1)[0], rng) + 10 * GAIN * rng.standard_normal((128, 128))
    found = estimate_noise(image if below_0 else np.maximum(image, 0.0))
    assert np.isinf(found.gain_error)
    assert found.floor == pytest.approx((10 * GAIN) ** 2, rel=0.2)


def enlarged(image):
    return ndimage.zoom(image[::2, ::2], 2, order=1)


FILTERS = {
    "Gaussian, 0.5": lambda image: ndimage.gaussian_filter(image, 0.5),
    "Gaussian, 1": lambda image: ndimage.gaussian_filter(image, 1.0),
    "3 x 3": lambda image: ndimage.uniform_filter(image, 3),
    "enlarged": enlarged,
}


@alternating(3, name=list(FILTERS), counts=[0.1, 1, 30], make=[core_shell, oxide_interface])
def test_a_gain_before_a_filter_is_right_or_a_guess(name, counts, make):
    """Many edges and columns hide the filter. Few counts show it in spite of them."""
    gain = 4 * GAIN if name == "enlarged" else GAIN
    for seed in range(2):
        image = FILTERS[name](scaled(truth(counts, make)[0], np.random.default_rng(seed)))
        found = estimate_noise(image)
        if np.isfinite(found.gain_error):
            # Few counts of columns on half as many rows look like noise: some are told wrongly.
            is_hidden = name == "enlarged" and make is oxide_interface
            assert found.gain == pytest.approx(gain, rel=0.45 if is_hidden else 0.25)
        assert found.blur > 0.3 or np.isnan(found.blur)


@pytest.mark.parametrize("name", [name for name in FILTERS if name != "enlarged"])
def test_a_gain_before_a_filter_is_told_in_smooth_maps(name):
    rows, columns = np.indices((96, 96)) / 96
    mean = 1.5 + np.sin(5 * rows) * np.cos(4 * columns)
    found = estimate_noise(FILTERS[name](scaled(mean, np.random.default_rng(1))))
    assert found.gain_error < 0.2 * found.gain
    assert found.gain == pytest.approx(GAIN, rel=0.25)


def test_spheres_are_no_filter():
    """Their edges correlate neighbours, too, but unlike any filter."""
    rows, columns = np.indices((96, 96)) % 16 - 7.5
    mean = 1 + 60 * np.sqrt(np.maximum(1 - (rows**2 + columns**2) / 36, 0.0))
    found = estimate_noise(scaled(mean, np.random.default_rng(0)))
    assert np.isinf(found.gain_error) or found.gain == pytest.approx(GAIN, rel=0.25)


@alternating(2, counts=[1, 5], seed=range(2))
def test_a_background_that_was_subtracted_and_clipped_is_recognised(counts, seed):
    """Its noise is skewed, unlike that of a detector, and half of the dark pixels are 0."""
    mean = truth(counts)[0]
    background = np.linspace(2, 4, 128)[:, None]
    counted = np.random.default_rng(seed).poisson(mean + background) - background
    found = estimate_noise(np.maximum(GAIN * counted, 0.0))
    assert found.clipped
    assert found.gain == pytest.approx(GAIN, rel=0.25)
    assert found.floor == pytest.approx(3 * GAIN**2, rel=0.3)


def test_a_floor_that_varies_over_the_scan_makes_the_gain_less_certain():
    """A background is higher on the side of the scan where the signal is."""
    rows, columns = np.indices((96, 96))
    mean = np.where((rows // 16 + columns // 16) % 2, rows / 48, 0.0)

    def change(background):
        counted = np.random.default_rng(0).poisson(mean + background) - background
        blocks = blocks_of(GAIN * counted)
        return change_by_position((96, 96), blocks, GAIN, 3 * GAIN**2)

    assert change(np.linspace(1.0, 5.0, 96)[:, None]) > 0.3
    assert change(np.full((96, 1), 3.0)) < 0.15


def test_columns_and_filters_that_cannot_be_told_apart_are_said_so():
    image = ndimage.gaussian_filter(
        scaled(truth(30, oxide_interface)[0], np.random.default_rng(0)), 1.0
    )
    found = estimate_noise(image)
    assert np.isnan(found.blur) and np.isinf(found.gain_error)


@alternating(counts=[100, 1000], make=[core_shell, oxide_interface, swap])
def test_edges_and_columns_are_no_noise(make, counts):
    """Steps are as high as a thousand counts, whose noise is 30."""
    for mean in truth(counts, make):
        assert estimate_noise(np.random.default_rng(0).poisson(mean)).gain < 1.6


@pytest.mark.parametrize("make", [core_shell, oxide_interface, swap])
def test_counts_with_edges_are_not_taken_for_scaled_ones(make, caplog):
    maps = [np.random.default_rng(0).poisson(mean).astype(float) for mean in truth(1000, make)]
    _, source = ready_maps(["A", "B"], np.array(maps), None, None, 1, 0)
    assert source == "counts"


def test_units_change_nothing():
    image = scaled(truth(3)[0], np.random.default_rng(0))
    one, other = estimate_noise(image), estimate_noise(1e4 * image)
    assert other.gain == pytest.approx(1e4 * one.gain, rel=0.01)  # rounding orders equal levels
    assert other.gain_error == pytest.approx(1e4 * one.gain_error, rel=0.05)


@alternating(draw=[scaled, with_floor, clipped], counts=[2, 20])
def test_stated_errors_cover(draw, counts):
    """Of maps of one element with structure and without."""
    found = found_by_seed(draw, truth(counts)[0], range(6))
    if draw is scaled:  # known exactly
        assert all(each.gain_error == 0 for each in found)
        assert [each.gain for each in found] == pytest.approx([GAIN] * len(found))
        return
    away = np.array([(each.gain - GAIN) / each.gain_error for each in found])
    assert np.mean(np.abs(away) < 2) > 0.8
    assert np.sqrt(np.mean(away**2)) > 0.2


def test_published_maps_have_the_noise_of_their_electrons(shared_data):
    import h5py

    path = shared_data / "Co3O4_Mn3O4.h5"
    if not path.is_file():
        pytest.skip(f"{path.name} is not on this machine")
    with h5py.File(path) as file:
        gains = {name: estimate_noise(file[name][()]).gain for name in ("Co", "Mn", "O")}
    assert 0.008 < gains["Co"] < 0.012 and 0.008 < gains["Mn"] < 0.012
    assert 0.03 < gains["O"] < 0.05


@pytest.mark.slow
def test_gains_of_parts_of_a_measured_scan_agree_within_their_errors(shared_data):
    import h5py

    path = shared_data / "Co3O4_Mn3O4.h5"
    if not path.is_file():
        pytest.skip(f"{path.name} is not on this machine")
    with h5py.File(path) as file:
        image = file["O"][()].astype(float)
    starts = [slice(start, start + 128) for start in (0, 136, 272)]
    parts = [estimate_noise(image[rows, columns]) for rows in starts for columns in starts]
    gains, errors = np.array([(part.gain, part.gain_error) for part in parts]).T
    weights = errors**-2.0
    away = (gains - np.average(gains, weights=weights)) / errors
    assert np.sum(away**2) / (len(parts) - 1) < 2.5
    whole = estimate_noise(image)
    assert np.all(np.abs(gains - whole.gain) < 3 * np.hypot(errors, whole.gain_error))


def test_a_gain_that_varies_over_the_scan_is_less_certain():
    """Brightness does not show it, and the moments of all pixels do not either."""
    rng = np.random.default_rng(0)
    mean = np.linspace(0.02, 0.4, 96)[:, None] * np.ones(96)
    spreads = []
    for gain in (np.full(96, GAIN), np.repeat([0.6, 1.0, 1.4], 32) * GAIN):
        image = gain * rng.poisson(mean / gain)
        spreads.append(spread_of_gain(image, blocks_of(image), GAIN, 0.0, True) / GAIN)
    assert 0.01 < spreads[0] < 0.08
    assert 0.09 < spreads[1] < 0.2  # a third of 0.33
    few = GAIN * rng.poisson(mean[:20, :20] / GAIN)
    assert spread_of_gain(few, blocks_of(few), GAIN, 0.0, True) == 0


def test_single_spikes_have_no_say():
    """As cosmic rays and hot pixels leave them."""
    rng = np.random.default_rng(0)
    image = scaled(np.full((96, 96), 3.0), rng)
    spiked = np.where(rng.random(image.shape) < 1e-3, 1e5, image)
    assert estimate_noise(spiked).gain == pytest.approx(GAIN, rel=0.25)


def test_noise_on_a_large_pedestal_is_not_that_of_its_counts():
    image = 1e6 + np.random.default_rng(0).normal(0, 1, (96, 96))
    found = estimate_noise(image)
    assert found.gain * 1e6 + found.floor == pytest.approx(1, rel=0.3)


def test_maps_below_0_have_a_floor():
    found = estimate_noise(np.random.default_rng(0).normal(-5, 1, (96, 96)))
    assert found.floor == pytest.approx(1, rel=0.1) and np.isinf(found.gain_error)


@alternating(deviation=[0.3, 1.0, 2.0], counts=[0.3, 3])
def test_the_floor_of_clipped_noise_is_known_within_its_error(deviation, counts):
    """Also if noise hides all counts. Sizes of counts differ, or all are the same."""
    mean = truth(counts)[0]
    for seed, draw in enumerate((scaled, compound)):
        rng = np.random.default_rng(seed)
        image = draw(mean, rng) + GAIN * deviation * rng.standard_normal(mean.shape)
        found = estimate_noise(np.maximum(image, 0.0))
        assert found.clipped
        assert found.floor == pytest.approx((GAIN * deviation) ** 2, rel=0.08)
        assert found.floor_error < 0.1 * found.floor


@alternating(level=[0.5, 1.0], shape=[1.0, 2.0, 6.0, np.inf])
def test_a_film_of_counts_of_any_sizes_is_not_clipped_noise(level, shape):
    """Half of its pixels are 0, too."""
    rng = np.random.default_rng(0)
    mean = np.full((128, 128), level)
    mean[40:80, 40:80] += np.linspace(1, 5, 40)
    counts = rng.poisson(mean)
    sizes = counts if np.isinf(shape) else rng.gamma(shape * np.maximum(counts, 1), 1 / shape)
    assert not estimate_noise(GAIN * np.where(counts > 0, sizes, 0.0)).clipped

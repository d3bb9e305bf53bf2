"""Gain and floor of a camera, from the noise of its spectra."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.eels.camera_noise import camera_noise
from hyperspy_multimodal.eels.noise_ranges import noise_ranges_of
from hyperspy_multimodal.physics.edges import edge_onsets

from .edge_spectra import SIZE, measure, power_law, spectrum_image

ITEM = "Signal.Noise_properties.Variance_linear_model.gain_factor"
LIMITS, FREE = noise_ranges_of(spectrum_image(np.ones((2, 2, SIZE))), ["Ti_L3"])


def expected(brightest, vacuum=True, edge=True):
    """Return expected electrons of two phases of varying thickness, with a Ti edge in one."""
    rows, cols = np.mgrid[:48, :48] / 48
    thickness = 0.6 + 0.4 * np.sin(9 * rows) * np.cos(7 * cols)
    thickness *= (cols > 0.3) if vacuum else 1.0
    spectra = thickness[..., None] * power_law(3.0) / power_law(3.0)[0]
    if edge:
        channels = np.arange(SIZE)
        spectra += (
            0.3
            * (thickness * (rows > 0.5))[..., None]
            * (channels > 53)
            * np.exp(-(channels - 53) / 80)
        )
    return brightest * spectra


def camera(electrons, gain, floor, seed=0):
    rng = np.random.default_rng(seed)
    return gain * rng.poisson(electrons) + floor * rng.normal(size=electrons.shape)


def found(counts, free=FREE):
    ranges = np.add.reduceat(counts, LIMITS[:-1], axis=2)
    return camera_noise(np.moveaxis(ranges, 2, 0), np.diff(LIMITS), free)


@pytest.mark.parametrize("gain", [0.5, 1, 5, 35, 60])
@pytest.mark.parametrize("floor", [0, 2, 10])
def test_gain_and_floor_are_told_apart(gain, floor):
    noise = found(camera(expected(20), gain, floor))
    assert abs(noise.gain - gain) < max(0.1 * gain, 4 * noise.gain_error)
    # a floor of less than a tenth of an electron hardly matters
    assert noise.floor == pytest.approx(floor, rel=0.1 if 10 * floor > gain else 0.5)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("brightest", [0.3, 100, 1000])
def test_counts_alone_have_no_floor(seed, brightest):
    noise = found(camera(expected(brightest), 2.5, 0, seed))
    assert noise.floor == 0
    assert noise.gain == pytest.approx(2.5, rel=0.15)


def test_errors_are_as_large_as_stated():
    noises = [found(camera(expected(10), 3, 4, seed)) for seed in range(12)]
    for value, error in (("gain", "gain_error"), ("floor", "floor_error")):
        spread = np.std([getattr(each, value) for each in noises])
        stated = np.mean([getattr(each, error) for each in noises])
        assert 0.5 < stated / spread < 2


def test_structure_passes_for_no_noise():
    """Steps of composition, of thickness from pixel to pixel, and a spike in a few spectra."""
    electrons = expected(200, vacuum=False)
    electrons[::2] *= 1.8
    counts = camera(electrons, 4, 0)
    counts[5::16, 7::16, 120] += 1e5
    noise = found(counts)
    assert noise.gain == pytest.approx(4, rel=0.15)
    assert noise.floor == 0


def test_channels_that_were_not_recorded_hide_no_floor():
    counts = camera(expected(20), 1, 10)
    counts[..., :12] = 0
    signal = spectrum_image(np.rint(counts))
    camera_found = measure(signal).camera
    assert camera_found.floor == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("side", [4, 8, 10, 16])
@pytest.mark.parametrize("brightest", [0.3, 20, 300])
def test_few_pixels_tell_the_gain_within_its_error(side, brightest):
    """The fewer pixels, the larger the error, which holds for one block of pixels as for many."""
    electrons = expected(brightest)[20 : 20 + side, 25 : 25 + side]
    noises = [found(camera(electrons, 5, 0, seed)) for seed in range(30)]
    misses = np.array([(noise.gain - 5) / noise.gain_error for noise in noises])
    assert 0.5 < np.sqrt(np.mean(misses**2)) < 1.4
    assert np.median([noise.gain_error for noise in noises]) * side == pytest.approx(4.3, rel=0.3)


def test_a_single_column_tells_as_much_as_a_row():
    row = camera(expected(300), 5, 0)[20:21]
    along_row, along_column = found(row), found(row.swapaxes(0, 1))
    assert along_row == along_column
    assert abs(along_row.gain - 5) < 3 * along_row.gain_error


def test_one_pixel_tells_nothing():
    noise = found(camera(expected(20), 1, 0)[20:21, 25:26])
    assert np.isnan(noise.gain) and noise.floor == 0


def test_the_floor_is_in_the_variance_of_maps_and_said_with_the_gain(caplog):
    caplog.set_level("INFO", "hyperspy_multimodal")
    electrons = expected(50)
    readings = []
    for seed in range(5):
        signal = spectrum_image(camera(electrons, 5, 15, seed))
        signal.metadata.set_item(ITEM, 1.0)
        readings.append(measure(signal))
    record = readings[0].record
    assert record["gain"] == pytest.approx(5, rel=0.15) and record["gain_source"] == "noise"
    assert record["noise_floor"] == pytest.approx(15, rel=0.1)
    net = np.array([reading.raw for reading in readings])
    stated = np.mean([reading.noise["variances"]["Ti_L3"] for reading in readings], axis=0)
    dark = electrons.sum(axis=2) == 0
    for place in (dark, ~dark):
        measured = net.var(axis=0, ddof=1)[0][place].mean()
        assert stated[place].mean() == pytest.approx(measured, rel=0.15)


@pytest.mark.parametrize("side", [16, 24])
def test_scans_of_few_blocks_have_no_floor(side):
    """Blocks are too few for a standard error that a floor could stand on."""
    electrons = expected(20)[:side, :side]
    assert all(found(camera(electrons, 1, 0, seed)).floor == 0 for seed in range(30))


@pytest.mark.parametrize("sharing", [0.7, 1.0, 1.5])
def test_channels_that_share_electrons_need_wide_ranges(sharing):
    """Narrow ranges of channels show less noise than wide ones, on which sums depend."""
    counts = ndimage.gaussian_filter1d(camera(expected(300), 5, 0), sharing, axis=2)
    noise, narrow = found(counts), found(counts, FREE & (np.arange(len(FREE)) % 4 < 3))
    assert narrow.gain < 5 - 2 * narrow.gain_error  # what it would be said to be
    assert narrow.gain + 0.25 < noise.gain < 5.2
    for each in (narrow, noise):
        assert abs(each.gain - 5) < 3 * np.hypot(each.gain_error, each.gain_spread)


def test_edges_in_wide_ranges_are_not_taken_for_noise():
    """Where composition differs from pixel to pixel, and only narrow ranges are free of edges."""
    phase = np.indices((48, 48)).sum(axis=0) % 2
    channels = np.arange(SIZE)
    electrons = 1.0 + 0.3 * phase[..., None] * (channels > 53) * np.exp(-(channels - 53) / 80)
    counts = camera(500 * electrons, 5, 0)
    noise = found(counts, np.isin(np.arange(len(FREE)), [7, 8, 9, 10]))
    assert noise.gain == pytest.approx(5, rel=0.15)


def test_minor_edges_leave_ranges_free():
    """They are too weak to be seen, and hardly a range would be left between two elements."""
    signal = spectrum_image(np.ones((2, 2, SIZE)))
    signal.add_elements(["Ti"])
    limits, free = noise_ranges_of(signal, ["Ti_L3"])
    starts, stops = limits[:-1], limits[1:]
    energies = signal.axes_manager[-1].axis
    onsets = edge_onsets("Ti")
    minor = set(onsets) - set(edge_onsets("Ti", only_major=True))
    seen = [onsets[name] for name in minor if energies[0] < onsets[name] < energies[-1]]
    assert seen
    for onset in seen:
        [of_edge] = [
            is_free
            for start, stop, is_free in zip(starts, stops, free, strict=True)
            if start <= np.searchsorted(energies, onset) < stop
        ]
        assert of_edge


@pytest.mark.parametrize("seed", range(4))
def test_independent_channels_have_no_spread_beyond_the_error(seed):
    noise = found(camera(expected(300), 5, 0, seed))
    assert noise.gain_spread < 4 * noise.gain_error

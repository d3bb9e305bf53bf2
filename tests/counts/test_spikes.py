"""Spikes of single EELS spectra are found, and nothing else is taken for one."""

import numpy as np
import pytest

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.counts.spikes import combined_peaks, peaks_of, spikes_among
from hyperspy_multimodal.data import core_loss

ENERGY = 700 + 8.0 * np.arange(160)
LOGGER = "hyperspy_multimodal.counts.left_out"


def spikes_of(data, gain=1.0, floor=0.0):
    pixels = data.shape[0] * data.shape[1]
    return spikes_among(peaks_of(data), data.sum(axis=(0, 1)), pixels, gain, floor)


def expected_spectra(shape=(20, 20), level=1000.0, line=1.0):
    """Spectra of two elements with white lines, over a background that varies with thickness."""
    along, across = np.linspace(0, 1, shape[0])[:, None, None], np.linspace(0.2, 1, shape[1])
    thickness = np.broadcast_to(across[None, :, None], (*shape, 1))
    spectra = level * thickness * (ENERGY / 800) ** -3.0
    for onset, amount in ((931, along), (1020, 1 - along)):
        above = ENERGY >= onset
        edge = above * (ENERGY / onset) ** -2.5
        edge[np.flatnonzero(above)[0]] += line
        spectra = spectra + 0.3 * level * amount * thickness * edge
    return spectra


def struck(spectra, height, rng, places):
    data = rng.poisson(spectra).astype(float)
    for row, column, channel in places:
        data[row, column, channel] += height * np.sqrt(spectra[row, column, channel])
    return data


@pytest.mark.parametrize("level", [0.05, 1.0, 20.0, 1e5])
@pytest.mark.parametrize("gain", [1.0, 5.0])
def test_noise_has_no_spikes(level, gain, rng):
    for _ in range(8):
        data = gain * rng.poisson(expected_spectra(level=level)).astype(float)
        assert not spikes_of(data, gain)


def test_noise_of_a_camera_has_no_spikes(rng):
    spectra = rng.poisson(expected_spectra(level=3.0)) + rng.normal(0.0, 4.0, (20, 20, 160))
    assert not spikes_of(spectra, 1.0, 4.0)


# On an edge that is stronger in a pixel than in others, spikes are higher than any white line.
SPIKES = {10: 20, 27: 30, 28: 30, 29: 30, 34: 30, 38: 90, 40: 90, 41: 90, 90: 20}


@pytest.mark.parametrize("channel", SPIKES, ids=lambda k: f"{ENERGY[k]:.0f} eV")
def test_a_spike_is_found_and_what_is_expected_there(channel, rng):
    spectra = expected_spectra()
    data = struck(spectra, SPIKES[channel], rng, [(4, 12, channel)])
    [spike] = spikes_of(data)
    assert (spike.pixel, spike.channel) == (4 * 20 + 12, channel)
    assert spike.value == data[4, 12, channel]
    true = spectra[4, 12, channel]
    assert abs(spike.expected - true) < 4 * np.sqrt(true) + 0.15 * true


def test_a_spike_may_have_three_channels(rng):
    places = [(7, 3, 60), (7, 3, 61), (7, 3, 62)]
    found = spikes_of(struck(expected_spectra(), 60.0, rng, places))
    assert sorted(each[:2] for each in found) == [(143, 60), (143, 61), (143, 62)]


@pytest.mark.parametrize("line", [0.5, 2.0, 5.0])
def test_white_lines_of_a_particle_in_one_pixel_are_kept(line, rng):
    spectra = expected_spectra(line=0.0)
    # lanthanum, for example: M5, and M4 17 eV above it
    edge = (ENERGY >= 1123) * (ENERGY / 1123) ** -2.5
    first = int(np.argmax(edge > 0))
    edge[first] += line
    edge[first + 2] += 0.8 * line
    spectra[5, 5] += 300 * edge
    assert not spikes_of(rng.poisson(spectra).astype(float))


def test_a_bright_particle_in_one_pixel_is_kept(rng):
    spectra = expected_spectra()
    spectra[5, 5] *= 30
    spectra[9, 9, ENERGY > 1100] *= 3
    assert not spikes_of(rng.poisson(spectra).astype(float))


def test_peaks_of_blocks_are_those_of_all(rng):
    data = rng.poisson(expected_spectra())
    parts, places = [], []
    for rows in (slice(0, 7), slice(7, 20)):
        for columns in (slice(0, 12), slice(12, 20)):
            places.append((rows, columns, slice(0, 160)))
            parts.append(peaks_of(np.ascontiguousarray(data[rows, columns])))
    for whole, combined in zip(peaks_of(data), combined_peaks(parts, places, 20), strict=True):
        np.testing.assert_array_equal(combined, whole)


GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False, "full_output": True}


@pytest.fixture(scope="module")
def specimen():
    return core_loss((24, 24), counts=300)


def struck_signal(specimen):
    """Return the signal with spikes in the window of Mn: one moderate, and one below another."""
    signal = specimen.signal.deepcopy()
    signal.data = signal.data.astype("i4")
    for column, height in ((12, 40), (9, 4)):
        signal.data[9, column, 125] += int(height * signal.data[9, column, 110:140].mean())
    return signal


@pytest.mark.parametrize("method", ["fit", "windows"])
def test_maps_are_those_without_spikes(method, specimen, logged):
    options = {**GIVEN, "map_method": method}
    _, sound = specimen.signal.multimodal_fusion(specimen.haadf, **options)
    signal = struck_signal(specimen)
    maps, output = signal.multimodal_fusion(specimen.haadf, **options)
    assert maps[0].metadata.Multimodal_fusion.left_out_spikes == [[9, 12, 125], [9, 9, 125]]
    for raw, expected in zip(output["raw_maps"], sound["raw_maps"], strict=True):
        error = np.sqrt(expected.data.clip(0).max() + 100)
        assert np.abs(raw.data - expected.data).max() < 3 * error
    [line] = {r.getMessage() for r in logged.records if r.name == LOGGER}
    assert "row 9, column 12" in line and "in channel 125" in line


@pytest.mark.parametrize("method", ["fit", "windows"])
@pytest.mark.parametrize("chunks", [(7, 24, 300), (24, 5, 90)], ids=str)
def test_lazy_maps_leave_out_the_same_spikes(chunks, method, specimen):
    options = {**GIVEN, "map_method": method}
    signal = struck_signal(specimen)
    maps, output = signal.multimodal_fusion(specimen.haadf, **options)
    lazy = signal.as_lazy()
    lazy.data = lazy.data.rechunk(chunks)
    found, of_lazy = lazy.multimodal_fusion(specimen.haadf, **options)
    found = compute_maps([*found, *of_lazy["raw_maps"]])
    node = found[0].metadata.Multimodal_fusion
    assert node.left_out_spikes == maps[0].metadata.Multimodal_fusion.left_out_spikes
    raw = zip(found[len(maps) :], output["raw_maps"], strict=True)
    for each, expected in raw:
        np.testing.assert_allclose(each.data, expected.data, rtol=1e-4, atol=1e-2)

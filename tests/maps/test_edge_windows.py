"""EELS edges: their choice, windows, background and gain."""

import logging

import numpy as np
import pytest
from exspy.signals import EELSSpectrum

from hyperspy_multimodal.maps import measure_edges
from hyperspy_multimodal.maps.edge_windows import (
    estimate_gain,
    power_law_area,
    power_law_exponent,
    select_edges,
)
from hyperspy_multimodal.maps.pooling import pool, pool_between_steps

OFFSET, SCALE, SIZE = 350.0, 2.0, 160


def bounds(offset=OFFSET, scale=SCALE, size=SIZE):
    """Return the energies between channels."""
    return offset + scale * (np.arange(size + 1) - 0.5)


def power_law(exponent, shape=(SIZE,)):
    """Return counts of (E / 400)^-r in each channel, integrated exactly."""
    limits = bounds(size=shape[-1]) / 400
    return 400 * (limits[1:] ** (1 - exponent) - limits[:-1] ** (1 - exponent)) / (1 - exponent)


def spectrum_image(data, elements=("Ti",), offset=OFFSET, scale=SCALE, units="eV"):
    signal = EELSSpectrum(data)
    axis = signal.axes_manager.signal_axes[0]
    axis.offset, axis.scale, axis.units = offset, scale, units
    if elements:
        signal.add_elements(elements)
    return signal


def flat(elements=("Ti",), size=SIZE, **axis):
    return spectrum_image(np.full((6, 7, size), 50), elements, **axis)


def measure(signal, edges=None, windows=None, sides="auto", gain=None):
    return measure_edges(signal, edges, windows, sides, gain, False)


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.INFO, logger="hyperspy_multimodal")
    logging.getLogger("hyperspy_multimodal").addHandler(caplog.handler)
    yield caplog
    logging.getLogger("hyperspy_multimodal").removeHandler(caplog.handler)


# Choice of edges


def test_major_edges_of_the_elements_in_the_order_of_their_onsets():
    assert select_edges(flat(("O", "Ti", "C")), None) == ["Ti_L3", "O_K"]


def test_an_edge_without_room_before_it_gives_way_to_a_higher_one():
    # Si L3 at 99 eV has no room, Si K at 1839 eV has
    signal = flat(("Si",), offset=98, scale=10, size=200)
    assert select_edges(signal, None) == ["Si_K"]
    assert select_edges(signal, None, pre_edge=False) == ["Si_L3"]


def test_last_subshell_of_those_with_one_onset():
    assert select_edges(flat(("Zr",), offset=100, scale=1), None) == ["Zr_M5"]


def test_order_of_given_edges_is_kept():
    assert measure(flat(None), ["O_K", "Ti_L3"]).maps.names == ["O_K", "Ti_L3"]


@pytest.mark.parametrize(
    ("edges", "error", "message"),
    [
        (["Ti_L7"], ValueError, "Ti_L2"),
        (["Tx_L3"], ValueError, "not a chemical element"),
        (["Cu_L3"], ValueError, "931"),
        (["C_K"], ValueError, "no room"),
        (["Ti_L3", "O_K", "Ti_L3"], ValueError, "repeats.*Ti_L3"),
        ([], ValueError, "empty"),
        ("Ti_L3", TypeError, "list"),
        ([3], TypeError, "string"),
    ],
)
def test_bad_edges(edges, error, message):
    with pytest.raises(error, match=message):
        measure(flat(), edges)


def test_no_elements():
    with pytest.raises(ValueError, match="add_elements"):
        measure(flat(None))


def test_elements_without_an_edge_on_the_axis(logged):
    with pytest.raises(ValueError, match="None of the elements"):
        measure(flat(("Cu",)))
    assert measure(flat(("Cu", "Ti"))).maps.names == ["Ti_L3"]
    assert "Cu is left out" in logged.text


# Windows


def test_windows_of_a_single_edge():
    found = measure(flat())
    np.testing.assert_allclose(found.integration_windows, [[455, 501]])
    np.testing.assert_allclose(found.background_windows, [[405, 451]])
    assert found.onsets == [456.0]


def test_integration_window_is_five_channels_at_least():
    found = measure(flat(("Ti",), offset=200, scale=20, size=40))
    assert np.diff(found.integration_windows) == 100


def test_integration_window_ends_at_the_next_edge_and_at_the_axis():
    signal = flat(None, offset=700, scale=8, size=48)
    found = measure(signal, ["Zn_L3", "Cu_L3"])
    np.testing.assert_allclose(found.integration_windows, [[1016, 1080], [928, 1016]])


def test_pre_edge_window_is_clipped_at_the_start_of_the_axis():
    found = measure(flat(("Ti",), offset=430))
    assert found.background_windows[0, 0] == 429


def test_pre_edge_window_avoids_another_edge_and_says_so(logged):
    signal = flat(None, offset=700, scale=8, size=162)
    found = measure(signal, ["Cu_L3", "Zn_L3"])
    assert found.background_windows[1, 0] > 951  # above Cu L2
    assert "Zn_L3" in logged.text and "tail of Cu_L3" in logged.text
    assert "tail of Zn" not in logged.text


def test_no_warning_where_edges_are_far_apart(logged):
    measure(flat(("Ti", "O")))
    assert "tail" not in logged.text


def test_axis_in_kilo_electronvolts():
    in_ev = measure(flat(("Ti", "O")))
    kilo = flat(("Ti", "O"), offset=OFFSET / 1000, scale=SCALE / 1000, units="keV")
    in_kev = measure(kilo)
    np.testing.assert_array_equal(in_kev.maps.inside, in_ev.maps.inside)
    np.testing.assert_allclose(in_kev.maps.ratios, in_ev.maps.ratios)
    np.testing.assert_allclose(in_kev.integration_windows * 1000, in_ev.integration_windows)
    assert in_kev.onsets == in_ev.onsets


def test_recorded_windows_give_the_same_maps():
    first = measure(flat(("Ti", "O")))
    windows, sides = first.integration_windows, first.background_windows
    again = measure(flat(("Ti", "O")), None, windows, sides)
    np.testing.assert_array_equal(again.maps.counts, first.maps.counts)
    np.testing.assert_array_equal(again.maps.background, first.maps.background)
    np.testing.assert_array_equal(again.integration_windows, windows)


def test_given_windows_count_whole_channels():
    data = np.random.default_rng(0).poisson(20, (4, 5, SIZE))
    found = measure(spectrum_image(data), None, [[459, 479]], [[409, 429]])
    np.testing.assert_array_equal(found.maps.counts[0], data[..., 55:65].sum(axis=-1))


def test_no_background():
    maps = measure(flat(), sides=None).maps
    assert not maps.background.any()
    np.testing.assert_array_equal(maps.net, maps.counts)


@pytest.mark.parametrize(
    ("windows", "error"),
    [
        ([[460, 500], [460, 500]], ValueError),
        ([[500, 460]], ValueError),
        ([[460, np.nan]], ValueError),
        ([[460, 5000]], ValueError),
        ([[460.2, 460.4]], ValueError),
        ("wide", TypeError),
        (3.0, ValueError),
    ],
)
def test_bad_windows(windows, error):
    with pytest.raises(error, match="integration_windows"):
        measure(flat(), windows=windows)
    with pytest.raises(ValueError if windows == "wide" else error, match="background_windows"):
        measure(flat(), sides=windows)


def test_edges_that_share_a_channel():
    with pytest.raises(ValueError, match="cannot be told apart"):
        measure(flat(None, offset=190, scale=20, size=40), ["Ti_L3", "Ti_L2"])


def test_energies_below_zero():
    signal = flat(None, offset=-100)
    with pytest.raises(ValueError, match="energies > 0"):
        measure(signal, ["Si_L3"], [[100, 110]], [[-50, 50]])


# Background


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0, 3.3, 7.0])
@pytest.mark.parametrize("middle", [430.0, 415.0])
def test_two_area_method_recovers_the_exponent(exponent, middle):
    left, right = 405.0, 451.0
    lower = power_law_area(exponent, left, middle)
    upper = power_law_area(exponent, middle, right) * (left / middle) ** exponent
    assert power_law_exponent(lower, upper, left, middle, right) == pytest.approx(
        exponent, abs=1e-5
    )


def test_power_law_area_is_the_integral():
    energies = np.linspace(405, 451, 100001)
    expected = np.trapezoid((energies / 405) ** -3.3, energies)
    assert power_law_area(3.3, 405.0, 451.0) == pytest.approx(expected, rel=1e-8)


def test_exponent_without_counts_and_of_rising_counts():
    exponent = power_law_exponent(np.array([0, 1, 0, 5]), np.array([0, 0, 1, 9]), 400, 420, 440)
    assert np.isfinite(exponent).all()
    np.testing.assert_allclose(exponent, [5, 10, 0, 0])


@pytest.mark.parametrize("exponent", [2.0, 3.3])
def test_background_of_a_noiseless_power_law_is_exact(exponent):
    thickness = 1 + np.add.outer(np.arange(12), np.arange(10)) % 5
    data = 1e6 * thickness[..., None] * power_law(exponent)
    found = measure(spectrum_image(data, ("Ti", "O")), gain=1.0)
    np.testing.assert_allclose(found.maps.net, 0, atol=2e-6 * found.maps.counts.max())
    np.testing.assert_allclose(found.maps.background, found.maps.counts, rtol=2e-4)


def test_net_totals_of_weak_edges_on_a_strong_background():
    rng = np.random.default_rng(3)
    thickness = np.full((48, 48), 1.0)
    thickness[10:38, 8:40] = 2.0
    content = np.zeros((48, 48))
    content[15:30, 12:36] = 1.0
    channels = slice(53, 76)  # the integration window of Ti L3, 455 to 501 eV
    background = power_law(3.0)
    background *= 300 / background[channels].sum()
    edge = np.zeros(SIZE)
    edge[channels] = 30 / 23
    data = rng.poisson(thickness[..., None] * background + content[..., None] * edge)
    maps = measure(spectrum_image(data)).maps
    truth = 30 * content.sum()
    gross, beside = maps.counts.sum(), np.tensordot(maps.beside, maps.segments, axes=1).sum()
    reach, width = np.log(455 * 501 / (405 * 451)) / 2, np.log(451 / 405)
    expected = 300 * thickness.sum()
    sigma = np.sqrt(gross + expected**2 * (1 + (4 * reach / width) ** 2) / beside)
    assert sigma < 0.5 * truth
    assert abs(maps.totals[0] - truth) < 3 * sigma
    # the expected background is nearer to the truth than the measured one
    error = maps.background[0] - 300 * thickness
    assert np.sqrt(np.mean(error**2)) < np.sqrt(
        np.mean((maps.counts - maps.net - 300 * thickness) ** 2)
    )


def test_spectra_that_rise_before_the_edge_are_reported(logged):
    data = np.random.default_rng(0).poisson(np.broadcast_to(np.arange(SIZE) + 20, (8, 8, SIZE)))
    measure(spectrum_image(data))
    assert "do not fall like a power law" in logged.text


def test_several_maps_are_pooled_alike():
    rng = np.random.default_rng(0)
    level = np.ones((32, 32))
    level[:, 16:] = 20
    first = rng.poisson(level).astype(float)
    pooled = pool(np.stack([first, 3 * first]), 400)
    np.testing.assert_allclose(pooled[1], 3 * pooled[0])
    np.testing.assert_allclose(pooled.sum(axis=(1, 2)), [first.sum(), 3 * first.sum()])
    np.testing.assert_allclose(pool(first[None])[0], pool(first))


@pytest.mark.parametrize("level", [3, 30, 300, 3000])
def test_pooling_between_steps_is_never_worse_than_none(level):
    rng = np.random.default_rng(0)
    expected = np.full((64, 64), float(level))
    expected[20:40, 10:50] *= 4
    counts = rng.poisson(expected)
    pooled = pool_between_steps(counts)

    def error(found):
        return np.sqrt(np.mean((found - expected) ** 2 / expected))

    assert error(pooled) < 0.8 * error(counts)
    assert level < 100 or error(pooled) < 0.5 * error(pool(counts))
    assert pooled.sum() == pytest.approx(counts.sum())


# Gain


def noisy(gain, level=500, seed=0):
    """Return counts of particles of varying thickness, ``gain`` of them an electron."""
    rng = np.random.default_rng(seed)
    thickness = 1 + 3 * (rng.random((24, 24)) > 0.5)
    return gain * rng.poisson(thickness[..., None] * level * power_law(3.0) / power_law(3.0)[0])


@pytest.mark.parametrize("gain", [0.2, 1.0, 4.5])
def test_gain_is_estimated_from_the_noise_in_spite_of_thickness(gain, logged):
    data = noisy(gain)
    found, reliable = estimate_gain(
        data[None, ..., 28:39].sum(axis=-1), data[None, ..., 39:51].sum(axis=-1)
    )
    assert reliable
    assert found == pytest.approx(gain, rel=0.25)


def test_gain_given_is_used():
    data = noisy(1.0)
    plain, scaled = measure(spectrum_image(data)), measure(spectrum_image(3.7 * data), gain=3.7)
    np.testing.assert_array_equal(scaled.maps.counts, plain.maps.counts)
    np.testing.assert_allclose(scaled.maps.background, plain.maps.background)
    assert (plain.gain, plain.gain_source) == (1.0, "integer counts")
    assert (scaled.gain, scaled.gain_source) == (3.7, "given")


def test_gain_of_the_metadata_is_used(logged):
    signal = spectrum_image(noisy(4.5))
    item = "Signal.Noise_properties.Variance_linear_model.gain_factor"
    signal.metadata.set_item(item, 4.5)
    found = measure(signal)
    assert (found.gain, found.gain_source) == (4.5, "metadata")
    assert "noise of the spectra suggests" not in logged.text
    signal.metadata.set_item(item, 1.0)
    assert measure(signal).gain == 1.0
    assert "noise of the spectra suggests" in logged.text
    signal.metadata.set_item(item, -1.0)
    assert measure(signal).gain_source == "estimated"
    assert "is ignored" in logged.text


def test_gain_of_fractions_is_estimated_with_a_warning(logged):
    found = measure(spectrum_image(noisy(0.37)))
    assert found.gain_source == "estimated"
    assert found.gain == pytest.approx(0.37, rel=0.25)
    assert found.maps.are_integers
    assert "the gain is estimated" in logged.text


def test_whole_counts_are_reported_as_electrons(logged):
    measure(spectrum_image(noisy(1.0)))
    assert "taken for one electron" in logged.text


@pytest.mark.parametrize(
    ("gain", "error"), [(0, ValueError), (-1, ValueError), (np.inf, ValueError), ("2", TypeError)]
)
def test_bad_gain(gain, error):
    with pytest.raises(error, match="gain"):
        measure(flat(), gain=gain)


def test_gain_that_leaves_no_electrons():
    with pytest.raises(ValueError, match="no window holds an electron"):
        measure(flat(), gain=1e9)


def test_fractions_without_noise():
    with pytest.raises(ValueError, match="Give `gain`"):
        measure(spectrum_image(np.full((6, 7, SIZE), 50.5)))

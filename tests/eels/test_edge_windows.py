"""Windows at EELS edges and before them."""

import numpy as np
import pytest

from .edge_spectra import OFFSET, SCALE, SIZE, flat, measure, spectrum_image


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


@pytest.mark.parametrize("edge", ["Cu_L3", "Zn_L3"])
def test_automatic_windows_avoid_listed_edges_mapped_or_not(edge):
    signal = flat(("Cu", "Zn"), offset=700, scale=8, size=162)
    alone, both = measure(signal, [edge]), measure(signal, ["Cu_L3", "Zn_L3"])
    k = both.maps.names.index(edge)
    np.testing.assert_array_equal(alone.integration_windows[0], both.integration_windows[k])
    np.testing.assert_array_equal(alone.background_windows[0], both.background_windows[k])


def test_a_higher_edge_of_a_listed_element_ends_a_window_as_well():
    signal = flat(("Zn", "Ba"), offset=700, scale=4, size=162)  # Ba M5 781 eV, M4 796 eV
    without = measure(flat(None, offset=700, scale=4, size=162), ["Co_L3"])  # 779 eV
    with_barium = measure(signal, ["Co_L3"])
    assert without.integration_windows[0, 1] > 850
    assert with_barium.integration_windows[0, 1] <= 796


def test_given_windows_are_kept(logged):
    signal = flat(("Cu", "Zn"), offset=700, scale=8, size=162)
    found = measure(signal, ["Cu_L3"], [[928, 1056]], [[832, 912]])
    np.testing.assert_allclose(found.integration_windows, [[928, 1056]])
    assert "contains electrons of Zn_L3" in logged.text


def test_a_listed_edge_in_the_first_channel_of_a_window_is_named(logged):
    found = measure(flat(("O", "V"), offset=212, scale=20, size=40), ["V_L3"])  # 513, 532 eV
    assert np.diff(found.integration_windows) == 100
    assert "contains electrons of O_K" in logged.text


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
    with pytest.raises(ValueError, match="cannot be distinguished"):
        measure(flat(None, offset=190, scale=20, size=40), ["Ti_L3", "Ti_L2"])

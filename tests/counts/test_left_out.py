"""Maps of spectra with defects are those of what is sound, and one line of the log says so."""

import logging
import re
from functools import partial

import hyperspy.api as hs
import numpy as np
import pytest
from slow_repeats import alternating

from hyperspy_multimodal import data, fit_maps
from hyperspy_multimodal.counts.left_out import PartialReading, first_reading
from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.eels.edge_fit import plan_edge_fit
from hyperspy_multimodal.eels.edge_measurement import plan_edges
from hyperspy_multimodal.lazy import read_now, sum_now

LOGGER = "hyperspy_multimodal.counts.left_out"


def lines(logged):
    """Return the lines of the log; the fixture has each twice."""
    return [record for record in dict.fromkeys(logged.records) if record.name == LOGGER]


def spoilt(signal, *changes):
    """Return a copy of a signal with values at places."""
    result = signal.deepcopy()
    result.data = result.data.astype("u4")
    for where, value in changes:
        result.data[where] = value
    return result


# The channels of Co Ka are 680 to 704, those of O Ka 46 to 57.
X_RAY_DEFECTS = {
    "padded end": ([(np.s_[..., 900:], 0)], "INFO", "channels 900 to 1023 are empty at all"),
    "padded start": ([(np.s_[..., :40], 0)], "INFO", "channels 0 to 39 are empty at all"),
    "dead": ([(np.s_[..., 692], 0)], "INFO", "channel 692 is empty at all scan positions"),
    "hot": ([(np.s_[7, 9], 300)], "WARNING", r"\(row 7, column 9\) contains .*navigation_mask"),
    "first": ([(np.s_[0, 0], 300)], "WARNING", r"\(row 0, column 0\) contains .*navigation_mask"),
    "spike": (
        [(np.s_[20, 21, 691:694], 30000)],
        "WARNING",
        r"channels 691 to 693 contain up to 30,000 .*row 20, column 21.*navigation_mask",
    ),
    "all": (
        [(np.s_[..., 900:], 0), (np.s_[7, 9], 300), (np.s_[3, 4, 300], 9000)],
        "WARNING",
        "row 7, column 9.*; channel 300 contains .*row 3, column 4.*; channels 900 to 1023",
    ),
}


@pytest.fixture(scope="module")
def particles():
    return data.core_shell((48, 48), counts=20)


@pytest.fixture(scope="module")
def sound(particles):
    return fit_maps(particles.signal)


def counts_and_errors(maps):
    variance = [m.metadata.Spectrum_fit.variance.sum(dtype=float) for m in maps]
    return np.array([m.data.sum(dtype=float) for m in maps]), np.sqrt(variance)


@alternating(name=list(X_RAY_DEFECTS))
def test_counts_of_x_rays_are_kept(name, particles, sound, logged):
    changes, level, words = X_RAY_DEFECTS[name]
    expected, errors = counts_and_errors(sound)
    found, _ = counts_and_errors(fit_maps(spoilt(particles.signal, *changes)))
    # What is left out takes counts along, so that totals are those of other draws.
    assert (np.abs(found - expected) < 2 * errors).all()
    true = np.array([each.data.sum() for each in particles.counts])
    assert (np.abs(found - true) < 4 * errors + 0.02 * true).all()
    [line] = lines(logged)
    assert line.levelname == level
    assert re.search(words, line.getMessage())


def test_of_a_sound_scan_nothing_is_said(particles, logged):
    fit_maps(particles.signal)
    assert not lines(logged)


def test_what_was_left_out_is_recorded(particles, sound):
    signal = spoilt(particles.signal, *X_RAY_DEFECTS["all"][0])
    node = fit_maps(signal)[0].metadata.Spectrum_fit
    assert node.left_out_channels == [[300, 301], [900, 1024]]
    assert node.left_out_positions == [[7, 9]]
    assert not sound[0].metadata.Spectrum_fit.has_item("left_out_channels")


def test_a_line_of_which_no_channel_is_left_is_refused(particles):
    signal = spoilt(particles.signal, (np.s_[..., 600:], 0))
    with pytest.raises(ValueError, match=r"nothing of the specimen in the window of Co_Ka.*isig"):
        fit_maps(signal)


def electrons(signal, method="fit", gain=None):
    if method == "fit":
        plan = plan_edge_fit(signal, None, None, gain)
    else:
        plan = plan_edges(signal, None, None, "auto", gain)
    return read_now(signal, plan).raw.sum(axis=(1, 2))


def half(signal):
    signal = spoilt(signal)
    signal.data[..., -1] //= 2
    return signal


def shifted(signal):
    signal = spoilt(signal)
    rng = np.random.default_rng(0)
    for row, col in np.ndindex(signal.data.shape[:2]):
        signal.data[row, col, signal.data.shape[2] - rng.integers(0, 5) :] = 0
    return signal


CORE_LOSS_DEFECTS = {
    "last": (lambda s: spoilt(s, (np.s_[..., -1], 0)), "INFO", "channel 299 is empty at all"),
    "first": (lambda s: spoilt(s, (np.s_[..., :2], 0)), "INFO", "channels 0 to 1 are empty"),
    "half": (half, "WARNING", r"channel 299 contains up to \d\d % less"),
    "shifted": (shifted, "WARNING", "channels 29[56] to 299 "),
    "rows": (lambda s: spoilt(s, (np.s_[::2, :, -1], 0)), "WARNING", "299 (are|contains) "),
    "dead": (lambda s: spoilt(s, (np.s_[..., 130], 0)), "INFO", "channel 130 is empty at all"),
    "hot": (lambda s: spoilt(s, (np.s_[30, 31], 9000)), "WARNING", "row 30, column 31"),
    "spike": (
        lambda s: spoilt(s, (np.s_[30, 31, 150:152], 9000)),
        "WARNING",
        r"Spikes.* in channel 15[01] at row 30, column 31",
    ),
}


@pytest.fixture(scope="module", params=[30, 300])
def oxides(request):
    return data.core_loss((64, 64), counts=request.param).signal


@pytest.fixture(scope="module")
def of_oxides(oxides):
    return electrons(oxides)


@alternating(name=list(CORE_LOSS_DEFECTS))
def test_manganese_is_kept(name, oxides, of_oxides, logged):
    spoil, level, words = CORE_LOSS_DEFECTS[name]
    np.testing.assert_allclose(electrons(spoil(oxides)), of_oxides, rtol=0.01)
    [line] = lines(logged)
    assert line.levelname == level
    assert re.search(words, line.getMessage())


def test_windows_say_what_they_cannot_leave_out(oxides, logged):
    expected = electrons(oxides, "windows")
    found = electrons(spoilt(oxides, (np.s_[..., 130], 0)), "windows")
    np.testing.assert_allclose(found[[0, 2]], expected[[0, 2]])
    [line] = lines(logged)
    assert "channel 130 is empty" in line.getMessage()
    assert "Mn_L3 may be wrong. Use map_method='fit'" in line.getMessage()
    electrons(spoilt(oxides, (np.s_[..., -1], 0)), "windows")  # in no window
    assert len(lines(logged)) == 1


def test_positions_are_left_out_where_spikes_take_many_channels(particles, logged):
    signal = spoilt(particles.signal)
    for number in range(20):
        start = 20 * number + 300
        signal.data[number, 2 * number, start : start + 3] = 9000
    reading = read_now(signal, plan_fit(signal, None, 2.0, None))
    assert isinstance(reading, PartialReading)
    assert not reading.channels
    assert np.argwhere(reading.mask).tolist() == [[number, 2 * number] for number in range(20)]
    [line] = lines(logged)
    assert "; and 15 more" in line.getMessage()


X_RAY_SPECIMENS = (
    *(data.bimetal, data.core_shell, data.flat, data.haadf_only),
    *(data.oxide_interface, data.swap, data.wedge, partial(data.overlapping_pair, "S-Mo")),
)


@alternating(number=range(len(X_RAY_SPECIMENS)), many=[False, True])
def test_nothing_is_left_out_of_simulated_x_rays(number, many, logged):
    """Of what is fitted: below lies what nothing is asked of."""
    counts = ((0.02, 50), (1, 1000))[number // 2 % 2][many]
    signal = X_RAY_SPECIMENS[number]((40, 44), counts=counts).signal
    check_sound(signal, plan_fit(signal, None, 2.0, None), logged)


@alternating(counts=[0.02, 1, 50, 1000], white_lines=[0, 1])
def test_nothing_is_left_out_of_simulated_electrons(counts, white_lines, logged):
    signal = data.core_loss(
        (40, 44), counts=counts, white_lines=white_lines, gain=1 + 2.7 * counts
    ).signal
    check_sound(signal, plan_edge_fit(signal, None, None, None), logged)


class Known(Exception):
    """Ends a reading before anything is fitted."""


def check_sound(signal, plan, logged):
    class Plan:
        def __getattr__(self, name):
            return getattr(plan, name)

        def after_first_pass(self, segments, total, divisor):
            raise Known

    sums = sum_now(signal, negative=True)
    with pytest.raises(Known):
        first_reading(Plan(), None, sums)
    assert not lines(logged)


@pytest.mark.parametrize(
    ("name", "elements"),
    [
        ("SiO2_EDS.hspy", ["Si", "O", "C", "Cu"]),
        ("TiO2_Pd_EDS.bcf", ["Ti", "O", "Pd"]),
        pytest.param("jeol/rawdata.ASW", ["C"], marks=pytest.mark.slow),
        ("CuZn_EELS.hspy", ["Cu", "Zn"]),
    ],
)
def test_nothing_is_left_out_of_measured_scans(name, elements, shared_data, logged):
    if not (shared_data / name).is_file():
        pytest.skip(f"{name} is not on this machine")
    logging.getLogger("rsciio").setLevel("ERROR")
    loaded = hs.load(shared_data / name)
    for signal in loaded if isinstance(loaded, list) else [loaded]:
        if signal.data.ndim != 3 or signal.axes_manager.signal_dimension != 1:
            continue
        signal.add_elements(elements)
        if "EELS" in name:
            plan = plan_edge_fit(signal, None, None, None)
        else:
            signal.set_microscope_parameters(beam_energy=200, energy_resolution_MnKa=130)
            plan = plan_fit(signal, [f"{each}_Ka" for each in elements if each != "Pd"], 2.0, None)
        check_sound(signal, plan, logged)

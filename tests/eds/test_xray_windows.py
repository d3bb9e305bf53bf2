"""Maps from windows: those of eXSpy's `get_lines_intensity`, eager and lazy."""

import logging

import numpy as np
import pytest
from slow_repeats import alternating

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.eds.xray_windows import plan_windows
from hyperspy_multimodal.lazy import read_now

WINDOWS = [[0.5, 0.55], [6.8, 7.05], [2.2, 2.4]]


def xray_maps(signal, lines, windows, sides):
    plan = plan_windows(signal, lines, windows, sides)
    return read_now(signal, plan).maps, plan.windows, plan.sides


@pytest.fixture(scope="module")
def recorded():
    return core_shell((12, 9), counts=20).signal


@pytest.fixture
def signal(recorded):
    return recorded.deepcopy()


def expected_maps(signal, lines=None, **options):
    return np.stack([m.data for m in signal.get_lines_intensity(lines, **options)])


def lazily(signal, chunks):
    lazy = signal.as_lazy()
    lazy.data = lazy.data.rechunk(chunks)
    return lazy


@alternating(
    dtype=[np.uint8, np.uint16, np.int32, np.float32, np.float64], width=[2.0, 1, 1.37, 3.5]
)
def test_counts_are_those_of_get_lines_intensity(signal, dtype, width):
    signal.change_dtype(dtype)
    maps, windows, _ = xray_maps(signal, None, width, "auto")
    assert maps.names == ["Co_Ka", "O_Ka", "S_Ka"]
    np.testing.assert_array_equal(windows, signal.estimate_integration_windows(width))
    np.testing.assert_array_equal(maps.counts, expected_maps(signal, integration_windows=width))


@alternating(
    chunks=[None, (5, 9, 1024), (12, 9, 100)],
    lines=[["S_Ka"], ["O_Ka", "Co_Ka"], ["S_Ka", "Co_La", "Co_Ka"], ("Co_Kb",)],
)
def test_lines_may_be_named(signal, lines, chunks):
    source = lazily(signal, chunks) if chunks else signal
    maps, _, _ = xray_maps(source, lines, 2.0, "auto")
    named = [m.metadata.Sample.xray_lines[0] for m in signal.get_lines_intensity(lines)]
    assert maps.names == named
    assert set(maps.names) == set(lines)
    np.testing.assert_array_equal(maps.counts, expected_maps(signal, lines))


def test_lines_follow_from_elements(signal):
    del signal.metadata.Sample.xray_lines
    signal.set_elements(["S", "O"])
    maps, _, _ = xray_maps(signal, None, 2.0, "auto")
    assert maps.names == ["O_Ka", "S_Ka"]
    np.testing.assert_array_equal(maps.counts, expected_maps(signal))


def test_windows_may_be_given(signal):
    lines = ["O_Ka", "Co_Ka", "S_Ka"]
    maps, windows, _ = xray_maps(signal, lines, WINDOWS, None)
    rows = {line: row for line, row in zip(maps.names, WINDOWS, strict=True)}
    assert list(rows) == [
        m.metadata.Sample.xray_lines[0] for m in signal.get_lines_intensity(lines)
    ]
    np.testing.assert_array_equal(windows, WINDOWS)
    expected = expected_maps(signal, lines, integration_windows=WINDOWS)
    np.testing.assert_array_equal(maps.counts, expected)


@alternating(
    windows=[2.0, 1.5], chunks=[None, (12, 9, 1024), (5, 4, 333), (12, 9, 100), (1, 9, 512)]
)
def test_net_is_that_of_get_lines_intensity(signal, windows, chunks):
    source = lazily(signal, chunks) if chunks else signal
    maps, _, sides = xray_maps(source, None, windows, "auto")
    expected_sides = signal.estimate_background_windows()
    expected = expected_maps(signal, integration_windows=windows, background_windows=expected_sides)
    np.testing.assert_array_equal(sides, expected_sides)
    rtol = 1e-12 if chunks is None else 1e-5  # float64, or float32
    np.testing.assert_allclose(maps.net, expected, rtol=rtol, atol=rtol)
    np.testing.assert_array_equal(maps.counts, expected_maps(signal, integration_windows=windows))
    assert maps.background.min() >= 0
    np.testing.assert_allclose(
        maps.background.sum(axis=(1, 2)), (maps.counts - expected).sum(axis=(1, 2)), rtol=rtol
    )


def test_fractional_counts(signal):
    signal.change_dtype(float)
    signal.data *= 0.3
    maps, _, sides = xray_maps(signal, None, 2.0, "auto")
    np.testing.assert_allclose(maps.counts, expected_maps(signal), rtol=1e-12, atol=1e-12)
    expected = expected_maps(signal, background_windows=sides)
    np.testing.assert_allclose(maps.net, expected, rtol=1e-12, atol=1e-12)


def test_background_windows_may_be_given(signal):
    given = np.array([[6.2, 6.4, 7.2, 7.4], [0.3, 0.4, 0.6, 0.65], [1.9, 2.1, 2.6, 2.7]])
    maps, _, sides = xray_maps(signal, None, 2.0, given)
    np.testing.assert_array_equal(sides, given)
    expected = expected_maps(signal, background_windows=given)
    np.testing.assert_allclose(maps.net, expected, rtol=1e-12, atol=1e-12)


def test_background_may_be_left_out(signal):
    maps, _, sides = xray_maps(signal, None, 2.0, None)
    assert sides is None
    assert not maps.background.any()
    np.testing.assert_array_equal(maps.net, maps.counts)
    np.testing.assert_array_equal(maps.counts, expected_maps(signal))
    np.testing.assert_array_equal(maps.net_variance, maps.counts)


def test_energy_may_be_in_electronvolt(signal):
    volts = signal.deepcopy()
    axis = volts.axes_manager.signal_axes[0]
    axis.units, axis.scale, axis.offset = "eV", 1000 * axis.scale, 1000 * axis.offset
    maps, windows, sides = xray_maps(volts, None, 2.0, "auto")
    reference = xray_maps(signal, None, 2.0, "auto")
    np.testing.assert_allclose(windows, 1000 * reference[1])
    np.testing.assert_allclose(sides, 1000 * reference[2])
    np.testing.assert_array_equal(maps.counts, reference[0].counts)
    np.testing.assert_allclose(maps.net, reference[0].net, rtol=1e-12)


def test_no_warning_without_cause(signal, caplog):
    signal.data = 10 * signal.data  # enough counts
    xray_maps(signal, ["S_Ka", "Co_Ka"], 2.0, "auto")
    xray_maps(signal, ["S_Ka", "Co_Ka"], 2.0, None)
    assert not caplog.records


def test_line_in_a_background_window_is_reported(signal, caplog):
    sides = [[6.2, 6.4, 7.5, 7.8], [1.9, 2.1, 2.6, 2.7]]
    with caplog.at_level(logging.WARNING, "hyperspy_multimodal"):
        xray_maps(signal, ["Co_Ka", "S_Ka"], 2.0, sides)
    record, *_ = caplog.records  # such windows make totals uncertain as well
    assert "background windows of Co_Ka contain Co_Kb" in record.getMessage()
    assert "background_windows" in record.getMessage()


def test_background_windows_off_the_axis_are_reported(signal, caplog):
    cropped = signal.isig[6.75:7.1]
    maps, _, _ = xray_maps(cropped, ["Co_Ka"], 2.0, "auto")
    [record] = caplog.records
    assert "No background window of Co_Ka lies on the energy axis" in record.getMessage()
    assert not maps.background.any()
    np.testing.assert_array_equal(maps.counts, expected_maps(signal, ["Co_Ka"]))


def test_one_background_window_off_the_axis_leaves_the_other(signal, caplog):
    cropped = signal.isig[:7.1]
    maps, [window], [side] = xray_maps(cropped, ["Co_Ka"], 2.0, "auto")
    channels = signal.axes_manager.signal_axes[0].value2index
    left, right, start, stop = (channels(float(value)) for value in (*side[:2], *window))
    beside = signal.data[..., left:right].sum(axis=-1) * (stop - start) / (right - left)
    np.testing.assert_allclose(maps.net[0], maps.counts[0] - beside, rtol=1e-12)
    assert beside.any()
    assert not caplog.records


def test_window_that_ends_beyond_the_axis_takes_the_last_channel(signal):
    cropped = signal.isig[:7.0]
    maps, [window], _ = xray_maps(cropped, ["Co_Ka"], 2.0, "auto")
    start = cropped.axes_manager.signal_axes[0].value2index(float(window[0]))
    np.testing.assert_array_equal(maps.counts[0], cropped.data[..., start:].sum(axis=-1))


@pytest.mark.parametrize("chunks", [None, (5, 4, 333)])
def test_input_is_not_modified(signal, chunks):
    before = signal.deepcopy()
    source = lazily(signal, chunks) if chunks else signal
    xray_maps(source, ["O_Ka", "Co_Ka"], 2.0, "auto")
    assert source._lazy == (chunks is not None)
    np.testing.assert_array_equal(signal.data, before.data)
    assert source.metadata.as_dictionary() == before.metadata.as_dictionary()
    assert source.axes_manager.as_dictionary() == before.axes_manager.as_dictionary()

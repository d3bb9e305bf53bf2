"""Spectra in whatever form: axes in any order and direction, masks, lines, parts, stacks."""

from itertools import product

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest
from slow_repeats import alternating, slow

from hyperspy_multimodal import compute_maps, fit_maps
from hyperspy_multimodal.data import core_shell

from .conftest import GIVEN, fused


def moved(signal, place):
    """Return a signal whose energies lie at another place of the array."""
    axes = [axis.get_axis_dictionary() for axis in signal.axes_manager._axes]
    axes.insert(place, axes.pop())
    data = np.ascontiguousarray(np.moveaxis(signal.data, -1, place))
    return type(signal)(data, axes=axes, metadata=signal.metadata.as_dictionary())


def flipped(signal):
    """Return a signal whose energies descend."""
    axis = signal.axes_manager[-1]
    signal.data = signal.data[..., ::-1]
    axis.offset, axis.scale = axis.axis[-1], -axis.scale
    return signal


@pytest.mark.parametrize("place", [0, 1])
def test_energy_first_in_memory(signal, haadf, expected, place):
    np.testing.assert_array_equal(fused(moved(signal, place), haadf), expected)


@pytest.mark.parametrize("lazy", [False, True])
def test_descending_energies(signal, haadf, expected, lazy):
    backward = flipped(signal)
    backward = backward.as_lazy() if lazy else backward
    np.testing.assert_array_equal(fused(backward, haadf, lazy_output=False), expected)
    windows = fused(backward, haadf, map_method="windows", lazy_output=False)
    forward = fused(flipped(backward.deepcopy()), haadf, map_method="windows", lazy_output=False)
    np.testing.assert_allclose(windows, forward)


def test_negative_scales_of_the_scan(signal, haadf, expected):
    for axis in signal.axes_manager.navigation_axes:
        axis.offset, axis.scale = axis.high_value, -axis.scale
    maps = signal.multimodal_fusion(haadf, **GIVEN)
    np.testing.assert_array_equal([each.data for each in maps], expected)
    assert maps[0].axes_manager[0].scale < 0


@pytest.mark.parametrize(
    "dtype", [">u2", "<i4", ">f8", "f2", *(slow(each) for each in ("u1", "f4", "i8"))]
)
def test_data_types(signal, haadf, expected, dtype):
    signal.data = signal.data.astype(dtype)
    np.testing.assert_allclose(fused(signal, haadf), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("dtype", [complex, object])
def test_data_that_are_no_counts(signal, haadf, dtype):
    signal.data = signal.data.astype(dtype)
    with pytest.raises(TypeError, match="real numbers"):
        signal.multimodal_fusion(haadf, **GIVEN)


@pytest.mark.parametrize("lazy", [False, True])
def test_masked_positions_are_left_out(signal, haadf, expected, lazy):
    mask = np.zeros(haadf.data.shape, bool)
    mask[3, 4] = mask[9] = True
    wanted = fused(signal, haadf, navigation_mask=mask)
    assert not np.array_equal(wanted, expected)
    masked = np.broadcast_to(mask[..., None], signal.data.shape)
    spoiled = np.where(masked, 60_000, signal.data).astype("u2")
    if lazy:
        signal = signal.as_lazy()
        signal.data = da.ma.masked_array(da.from_array(spoiled), mask=masked)
    else:
        signal.data = np.ma.masked_array(spoiled, mask=masked)
    np.testing.assert_array_equal(fused(signal, haadf, lazy_output=False), wanted)
    if not lazy:
        assert isinstance(signal.data, np.ma.MaskedArray)


def test_masks_of_data_and_of_arguments_add_up(signal, haadf):
    first, second = np.zeros((2, *haadf.data.shape), bool)
    first[3], second[:, 5] = True, True
    wanted = fused(signal, haadf, navigation_mask=first | second)
    signal.data = np.ma.masked_array(signal.data, np.repeat(first[..., None], 1024, axis=-1))
    np.testing.assert_array_equal(fused(signal, haadf, navigation_mask=second), wanted)
    np.testing.assert_array_equal(fused(signal, haadf, navigation_mask=second.astype(int)), wanted)


def test_a_mask_that_masks_nothing(signal, haadf, expected):
    signal.data = np.ma.masked_array(signal.data)
    np.testing.assert_array_equal(fused(signal, haadf), expected)


def test_masked_channels(signal, haadf):
    mask = np.zeros(signal.data.shape, bool)
    mask[..., :8] = True
    wanted = fused(signal.isig[8:], haadf)
    masked = signal.deepcopy()
    masked.data = np.ma.masked_array(signal.data, mask)
    np.testing.assert_allclose(fused(masked, haadf), wanted)
    mask[..., 300:310] = True
    masked.data = np.ma.masked_array(signal.data, mask)
    with pytest.raises(ValueError, match=r"middle of the energy axis.*isig"):
        masked.multimodal_fusion(haadf, **GIVEN)


@pytest.mark.parametrize("form", ["array", "signal", slow("navigation"), slow("row")])
def test_line_of_spectra(signal, haadf, form):
    profile = {
        "array": lambda: haadf.data[7],
        "signal": lambda: haadf.isig[:, 7],
        "navigation": lambda: haadf.T.inav[:, 7],
        "row": lambda: haadf.data[7:8],
    }[form]()
    wanted = fused(signal.inav[:, 7:8], haadf.isig[:, 7:8])
    maps, output = signal.inav[:, 7].multimodal_fusion(profile, full_output=True, **GIVEN)
    np.testing.assert_array_equal([each.data for each in maps], wanted[:, 0])
    for each in (*maps, *output["raw_maps"]):
        assert_line_of_12(each)
    assert output["modelled_haadf"].data.shape == (12,)


def assert_line_of_12(signal):
    manager = signal.axes_manager
    assert manager.navigation_shape == (12,) and not manager.signal_shape
    assert manager[0].units == "nm"


def test_errors_of_a_line_of_spectra(signal, haadf):
    maps, output = signal.inav[:, 7].multimodal_fusion(
        haadf.data[7], uncertainty=True, full_output=True, **GIVEN
    )
    for each in output["standard_deviations"]:
        assert_line_of_12(each)
    assert maps[0].metadata.Multimodal_fusion.standard_deviation.shape == (12,)


def test_lazy_line_of_spectra(signal, haadf):
    lazy = signal.inav[:, 7].as_lazy().multimodal_fusion(haadf.data[7], **GIVEN)
    assert all(each._lazy and each.axes_manager.navigation_shape == (12,) for each in lazy)
    maps = compute_maps(lazy, show_progressbar=False)
    np.testing.assert_allclose(
        [each.data for each in maps], fused(signal.inav[:, 7], haadf.data[7]), rtol=1e-6
    )
    assert isinstance(maps[0].metadata.Multimodal_fusion.converged, bool)


def test_line_chosen_from_the_counts_and_fitted(signal, haadf):
    maps = signal.inav[:, 7].multimodal_fusion(haadf.data[7], show_progressbar=False)
    raw = fit_maps(signal.inav[:, 7])
    assert raw[0].data.shape == raw[0].metadata.Spectrum_fit.variance.shape == (12,)
    totals = [each.data.sum() for each in maps]
    np.testing.assert_allclose(totals, [each.data.sum() for each in raw], rtol=1e-5)


def test_profile_of_another_length(signal, haadf):
    with pytest.raises(ValueError, match=r"a line of 12 scan positions.*12 values.*\(11,\)"):
        signal.inav[:, 7].multimodal_fusion(haadf.data[7, :-1], **GIVEN)


def test_rectangle_of_an_roi(signal, haadf):
    roi = hs.roi.RectangularROI(2, 3, 10, 12)
    part = fused(signal.inav[2:10, 3:12], haadf.isig[2:10, 3:12])
    np.testing.assert_array_equal(fused(roi(signal), roi(haadf)), part)
    # the axes of the part say where it lies on the whole image
    np.testing.assert_array_equal(fused(roi(signal), haadf), part)


@alternating(named=[True, False], order=[[0, 1, 2], [2, 0, 1], [0, 2, 1]])
def test_frames_in_any_order(signal, haadf, expected, order, named):
    frames = hs.stack([signal, signal], show_progressbar=False).transpose(navigation_axes=order)
    if not named:
        for axis in frames.axes_manager.navigation_axes:
            axis.name = ""
    image = haadf if named else haadf.data
    maps, output = frames.multimodal_fusion(image, full_output=True, **GIVEN)
    for number, each in enumerate(maps):
        assert each.axes_manager.navigation_shape == frames.axes_manager.navigation_shape
        assert each.data.sum() == pytest.approx(2 * expected[number].sum(), rel=1e-5)
        frame = np.take(each.data, 0, axis=each.data.shape.index(2))
        np.testing.assert_allclose(frame, expected[number], atol=1e-6)
    assert len(output["slices"]) == 2


def test_mask_of_frames_in_another_order(signal, haadf):
    frames = hs.stack([signal, signal], show_progressbar=False)
    mask = np.zeros(frames.data.shape[:-1], bool)
    mask[1, 3] = True
    wanted = fused(frames, haadf, navigation_mask=mask)
    turned = frames.transpose(navigation_axes=[2, 0, 1])
    found = fused(turned, haadf, navigation_mask=np.moveaxis(mask, 0, -1))
    np.testing.assert_allclose(np.moveaxis(found, -1, 1), wanted)


def test_a_stack_of_one(signal, haadf, expected):
    one = hs.stack([signal], show_progressbar=False)
    np.testing.assert_array_equal(np.squeeze(fused(one, haadf)), expected)


def test_line_of_an_roi(signal, haadf):
    line = hs.roi.Line2DROI(1.0, 1.0, 9.0, 13.0, linewidth=0)
    maps = line(signal).multimodal_fusion(line(haadf), **GIVEN)
    spectra = line(signal)
    spectra.set_signal_type("EDS_TEM")
    expected = [each.data.sum() for each in fit_maps(spectra)]
    np.testing.assert_allclose([each.data.sum() for each in maps], expected, rtol=1e-5)
    wide = hs.roi.Line2DROI(1.0, 1.0, 9.0, 13.0, linewidth=4)
    with pytest.raises(ValueError, match=r"fractions.*linewidth is 0.*sum\('y'\)"):
        wide(signal).multimodal_fusion(wide(haadf), show_progressbar=False)
    summed = signal.inav[:, 4:8].sum("y")
    fused_sum = summed.multimodal_fusion(haadf.isig[:, 4:8].mean("y"), **GIVEN)
    assert fused_sum[0].data.shape == (12,)


def squares(size):
    """Two scans of as many rows and columns as there are frames: no size tells an axis."""
    return [core_shell((size, size), counts=30, seed=seed) for seed in (3, 4)]


@pytest.fixture(scope="module")
def sixes():
    """Two scans of six rows and columns, and six frames of them."""
    scans = [
        each._replace(signal=each.signal.inav[:6, :6], haadf=each.haadf.isig[:6, :6])
        for each in squares(8)
    ]
    return scans, *frames_of(scans)


def frames_of(scans):
    """Return as many frames as they have rows: signals and HAADF images."""
    pairs = scans * (len(scans[0].haadf.data) // 2)
    stacked = (
        hs.stack([getattr(each, name) for each in pairs], show_progressbar=False)
        for name in ("signal", "haadf")
    )
    return tuple(stacked)


FORMS = ["image", "array", "stack", "navigation"]
AXES = [("time", "x", "y"), ("x", "tilt", "y"), ("a", "b", "c"), ("time", "width", "height")]
#: Each form and each name of axes once.
QUICK = list(zip(FORMS, AXES, strict=True))


@pytest.mark.parametrize(
    ("form", "axes"), [*QUICK, *(slow(*each) for each in product(FORMS, AXES) if each not in QUICK)]
)
def test_frames_of_equal_sizes(sixes, axes, form):
    """Names of axes decide; where they say nothing frames come last, as `hs.stack` puts them."""
    scans, frames, images = sixes
    one = scans[0].haadf
    own = images.inav[1] if form in ("stack", "navigation") else one
    wanted = fused(scans[1].signal, own, map_method="windows")
    place = axes.index("time") if "time" in axes else axes.index("tilt") if "tilt" in axes else 2
    order = [0, 1]
    order.insert(place, 2)
    turned = frames.transpose(navigation_axes=order)
    for axis, name in zip(turned.axes_manager.navigation_axes, axes, strict=True):
        axis.name, axis.units = name, ""
    haadf = {"image": one, "array": one.data, "navigation": images}.get(form)
    if form == "image":
        haadf = haadf.deepcopy()
        names = [name for name in axes if name not in ("time", "tilt")][:2]
        for axis, name in zip(haadf.axes_manager.signal_axes, names, strict=True):
            axis.name, axis.units = name, ""
    if form == "stack":
        haadf = images.data.transpose([2 - p for p in order[::-1]])
    maps = turned.multimodal_fusion(haadf, map_method="windows", **GIVEN)
    for number, each in enumerate(maps):
        second = np.take(each.data, 1, axis=2 - place)
        np.testing.assert_allclose(second, wanted[number], atol=1e-5)


def test_errors_of_frames_are_where_the_maps_are():
    scans = squares(12)
    frames = hs.stack([each.signal for each in scans], show_progressbar=False)
    turned = frames.transpose(navigation_axes=[2, 0, 1])
    turned.set_elements(["O"])  # each map has errors and draws
    turned.set_lines(["O_Ka"])
    for axis, name in zip(turned.axes_manager.navigation_axes, ("time", "x", "y"), strict=True):
        axis.name, axis.units = name, ""
    maps = turned.multimodal_fusion(
        scans[0].haadf.data, uncertainty=True, map_method="windows", **GIVEN
    )
    for each in maps:
        errors = each.metadata.Multimodal_fusion.standard_deviation
        vacuum = each.data < 0.05
        assert errors.shape == each.data.shape
        assert errors[vacuum].mean() < 0.6 * errors[~vacuum].mean()

"""HAADF images in whatever form, and which are refused."""

import dask.array as da
import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from slow_repeats import slow

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.plot import plot_haadf_model, plot_overview

from .conftest import GIVEN, fused


def calibrated(array, haadf, factor):
    image = hs.signals.Signal2D(array)
    for own, other in zip(
        image.axes_manager.signal_axes, haadf.axes_manager.signal_axes, strict=True
    ):
        own.scale, own.units = factor * other.scale, other.units
    return image


@pytest.mark.parametrize(
    "form",
    [
        lambda h: h.data,
        lambda h: h.data.astype("f4"),
        lambda h: h.data.tolist(),
        lambda h: h.T,
        lambda h: h.as_lazy(),
        lambda h: [h],
        lambda h: h.data[None],
        lambda h: hs.stack([h], show_progressbar=False),
        lambda h: np.ma.masked_array(h.data),
        lambda h: np.kron(h.data, np.ones((2, 2))),
        lambda h: np.kron(h.data, np.ones((3, 3))),
        lambda h: calibrated(h.data, h, 1.08),
        lambda h: calibrated(h.data, h, 0.9),
        lambda h: calibrated(h.data, h, -1.0),
        lambda h: calibrated(np.kron(h.data, np.ones((2, 2))), h, 0.5),
        lambda h: calibrated(np.kron(h.data, np.ones((2, 2))), h, 0.54),
    ],
)
def test_the_same_image(signal, haadf, expected, form):
    np.testing.assert_allclose(fused(signal, form(haadf)), expected, rtol=2e-3, atol=2e-3)


def test_another_calibration_is_said(signal, haadf, expected, caplog):
    maps = signal.multimodal_fusion(calibrated(haadf.data, haadf, 1.08), **GIVEN)
    assert "different calibration" in caplog.text and "1.08 nm" in caplog.text
    assert maps[0].axes_manager[0].scale == signal.axes_manager[0].scale


def test_masked_pixels_of_ready_maps(small, haadf):
    maps = {each.metadata.Sample.elements[0]: each.data for each in small.counts}
    mask = np.zeros(haadf.data.shape, bool)
    mask[3, 4] = True
    haadf.data[2:5, 3:6] = haadf.data[3, 4]
    known = {**GIVEN, "gain": 1.0}
    wanted = fuse_maps(maps, haadf, navigation_mask=mask, **known)
    spoiled = {name: np.where(mask, 1e6, data) for name, data in maps.items()}
    one = {**spoiled, "O": np.ma.masked_array(spoiled["O"], mask)}
    image = np.ma.masked_invalid(np.where(mask, np.nan, haadf.data))
    for given, other in ((one, haadf), (spoiled, image)):
        found = fuse_maps(given, other, **known)
        for each, expected in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(each.data, expected.data)


def test_masked_pixels(signal, haadf):
    mask = np.zeros(haadf.data.shape, bool)
    mask[3, 4] = True
    haadf.data[2:5, 3:6] = haadf.data[3, 4]
    spoiled = np.where(mask, np.nan, haadf.data)
    wanted = fused(signal, haadf, navigation_mask=mask)
    for form in (np.ma.masked_invalid(spoiled), np.ma.masked_array(spoiled, mask)):
        image = haadf.deepcopy()
        image.data = form
        for given in (form, image):
            np.testing.assert_array_equal(fused(signal, given), wanted)
    fine = np.ma.masked_invalid(np.kron(spoiled, np.ones((2, 2))))
    np.testing.assert_allclose(fused(signal, fine), wanted, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (lambda h: h.isig[:, :-3], ["(16, 12)", "(13, 12)", "13 pixels"]),
        (lambda h: h.data[:-3], ["(16, 12)", "(13, 12)"]),
        (lambda h: h.data.ravel(), ["(192,)", "reshape(16, 12)"]),
        (lambda h: h.data.T, ["swapped", "haadf.T"]),
        (lambda h: hs.stack([h, h], show_progressbar=False), ["one image", "stack"]),
        (
            lambda h: calibrated(np.kron(h.data, np.ones((2, 2))), h, 1.0),
            ["different field", "isig"],
        ),
        (lambda h: np.ma.masked_all(h.data.shape), ["masked"]),
    ],
)
def test_what_is_refused(signal, haadf, form, words):
    with pytest.raises(ValueError) as refused:
        signal.multimodal_fusion(form(haadf), **GIVEN)
    assert all(word in str(refused.value) for word in words), refused.value


@pytest.mark.parametrize(
    ("title", "shown"),
    [("BSE image", "BSE image"), ("STEM HAADF 2", "HAADF"), slow("", "HAADF"), slow("SE", "SE")],
)
def test_pictures_bear_the_title_of_the_image(signal, haadf, title, shown):
    haadf.metadata.General.title = title
    maps, output = signal.multimodal_fusion(haadf, full_output=True, **GIVEN)
    axes = plot_overview(maps, output["raw_maps"], haadf)
    assert axes[0, 0].get_title() == shown
    drawn = plot_haadf_model(output)
    assert np.ravel(drawn)[0].get_title() == f"{shown}, measured"
    plt.close("all")


def test_masks_of_images_in_every_form(signal, haadf, expected):
    mask = np.zeros(haadf.data.shape, bool)
    mask[3, 4] = mask[9, 2:5] = True
    wanted = fused(signal, haadf, navigation_mask=mask)
    masked = np.ma.masked_array(haadf.data, mask)
    lazy = haadf.as_lazy()
    lazy.data = da.ma.masked_array(lazy.data, mask=mask)
    image = haadf.deepcopy()
    image.data = masked.copy()
    near = wanted.max() / 50
    for form in (lazy, lazy.data, [image], masked[None]):
        found = fused(signal, form)
        assert np.abs(found - wanted)[:, ~mask].mean() < near
        assert not np.array_equal(found, expected)
    by_image = found
    stack = hs.stack([signal, signal], show_progressbar=False)
    found = fused(stack, [image, haadf])
    np.testing.assert_array_equal(found[:, 0], by_image)
    np.testing.assert_array_equal(found[:, 1], expected)
    both = np.ma.stack([masked, np.ma.masked_array(2 * haadf.data)])
    np.testing.assert_array_equal(fused(stack, both)[:, 0], by_image)


def test_the_mask_of_a_larger_image_is_cropped_with_it(signal, haadf):
    part = signal.inav[2:10, 3:12]
    inside, outside = np.zeros((2, *haadf.data.shape), bool)
    inside[5, 4], outside[0, 0] = True, True
    image = haadf.deepcopy()
    image.data = np.ma.masked_array(haadf.data, inside)
    mask = inside[3:12, 2:10]
    cropped = haadf.isig[2:10, 3:12]
    cropped.data = np.ma.masked_array(cropped.data, mask)
    np.testing.assert_array_equal(fused(part, image), fused(part, cropped))
    image.data = np.ma.masked_array(haadf.data, outside)
    np.testing.assert_array_equal(fused(part, image), fused(part, haadf))


def test_other_parts_of_a_scan_are_told(signal, haadf):
    part, image = signal.inav[2:8, 2:8], haadf.isig[4:10, 3:9]
    _, output = part.multimodal_fusion(image, lambdas=(0.01, 0.02), full_output=True)
    assert "are 2, 1 pixels (x, y) apart" in str(output["messages"])


def test_a_list_of_what_a_file_holds(signal, haadf):
    with pytest.raises(ValueError, match=r"(?s)a list of 2 was given.*0: .*Signal2D"):
        signal.multimodal_fusion([haadf, haadf], **GIVEN)

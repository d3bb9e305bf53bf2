"""A HAADF on another grid, shifted or turned."""

import logging
from types import SimpleNamespace

import hyperspy.api as hs
import numpy as np
import pytest
from hyperspy.signals import Signal2D
from scipy import ndimage

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.notes import Speaker, gathered
from hyperspy_multimodal.recovery.messages import warn_of_widest_blur
from hyperspy_multimodal.selection import BLURS
from hyperspy_multimodal.signals.haadf_image import image_array

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}


@pytest.fixture(scope="module")
def specimen():
    return core_shell((48, 56), counts=10)


@pytest.fixture(scope="module")
def fused(specimen):
    return fuse(specimen, specimen.haadf)


def fuse(specimen, haadf, **options):
    found = specimen.signal.multimodal_fusion(haadf, **GIVEN, **options)
    return np.stack([each.data for each in found])


def calibrated(array, scale):
    image = Signal2D(array)
    for axis, each in zip(image.axes_manager.signal_axes, scale, strict=True):
        axis.scale, axis.units = each, "nm"
    return image


@pytest.mark.parametrize("factors", [(2, 2), (3, 3)])
def test_a_finer_haadf_is_averaged(specimen, fused, factors, caplog):
    caplog.set_level(logging.INFO, logger="hyperspy_multimodal")
    fine = np.kron(specimen.haadf.data, np.ones(factors))
    np.testing.assert_allclose(fuse(specimen, fine), fused, atol=1e-3)
    assert "taken to be the same field" in caplog.text


def test_a_finer_haadf_of_the_same_field_is_averaged(specimen, fused, caplog):
    """Also by factors that differ, or that are no whole numbers."""
    caplog.set_level(logging.INFO, logger="hyperspy_multimodal")
    fine = np.kron(specimen.haadf.data, np.ones((2, 4)))
    found = fuse(specimen, calibrated(fine, (0.25, 0.5)))
    np.testing.assert_allclose(found, fused, atol=1e-3)
    assert "cover the same field" in caplog.text
    larger = ndimage.zoom(specimen.haadf.data, 1.5, order=1, grid_mode=True, mode="nearest")
    found = fuse(specimen, calibrated(larger, (2 / 3, 2 / 3)))
    assert np.square(found - fused).mean() < 0.01 * np.square(fused).mean()


@pytest.mark.parametrize(
    ("shape", "scale", "words"),
    [
        ((96, 112), (1.0, 1.0), ["different field", "112 pixels of 1 nm", "56 pixels of 1 nm"]),
        ((24, 28), (2.0, 2.0), ["shape", "28 pixels of 2 nm", "56 pixels of 1 nm"]),
        ((50, 60), None, ["shape of the scan", "(48, 56)", "(50, 60)"]),
        ((96, 224), None, ["shape of the scan"]),
    ],
)
def test_other_fields_and_unclear_cases_are_refused(specimen, shape, scale, words):
    array = np.random.default_rng(0).random(shape)
    haadf = array if scale is None else calibrated(array, scale)
    with pytest.raises(ValueError) as error:
        fuse(specimen, haadf)
    assert all(word in str(error.value) for word in words)


def test_a_roi_at_the_origin_is_refused_with_what_to_do_and_that_works(specimen):
    """Offsets of 0 say nothing: many files have them although the spectra lie elsewhere."""
    part = hs.roi.RectangularROI(0, 0, 20, 16)(specimen.signal)
    columns, rows = part.axes_manager.navigation_shape
    with pytest.raises(ValueError, match="ROI at the origin") as refused:
        part.multimodal_fusion(specimen.haadf, **GIVEN)
    assert f"haadf.isig[:{columns}, :{rows}]" in str(refused.value)
    cropped = specimen.haadf.isig[:columns, :rows]
    taken = image_array(cropped, (rows, columns), part.axes_manager.navigation_axes)
    np.testing.assert_array_equal(taken, specimen.haadf.data[:rows, :columns])
    # elsewhere, the axes tell the place
    inner = hs.roi.RectangularROI(4, 6, 24, 20)(specimen.signal)
    shape = inner.axes_manager.navigation_shape[::-1]
    found = image_array(specimen.haadf, shape, inner.axes_manager.navigation_axes)
    scale = specimen.haadf.axes_manager[0].scale
    place = specimen.haadf.data[round(6 / scale) :, round(4 / scale) :]
    np.testing.assert_array_equal(found, place[: shape[0], : shape[1]])
    with pytest.raises(ValueError, match="crop the image to the same part"):
        image_array(specimen.haadf.data, shape, inner.axes_manager.navigation_axes)


@pytest.mark.parametrize("shift", [0.5, 1.7, 4.0])
def test_a_shift_is_warned_of_and_undone_by_align(specimen, fused, shift, caplog):
    caplog.set_level(logging.INFO, logger="hyperspy_multimodal")
    truth = np.stack([each.data for each in specimen.counts])
    moved = ndimage.shift(specimen.haadf.data.astype(float), (0, shift), mode="nearest")

    def error(maps):
        return np.square(maps - truth).mean()

    left = fuse(specimen, moved)
    assert ("shifted relative to the maps" in caplog.text) == (shift > 1)
    aligned, output = specimen.signal.multimodal_fusion(
        moved, align=True, full_output=True, **GIVEN
    )
    np.testing.assert_allclose(output["haadf_shift"], (0, -shift), atol=0.4)
    assert aligned[0].metadata.Multimodal_fusion.haadf_shift == output["haadf_shift"]
    y, x = output["haadf_shift"]
    said = f"moved by ({y:.2f}, {x:.2f}) pixels (y, x)."
    assert f"The HAADF is {said}" in output["messages"]
    assert f"HAADF {said}" in caplog.records[-1].getMessage().splitlines()[0]
    maps = np.stack([each.data for each in aligned])
    assert error(maps) < error(left)
    assert error(maps) < 1.6 * error(fused)


def test_a_haadf_that_fits_is_left_where_it_is(specimen, fused, caplog):
    caplog.set_level(logging.INFO)
    np.testing.assert_array_equal(fuse(specimen, specimen.haadf, align=True), fused)
    assert "HAADF not moved." in caplog.records[-1].getMessage().splitlines()[0]
    caplog.clear()
    fuse(specimen, specimen.haadf)
    assert "HAADF not moved" not in caplog.text


def test_flips_are_recognised(specimen, caplog):
    fuse(specimen, specimen.haadf.data[:, ::-1])
    assert "mirrored left to right" in caplog.text
    assert "haadf.data[:, ::-1]" in caplog.text


def test_input_is_not_modified(specimen):
    haadf = np.kron(specimen.haadf.data, np.ones((2, 2)))
    before = haadf.copy()
    fuse(specimen, haadf, align=True)
    np.testing.assert_array_equal(haadf, before)


def test_the_widest_blur_is_told(specimen, caplog):
    blurred = {
        each.metadata.Sample.elements[0]: ndimage.gaussian_filter(each.data, 4.0)
        for each in specimen.counts
    }
    rng = np.random.default_rng(0)
    maps = {name: rng.poisson(each * 10).astype(float) for name, each in blurred.items()}
    fuse_maps(maps, specimen.haadf, **GIVEN)
    assert "the largest blur that is tried" in caplog.text
    caplog.clear()
    fuse_maps(maps, specimen.haadf, haadf_blur=4.0, **GIVEN)
    assert "the largest blur that is tried" not in caplog.text


@pytest.mark.parametrize("are_shares", [False, True])
def test_the_widest_blur_is_not_told_of_fractions(are_shares):
    model = SimpleNamespace(blur=BLURS[-1])
    with gathered() as notes:
        if are_shares:
            Speaker("maps").warning("The maps add up to 1", kind="shares")
        warn_of_widest_blur(model, "auto")
    assert [note.kind for note in notes] == (["shares"] if are_shares else ["widest blur"])

"""The picture of the crop shows each map in its panel, on the scale that is written below it."""

import io

import matplotlib.image
import numpy as np
import pytest
from hyperspy.axes import UniformDataAxis
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from hyperspy_multimodal.interactive.preview import Preview


def axes(scale, down=None, units="nm"):
    return tuple(
        UniformDataAxis(size=100, scale=each, units=units) for each in (scale, down or scale)
    )


def test_each_panel_shows_what_its_title_says():
    rng = np.random.default_rng(1)
    preview = Preview(["Co_Ka", "O_Ka"], "net counts", axes=axes(0.5))
    for shape in ((12, 20), (9, 7)):  # a crop may change its shape
        haadf, residual = rng.uniform(size=shape), rng.normal(size=shape)
        raw, fused = rng.poisson(3.0, (2, *shape)).astype(float), rng.uniform(1, 4, (2, *shape))
        raw[0, 0] = np.nan  # left out by a mask
        picture = preview.draw(haadf, residual, raw, fused)
        expected = {
            "HAADF": haadf,
            "HAADF residual": residual,
            "Co Kα, raw": raw[0],
            "Co Kα, fused": fused[0],
            "O Kα, raw": raw[1],
            "O Kα, fused": fused[1],
        }
        found = {axis.get_title(): axis for axis in preview._axes.flat}
        assert found.keys() == expected.keys()
        for title, axis in found.items():
            (image,) = axis.images
            np.testing.assert_array_equal(image.get_array().filled(np.nan), expected[title])
            left, right, bottom, top = image.get_extent()
            assert (bottom - top, right - left) == shape
            low, high = image.get_clim()
            written = axis.get_xlabel().replace("\N{MINUS SIGN}", "-").split("\n")[0].split(" to ")
            np.testing.assert_allclose([float(each) for each in written], [low, high], rtol=0.06)
            assert low == (-high if "residual" in title else haadf.min() if title == "HAADF" else 0)
        assert matplotlib.image.imread(io.BytesIO(picture)).ndim == 3


def drawn(names, shape, **options):
    """Return a preview that was drawn, and its picture."""
    preview = Preview(names, "net counts", **options)
    images = np.ones((2, len(names), *shape))
    picture = preview.draw(*np.ones((2, *shape)), *images)
    return preview, matplotlib.image.imread(io.BytesIO(picture))


def test_raw_and_fused_share_the_scale_of_the_fused_map():
    preview = Preview(["Co_Ka"], "net counts")
    haadf, fused = np.ones((8, 8)), np.full((1, 8, 8), 2.0)
    preview.draw(haadf, haadf, 7 * fused, fused)
    assert [axis.images[0].get_clim() for axis in preview._axes[:, 1]] == [(0, 2)] * 2


@pytest.mark.parametrize(("scale", "units", "label"), [(0.5, "nm", "5 nm"), (1, None, "10 pixels")])
def test_the_scale_bar_goes_with_the_crop(scale, units, label):
    preview, _ = drawn(["Co_Ka"], (20, 40), axes=axes(scale, units=units))
    preview.draw(*np.ones((2, 60, 40)), *np.ones((2, 1, 60, 40)))
    (bar,) = (each for each in preview._axes[0, 0].artists if isinstance(each, AnchoredSizeBar))
    assert bar.txt_label.get_text() == label
    assert bar.size_bar.get_children()[0].get_width() == pytest.approx(10)


@pytest.mark.parametrize("number", [1, 3, 11])
def test_panels_fill_a_picture_that_fits_the_window(number):
    for shape in ((128, 128), (16, 128), (128, 16)):
        preview, picture = drawn([f"map {i}" for i in range(number)], shape)
        assert picture.shape[1] <= 1450
        assert len({axis.get_position().bounds[:2] for axis in preview._axes.flat}) == 2 * (
            number + 1
        )
        if shape == (128, 128):
            panel = preview._axes[0, 0].get_window_extent()
            assert panel.width == pytest.approx(panel.height, rel=0.02)
            assert panel.width > 200
            covered = 2 * (number + 1) * panel.width * panel.height
            assert covered > 0.6 * picture.shape[0] * picture.shape[1]


def test_pixels_are_to_scale():
    preview, _ = drawn(["Co_Ka"], (20, 20), axes=axes(0.5, 1.0))
    panel = preview._axes[0, 0].get_window_extent()
    assert panel.height == pytest.approx(2 * panel.width, rel=0.05)

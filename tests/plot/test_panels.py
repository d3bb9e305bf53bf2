"""Panels are to scale."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from hyperspy_multimodal.plot import plot_overlay, plot_overview
from hyperspy_multimodal.plot.figures import rows_and_columns
from hyperspy_multimodal.plot.panels import brightest, compact, emptiest_corner, scale_bar, show


def bar_of(axis):
    """Return the label of an axis' scale bar and its length as a share of the image's width."""
    (bar,) = (artist for artist in axis.artists if isinstance(artist, AnchoredSizeBar))
    (drawn,) = bar.size_bar.get_children()
    left, right, _, _ = axis.images[0].get_extent()
    return bar.txt_label.get_text(), drawn.get_width() / abs(right - left)


@pytest.mark.parametrize(
    ("scale", "units", "label", "share"),
    [
        (0.5, "nm", "2 nm", 2 / 15),
        (0.0005, "µm", "2 nm", 2 / 15),
        (-0.5, "nm", "2 nm", 2 / 15),
        (0.5, None, "5 pixels", 5 / 30),
        (0.5, " ", "5 pixels", 5 / 30),
    ],
)
def test_a_scale_bar_is_as_long_as_it_says(ramp, scale, units, label, share):
    found, drawn = bar_of(plot_overlay([ramp(scale=(scale, scale), units=units)]))
    assert found == label
    assert drawn == pytest.approx(share)


def test_a_scale_bar_fits_an_image_that_is_drawn_in_pixels(ramp):
    axis = plt.figure().subplots()
    axis.imshow(ramp().data)
    scale_bar(axis, ramp())
    assert bar_of(axis) == ("2 nm", pytest.approx(2 / 15))


def test_a_finer_haadf_lies_over_the_maps(ramp):
    haadf = np.random.default_rng(0).random((40, 60))
    axes = plot_overview([ramp()], [ramp()], haadf)
    np.testing.assert_array_equal(axes[0, 0].images[0].get_array(), haadf)
    assert bar_of(axes[0, 0]) == ("2 nm", pytest.approx(2 / 15))
    for axis in axes.flat:
        np.testing.assert_allclose(axis.images[0].get_extent(), [-0.25, 14.75, 9.75, -0.25])


@pytest.mark.parametrize(
    ("length", "units", "written"),
    [
        (0.01, "µm", (10, "nm")),
        (5, "nm", (5, "nm")),
        (3, "steps", (3, "steps")),
        (4, None, (4, "pixels")),
    ],
)
def test_lengths_are_written_in_the_unit_that_fits(length, units, written):
    assert compact(length, units) == written


@pytest.mark.parametrize(("number", "shape"), [(1, (1, 1)), (4, (1, 4)), (5, (2, 3)), (9, (3, 3))])
def test_panels_fill_their_rows(number, shape):
    assert rows_and_columns(number) == shape


@pytest.mark.filterwarnings("error")
def test_a_map_without_any_value_has_limits_too():
    assert brightest(np.full((3, 4), np.nan), lowest=2.0) == 3.0
    assert brightest(np.array([[np.nan, 5.0]])) == 5.0
    assert brightest(np.zeros((3, 4))) == 1.0


@pytest.mark.parametrize("bright", ["lower left", "upper right"])
def test_a_scale_bar_hides_no_bright_corner(ramp, bright):
    signal = ramp((40, 40))
    signal.data[:] = 1
    rows = slice(-4, -2) if bright == "lower left" else slice(2, 4)
    columns = slice(3, 6) if bright == "lower left" else slice(-6, -3)
    signal.data[rows, columns] = 9
    if bright == "upper right":
        signal.data[-4:-2, 3:6] = signal.data[-4:-2, -6:-3] = 9
    axis = plt.figure().subplots()
    show(axis, signal.data, signal, "", "viridis", "", (0, 9))
    expected = "lower right" if bright == "lower left" else "upper left"
    assert emptiest_corner(axis.images[0]) == expected
    axis.figure.canvas.draw()
    bar = scale_bar(axis, signal)
    axis.figure.canvas.draw()
    box = bar.get_window_extent().transformed(axis.transAxes.inverted())
    assert (box.x0 > 0.5) == ("right" in expected)
    assert (box.y0 > 0.5) == ("upper" in expected)
    colours = plt.figure().subplots().imshow(1 - np.repeat(signal.data[..., None] / 9, 3, axis=-1))
    assert emptiest_corner(colours, "white") == expected

"""A line profile shows the maps along the line, in units of their axes."""

import hyperspy.api as hs
import numpy as np
import pytest
from hyperspy.signals import Signal2D

from hyperspy_multimodal.plot import plot_line_profile


def profile(signal, line, **options):
    """Return distances and values of the fused line, which lies over the raw points."""
    return plot_line_profile([signal], [signal], line, **options).lines[1].get_data()


@pytest.mark.parametrize("direction", [(1.0, 0.0), (0.0, 1.0), (0.6, 0.8), (-0.6, 0.8)])
@pytest.mark.parametrize("scale", [(0.5, 0.5), (0.25, 0.5), (-0.5, 0.5)])
def test_along_a_ramp_is_a_ramp(ramp, direction, scale):
    offset = (10.0, 2.0) if scale[0] > 0 else (24.5, 2.0)
    signal = ramp((20, 60), scale=scale, offset=offset, direction=direction)
    start = np.array([16.0, 3.0])
    stop = start + 5 * np.array(direction)
    distance, values = profile(signal, (start, stop), linewidth=1)
    np.testing.assert_allclose(distance[[0, -1]], [0, 5])
    np.testing.assert_allclose(values, start @ direction + distance, atol=1e-9)


def test_raw_is_points_and_fused_is_a_line(ramp):
    raw, fused = ramp(), ramp(direction=(0, 1))
    ax = plot_line_profile([fused], [raw], ((0, 3), (10, 3)))
    points, line = ax.lines[:2]
    assert (points.get_linestyle(), points.get_marker()) == ("None", ".")
    np.testing.assert_allclose(points.get_ydata(), points.get_xdata())
    np.testing.assert_allclose(line.get_ydata(), 3)


@pytest.mark.parametrize(
    ("units", "scale", "label", "length"),
    [
        ("nm", 0.5, "distance (nm)", 10),
        ("µm", 0.0005, "distance (nm)", 10),
        (None, 1, "distance (pixels)", 20),
        (None, 0.5, "distance (units of the axes)", 10),
    ],
)
def test_distances_are_in_a_unit_that_fits(ramp, units, scale, label, length):
    signal = ramp(scale=(scale, scale), units=units)
    ax = plot_line_profile([signal], [signal], ((0, 0), (20 * scale, 0)))
    assert ax.get_xlabel() == label
    assert ax.lines[1].get_xdata()[-1] == pytest.approx(length)


@pytest.mark.parametrize("scale", [(0.5, 0.5), (-0.5, 0.5)])
def test_a_roi_has_its_width(ramp, scale):
    signal = ramp(scale=scale, offset=(0 if scale[0] > 0 else 14.5, 0), direction=(0.0, 1.0))
    signal.data[9:12] = [[-3.0], [1.0], [2.0]]  # rows 9 to 11, at y = 4.5 to 5.5
    roi = hs.roi.Line2DROI(2, 5, 12, 5, linewidth=1.5)
    np.testing.assert_allclose(profile(signal, roi)[1], 0, atol=1e-9)
    np.testing.assert_allclose(profile(signal, roi, linewidth=0.5)[1], 1)


def test_whole_numbers_are_interpolated():
    signal = Signal2D(np.tile(np.arange(10), (4, 1)))
    distance, values = profile(signal, ((0.5, 1), (7.5, 1)))
    np.testing.assert_allclose(values, 0.5 + distance)


def test_positions_that_were_left_out_have_no_part(ramp):
    signal = ramp()
    signal.data[9, 4:8] = np.nan  # at y = 4.5, x = 2 to 3.5
    distance, values = profile(signal, ((0, 5), (10, 5)), linewidth=1.5)  # rows 9 to 11
    np.testing.assert_allclose(values, distance)
    distance, values = profile(signal, ((0, 4.5), (10, 4.5)))
    left_out = (distance >= 2) & (distance <= 3.5)
    np.testing.assert_array_equal(np.isnan(values), left_out)
    np.testing.assert_allclose(values[~left_out], distance[~left_out])


def test_a_standard_deviation_is_a_band(ramp):
    signal = ramp()
    signal.metadata.set_item("Multimodal_fusion.standard_deviation", np.full(signal.data.shape, 2))
    ax = plot_line_profile([signal], [signal], ((0, 3), (10, 3)))
    band = ax.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose([band[:, 1].min(), band[:, 1].max()], [-2, 12])


def test_a_standard_deviation_that_was_not_sliced_is_refused(ramp):
    signal = ramp()
    signal.metadata.set_item("Multimodal_fusion.standard_deviation", np.full(signal.data.shape, 2))
    part = signal.isig[5:, :]
    with pytest.raises(ValueError, match=r"\(20, 25\), but has the shape \(20, 30\)"):
        plot_line_profile([part], [part], ((5, 3), (10, 3)))


def test_each_map_has_a_style_of_its_own(ramp):
    ax = plot_line_profile([ramp()] * 9, [ramp()] * 9, ((0, 3), (10, 3)))
    lines = [line for line in ax.lines if not line.get_label().startswith("_")]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 9


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (((0, 0), (20, 0)), "0 to 14.5 along .* from 0 to 20"),
        (((0, -1), (10, 0)), "from -1 to 0"),
        (((1, 1), (1, 1)), "must have a length"),
        ((1, 2, 3, 4), r"Line2DROI or \(\(x1"),
        (((1, np.nan), (2, 3)), r"Line2DROI or \(\(x1"),
        ("diagonal", r"Line2DROI or \(\(x1"),
        (hs.roi.Line2DROI(), r"Line2DROI or \(\(x1"),
    ],
)
def test_lines_that_are_none_are_refused(ramp, line, message):
    with pytest.raises(ValueError, match=message):
        plot_line_profile([ramp()], [ramp()], line)


def test_a_line_may_reach_the_edges_of_the_outermost_pixels(ramp):
    assert len(profile(ramp(), ((-0.25, 0), (14.75, 0)))[1]) > 30


@pytest.mark.parametrize("linewidth", [-1, np.nan])
def test_widths_that_are_none_are_refused(ramp, linewidth):
    with pytest.raises(ValueError, match="width >= 0"):
        plot_line_profile([ramp()], [ramp()], ((0, 0), (5, 0)), linewidth=linewidth)


def test_the_width_is_in_units_of_the_axes_where_pixels_are_not_square(ramp):
    signal = ramp((20, 30), scale=(2.0, 0.5), direction=(0.0, 0.0))
    signal.data[:, 10] = 1  # one column, 2 wide
    signal.data[7] += 10  # one row, 0.5 high
    _, down = profile(signal, ((20, 0), (20, 9)), linewidth=2)
    np.testing.assert_allclose(np.delete(down, 7), 1)
    _, across = profile(signal, ((0, 3.5), (58, 3.5)), linewidth=0.5)
    np.testing.assert_allclose(np.delete(across, 10), 10)
    _, wide = profile(signal, ((0, 3.5), (58, 3.5)), linewidth=2.5)
    np.testing.assert_allclose(np.delete(wide, 10), 2)  # five rows, of which one is bright


def test_a_width_that_is_no_number_is_refused(ramp):
    with pytest.raises(ValueError, match="linewidth must be a width >= 0, but '3' was given"):
        profile(ramp(), ((0, 3), (10, 3)), linewidth="3")

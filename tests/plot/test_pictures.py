"""Pictures of a fusion show what it gave, in units, and refuse what they cannot draw."""

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hyperspy.signals import BaseSignal, Signal2D

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.plot import (
    plot_convergence,
    plot_haadf_model,
    plot_line_profile,
    plot_overlay,
    plot_selection,
)
from hyperspy_multimodal.plot.panels import compact

QUIET = {"show_progressbar": False, "full_output": True, "gamma": 1}


@pytest.fixture(scope="module")
def specimen():
    return core_shell((20, 32), counts=5, pixel_size=0.5)


@pytest.fixture(scope="module")
def fused(specimen):
    return specimen.signal.multimodal_fusion(specimen.haadf, lambdas=(0.01, 0.02), **QUIET)


@pytest.fixture(scope="module")
def chosen(specimen):
    return specimen.signal.multimodal_fusion(specimen.haadf, tolerance=1e-2, **QUIET)[1]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def ramp(shape=(20, 30), scale=0.5, units="nm", direction=(1.0, 0.0)):
    """A map whose value is the distance along a direction, in units of its axes."""
    y, x = (scale * each for each in np.indices(shape))
    signal = Signal2D(direction[0] * x + direction[1] * y)
    for axis in signal.axes_manager.signal_axes:
        axis.scale, axis.units = scale, units
    return signal


def test_an_overlay_of_one_map_is_that_map_in_its_colour():
    signal = ramp()
    shown = plot_overlay([signal], colors=["#336699"]).images[0].get_array()
    brightest = np.percentile(signal.data, 99.8)
    share = np.clip(signal.data / brightest, 0, 1)[..., None]
    np.testing.assert_allclose(shown, share * np.array([0x33, 0x66, 0x99]) / 255)


def test_an_overlay_adds_colours_and_names_them(fused):
    maps, _ = fused
    ax = plot_overlay(maps, colors=["red", "lime", "blue"])
    shown = ax.images[0].get_array()
    for channel, each in zip(np.moveaxis(shown, -1, 0), maps, strict=True):
        assert np.corrcoef(channel.ravel(), each.data.ravel())[0, 1] > 0.99
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Co_Ka", "O_Ka", "S_Ka"]
    with pytest.raises(ValueError, match=r"one colour for each of 3 maps, in a list, but 1"):
        plot_overlay(maps, colors=["red"])


def test_pictures_are_drawn_where_they_are_asked_to_be(fused):
    maps, output = fused
    figure, ax = plt.subplots()
    assert plot_overlay(maps, ax=ax) is ax
    assert plot_line_profile(maps, output["raw_maps"], ((1, 2), (9, 8)), ax=ax) is ax
    for picture in (plot_convergence, plot_haadf_model):
        figure = plt.figure()
        assert all(axis.figure is figure for axis in picture(output, fig=figure))


def test_convergence_shows_the_three_terms(fused):
    terms = fused[1]["cost_terms"]
    for axis, values in zip(plot_convergence(fused[1]), terms.data, strict=True):
        x, y = axis.lines[0].get_data()
        np.testing.assert_array_equal(x, terms.axes_manager.signal_axes[0].axis)
        np.testing.assert_array_equal(y, values)


def test_measured_haadf_is_modelled_haadf_and_residual(fused):
    measured, modelled, residual = (axis.images[0] for axis in plot_haadf_model(fused[1]))
    np.testing.assert_allclose(measured.get_array(), modelled.get_array() + residual.get_array())
    assert measured.get_clim() == modelled.get_clim()
    low, high = residual.get_clim()
    assert low == -high < 0


def test_selection_shows_each_setting_and_rings_the_choice(chosen):
    table = chosen["selection"]
    for i, axis in enumerate(plot_selection(chosen)):
        points = [line.get_data() for line in axis.lines if line.get_markersize() < 10]
        assert len(points) == len(table)
        for (x, y), row in zip(points, table, strict=True):
            assert x[0] == row["ratios"][i]
            assert y[0] == min(row["relative_errors"][i], 1.3)
        (ring,) = [line for line in axis.lines if line.get_markersize() > 10]
        ratio = chosen["lambda_2"][i] / chosen["lambda_1"][i]
        assert ring.get_xdata()[0] == pytest.approx(ratio)


def test_selection_needs_a_choice(fused):
    with pytest.raises(ValueError, match="lambdas were given"):
        plot_selection(fused[1])


@pytest.mark.parametrize("direction", [(1.0, 0.0), (0.0, 1.0), (0.6, 0.8)])
def test_a_profile_along_a_ramp_is_a_ramp(direction):
    signal = ramp(direction=direction)
    ends = ((1.0, 1.0), (1.0 + 7 * direction[0], 1.0 + 7 * direction[1]))
    ax = plot_line_profile([signal], [signal], ends, linewidth=1)
    distance, values = ax.lines[1].get_data()
    np.testing.assert_allclose(distance[[0, -1]], [0, 7])
    np.testing.assert_allclose(values, sum(direction) + distance, atol=1e-9)
    assert ax.get_xlabel() == "distance (nm)"
    np.testing.assert_allclose(ax.lines[0].get_ydata(), values)


def test_a_profile_along_a_roi_averages_across_its_width():
    signal = ramp(direction=(0.0, 1.0))
    signal.data[9:12] = [[-3.0], [1.0], [2.0]]  # rows 9 to 11, at y = 4.5 to 5.5
    roi = hs.roi.Line2DROI(2, 5, 12, 5, linewidth=1.5)
    values = plot_line_profile([signal], [signal], roi).lines[1].get_ydata()
    np.testing.assert_allclose(values, 0, atol=1e-9)
    narrow = plot_line_profile([signal], [signal], roi, linewidth=0.5).lines[1].get_ydata()
    np.testing.assert_allclose(narrow, 1)


def test_a_profile_has_a_band_of_one_standard_deviation():
    signal = ramp()
    signal.metadata.set_item("Multimodal_fusion.standard_deviation", np.full(signal.data.shape, 2))
    ax = plot_line_profile([signal], [signal], ((0, 3), (10, 3)))
    band = ax.collections[0].get_paths()[0].vertices
    low, high = band[:, 1].min(), band[:, 1].max()
    np.testing.assert_allclose([low, high], [-2, 12])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (((0, 0), (20, 0)), "0 to 20 along .* from 0 to 14.5"),
        (((1, 1), (1, 1)), "no length"),
        ((1, 2, 3, 4), r"Line2DROI or \(\(x1"),
    ],
)
def test_lines_that_are_none_are_refused(line, message):
    with pytest.raises(ValueError, match=message):
        plot_line_profile([ramp()], [ramp()], line)


def test_what_cannot_be_drawn_is_refused(fused):
    maps, output = fused
    lazy = [maps[0].as_lazy(), *maps[1:]]
    with pytest.raises(ValueError, match="compute_maps"):
        plot_overlay(lazy)
    with pytest.raises(ValueError, match=r"shape \(2, 20, 30\).*slice"):
        plot_overlay([BaseSignal(np.zeros((2, 20, 30)))])
    with pytest.raises(ValueError, match="at least one map"):
        plot_overlay([])
    with pytest.raises(ValueError, match=r"\(20, 30\) and \(20, 31\)"):
        plot_overlay([ramp(), ramp((20, 31))])
    with pytest.raises(ValueError, match="2 raw maps"):
        plot_line_profile(maps, output["raw_maps"][:2], ((1, 2), (9, 8)))
    with pytest.raises(TypeError, match=r"full_output=True.*list"):
        plot_convergence(maps)
    with pytest.raises(ValueError, match="one slice"):
        plot_haadf_model({"slices": [output], "raw_maps": []})
    with pytest.raises(ValueError, match="lazy_output=False"):
        plot_convergence({"haadf": None})
    image = output["haadf"].as_lazy()
    with pytest.raises(ValueError, match=r"haadf are lazy.*compute_maps"):
        plot_haadf_model({**output, "haadf": image})


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

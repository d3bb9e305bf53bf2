"""Pictures of compositions show their numbers, regions and scale."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from hyperspy_multimodal import composition
from hyperspy_multimodal.plot import plot_composition, plot_composition_maps
from hyperspy_multimodal.plot.composition import number_of


@pytest.fixture(scope="module")
def found(fused, specimen):
    left, right = np.zeros((2, 20, 32), bool)
    left[5:15, 6:16], right[5:15, 16:26] = True, True
    return composition(*fused, specimen.kfactors, {"left": left, "right": right})


def test_points_and_bars_are_those_of_the_composition(found, specimen):
    found = replace(found, detected=np.ones_like(found.detected))
    bars = plot_composition(found, specimen.haadf)[1].containers
    assert len(bars) == 2
    for r, bar in enumerate(bars):
        line, _, (segments,) = bar.lines
        np.testing.assert_allclose(line.get_ydata(), found.atomic_percent[r])
        ends = np.array([segment[:, 1] for segment in segments.get_segments()])
        np.testing.assert_allclose(np.ptp(ends, axis=1), 2 * found.errors["total"][r])


def test_what_is_not_detected_stands_at_its_limit(found, specimen):
    detected = np.array([[True, True, False], [True, True, True]])
    found = replace(found, detected=detected)
    _, axis, table = plot_composition(found, specimen.haadf)
    marks = [line for line in axis.lines if line.get_marker() == "v" and len(line.get_ydata())]
    assert [list(line.get_ydata()) for line in marks] == [[found.detection_limits[0, 2]]]
    cells = table.tables[0].get_celld()
    assert cells[1, 4].get_text().get_text().startswith("< ")
    assert "±" in cells[2, 4].get_text().get_text()


def test_regions_lie_where_they_are(found, specimen):
    axis = plot_composition(found, specimen.haadf)[0]
    places = {text.get_text(): text.get_position() for text in axis.texts}
    scale = specimen.haadf.axes_manager.signal_axes[0].scale
    assert 6 * scale < places["left"][0] < 15 * scale < places["right"][0] < 25 * scale
    assert all(5 * scale <= y <= 14 * scale for _, y in places.values())
    for contour, columns in zip(axis.collections, ((5.5, 15.5), (15.5, 25.5)), strict=True):
        outline = contour.get_paths()[0].vertices / scale
        np.testing.assert_allclose([outline[:, 0].min(), outline[:, 0].max()], columns)
        np.testing.assert_allclose([outline[:, 1].min(), outline[:, 1].max()], [4.5, 14.5])
    assert any(isinstance(each, AnchoredSizeBar) for each in axis.artists)


def test_a_region_without_counts_has_a_dash(found, specimen):
    nothing = found.atomic_percent.copy()
    nothing[0] = np.nan
    found = replace(found, atomic_percent=nothing, detected=np.array([[True] * 3] * 2))
    table = plot_composition(found, specimen.haadf)[2].tables[0]
    assert [table[1, column].get_text().get_text() for column in (2, 3, 4)] == ["–"] * 3


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (36.216, 3.11, "36.2 ± 3.1"),
        (0.3404, 0.0333, "0.340 ± 0.033"),
        (95.4, 12.0, "95 ± 12"),
        (0.75, None, "< 0.75"),
        (32.6, None, "< 33"),
        (np.nan, 1.0, "–"),
        (100.0, 0.0, "100"),
    ],
)
def test_numbers_have_two_digits_of_their_error(value, error, text):
    assert number_of(value, error) == text


def test_all_maps_have_one_scale_and_vacuum_none(found):
    axes = plot_composition_maps(found)
    assert {axis.images[0].get_clim() for axis in axes} == {axes[0].images[0].get_clim()}
    low, high = axes[0].images[0].get_clim()
    assert low == 0 and high % 10 == 0 and high <= 100
    nothing = np.isnan(found.maps[0].data)
    assert nothing.any()
    for axis, each in zip(axes, found.maps, strict=True):
        shown = axis.images[0]
        np.testing.assert_array_equal(np.ma.getmaskarray(shown.get_array()), nothing)
        red, green, blue, _ = shown.cmap.get_bad()
        assert red == green == blue
        np.testing.assert_array_equal(shown.get_array()[~nothing], each.data[~nothing])


def test_the_scale_can_be_given(found):
    axes = plot_composition_maps(found, 5)
    assert axes[2].images[0].get_clim() == (0, 5)
    with pytest.raises(ValueError, match="highest must be"):
        plot_composition_maps(found, 0)


def test_maps_of_nothing_are_drawn(found):
    nothing = [each._deepcopy_with_new_data(np.full((20, 32), np.nan)) for each in found.maps]
    plot_composition_maps(replace(found, maps=nothing))[0].figure.canvas.draw()


def test_draws_into_a_given_figure(found, specimen):
    figure = plt.figure()
    assert all(axis.figure is figure for axis in plot_composition(found, specimen.haadf, figure))


def test_says_what_to_give(found, fused, specimen):
    for draw in (lambda x: plot_composition(x, specimen.haadf), plot_composition_maps):
        with pytest.raises(TypeError, match="needs what composition returns"):
            draw(fused[0])
    with pytest.raises(ValueError, match="needs a region"):
        plot_composition(replace(found, regions=[]), specimen.haadf)

"""Pictures of compositions show their numbers, regions and scale."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from hyperspy_multimodal import composition, fuse_maps
from hyperspy_multimodal.plot import plot_composition, plot_composition_maps, plot_detection
from hyperspy_multimodal.plot.composition_table import decimals_of, limit_of, number_of


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


def test_amounts_are_drawn_if_detection_cannot_be_assessed(specimen):
    lines = ["Co_Ka", "O_Ka", "S_Ka"]
    counts = dict(zip(lines, specimen.signal.get_lines_intensity(), strict=True))
    maps, output = fuse_maps(
        counts, specimen.haadf, gamma=1, lambdas=(0.01, 0.02), full_output=True,
        show_progressbar=False,
    )  # fmt: skip
    found = composition(maps, output, specimen.kfactors, {"all": np.ones((20, 32), bool)})
    assert not found.detection_is_known.any()
    axes = plot_composition(found, specimen.haadf)
    of_points = [bar for axis in (axes[1], *axes[3:]) for bar in axis.containers]
    drawn = np.concatenate([bar.lines[0].get_ydata() for bar in of_points])
    np.testing.assert_allclose(np.sort(drawn), np.sort(found.atomic_percent[0]))
    for axis in (axes[1], *axes[3:]):
        low, high = axis.get_ylim()
        ends = [bar.lines[0].get_ydata() for bar in axis.containers]
        assert all((low < each).all() and (each < high).all() for each in ends)
    cells = axes[2].tables[0].get_celld()
    assert all("±" in cells[1, column].get_text().get_text() for column in (2, 3, 4))
    with pytest.raises(ValueError, match="comes from existing maps"):
        plot_detection(found)


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


def test_a_region_without_composition_says_so_and_is_not_drawn(found, specimen):
    nothing = found.atomic_percent.copy()
    nothing[0] = np.nan
    found = replace(found, atomic_percent=nothing, detected=np.array([[False] * 3, [True] * 3]))
    axes = plot_composition(found, specimen.haadf)
    cells = [axes[2].tables[0][1, column].get_text().get_text() for column in (2, 3, 4)]
    assert cells == ["no composition"] * 3  # under no element alone
    drawn = np.concatenate(
        [line.get_ydata() for axis in (axes[1], *axes[3:]) for line in axis.lines]
    )
    assert not np.isin(found.detection_limits[0], drawn).any()


def test_the_scale_holds_points_and_bars_and_leaves_them_room(found, specimen):
    percent = np.array([[33, 25, 42.0], [31, 24, 45.0]])
    near = replace(
        found,
        atomic_percent=percent,
        errors={"total": np.full((2, 3), 1.0)},
        detected=np.array([[True] * 3, [True, False, True]]),
        detection_limits=np.full((2, 3), 50.0),
    )
    low, high = plot_composition(near, specimen.haadf)[1].get_ylim()
    assert 20 < low < 24 and 50 < high < 55  # the limit as well
    pure = replace(near, atomic_percent=0 * percent + 100, detected=percent > 0)
    low, high = plot_composition(pure, specimen.haadf)[1].get_ylim()
    assert 90 < low < 97 and 100 < high < 105
    mad = replace(near, atomic_percent=percent * 20 - 800)
    low, high = plot_composition(mad, specimen.haadf)[1].get_ylim()
    assert -5 < low < 0 and 100 < high < 105


def test_the_numbers_of_an_element_have_the_same_decimals(found, specimen):
    percent, errors = np.array([[66.72, 33.28, 0], [67.7, 32.3, 0]]), np.full((2, 3), 0.99)
    errors[0] = 1.04
    near = replace(found, atomic_percent=percent, errors={"total": errors}, detected=percent > 1)
    table = plot_composition(near, specimen.haadf)[2].tables[0]
    cells = [[table[row, column].get_text().get_text() for column in (2, 3)] for row in (1, 2)]
    assert cells == [["66.7 ± 1.0", "33.3 ± 1.0"], ["67.7 ± 1.0", "32.3 ± 1.0"]]


def test_two_elements_of_a_region_have_the_same_decimals(found, specimen):
    percent = np.array([[47.46, 52.54, 0], [20.3, 79.7, 0]])
    errors = np.array([[8.34, 8.34, 0], [12.1, 12.1, 0]])
    near = replace(
        found,
        atomic_percent=percent,
        errors={"total": errors},
        detected=np.array([[True, True, False], [False, True, False]]),
    )
    table = plot_composition(near, specimen.haadf)[2].tables[0]
    assert [table[1, k].get_text().get_text() for k in (2, 3)] == ["47 ± 8", "53 ± 8"]


def test_scarce_elements_have_a_panel_in_which_they_and_their_errors_are_seen(found, specimen):
    percent, errors = np.array([[60, 39.8, 0.2], [58.9, 40, 1.1]]), np.full((2, 3), 0.05)
    true = np.ones((2, 3), bool)
    few = replace(found, atomic_percent=percent, errors={"total": errors}, detected=true)
    axes = plot_composition(few, specimen.haadf)
    assert len(axes) == 4
    for axis, names in ((axes[1], ["Co", "O"]), (axes[3], ["S"])):
        assert [label.get_text() for label in axis.get_xticklabels()] == names
    values = [bar.lines[0].get_ydata()[0] for bar in axes[3].containers]
    assert values == [0.2, 1.1]
    low, high = axes[3].get_ylim()
    assert low < 0 and 1.15 < high < 1.3 and axes[3].get_yscale() == "linear"
    wide = replace(few, atomic_percent=np.array([[60, 39.8, 0.06], [58.9, 40, 1.1]]))
    axis = plot_composition(wide, specimen.haadf)[3]
    assert axis.get_yscale() == "log" and axis.get_ylim()[0] < 0.06 < 1.15 < axis.get_ylim()[1]
    much = replace(few, errors={"total": np.full((2, 3), 4.0)})
    assert len(plot_composition(much, specimen.haadf)) == 3


def test_many_elements_are_rows_of_a_picture_that_is_no_wider_than_a_page(found, specimen):
    wide = {
        name: np.tile(getattr(found, name), 5) / 5
        for name in ("atomic_percent", "detection_limits", "p_values", "detected")
    }
    many = replace(
        found, elements=found.elements * 5, errors={"total": np.full((2, 15), 0.1)}, **wide
    )
    axes = plot_composition(replace(many, detected=wide["detected"] > 0), specimen.haadf)
    table = axes[2].tables[0]
    assert axes[0].figure.get_size_inches()[0] <= 12
    assert [table[row, 0].get_text().get_text() for row in (0, 1, 16)] == [
        "region", "pixels", "S (at%)",
    ]  # fmt: skip
    assert [table[0, column].get_text().get_text() for column in (1, 2)] == ["left", "right"]


def test_the_haadf_of_another_field_is_refused(found, specimen):
    wider = specimen.haadf._deepcopy_with_new_data(np.random.default_rng(0).random((50, 70)))
    for axis, size in zip(wider.axes_manager.signal_axes, (70, 50), strict=True):
        axis.size = size
    with pytest.raises(ValueError, match="plot_composition: haadf covers a different field"):
        plot_composition(found, wider)
    for axis in wider.axes_manager.signal_axes:
        axis.offset = -3 * axis.scale
    shown = plot_composition(found, wider)[0].images[0].get_array()
    np.testing.assert_array_equal(shown, wider.data[3:23, 3:35])


@pytest.mark.parametrize(
    ("values", "errors", "texts"),
    [
        ([36.216], [3.11], ["36.2 ± 3.1"]),
        ([0.3404], [0.0333], ["0.340 ± 0.033"]),
        ([95.4], [12.0], ["95 ± 12"]),
        ([95.4, 0.3404], [12.0, 0.33], ["95.4 ± 12.0", "0.3 ± 0.3"]),
        ([95.4, 50.04], [12.0, 0.033], ["95.40 ± 12.00", "50.04 ± 0.03"]),
        ([np.nan, 36.216], [1.0, 1.0], ["–", "36.2 ± 1.0"]),
        ([100.0], [0.0], ["100.0"]),
    ],
)
def test_numbers_show_digits_of_the_largest_and_the_smallest_error(values, errors, texts):
    decimals = decimals_of(np.array(errors))
    assert [number_of(*each, decimals) for each in zip(values, errors, strict=True)] == texts


@pytest.mark.parametrize(("limit", "text"), [(0.75, "< 0.75"), (32.6, "< 33"), (np.nan, "–")])
def test_limits_have_two_digits(limit, text):
    assert limit_of(limit) == text


def test_vacuum_is_grey(found):
    axes = plot_composition_maps(found)
    nothing = np.isnan(found.maps[0].data)
    assert nothing.any()
    for axis, each in zip(axes, found.maps, strict=True):
        shown = axis.images[0]
        np.testing.assert_array_equal(np.ma.getmaskarray(shown.get_array()), nothing)
        red, green, blue, _ = shown.cmap.get_bad()
        assert red == green == blue
        np.testing.assert_array_equal(shown.get_array()[~nothing], each.data[~nothing])


def test_scarce_elements_have_scales_of_their_own_that_say_so(found):
    much, some, trace = (each.deepcopy() for each in found.maps)
    much.data[:], some.data[:], trace.data[:] = 77, 22.6, 0.33
    axes = plot_composition_maps(replace(found, maps=[much, some, trace]))
    images = [axis.images[0] for axis in axes]
    assert [image.get_clim() for image in images] == [(0, 80), (0, 80), (0, 0.5)]
    assert [image.colorbar.ax.get_ylabel() for image in images] == ["at%"] * 2 + ["at%, own scale"]
    assert images[0].cmap.name == images[1].cmap.name != images[2].cmap.name
    trace.data[:] = 6.2
    axes = plot_composition_maps(replace(found, maps=[much, some, trace]))
    assert axes[2].images[0].get_clim() == (0, 7)


@pytest.mark.parametrize(("share", "is_noted"), [(100.0, True), (99.4, False)])
def test_pixels_of_one_element_alone_are_noted(found, share, is_noted):
    maps = [each._deepcopy_with_new_data(np.full((20, 32), 40.0)) for each in found.maps]
    maps[1].data[3, 4] = share
    axes = plot_composition_maps(replace(found, maps=maps))
    (legend,) = axes[0].figure.legends
    texts = " ".join(text.get_text() for text in legend.get_texts())
    assert ("100 at%: none of the other elements was measured there" in texts) == is_noted


def test_the_scale_can_be_given(found):
    axes = plot_composition_maps(found, 5)
    assert {axis.images[0].get_clim() for axis in axes} == {(0, 5)}
    with pytest.raises(ValueError, match="highest must be"):
        plot_composition_maps(found, 0)


def test_maps_of_nothing_are_drawn(found):
    nothing = [each._deepcopy_with_new_data(np.full((20, 32), np.nan)) for each in found.maps]
    axes = plot_composition_maps(replace(found, maps=nothing))
    axes[0].figure.canvas.draw()
    assert all(np.isnan(axis.images[0].get_array().filled(np.nan)).all() for axis in axes)


def test_draws_into_a_given_figure(found, specimen):
    figure = plt.figure()
    assert all(axis.figure is figure for axis in plot_composition(found, specimen.haadf, figure))


def test_says_what_to_give(found, fused, specimen):
    for draw in (lambda x: plot_composition(x, specimen.haadf), plot_composition_maps):
        with pytest.raises(TypeError, match="needs what composition returns"):
            draw(fused[0])
    with pytest.raises(ValueError, match="needs a region"):
        plot_composition(replace(found, regions=[]), specimen.haadf)


def test_names_of_regions_lie_in_their_largest_piece(found, specimen):
    """Also where a smaller one is thicker."""
    mask = np.zeros((20, 32), bool)
    mask[2:7, 2:7] = True
    mask[12:15, 4:28] = True
    parts = replace(found, masks=np.array([mask, found.masks[1] & ~mask]))
    axis = plot_composition(parts, specimen.haadf)[0]
    x, y = next(text.get_position() for text in axis.texts if text.get_text() == "left")
    scale = specimen.haadf.axes_manager.signal_axes[0].scale
    assert round(y / scale) == 13 and 4 <= x / scale <= 28

"""The overview picture shows the data it was given, labelled and to scale."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar
from slow_repeats import alternating, slow

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.plot import overlay, plot_overview
from hyperspy_multimodal.plot.shown_raw import one_count
from hyperspy_multimodal.recovery.verdict import RULES


@pytest.fixture(scope="module")
def fused():
    specimen = core_shell((20, 32), counts=5, pixel_size=0.5)
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf,
        gamma=1,
        lambdas=(0.01, 0.02),
        map_method="windows",
        full_output=True,
        show_progressbar=False,
    )
    return maps, output["raw_maps"], specimen.haadf


@pytest.fixture(scope="module")
def usual(fused):
    """Axes of the picture with raw maps as they are."""
    return plot_overview(*fused, raw_blur=0)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def plain_legend(monkeypatch):
    """Draw the legend without fitting it into the picture, which takes most of the time."""

    def draw(axis, handles, **style):
        axis.legend(handles=handles, **style)

    monkeypatch.setattr(overlay, "fit_legend", draw)


beside_the_legend = pytest.mark.usefixtures("plain_legend")


def test_each_panel_shows_its_map(fused, usual):
    maps, raw_maps, haadf = fused
    axes = usual
    assert axes.shape == (2, 4)
    shown = [axis.images[0].get_array() for axis in axes.flat]
    for panel, signal in zip(shown[:4], [haadf, *raw_maps], strict=True):
        np.testing.assert_array_equal(panel, signal.data)
    for panel, signal in zip(shown[5:], maps, strict=True):
        np.testing.assert_array_equal(panel, signal.data)
    for pair, signal in zip(axes.T[1:], maps, strict=True):  # on one scale
        (low, high), both = (axis.images[0].get_clim() for axis in pair)
        assert (low, high) == both
        assert low == 0 and 1 <= high / np.percentile(signal.data, 99.8) < 1.5 + 1e-6
    titles = [axis.get_title() for axis in axes.flat]
    assert titles[1] == "Co Kα, raw"
    assert titles[5] == "Co Kα, fused"
    bars = [axis.get_ylabel() for axis in axes[0, 0].figure.axes]
    assert bars.count("net counts") == 3


@alternating(same_scale=[True, False], figsize=[None, "180 mm"])
def test_all_panels_lie_on_one_grid(fused, figsize, same_scale):
    # tall and narrow, so that panels do not fill the room that they are given
    maps, raw_maps = ([each.inav[:7, :] for each in some] for some in fused[:2])
    axes = plot_overview(
        maps, raw_maps, fused[2].isig[:7, :], figsize=figsize, same_scale=same_scale
    )
    axes[0, 0].figure.canvas.draw()
    boxes = np.array([[each.get_window_extent().extents for each in row] for row in axes])
    np.testing.assert_allclose(boxes[0, :, 0], boxes[1, :, 0], atol=1)  # left ends of a column
    np.testing.assert_allclose(boxes[0, :, 2], boxes[1, :, 2], atol=1)
    for row in boxes:  # lower and upper ends of a row
        np.testing.assert_allclose(row[:, [1, 3]], row[:1, [1, 3]] * np.ones((4, 1)), atol=1)


def test_overlay_mixes_the_colours_of_the_legend(fused, usual):
    maps, overlay = fused[0], usual[1, 0]
    mixed = overlay.images[0].get_array()
    assert mixed.shape == (20, 32, 3)
    assert 0 <= mixed.min() and mixed.max() <= 1
    total = np.sum([signal.data for signal in maps], axis=0)
    assert mixed[total < 0.01 * total.max()].max() < 0.03
    assert mixed[total == total.max()].max() > 0.9
    names = [text.get_text() for text in overlay.get_legend().get_texts()]
    assert [each.split(",")[0] for each in names] == ["Co Kα", "O Kα", "S Kα"]


@beside_the_legend
@pytest.mark.parametrize(
    ("scale", "units", "label"),
    [
        slow(0.5, "nm", "2 nm"),
        (0.0005, "µm", "2 nm"),
        slow(5, "Å", "20 Å"),
        (1, "frog", "5 frog"),
    ],
)
def test_scale_bar_has_the_length_it_says(fused, scale, units, label):
    maps, raw_maps, haadf = fused
    maps = [signal.deepcopy() for signal in maps]
    for axis in maps[0].axes_manager.navigation_axes:
        axis.scale, axis.units = scale, units
    axes = plot_overview(maps, raw_maps, haadf)
    (bar,) = (a for a in axes[0, 0].artists if isinstance(a, AnchoredSizeBar))
    assert bar.txt_label.get_text() == label


@beside_the_legend
def test_draws_into_a_given_figure(fused):
    figure = plt.figure()
    axes = plot_overview(*fused, fig=figure)
    assert all(axis.figure is figure for axis in axes.flat)


@beside_the_legend
def test_one_flat_and_one_empty_map(fused):
    maps, raw_maps, haadf = fused
    flat, empty = maps[0].deepcopy(), maps[1].deepcopy()
    flat.data[:], empty.data[:] = 1, 0
    axes = plot_overview([flat, empty], raw_maps[:2], haadf)
    axes[0, 0].figure.canvas.draw()
    assert np.isfinite(axes[1, 0].images[0].get_array()).all()


def test_refuses_unequal_numbers_of_maps(fused):
    maps, raw_maps, haadf = fused
    with pytest.raises(ValueError, match="one raw map for each"):
        plot_overview(maps, raw_maps[:2], haadf)
    with pytest.raises(ValueError, match="at least one fused map"):
        plot_overview([], [], haadf)


@beside_the_legend
def test_all_reasons_stand_below_a_map(fused):
    maps, raw_maps, haadf = fused
    maps = [signal.deepcopy() for signal in maps]
    record = maps[0].metadata.Multimodal_fusion
    record.verdict, record.because = "with care", ["few counts", "saturated HAADF"]
    axes = plot_overview(maps, raw_maps, haadf)
    assert axes[1, 1].get_xlabel() == "with care\nfew counts\nsaturated HAADF"


def test_reasons_are_whole_and_take_a_line_each(fused):
    maps, raw_maps, haadf = fused
    maps = [signal.inav[:20, :].deepcopy() for signal in maps]
    words = [rule.words for rule in RULES.values() if rule.words]
    record = maps[0].metadata.Multimodal_fusion
    record.verdict, record.because = "with care", words
    raw_maps = [signal.inav[:20, :] for signal in raw_maps]
    axes = plot_overview(maps, raw_maps, haadf.isig[:20, :])  # square
    assert axes[1, 1].get_xlabel().split("\n") == ["with care", *words]


def drawn(axes):
    """Return where panels are on the page: their columns and rows, from the left and the top."""
    places = [axis.get_subplotspec() for axis in axes.flat]
    return [(place.rowspan.start, place.colspan.start) for place in places]


@beside_the_legend
def test_eleven_elements_wrap_and_stay_in_pairs(fused):
    maps, raw_maps, haadf = fused
    maps, raw_maps = (maps * 4)[:11], (raw_maps * 4)[:11]
    axes = plot_overview(maps, raw_maps, haadf)
    assert axes.shape == (2, 12)
    places = np.reshape(drawn(axes), (2, 12, 2))
    np.testing.assert_array_equal(places[1] - places[0], [[1, 0]] * 12)
    assert len(set(map(tuple, places[0]))) == 12
    assert places[..., 1].max() < 5
    assert axes[0, 0].figure.get_figwidth() <= 17
    assert axes[1, 0].get_title() == "overlay of 3 elements"  # the others are the same
    for axis, signal in zip(axes[1, 1:], maps, strict=True):
        np.testing.assert_array_equal(axis.images[0].get_array(), signal.data)


def test_columns_and_size_are_as_asked(fused):
    axes = plot_overview(*fused, columns=2, figsize=("85 mm", 6))
    assert max(column for _, column in drawn(axes)) == 1
    np.testing.assert_allclose(axes[0, 0].figure.get_size_inches(), [85 / 25.4, 6])
    narrow = plot_overview(*fused, figsize="85 mm")
    assert max(column for _, column in drawn(narrow)) == 1
    assert narrow[0, 1].title.get_fontsize() < axes[0, 1].figure.axes[0].title.get_fontsize() + 1


def test_pairs_fill_the_width_of_a_narrow_figure(fused):
    maps, raw_maps, haadf = fused
    axes = plot_overview([*maps, maps[0]], [*raw_maps, raw_maps[0]], haadf, figsize="85 mm")
    figure = axes[0, 0].figure
    figure.draw_without_rendering()
    places = drawn(axes)
    assert max(places) == (4, 1)
    for first, second in axes.T:
        left, right = (axis.get_window_extent() for axis in (first, second))
        assert left.y0 == pytest.approx(right.y0) and left.x1 < right.x0
        assert left.width + right.width > 0.55 * figure.bbox.width
    single = plot_overview(maps[:1], raw_maps[:1], haadf, figsize="85 mm")
    assert single[0, 0].get_window_extent().y0 > single[1, 0].get_window_extent().y0


@beside_the_legend
def test_each_map_can_have_its_own_scale(fused):
    maps, raw_maps, _ = fused
    axes = plot_overview(*fused, same_scale=False, raw_blur=0)
    for row, signals in zip(axes[:, 1:], (raw_maps, maps), strict=True):
        for axis, signal in zip(row, signals, strict=True):
            expected = 0, np.percentile(signal.data, 99.8)
            np.testing.assert_allclose(axis.images[0].get_clim(), expected)


@beside_the_legend
def test_colour_maps_by_element(fused):
    one = plot_overview(*fused, cmap="magma")
    assert {axis.images[0].get_cmap().name for axis in one[:, 1:].flat} == {"magma"}
    each = plot_overview(*fused, cmap=["magma", "Reds", "viridis"])
    for pair, name in zip(each.T[1:], ("magma", "Reds", "viridis"), strict=True):
        assert [axis.images[0].get_cmap().name for axis in pair] == [name] * 2
    colours = ["red", "lime", "blue"]
    axes = plot_overview(*fused, cmap="elements", colors=colours)
    for pair, colour in zip(axes.T[1:], np.eye(3), strict=True):
        for axis in pair:
            np.testing.assert_allclose(
                axis.images[0].get_cmap()([0.0, 1.0])[:, :3], [[0] * 3, colour]
            )
    with pytest.raises(ValueError, match="one for each of 3 maps, but 2 were given"):
        plot_overview(*fused, cmap=["magma", "Reds"])


def test_the_overlay_holds_what_is_asked_for_and_no_map_that_misleads(fused):
    maps, raw_maps, haadf = fused
    axes = plot_overview(*fused, overlay=maps[:2])
    names = [text.get_text() for text in axes[1, 0].get_legend().get_texts()]
    assert [each.split(",")[0] for each in names] == ["Co Kα", "O Kα"]
    many = [each.deepcopy() for each in maps * 2]
    for each in many[:3]:
        each.data[:] = each.data[::-1, ::-1]  # in other places
    many[0].metadata.Multimodal_fusion.verdict = "not to be trusted"
    legend = plot_overview(many, raw_maps * 2, haadf)[1, 0].get_legend()
    names = [text.get_text()[:2] for text in legend.get_texts()]
    assert len(names) == 5
    assert names.count("Co") == 1  # the other one is distrusted


def with_values(signal, values):
    made = signal.deepcopy()
    made.data[:] = values
    return made


@beside_the_legend
def test_few_counts_are_smoothed_until_they_compare_with_the_fused_map(fused):
    maps, raw_maps, haadf = fused
    half = np.arange(32) < 16
    levels = [0.2 * half, 2.0 * half, 50.0 * half]
    few = [with_values(each, level) for each, level in zip(maps, levels, strict=True)]
    generator = np.random.default_rng(0)
    raw = [
        with_values(each, generator.poisson(signal.data))
        for each, signal in zip(raw_maps, few, strict=True)
    ]
    axes = plot_overview(few, raw, haadf)
    captions = [axis.get_xlabel() for axis in axes[0, 1:]]
    widths = [float(each.split()[-2]) for each in captions[:2]]
    assert 20 / 8 >= widths[0] > widths[1] > 0.5
    assert captions[2] == ""
    assert axes[0, 3].get_title() == "S Kα, raw"
    assert axes[0, 1].get_title() == "Co Kα, smoothed"
    for pair, signal, counts in zip(axes.T[1:], few, raw, strict=True):
        shown, (low, high) = pair[0].images[0].get_array(), pair[0].images[0].get_clim()
        assert low == 0 and high >= signal.data.max()  # the scale holds both
        assert (shown > high).mean() < 0.012 or high == pytest.approx(1.5 * signal.data.max())
        np.testing.assert_allclose(shown.sum(), counts.data.sum(), rtol=1e-6)
    np.testing.assert_array_equal(axes[0, 3].images[0].get_array(), raw[2].data)


@beside_the_legend
def test_filtered_pixels_do_not_depend_on_those_left_out(fused):
    maps, raw_maps, haadf = fused
    raw = [with_values(each, 1.0) for each in raw_maps]
    for each in raw:
        each.data[3:6, 4:9] = np.nan
    shown = plot_overview(maps, raw, haadf, raw_blur=2)[0, 1].images[0].get_array()
    np.testing.assert_allclose(np.asarray(shown), raw[0].data, rtol=1e-12)
    with pytest.raises(ValueError, match="raw_blur"):
        plot_overview(*fused, raw_blur="some")


@beside_the_legend
def test_the_image_says_what_each_element_used(fused):
    maps, raw_maps, haadf = fused
    maps = [signal.deepcopy() for signal in maps]

    def said(*uses):
        for each, use in zip(maps, uses, strict=True):
            each.metadata.Multimodal_fusion.haadf_use = use
        axis = plot_overview(maps, raw_maps, haadf)[0, 0]
        return axis.get_title(), axis.get_xlabel()

    assert said("brightness", "brightness and edges", "brightness")[0] == "HAADF"
    assert said("edges", "edges", "edges")[0] == "HAADF (edges only)"
    assert said("none", "none", "none") == ("HAADF (left out)", "")
    title, caption = said("none", "edges", "none")
    assert title == "HAADF"
    assert caption.replace("\n", " ") == "edges only: O Kα left out: Co Kα, S Kα"
    slices = ["none", "edges"]  # of a stack
    assert said(slices, slices, slices) == ("HAADF", "")


def test_what_one_count_is_worth_comes_from_the_record(fused):
    maps = [signal.deepcopy() for signal in fused[0]]
    assert [one_count(each) for each in maps] == [1, 1, 1]
    for each in maps:
        each.metadata.Multimodal_fusion.elements = ["Co_Ka", "O_Ka", "S_Ka"]
        each.metadata.Multimodal_fusion.gain = [0.5, 0.1, 2.0]
    assert [one_count(each) for each in maps] == [0.5, 0.1, 2.0]
    maps[0].metadata.Multimodal_fusion.gain = 4.0  # of EELS
    assert one_count(maps[0]) == 4

"""An overlay shows each map in its colour, where the axes say."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from slow_repeats import alternating

from hyperspy_multimodal.plot import plot_overlay


def test_one_map_is_shown_in_its_colour(ramp):
    signal = ramp()
    shown = plot_overlay([signal], colors=["#336699"]).images[0].get_array()
    brightest = np.percentile(signal.data, 99.8)
    share = np.clip(signal.data / brightest, 0, 1)[..., None]
    np.testing.assert_allclose(shown, share * np.array([0x33, 0x66, 0x99]) / 255)


def test_colours_add_up_and_are_named(fused):
    maps, _ = fused
    ax = plot_overlay(maps, colors=["red", "lime", "blue"])
    shown = ax.images[0].get_array()
    for channel, each in zip(np.moveaxis(shown, -1, 0), maps, strict=True):
        assert np.corrcoef(channel.ravel(), each.data.ravel())[0, 1] > 0.99
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert [each.split(",")[0] for each in said] == ["Co Kα", "O Kα", "S Kα"]


def test_maps_whose_colours_mix_are_named(ramp):
    maps = [ramp() for _ in range(3)]
    maps[2].data = maps[2].data[::-1, ::-1].copy()
    for own, there in ((maps, True), (maps[1:], False)):
        said = [text.get_text() for text in plot_overlay(own).get_legend().get_texts()]
        assert (
            any("proportional to another map" in " ".join(each.split()) for each in said) == there
        )
        assert len(said) == len(own) + there


@pytest.mark.parametrize("number", [1, 2, 6, 9])
def test_no_two_maps_have_the_same_colour(ramp, number):
    ax = plot_overlay([ramp()] * number)
    assert len({to_rgb(line.get_color()) for line in ax.lines}) == number


def test_what_is_drawn_later_lies_where_the_axes_say(ramp):
    ax = plot_overlay([ramp(scale=(0.5, 2), offset=(10, -3))])
    left, right, bottom, top = ax.images[0].get_extent()
    np.testing.assert_allclose([left, right], [9.75, 24.75])
    np.testing.assert_allclose([top, bottom], [-4, 36])
    assert ax.get_aspect() == 1


def test_pixels_are_square_where_units_differ(ramp):
    signal = ramp(scale=(0.5, 100))
    signal.axes_manager.signal_axes[1].units = "s"
    ax = plot_overlay([signal])
    left, right, bottom, top = ax.images[0].get_extent()
    shape = (bottom - top) * ax.get_aspect() / (right - left)
    assert shape == pytest.approx(20 / 30)


def test_flat_empty_and_missing_values_are_drawn(ramp):
    flat, empty, partly = ramp(), ramp(), ramp()
    flat.data[:], empty.data[:], partly.data[3:5] = 1e-15, 0, np.nan
    shown = plot_overlay([flat], colors=["white"], vmin=0).images[0].get_array()
    np.testing.assert_array_equal(shown, 1)
    shown = plot_overlay([empty, partly], colors=["red", "white"]).images[0].get_array()
    assert np.isfinite(shown).all()
    assert not shown[3:5].any()


def test_it_is_drawn_into_given_axes(ramp):
    _, ax = plt.subplots()
    assert plot_overlay([ramp()], ax=ax) is ax
    with pytest.raises(TypeError, match="matplotlib axes, but Figure"):
        plot_overlay([ramp()], ax=plt.figure())


def test_each_map_needs_a_colour(ramp):
    with pytest.raises(ValueError, match=r"one colour for each of 3 maps, in a list, but 1"):
        plot_overlay([ramp()] * 3, colors=["red"])
    with pytest.raises(ValueError, match=r"in a list, but 'red'"):
        plot_overlay([ramp()] * 3, colors="red")


def shown(maps, **options):
    return plot_overlay(maps, **options).images[0].get_array()


def test_a_weight_dims_one_map(ramp):
    maps, colours = [ramp(), ramp(direction=(0, 1))], ["#640000", "#006400"]
    full, dimmed = (shown(maps, colors=colours, weights=each) for each in ([1, 1], [1, 0.25]))
    np.testing.assert_allclose(dimmed[..., 0], full[..., 0])
    np.testing.assert_allclose(dimmed[..., 1], full[..., 1] / 4)


def test_what_is_below_vmin_is_dark_and_the_legend_says_so(ramp):
    signal = ramp()  # 0 to 14.5
    ax = plot_overlay([signal, signal], colors=["red", "blue"], vmin=[0, 4], vmax=[10, "100th"])
    red, _, blue = np.moveaxis(ax.images[0].get_array(), -1, 0)
    np.testing.assert_allclose(red, np.clip(signal.data / 10, 0, 1))
    np.testing.assert_allclose(blue, np.clip((signal.data - 4) / 10.5, 0, 1))
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["map, 0 to 10", "map, 4 to 14"]


def test_what_is_everywhere_does_not_hide_the_others(ramp):
    particle, matrix, film = ramp(), ramp(), ramp()
    particle.data[:] = np.where(np.arange(particle.data.shape[1]) > 20, 3.0, 0.0)
    matrix.data[:], film.data[:] = 40 + matrix.data, 7.0
    colours = ["#640000", "#006400", "#000064"]
    ax = plot_overlay([particle, matrix, film], colors=colours)
    red, green, blue = np.moveaxis(ax.images[0].get_array(), -1, 0) / (100 / 255)
    np.testing.assert_allclose(red, particle.data / 3)
    np.testing.assert_allclose(blue, 0.25)
    low = 0.75 * np.percentile(matrix.data, 5)
    np.testing.assert_allclose(green, np.clip((matrix.data - low) / (4 / 3 * low), 0, 1))
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["map, 0 to 3", f"map, {low:.0f} to {7 / 3 * low:.0f}", "map, 5.2 to 12"]
    one_scale = plot_overlay([particle, matrix], same_scale=True, colors=colours[:2])
    assert {each.get_text() for each in one_scale.get_legend().get_texts()} == {"map, 0 to 54"}


def test_on_one_scale_a_trace_element_is_dark(ramp):
    main, trace = ramp(), ramp()  # 0 to 14.5
    trace.data /= 100
    colours = {"colors": ["#640000", "#006400"]}
    stretched = shown([main, trace], **colours)
    np.testing.assert_allclose(stretched[..., 1], stretched[..., 0])
    ax = plot_overlay([main, trace], same_scale=True, vmax="100th", **colours)
    red, green, _ = np.moveaxis(ax.images[0].get_array(), -1, 0)
    np.testing.assert_allclose(green, red / 100, atol=1e-12)
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"map, 0 to 14"}


def test_what_is_not_to_be_trusted_is_dimmed_with_a_word(ramp):
    sound, doubtful = ramp(), ramp()
    doubtful.metadata.set_item("Multimodal_fusion.verdict", "not to be trusted")
    ax = plot_overlay([sound, doubtful], colors=["#640000", "#006400"])
    red, green, _ = np.moveaxis(ax.images[0].get_array(), -1, 0)
    np.testing.assert_allclose(green, 0.4 * red)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert ["not to be trusted" in each for each in names] == [False, True]
    as_asked = shown([sound, doubtful], colors=["#640000", "#006400"], weights=[1, 1])
    np.testing.assert_allclose(as_asked[..., 1], red)


def test_where_colours_add_up_to_too_much_the_hue_stays(ramp):
    signal = ramp()
    both = shown([signal, signal], colors=["#FF8000", "#FF8000"])
    np.testing.assert_allclose(both[..., 1], both[..., 0] * 128 / 255)
    assert both.max() == 1


def test_on_white_nothing_is_white_and_all_is_dark(ramp):
    signal = ramp()
    mixed = shown([signal] * 3, colors=["cyan", "magenta", "yellow"], background="white")
    np.testing.assert_allclose(mixed[:, 0], 1)
    np.testing.assert_allclose(mixed[:, -1], 0, atol=1e-12)
    assert not shown([signal] * 2, background="black")[:, 0].any()


@alternating(background=["white", "black"], number=[2, 3, 4])
def test_default_colours_and_their_mixtures_differ(ramp, number, background):
    one = ramp(shape=(8, 8))
    seen = []
    for chosen in range(1, 2**number):
        maps = [one.deepcopy() for _ in range(number)]
        for bit, each in enumerate(maps):
            each.data[:] = bool(chosen >> bit & 1)
        if bin(chosen).count("1") <= 2:
            seen.append(shown(maps, background=background, vmax=1)[0, 0])
    apart = np.linalg.norm(np.subtract.outer(seen, seen)[:, range(3), :, range(3)], axis=0)
    assert apart[~np.eye(len(seen), dtype=bool)].min() > 0.15


@alternating(number=[11, 2], shape=[(8, 80), (12, 12), (80, 8)])
def test_the_legend_is_never_larger_than_the_picture(ramp, shape, number):
    ax = plot_overlay([ramp(shape)] * number)
    ax.figure.canvas.draw()
    image, legend = ax.get_window_extent(), ax.get_legend().get_window_extent()
    assert legend.width <= 1.01 * image.width
    assert legend.height <= 1.01 * image.height
    assert not plot_overlay([ramp(shape)], legend=False).get_legend()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": [1]}, "one number for each of 2 maps"),
        ({"weights": [1, -1]}, "weights must be a finite number >= 0"),
        ({"vmin": "low"}, "vmin must be a number, or a percentile"),
        ({"vmax": [1, 2, 3]}, "vmax must be one value, or one for each of 2 maps"),
        ({"vmin": 3, "vmax": 2}, "vmax must be above vmin"),
        ({"background": "grey"}, "background must be 'black' or 'white'"),
    ],
)
def test_what_is_refused(ramp, options, words):
    with pytest.raises(ValueError, match=words):
        plot_overlay([ramp()] * 2, **options)

"""An overlay shows each map in its colour, where the axes say."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

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
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Co_Ka", "O_Ka", "S_Ka"]


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
    shown = plot_overlay([flat], colors=["white"]).images[0].get_array()
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

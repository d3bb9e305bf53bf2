"""The overview picture shows the data it was given, labelled and to scale."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.plot import plot_overview


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


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_each_panel_shows_its_map(fused):
    maps, raw_maps, haadf = fused
    axes = plot_overview(maps, raw_maps, haadf)
    assert axes.shape == (2, 4)
    shown = [axis.images[0].get_array() for axis in axes.flat]
    for panel, signal in zip(shown[:4], [haadf, *raw_maps], strict=True):
        np.testing.assert_array_equal(panel, signal.data)
    for panel, signal in zip(shown[5:], maps, strict=True):
        np.testing.assert_array_equal(panel, signal.data)
    for axis, signal in zip([*axes[0, 1:], *axes[1, 1:]], [*raw_maps, *maps], strict=True):
        expected = 0, np.percentile(signal.data, 99.8)
        np.testing.assert_allclose(axis.images[0].get_clim(), expected)
    titles = [axis.get_title() for axis in axes.flat]
    assert titles[1] == "Co_Ka, raw"
    assert titles[5] == "Co_Ka, fused"
    bars = [axis.get_ylabel() for axis in axes[0, 0].figure.axes]
    assert bars.count("net counts") == 6


def test_overlay_mixes_the_colours_of_the_legend(fused):
    maps, raw_maps, haadf = fused
    overlay = plot_overview(maps, raw_maps, haadf)[1, 0]
    mixed = overlay.images[0].get_array()
    assert mixed.shape == (20, 32, 3)
    assert 0 <= mixed.min() and mixed.max() <= 1
    total = np.sum([signal.data for signal in maps], axis=0)
    assert mixed[total < 0.01 * total.max()].max() < 0.03
    assert mixed[total == total.max()].max() > 0.9
    assert [text.get_text() for text in overlay.get_legend().get_texts()] == [
        "Co_Ka",
        "O_Ka",
        "S_Ka",
    ]


@pytest.mark.parametrize(
    ("scale", "units", "label"),
    [(0.5, "nm", "2 nm"), (0.0005, "µm", "2 nm"), (5, "Å", "20 Å"), (1, "frog", "5 frog")],
)
def test_scale_bar_has_the_length_it_says(fused, scale, units, label):
    maps, raw_maps, haadf = fused
    maps = [signal.deepcopy() for signal in maps]
    for axis in maps[0].axes_manager.navigation_axes:
        axis.scale, axis.units = scale, units
    axes = plot_overview(maps, raw_maps, haadf)
    (bar,) = (a for a in axes[0, 0].artists if isinstance(a, AnchoredSizeBar))
    assert bar.txt_label.get_text() == label


def test_draws_into_a_given_figure(fused):
    figure = plt.figure()
    axes = plot_overview(*fused, fig=figure)
    assert all(axis.figure is figure for axis in axes.flat)


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


def test_all_reasons_stand_below_a_map(fused):
    maps, raw_maps, haadf = fused
    maps = [signal.deepcopy() for signal in maps]
    record = maps[0].metadata.Multimodal_fusion
    record.verdict, record.because = "with care", ["few counts", "saturated HAADF"]
    axes = plot_overview(maps, raw_maps, haadf)
    assert axes[1, 1].get_xlabel() == "with care\nfew counts\nsaturated HAADF"

"""Figures have the size that is asked for, in inches or millimetres."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_multimodal import composition
from hyperspy_multimodal.names import written_name
from hyperspy_multimodal.plot import (
    plot_composition,
    plot_composition_maps,
    plot_convergence,
    plot_detection,
    plot_detection_map,
    plot_haadf_model,
    plot_overlay,
)
from hyperspy_multimodal.plot.contrast import shared_limits
from hyperspy_multimodal.plot.figures import inches_of
from hyperspy_multimodal.plot.panels import extends
from hyperspy_multimodal.quantification import detection_map


@pytest.mark.parametrize(
    ("figsize", "inches"),
    [
        (None, (8, 4)),
        (6, (6, 3)),
        ("127 mm", (5, 2.5)),
        ("12.7 cm", (5, 2.5)),
        ("5 in", (5, 2.5)),
        ((3, 4), (3, 4)),
        (("254 mm", 3), (10, 3)),
        (np.array([3.0, 4.0]), (3, 4)),
    ],
)
def test_sizes_are_in_inches_or_have_a_unit(figsize, inches):
    np.testing.assert_allclose(inches_of(figsize, (8, 4)), inches)


@pytest.mark.parametrize(
    "figsize",
    [
        (1, 2, 3),
        "5 kg",
        "wide",
        "85",
        "3.3",
        ("85 mm", "4"),
        0,
        -3,
        float("nan"),
        1000,
        [None, 2],
        [],
    ],
)
def test_other_sizes_are_refused(figsize):
    with pytest.raises(ValueError, match="figsize must be a width, or"):
        inches_of(figsize, (8, 4))


def test_a_size_is_that_of_a_new_figure(ramp):
    with pytest.raises(ValueError, match="figsize is the size of a new figure, but ax was given"):
        plot_overlay([ramp()], ax=plt.figure().subplots(), figsize=3)


def test_narrow_figures_have_small_text_and_fewer_columns(fused):
    for draw in (plot_haadf_model, plot_convergence):
        default, narrow = draw(fused[1]), draw(fused[1], figsize="85 mm")
        assert narrow[0].figure.get_figwidth() == pytest.approx(85 / 25.4)
        assert narrow[0].title.get_fontsize() < default[0].title.get_fontsize()
        columns = [each[0].get_subplotspec().get_gridspec().ncols for each in (default, narrow)]
        assert columns[0] == 3 > columns[1]


def test_maps_of_detection_and_composition_have_sizes(specimen, fused):
    maps, output = fused
    found = composition(maps, output, specimen.kfactors)
    where = detection_map(maps, output, specimen.kfactors)
    for axes in (
        plot_detection_map(where, figsize="85 mm"),
        plot_composition_maps(found, figsize="85 mm"),
        plot_composition(found, specimen.haadf, figsize="85 mm"),
        [plot_detection(found, figsize="85 mm")],
    ):
        assert axes[0].figure.get_figwidth() == pytest.approx(85 / 25.4)
        assert axes[0].title.get_fontsize() < plt.rcParams["font.size"]


def test_a_shared_scale_is_that_of_the_fused_map():
    raw, fused = np.array([[-1.0, 9.0]]), np.full((1, 2), 4.0)
    assert shared_limits(raw, fused) == (0, 4)
    assert shared_limits(raw, 0 * fused)[1] == pytest.approx(9, rel=0.01)
    assert extends([raw, fused], 0, 4) == "both"


def test_a_shared_scale_can_hold_the_raw_map_but_darkens_the_fused_one_little():
    fused = np.full((20, 20), 4.0)
    noisy = np.linspace(3.0, 5.0, 400).reshape(20, 20)
    single = np.where(np.arange(400).reshape(20, 20) % 20 == 0, 80.0, 0.0)
    assert shared_limits(noisy, fused, holds_raw=True) == (0, np.percentile(noisy, 99))
    assert shared_limits(0.5 * noisy, fused, holds_raw=True) == (0, 4)
    assert shared_limits(single, fused, holds_raw=True) == (0, 6)
    assert shared_limits(np.full((20, 20), np.nan), fused, holds_raw=True) == (0, 4)


def test_colour_bars_point_where_values_lie_beyond():
    fused = np.full((1, 2), 4.0)
    assert extends([fused, np.full((1, 2), np.nan)], 0, 4) == "neither"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Co_Ka", "Co Kα"),
        ("W_Lb1", "W Lβ1"),
        ("Cu_L3", "Cu L3"),
        ("O_K", "O K"),
        ("Ti", "Ti"),
        ("my_map", "my_map"),
        ("3.70 keV", "3.70 keV"),
    ],
)
def test_names_are_written_as_in_text(name, written):
    assert written_name(name) == written

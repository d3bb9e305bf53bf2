"""Marks of windows in which structure was restored."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.plot import plot_overview

SIDE = 48


@pytest.fixture(scope="module")
def fused():
    rng = np.random.default_rng(0)
    truth = np.full((2, SIDE, SIDE), 20.0)
    truth[1] = 0.5
    truth[1][:, 20:22] += 2
    haadf = 1 + 0.01 * rng.standard_normal((SIDE, SIDE))
    maps, output = fuse_maps(
        dict(zip(("Ni", "Cr"), rng.poisson(truth), strict=True)),
        haadf,
        gamma=1.0,
        lambdas=(1.0, 20.0),
        weights=[0, 0],
        full_output=True,
        show_progressbar=False,
    )
    for each in [*maps, *output["raw_maps"]]:
        each.axes_manager.signal_axes[0].scale = 0.5
        each.axes_manager.signal_axes[0].offset = 3.0
    return maps, output["raw_maps"], haadf


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_a_ring_marks_what_was_restored(fused):
    axes = plot_overview(*fused)
    rings = axes[1, 2].collections[0].get_offsets()
    windows = fused[0][1].metadata.Multimodal_fusion.relaxed
    assert len(rings) == list(windows.lines).count("Cr")
    np.testing.assert_allclose(rings[0], (3.0 + 0.5 * 20.5, windows.rows[0]))
    assert axes[1, 2].get_xlabel().endswith("ring: corrected by counts")


def test_maps_without_windows_have_no_marks(fused):
    axes = plot_overview(*fused)
    for panel in (axes[1, 1], axes[0, 2]):
        assert not panel.collections
        assert "ring" not in panel.get_xlabel()


def test_maps_that_were_cropped_have_no_marks(fused):
    maps, raw_maps, haadf = fused
    maps, raw_maps = ([each.isig[:30, :30] for each in some] for some in (maps, raw_maps))
    assert not plot_overview(maps, raw_maps, haadf[:30, :30])[1, 2].collections


@pytest.mark.parametrize("figsize", [None, "85 mm"])
def test_without_captions_the_same_maps_have_no_text_below_them_and_no_marks(fused, figsize):
    with_text = plot_overview(*fused, raw_blur=1.0, figsize=figsize)
    bare = plot_overview(*fused, raw_blur=1.0, figsize=figsize, captions=False)
    assert any(panel.get_xlabel() for panel in with_text.flat)
    for panel, same in zip(bare.flat, with_text.flat, strict=True):
        assert panel.get_xlabel() == "" and not panel.collections
        assert panel.get_title() == same.get_title()
        np.testing.assert_array_equal(panel.images[0].get_array(), same.images[0].get_array())
    heights = [axes[0, 0].figure.get_size_inches()[1] for axes in (bare, with_text)]
    assert heights[0] < heights[1]

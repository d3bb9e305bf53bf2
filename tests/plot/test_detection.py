"""Pictures of detection show what is there, what is not, and what cannot be told."""

from dataclasses import replace

import numpy as np
import pytest
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from hyperspy_multimodal import composition
from hyperspy_multimodal.plot import plot_detection, plot_detection_map
from hyperspy_multimodal.quantification import detection_map
from hyperspy_multimodal.quantification.absence import region_states


@pytest.fixture(scope="module")
def found(fused, specimen):
    return composition(*fused, specimen.kfactors, {"all": np.ones((20, 32), bool)})


def test_cells_say_how_much_or_up_to_what(found):
    found = replace(found, detected=np.array([[True, False, False]]))
    axis = plot_detection(found, 90)
    states = region_states(found, 90)
    np.testing.assert_array_equal(axis.images[0].get_array(), states)
    assert states[0, 0] > 0 and states[0, 2] == -1
    texts = [text.get_text() for text in axis.texts]
    assert "±" in texts[0] and texts[2] == "< 90"
    assert plot_detection(found, 0.01).texts[2].get_text().startswith("limit ")


def test_each_state_has_the_colour_of_the_legend(fused, specimen):
    found = detection_map(*fused, specimen.kfactors, sizes=1)
    for state, label in (
        (2, "there"),
        (1, "there, but < 5 at%"),
        (-1, "< 5 at%, if any"),
        (0, "cannot tell"),
    ):
        found.maps[0].data[:] = state
        axis = plot_detection_map(found)[0]
        image, legend = axis.images[0], axis.figure.legends[0]
        shown = image.cmap(image.norm(image.get_array()))[0, 0]
        (patch,) = (each for each in legend.get_patches() if each.get_label() == label)
        np.testing.assert_allclose(shown, patch.get_facecolor(), atol=0.01)


def test_what_is_below_least_is_said_only_under_a_lower_limit(found):
    negative = np.where([[True, True, False]], found.counts, -20 * found.counts_errors)
    missing = replace(found, counts=negative, detected=np.array([[True, True, False]]))
    limit = float(found.detection_limits[0, 2])
    texts = [plot_detection(missing, share * limit).texts[2].get_text() for share in (0.9, 3)]
    assert texts == [f"limit {limit:.2g}", f"< {3 * limit:g}"]


def test_a_region_without_composition_says_so(found):
    nothing = np.full((1, 3), np.nan)
    none = replace(found, atomic_percent=nothing, detected=np.zeros((1, 3), bool))
    assert {text.get_text() for text in plot_detection(none).texts} == {"no composition"}


def test_the_legend_names_rate_and_least(found):
    axis = plot_detection(found, 2)
    assert [text.get_text() for text in axis.get_legend().get_texts()] == [
        "there",
        "there, but < 2 at%",
        "< 2 at%, if any",
        "cannot tell",
    ]
    assert "5 %" in axis.get_title()


def test_maps_are_shown_with_the_size_of_their_blocks(fused, specimen):
    found = detection_map(*fused, specimen.kfactors, sizes={"Co_Ka": 1, "O": 4, "S": 5})
    axes = plot_detection_map(found)
    assert [axis.get_title() for axis in axes] == [
        "Co, single pixels",
        "O, blocks of 4 × 4",
        "S, blocks of 5 × 5",
    ]
    for axis, each in zip(axes, found.maps, strict=True):
        np.testing.assert_array_equal(axis.images[0].get_array(), each.data)
        assert axis.images[0].get_clim() == (-1.5, 2.5)
    assert any(isinstance(each, AnchoredSizeBar) for each in axes[0].artists)


def test_says_what_to_give(found, fused):
    with pytest.raises(TypeError, match="needs what composition returns"):
        plot_detection(fused[0])
    with pytest.raises(TypeError, match="needs what detection_map returns"):
        plot_detection_map(found)
    with pytest.raises(ValueError, match="least must be"):
        plot_detection(found, 100)
    with pytest.raises(ValueError, match="needs a region"):
        plot_detection(replace(found, regions=[]))

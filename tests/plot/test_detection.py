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
    assert states[0, 0] == 1 and states[0, 2] == -1
    texts = [text.get_text() for text in axis.texts]
    assert "±" in texts[0] and texts[2] == "< 90"
    assert plot_detection(found, 0.01).texts[2].get_text().startswith("limit ")


def test_the_legend_names_rate_and_least(found):
    axis = plot_detection(found, 2)
    assert [text.get_text() for text in axis.get_legend().get_texts()] == [
        "there",
        "not there (< 2 at%)",
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
        assert axis.images[0].get_clim() == (-1, 1)
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

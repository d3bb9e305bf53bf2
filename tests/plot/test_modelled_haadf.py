"""The picture of the HAADF model shows what the maps explain, and what they leave."""

import numpy as np
import pytest

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.plot import plot_haadf_model


def test_measured_is_modelled_and_residual(fused):
    measured, modelled, residual = (axis.images[0] for axis in plot_haadf_model(fused[1]))
    np.testing.assert_array_equal(measured.get_array(), fused[1]["haadf"].data)
    np.testing.assert_allclose(measured.get_array(), modelled.get_array() + residual.get_array())
    assert measured.get_clim() == modelled.get_clim()


def test_the_residual_is_symmetric_about_zero(fused):
    low, high = plot_haadf_model(fused[1])[2].images[0].get_clim()
    assert low == -high < 0


def test_images_are_in_units_of_the_scan(fused):
    for axis in plot_haadf_model(fused[1]):  # 20 x 32 pixels of 0.5 nm
        np.testing.assert_allclose(axis.images[0].get_extent(), [-0.25, 15.75, 9.75, -0.25])


def test_the_heading_says_what_is_explained_and_what_was_left_out(fused):
    output = {**fused[1], "r_squared": 0.8764}
    heading = plot_haadf_model(output)[0].figure.get_suptitle()
    assert "87.6 %" in heading
    assert "left out" not in heading
    output["uses_brightness"] = False
    output["directional"] = [False, True, False]
    assert "Only edges" in plot_haadf_model(output)[0].figure.get_suptitle()
    output["directional"] = [False] * 3
    assert "left out" in plot_haadf_model(output)[0].figure.get_suptitle()


def test_all_that_is_lazy_is_computed_together(specimen):
    _, output = specimen.signal.multimodal_fusion(
        specimen.haadf, gamma=1, lambdas=(0.01, 0.02), lazy_output=True, full_output=True
    )
    names = ["haadf", "modelled_haadf", "haadf_residual"]
    with pytest.raises(ValueError, match=f"{', '.join(names)} are lazy.*compute_maps"):
        plot_haadf_model(output)
    output.update(zip(names, compute_maps([output[name] for name in names]), strict=True))
    assert plot_haadf_model(output).shape == (3,)

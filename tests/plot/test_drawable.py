"""What cannot be drawn is refused, and the error says what to give instead."""

import numpy as np
import pytest
from hyperspy.signals import BaseSignal, Signal1D

from hyperspy_multimodal.plot import (
    plot_convergence,
    plot_haadf_model,
    plot_line_profile,
    plot_overlay,
    plot_overview,
    plot_selection,
)


def test_maps_are_a_list_of_signals_in_memory_with_two_axes(fused, ramp):
    maps, _ = fused
    with pytest.raises(ValueError, match="compute_maps"):
        plot_overlay([maps[0].as_lazy(), *maps[1:]])
    with pytest.raises(ValueError, match=r"shape \(2, 20, 30\).*one slice"):
        plot_overlay([BaseSignal(np.zeros((2, 20, 30)))])
    with pytest.raises(ValueError, match="two axes of the scan"):
        plot_overlay([Signal1D(np.zeros((20, 30)))])
    with pytest.raises(ValueError, match=r"\(20, 30\) and \(20, 31\)"):
        plot_overlay([ramp(), ramp((20, 31))])
    for nothing in ([], ()):
        with pytest.raises(ValueError, match=r"at least one map.* an empty list"):
            plot_overlay(nothing)
    with pytest.raises(ValueError, match="Signal2D was given"):
        plot_overlay(ramp())
    with pytest.raises(TypeError, match="contains ndarray"):
        plot_overlay([np.zeros((20, 30))])
    with pytest.raises(TypeError, match=r"returns \(maps, output\)"):
        plot_overlay(fused)


def test_raw_maps_are_those_of_the_maps(fused, ramp):
    maps, output = fused
    line = ((1, 2), (9, 8))
    with pytest.raises(ValueError, match="3 fused and 2 raw maps"):
        plot_line_profile(maps, output["raw_maps"][:2], line)
    with pytest.raises(ValueError, match="NoneType was given"):
        plot_line_profile(maps, None, line)
    with pytest.raises(ValueError, match=r"\(20, 30\) and \(10, 30\)"):
        plot_line_profile([ramp()], [ramp((10, 30))], line)
    with pytest.raises(ValueError, match=r"\(20, 30\) and \(10, 30\)"):
        plot_overview([ramp()], [ramp((10, 30))], ramp())


def test_the_haadf_of_an_overview_is_one_image(ramp):
    with pytest.raises(ValueError, match=r"one HAADF image.*\(20, 30\).*\(2, 20, 30\)"):
        plot_overview([ramp()], [ramp()], np.zeros((2, 20, 30)))
    with pytest.raises(ValueError, match="NoneType"):
        plot_overview([ramp()], [ramp()], None)
    with pytest.raises(ValueError, match=r"swapped: try haadf.T"):
        plot_overview([ramp()], [ramp()], np.ones((30, 20)))
    with pytest.raises(ValueError, match="real numbers over the maps"):
        plot_overview([ramp()], [ramp()], np.ones((20, 30), complex))


@pytest.mark.parametrize("picture", [plot_convergence, plot_haadf_model, plot_selection])
def test_output_is_that_of_one_fusion(fused, picture):
    maps, output = fused
    with pytest.raises(TypeError, match=r"full_output=True.*list"):
        picture(maps)
    with pytest.raises(ValueError, match="one slice"):
        picture({"slices": [output], "raw_maps": []})
    with pytest.raises(ValueError, match="does not contain"):
        picture({"raw_maps": []})

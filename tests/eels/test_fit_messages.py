"""What a fit of core losses says of itself."""

import re

import pytest

from hyperspy_multimodal.data import core_loss

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}


@pytest.mark.parametrize("moved", [0.0, 4.0])
def test_the_shift_of_edges_is_logged(moved, logged):
    specimen = core_loss((16, 16), counts=500)
    specimen.signal.axes_manager[-1].offset += moved
    maps = specimen.signal.multimodal_fusion(specimen.haadf, map_method="fit", **GIVEN)
    shift = maps[0].metadata.Multimodal_fusion.edge_shift
    assert abs(shift - moved) < 1
    said = {each.getMessage() for each in logged.records}
    [line] = [each for each in said if "moved all edges" in each]
    assert float(re.search(r"by ([+-]\d+\.\d) eV", line)[1]) == pytest.approx(shift, abs=0.06)


@pytest.mark.parametrize(("moved", "far"), [(0.0, False), (4.0, False), (12.0, True)])
def test_a_shift_at_its_limit_is_a_reason(moved, far):
    specimen = core_loss((16, 16), counts=500)
    specimen.signal.axes_manager[-1].offset += moved
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, map_method="fit", full_output=True, **GIVEN
    )
    assert any("from the tables, its limit" in each for each in output["messages"]) == far
    for each in maps:
        assert ("edges far from the tables" in each.metadata.Multimodal_fusion.because) == far

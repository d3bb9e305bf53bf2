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

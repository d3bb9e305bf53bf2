"""Elements that are listed but not there have maps that are not to be trusted."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal import data
from hyperspy_multimodal.counts.absent import absent

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False, "full_output": True}


def verdicts(specimen, elements, method):
    signal = specimen.signal.deepcopy()
    signal.add_elements(elements)
    _, output = signal.multimodal_fusion(specimen.haadf, map_method=method, **GIVEN)
    return {each["map"]: each for each in output["verdicts"]}


def test_totals_are_compared_with_three_errors():
    found = absent(["a", "b", "c", "d"], [-5.0, 29.0, 31.0, 0.0], [1.0, 10.0, 10.0, 0.0])
    assert list(found) == ["a", "b"]
    assert found["b"] == "b (29 ± 10 counts)"


def test_errors_that_are_not_noise_take_two():
    noise = [1.0, 1.0, 12.0, 1.0]
    found = absent(["a", "b", "c", "d"], [19.0, 21.0, 30.0, 2.9], [10.0, 10.0, 14.0, 1.2], noise)
    assert list(found) == ["a", "c", "d"]


@pytest.mark.parametrize(
    "elements, missing", [(["Cu", "Zn"], []), (["Ni", "Cu", "Zn", "Ga"], ["Ni_L3", "Ga_L3"])]
)
def test_plain_edges_with_large_errors_of_the_fit_are_there(shared_data, elements, missing):
    signal = hs.load(shared_data / "CuZn_EELS.hspy").isig[800.0:1200.0]
    signal.add_elements(elements)
    haadf = hs.load(shared_data / "CuZn_HAADF.hspy")
    _, output = signal.multimodal_fusion(haadf, **GIVEN)
    because = {each["map"]: each["because"] for each in output["verdicts"]}
    assert [name for name, words in because.items() if "not found" in words] == missing
    assert "uncertain total" in because["Cu_L3"]


@pytest.mark.parametrize("method", ["fit", "windows"])
@pytest.mark.parametrize("white_lines", [0.0, 1.0])
def test_an_edge_that_is_not_there_is_not_to_be_trusted(method, white_lines):
    specimen = data.core_loss((24, 24), counts=300, white_lines=white_lines)
    found = verdicts(specimen, ["Fe", "Cr"], method)
    for name in ("Fe_L3", "Cr_L3"):
        assert found[name]["verdict"] == "not to be trusted"
        assert "not found" in found[name]["because"]
    for name in ("O_K", "Mn_L3", "Co_L3"):
        assert "not found" not in found[name]["because"]


@pytest.mark.parametrize("curvature", [-0.3, 0.3])
def test_a_background_that_is_no_power_law_is_no_element(curvature):
    """Noise alone would call these counts certain."""
    specimen = data.core_loss((24, 24), counts=3000, background_ratio=30)
    signal = specimen.signal
    bent = 1 + curvature * (signal.axes_manager[-1].axis / 650 - 1) ** 2
    signal.data = np.random.default_rng(0).poisson(signal.data * bent).astype("u4")
    signal.add_elements(["Fe"])
    _, output = signal.multimodal_fusion(specimen.haadf, map_method="fit", **GIVEN)
    k = [each.metadata.Sample.edges[0] for each in output["raw_maps"]].index("Fe_L3")
    total = output["raw_maps"][k].data.sum()
    noise = np.sqrt(output["raw_noise"]["variances"]["Fe_L3"].sum())
    assert abs(total) > 4 * noise
    assert output["verdicts"][k]["verdict"] == "not to be trusted"


def test_x_ray_windows_without_the_element_are_not_to_be_trusted():
    specimen = data.core_shell((32, 32), counts=100)
    lines = ["Co_Ka", "Ni_Ka", "O_Ka"]
    _, output = specimen.signal.multimodal_fusion(
        specimen.haadf, map_method="windows", xray_lines=lines, **GIVEN
    )
    found = {each["map"]: each["because"] for each in output["verdicts"]}
    assert "not found" in found["Ni_Ka"]
    # lines of Co beside the window of O make its background too high: it is there all the same
    assert not any("not found" in found[line] for line in ("Co_Ka", "O_Ka"))

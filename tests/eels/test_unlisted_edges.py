"""An edge that no listed element has is reported; what is listed explains everything else."""

import numpy as np
import pytest

from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.eels.unlisted_edges import known_edges_of, unlisted_edge

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False, "full_output": True}
ALL = ["Co", "Mn", "O"]


def with_elements(signal, elements):
    signal = signal.deepcopy()
    signal.metadata.Sample.elements = list(elements)
    signal.elements = set(elements)
    return signal


def found_in(signal, elements, total=None):
    signal = with_elements(signal, elements)
    total = signal.data.sum(axis=(0, 1)) if total is None else total
    return unlisted_edge(known_edges_of(signal, []), total.astype(float))


@pytest.mark.parametrize("white_lines", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("counts", [2, 30, 1000])
@pytest.mark.parametrize("background_ratio", [3, 30])
def test_nothing_is_found_beside_what_is_listed(white_lines, counts, background_ratio):
    signal = core_loss(
        (24, 24), counts=counts, white_lines=white_lines, background_ratio=background_ratio
    ).signal
    assert found_in(signal, ALL) is None
    assert found_in(signal, [*ALL, "Fe"]) is None


@pytest.mark.parametrize("white_lines", [0.0, 1.0])
@pytest.mark.parametrize("element", ALL)
def test_an_edge_of_an_element_that_is_not_listed_is_found(element, white_lines):
    signal = core_loss((24, 24), counts=300, white_lines=white_lines, background_ratio=5).signal
    onset, candidates = found_in(signal, [each for each in ALL if each != element])
    assert candidates[0] == element
    assert abs(onset - {"O": 532, "Mn": 640, "Co": 779}[element]) < 1


def test_spectra_without_background_are_not_searched():
    signal = core_loss((24, 24), counts=300).signal
    total = signal.data.sum(axis=(0, 1)).astype(float) - 1e6
    assert found_in(signal, ["O", "Mn"], total) is None


def test_angles_need_not_be_known():
    signal = core_loss((24, 24), counts=300).signal
    del signal.metadata.Acquisition_instrument
    assert found_in(signal, ["O", "Mn"])[1][0] == "Co"
    assert found_in(signal, ALL) is None


@pytest.mark.parametrize("method", ["fit", "windows"])
def test_maps_whose_windows_reach_the_edge_are_not_sound(method):
    specimen = core_loss((24, 24), counts=300)
    signal = with_elements(specimen.signal, ["O", "Co"])
    _, output = signal.multimodal_fusion(specimen.haadf, map_method=method, **GIVEN)
    verdicts = {each["map"]: each for each in output["verdicts"]}
    assert verdicts["Co_L3"]["verdict"] != "sound"
    if method == "windows":  # a fit does not find Co on the edge that it lacks
        assert "unlisted edge in the spectrum" in verdicts["Co_L3"]["because"]
    assert "unlisted edge in the spectrum" not in verdicts["O_K"]["because"]
    [said] = [each for each in output["messages"] if "no listed element has" in each]
    assert "about 640 eV" in said and "Mn" in said


def test_a_spectrum_of_one_element_has_no_other(rng):
    signal = core_loss((24, 24), counts=300).signal.isig[400.0:620.0]
    signal.data = rng.poisson(np.maximum(signal.data, 0))
    assert found_in(signal, ["O"]) is None

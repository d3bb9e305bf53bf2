"""Edges of other elements in and before the windows of an edge."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.eels.edge_measurement import plan_edges
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.notes import gathered

from .edge_spectra import power_law, spectrum_image

OFFSET, SCALE, SIZE = 700.0, 4.0, 150
BEFORE_BOTH, BEFORE_EACH = [[828, 916], [828, 916]], [[828, 916], [960, 1000]]
ANGLE = {"convergence_angle": 10}
GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False, "full_output": True}


def copper_and_zinc(zinc=1.0, elements=("Cu", "Zn")):
    """Return electrons of two edges that follow each other, on a steep background."""
    energy = OFFSET + SCALE * np.arange(SIZE)
    background = 4e4 * (energy / OFFSET) ** -3
    copper, zinc = (
        height * (energy >= onset) * (energy / onset) ** -2.5
        for onset, height in ((931, 2000.0), (1020, 2000.0 * zinc))
    )
    spectrum = np.random.default_rng(0).poisson(background + copper + zinc, (12, 12, SIZE))
    return spectrum_image(spectrum, elements, offset=OFFSET, scale=SCALE)


def said(signal, edges=None, windows=None, sides="auto"):
    """Return the reading and its notes by kind."""
    with gathered() as notes:
        found = read_now(signal, plan_edges(signal, edges, windows, sides, 1.0))
    return found, {note.kind: note for note in notes}


def test_an_edge_before_the_window_but_above_its_background_is_named():
    found, notes = said(copper_and_zinc(zinc=1.5), sides=BEFORE_BOTH)
    note = notes["overlapping edge"]
    assert set(note.about) == {"Zn_L3"} and "electrons of Cu_L3" in note.text
    energy = OFFSET + SCALE * np.arange(SIZE)
    inside = (energy >= 1020) & (energy < 1122)
    zinc = 144 * (3000.0 * (energy / 1020) ** -2.5)[inside].sum()
    assert note.about["Zn_L3"] == pytest.approx(1 - zinc / found.raw[1].sum(), abs=0.12)
    assert notes["uncertain total"].about["Zn_L3"] > 0.3


def test_an_edge_within_the_window_is_named():
    _, notes = said(copper_and_zinc(), ["Cu_L3"], [[931, 1100]], [[828, 916]])
    note = notes["overlapping edge"]
    assert set(note.about) == {"Cu_L3"} and "electrons of Zn_L3" in note.text
    assert "end the integration window below" in note.text
    assert "uncertain total" not in notes  # of an element without a map


def test_edges_of_elements_that_are_not_listed_are_not_guessed():
    signal = copper_and_zinc(elements=("Cu",))
    assert "overlapping edge" not in said(signal, None, [[931, 1100]], [[828, 916]])[1]


def test_a_window_that_reaches_a_channel_into_the_next_edge_is_no_reason():
    _, notes = said(copper_and_zinc(), ["Cu_L3"], [[931, 1024]], [[828, 916]])
    assert "overlapping edge" not in notes


def test_a_hardly_visible_edge_before_another_is_no_reason():
    signal = copper_and_zinc(zinc=40.0)
    assert "overlapping edge" not in said(signal, sides=BEFORE_BOTH)[1]


@pytest.mark.parametrize("sides", ["auto", BEFORE_EACH])
def test_a_tail_in_the_background_is_named_and_leads_to_no_other_windows(sides):
    _, notes = said(copper_and_zinc(), sides=sides)
    assert "overlapping edge" not in notes
    text = notes["background"].text
    assert "contains the tail of Cu_L3" in text and "Use map_method='fit'" in text
    assert "would be counted as Zn_L3 instead" in text


@pytest.mark.parametrize("method", ["auto", "windows"])
@pytest.mark.parametrize("spoilt", ["", "angle", "axis", "background"])
def test_a_fit_is_recommended_only_if_it_is_possible(spoilt, method, logged):
    """Neither after a message that says why not, nor where windows are chosen."""
    signal, given = copper_and_zinc(), {"map_method": method}
    signal.set_microscope_parameters(
        beam_energy=200, collection_angle=30, **({} if spoilt == "angle" else ANGLE)
    )
    if spoilt == "axis":
        signal = signal.isig[924.0:]
    elif spoilt == "background":
        given["background_type"] = "Exponential"
    signal.data[..., -55] = 0  # not recorded
    haadf = np.ones(signal.data.shape[:2]) + np.eye(signal.data.shape[0])
    signal.multimodal_fusion(haadf, 1, (0.01, 0.02), **given)
    if spoilt or method == "windows":
        assert "contains the tail of Cu_L" in logged.text
        assert "pass windows without these channels" in logged.text.lower()
        assert ("Use map_method='fit'" in logged.text) == (not spoilt)
    else:
        assert "contains the tail of" not in logged.text


def test_a_background_window_far_above_and_below_other_edges_is_not_named():
    signal = spectrum_image(
        np.random.default_rng(0).poisson(4e3 * power_law(3.0), (8, 8, 160)), ("Ti", "O")
    )
    _, notes = said(signal)
    assert not {"overlapping edge", "background"} & set(notes)


@pytest.mark.parametrize("counts", [20, 200])
def test_fits_of_simulated_spectra_have_no_such_reasons(counts):
    specimen = core_loss((32, 32), counts=counts)
    _, output = specimen.signal.multimodal_fusion(specimen.haadf, **GIVEN)
    words = {each for row in output["verdicts"] for each in row["because"]}
    assert not {"another edge in the window", "edges far from the tables"} & words


def test_measured_zinc_that_holds_the_tail_of_copper_is_not_sound(shared_data, logged):
    signal = hs.load(shared_data / "CuZn_EELS.hspy")
    signal.add_elements(("Cu", "Zn"))
    _, output = signal.multimodal_fusion(
        hs.load(shared_data / "CuZn_HAADF.hspy"),
        map_method="windows",
        background_windows=BEFORE_BOTH,
        **GIVEN,
    )
    copper, zinc = output["verdicts"]
    assert "another edge in the window" not in copper["because"]
    assert "uncertain total" in copper["because"]  # its background is no power law
    assert zinc["verdict"] == "with care"
    assert zinc["because"][:2] == ["uncertain total", "another edge in the window"]

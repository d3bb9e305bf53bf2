"""Which elements a peak may be."""

import numpy as np
import pytest

from hyperspy_multimodal.eds.spectrum.coherence import coherent_elements, others_are_there

from .synthetic import BEAM, LONG, NOMINAL, drawn, expected, fitted, lines_of

pytestmark = pytest.mark.filterwarnings("error")


def offered(counts, energy, detector=NOMINAL, beam_energy=BEAM, **options):
    """Lines that the peak of 20,000 counts may be, of which only iron is named."""
    fit = fitted(drawn(expected({"Fe": 4e4, **counts}, detector)), ["Fe"], detector)
    return coherent_elements(fit, energy, 2e4, beam_energy, **options)


@pytest.mark.parametrize(
    ("element", "energy", "line"),
    [("Si", 1.74, "Si_Ka"), ("Ti", 4.51, "Ti_Ka"), ("Cu", 8.05, "Cu_Ka"), ("K", 3.31, "K_Ka"),
     ("Cl", 2.62, "Cl_Ka"), ("Sr", 1.806, "Sr_La")],
)  # fmt: skip
def test_a_peak_is_the_element_that_is_there(element, energy, line):
    """And no other: silicon is neither tantalum nor ytterbium."""
    assert offered({element: 2e4}, energy) == [line]


def test_lines_farther_than_a_part_of_their_width_are_not_offered():
    assert offered({"Si": 2e4}, 1.74 + 0.035) == []


def test_an_element_whose_other_lines_are_missing_is_not_offered():
    """Between titanium and barium, whose lines Lb and Lg would be seen."""
    assert offered({"Ti": 2e4}, 4.49) == ["Ti_Ka"]
    assert "Ba_La" in offered({"Ba": 2e4}, 4.49)


def test_a_family_far_away_may_speak_against_an_element():
    """Mo Ka at 17.5 keV, where the axis goes as far."""
    assert "Mo_La" in offered({"S": 2e4}, 2.31)
    assert offered({"S": 2e4}, 2.31, LONG) == ["S_Ka"]
    assert "Mo_La" in offered({"Mo": 2e4}, 2.30, LONG)
    assert offered({"Pb": 2e4}, 2.34, LONG) == ["Pb_Ma"]


def test_k_lines_come_first_and_rare_elements_last():
    """Scandium before xenon; nickel before neon, although that is nearer and has a K line."""
    both = {"Sc": 1e4, "Xe": 1e4}
    assert offered(both, 4.10)[0] == "Sc_Ka"
    assert offered({"Ni": 2e4}, 0.849) == ["Ni_La", "Ne_Ka"]


def test_lines_beyond_the_beam_energy_are_not_offered():
    assert offered({"Cu": 2e4}, 8.048, beam_energy=8.0) == []


def test_where_there_is_no_peak_nothing_fits_its_other_lines():
    """A peak of 20,000 counts of rhodium would have Lb."""
    fit = fitted(drawn(expected({"Fe": 4e4})), ["Fe"])
    rhodium = lines_of("Rh")
    la = next(line for line in rhodium if line.name == "Rh_La")
    assert not others_are_there(fit, la, 2e4, rhodium, BEAM)
    assert others_are_there(fit, la, 30.0, rhodium, BEAM)


def test_windows_may_hide_lines_below_1_kev():
    """Of copper Ka nothing tells but Kb: La may be absorbed."""
    lines = lines_of("Cu")
    names = {line.name: own for line, own in zip(lines, lines, strict=True)}
    only_k = {name: 2e4 * names[name].weight for name in ("Cu_Ka", "Cu_Kb")}
    mean = expected({"Fe": 4e4}, lines=only_k)
    fit = fitted(drawn(mean), ["Fe"])
    assert others_are_there(fit, names["Cu_Ka"], 2e4, lines, BEAM)
    # but what has La has Ka
    assert not others_are_there(
        fitted(drawn(expected({"Fe": 4e4})), ["Fe"]), names["Cu_La"], 2e4, lines, BEAM
    )


def test_lines_among_channels_that_are_not_used_are_given_the_benefit_of_the_doubt():
    from dataclasses import replace

    fit = fitted(drawn(expected({"Fe": 4e4})), ["Fe"])
    rhodium = lines_of("Rh")
    la = next(line for line in rhodium if line.name == "Rh_La")
    blind = replace(fit, used=fit.used & (np.abs(NOMINAL.centres - 3.0) > 0.27))
    assert others_are_there(blind, la, 100.0, rhodium, BEAM)

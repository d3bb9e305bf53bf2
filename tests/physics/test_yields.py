"""What an X-ray count stands for."""

import numpy as np
import pytest
from exspy.material import elements

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.data._xray import production_cross_section
from hyperspy_multimodal.physics.lines import element_lines
from hyperspy_multimodal.physics.yields import xrays_per_atom

EVERYTHING = 0.0, 100.0
BEAM = 200.0


def whole_family(line, beam=BEAM):
    return xrays_per_atom(line, beam, EVERYTHING)


def around(line, half_width=0.03):
    energy = next(
        each.energy for each in element_lines(line.split("_")[0], 0, 100) if each.name == line
    )
    return energy - half_width, energy + half_width


# shares of a family


@pytest.mark.parametrize("line", ["Ti_Ka", "Co_Ka", "Ag_La", "Au_Ma", "Ba_La"])
def test_lines_of_a_family_share_its_xrays(line):
    """Those in the window, whatever lines of other families are there."""
    element, name = line.split("_")
    family = [each for each in element_lines(element, 0, 100) if each.family == name[0]]
    window = around(line, 0.05)
    inside = sum(each.weight for each in family if window[0] <= each.energy <= window[1])
    share = inside / sum(each.weight for each in family)
    assert 0 < share < 1
    found = xrays_per_atom(line, BEAM, window)
    assert found == pytest.approx(share * whole_family(line))


def test_two_windows_that_share_a_family_add_up():
    alpha, beta = (xrays_per_atom(line, BEAM, around(line)) for line in ("Co_Ka", "Co_Kb"))
    assert alpha + beta == pytest.approx(whole_family("Co_Ka"))
    weights = {each.name: each.weight for each in element_lines("Co", 0, 100)}
    assert beta / alpha == pytest.approx(weights["Co_Kb"] / weights["Co_Ka"])


def test_the_line_of_the_map_is_in_its_window_at_least():
    """A window beside the tabulated energy, on a detector that is not calibrated."""
    narrow = xrays_per_atom("Co_Ka", BEAM, (6.9, 6.92))
    assert narrow == pytest.approx(xrays_per_atom("Co_Ka", BEAM, around("Co_Ka")))


@pytest.mark.parametrize("half_width", [0.02, 0.1, 0.15])
def test_width_of_a_window_that_holds_the_same_lines_does_not_matter(half_width):
    found = xrays_per_atom("Fe_Ka", BEAM, around("Fe_Ka", half_width))
    assert found == pytest.approx(xrays_per_atom("Fe_Ka", BEAM, around("Fe_Ka", 0.05)))


# elements


def test_atoms_of_oxygen_yield_fewer_xrays_than_those_of_cobalt():
    ratio = whole_family("O_Ka") / whole_family("Co_Ka")
    assert 0.3 < ratio < 1


def test_fluorescence_of_k_shells_outgrows_their_cross_section_up_to_silicon():
    found = [whole_family(f"{element}_Ka") for element in ("C", "O", "Mg", "Si")]
    assert np.all(np.diff(found) > 0)
    falling = [whole_family(f"{element}_Ka") for element in ("Ti", "Fe", "Zn", "Mo")]
    assert np.all(np.diff(falling) < 0)


@pytest.mark.parametrize(
    ("heavy", "light"), [("Mo_La", "Mo_Ka"), ("Au_Ma", "Au_La"), ("Ag_La", "Ag_Ka")]
)
def test_outer_shells_of_an_element_yield_more(heavy, light):
    assert whole_family(heavy) > whole_family(light)


def test_yields_are_within_the_order_of_measured_k_factors():
    """Of the k-factors of a simulated scan, on a detector that sees all of these lines alike."""
    specimen = core_shell((8, 8), counts=5)
    weight = {name: elements[name].General_properties.atomic_weight for name in ("Co", "O", "S")}
    # k is weight over counts: atoms over counts are k over atomic weight
    per_atom = {
        name: weight[name] / k for name, k in zip(("Co", "O", "S"), specimen.kfactors, strict=True)
    }
    windows = specimen.signal.estimate_integration_windows(2.0, ["Co_Ka", "O_Ka", "S_Ka"])
    found = {
        name: xrays_per_atom(f"{name}_Ka", BEAM, window)
        for name, window in zip(("Co", "O", "S"), windows, strict=True)
    }
    assert found["S"] / found["Co"] == pytest.approx(per_atom["S"] / per_atom["Co"], rel=0.1)
    # the detector's window absorbs a part of what is below 1 keV
    assert per_atom["O"] / per_atom["Co"] < found["O"] / found["Co"]


# beams


@pytest.mark.parametrize("line", ["O_Ka", "Ti_Ka", "Zn_Ka", "Ag_La", "Au_Ma"])
def test_a_faster_beam_ionises_less_but_slowly(line):
    found = [whole_family(line, beam) for beam in (60, 80, 120, 200, 300)]
    assert np.all(np.diff(found) < 0)
    # slower than in proportion to the energy
    assert 60 / 300 < found[-1] / found[0] < 0.7


@pytest.mark.parametrize("element", ["S", "Ti"])
def test_slow_beams_ionise_as_in_simulated_specimens(element):
    """These leave relativity out."""
    found = whole_family(f"{element}_Ka", 30) / whole_family(f"{element}_Ka", 20)
    plain = [production_cross_section(element, "K", beam) for beam in (20.0, 30.0)]
    assert found == pytest.approx(plain[1] / plain[0], rel=0.06)


def test_fast_beams_ionise_as_bethe_says():
    """Of titanium at 4.97 keV; with the momentum of the electron, and its retarded field."""
    beams = np.array([20.0, 300.0])
    beta = 1 - (1 + beams / 511) ** -2
    reach = np.log(0.65 * 255.5 * beta / 4.966) - np.log(1 - beta) - beta
    expected = (reach / beta)[1] / (reach / beta)[0]
    found = whole_family("Ti_Ka", 300) / whole_family("Ti_Ka", 20)
    assert found == pytest.approx(expected, rel=0.02)


def test_near_its_edge_a_line_gains_from_a_faster_beam():
    assert whole_family("Mo_Ka", 200) > whole_family("Mo_Ka", 25)


@pytest.mark.parametrize("beam", [0.1, 1.0, 5.0, 15.0])
@pytest.mark.parametrize("line", ["C_Ka", "Zn_Ka", "Au_La"])
def test_a_line_that_the_beam_hardly_excites_is_still_positive(line, beam):
    found = whole_family(line, beam)
    assert np.isfinite(found) and found > 0


def test_every_line_of_the_tables_has_a_yield():
    lines = [line.name for name in elements.keys() for line in element_lines(name, 0, 200)]
    found = np.array([xrays_per_atom(line, BEAM, EVERYTHING) for line in lines])
    assert len(lines) > 500
    assert np.isfinite(found).all() and found.min() > 0

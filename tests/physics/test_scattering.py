"""How bright in the HAADF the atoms are that a count stands for."""

import numpy as np
import pytest
from eels.edge_spectra import flat
from exspy.signals import EDSSEMSpectrum, EDSTEMSpectrum

from hyperspy_multimodal.data import core_loss, core_shell, swap
from hyperspy_multimodal.eels.edge_measurement import plan_edges
from hyperspy_multimodal.names import atomic_numbers
from hyperspy_multimodal.physics.hydrogenic import hydrogenic_edges
from hyperspy_multimodal.physics.scattering import beam_energy_of, edge_scattering, xray_scattering

LINES = ["Co_Ka", "O_Ka", "Mo_La"]
WINDOWS = np.array([[6.8, 7.05], [0.45, 0.6], [2.2, 2.4]])
EDGES = ["Ti_L3", "O_K", "Mn_L3"]
EDGE_WINDOWS = np.array([[456.0, 501.0], [532.0, 585.0], [640.0, 704.0]])
MICROSCOPE = {"beam_energy": 200.0, "convergence_angle": 20.0, "collection_angle": 30.0}


def xray_signal(units="keV", kind=EDSTEMSpectrum, **microscope):
    signal = kind(np.ones((2, 2, 1024)))
    axis = signal.axes_manager.signal_axes[0]
    axis.scale, axis.units = (0.01, "keV") if units == "keV" else (10.0, "eV")
    return in_microscope(signal, microscope)


def in_microscope(signal, known):
    """State these parameters, and no others."""
    if signal.metadata.has_item("Acquisition_instrument"):
        del signal.metadata.Acquisition_instrument
    if known:
        signal.set_microscope_parameters(**known)
    return signal


def edge_signal(**microscope):
    return in_microscope(flat(("Ti", "O", "Mn")), microscope)


# X-rays


def test_the_unit_of_the_axis_does_not_matter():
    found = xray_scattering(xray_signal("keV", beam_energy=200.0), LINES, WINDOWS)
    other = xray_scattering(xray_signal("eV", beam_energy=200.0), LINES, 1e3 * WINDOWS)
    np.testing.assert_allclose(other, found, rtol=1e-9)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1]])
def test_they_are_relative_to_the_largest(order):
    signal = xray_signal(beam_energy=200.0)
    found = xray_scattering(signal, [LINES[i] for i in order], WINDOWS[order])
    assert found.shape == (len(order),)
    assert found.max() == 1
    assert found.min() > 0
    whole = xray_scattering(signal, LINES, WINDOWS)
    np.testing.assert_allclose(found / found[0], whole[order] / whole[order[0]])


def test_a_window_of_half_the_lines_makes_each_count_stand_for_more():
    """Ka alone, against Ka and Kb of the same atoms."""
    lines, signal = ["Co_Ka", "Fe_Ka"], xray_signal(beam_energy=200.0)
    narrow = xray_scattering(signal, lines, [[6.8, 7.05], [6.3, 6.5]])
    wide = xray_scattering(signal, lines, [[6.8, 7.8], [6.3, 6.5]])
    assert narrow[0] / narrow[1] > 1.1 * wide[0] / wide[1]


def test_a_simulated_scan_scatters_as_it_says():
    """HAADF for each true count is the same for both elements of a film of one brightness."""
    specimen = swap((32, 32), counts=5, haadf_noise=0)
    windows = specimen.signal.estimate_integration_windows(2.0, ["Cr_Ka", "Ni_Ka"])
    found = xray_scattering(specimen.signal, ["Cr_Ka", "Ni_Ka"], windows)
    chromium, nickel = (m.data.max() for m in specimen.counts)
    assert found[0] * chromium == pytest.approx(found[1] * nickel, rel=0.1)


def test_light_elements_of_a_simulated_scan():
    """Their X-rays are absorbed in part, for which there is no correction."""
    specimen = core_shell((32, 32), counts=5, haadf_noise=0)
    lines = ["Co_Ka", "O_Ka", "S_Ka"]
    windows = specimen.signal.estimate_integration_windows(2.0, lines)
    found = xray_scattering(specimen.signal, lines, windows)
    maps = np.stack([m.data for m in specimen.counts])
    image = specimen.haadf.data - specimen.haadf.data.min()
    expected = np.tensordot(found, maps, axes=1)
    assert np.corrcoef(expected.ravel(), image.ravel())[0, 1] > 0.995


def test_a_slower_beam_changes_them_little():
    slow, fast = (
        xray_scattering(xray_signal(beam_energy=energy), LINES, WINDOWS) for energy in (60.0, 300.0)
    )
    np.testing.assert_allclose(slow / slow[0], fast / fast[0], rtol=0.5)
    assert np.any(slow != fast)


@pytest.mark.parametrize(
    ("kind", "microscope", "energy"),
    [
        (EDSTEMSpectrum, {"beam_energy": 80.0}, 80.0),
        (EDSSEMSpectrum, {"beam_energy": 15.0}, 15.0),
        (EDSTEMSpectrum, {}, 200.0),
        (EDSSEMSpectrum, {}, 20.0),
    ],
)
def test_beam_energy_is_that_of_the_metadata_or_the_usual(kind, microscope, energy):
    assert beam_energy_of(xray_signal(kind=kind, **microscope)) == energy


# edges


def plain(names):
    found = np.array(atomic_numbers(names)) ** 1.7
    return found / found.max()


def test_without_the_microscope_an_electron_of_each_edge_is_an_atom():
    found = edge_scattering(edge_signal(), EDGES, EDGE_WINDOWS)
    np.testing.assert_allclose(found, plain(EDGES))


@pytest.mark.parametrize("missing", MICROSCOPE)
def test_each_of_energy_and_angles_is_needed(missing):
    known = {name: value for name, value in MICROSCOPE.items() if name != missing}
    found = edge_scattering(edge_signal(**known), EDGES, EDGE_WINDOWS)
    np.testing.assert_allclose(found, plain(EDGES))


def test_edges_of_other_shells_stand_for_atoms():
    names = ["Ti_L3", "Ba_M5"]
    windows = np.array([[456.0, 501.0], [781.0, 859.0]])
    found = edge_scattering(edge_signal(**MICROSCOPE), names, windows)
    np.testing.assert_allclose(found, plain(names))


def test_cross_sections_are_taken_where_the_microscope_is_known():
    found = edge_scattering(edge_signal(**MICROSCOPE), EDGES, EDGE_WINDOWS)
    assert found.max() == 1 and found.min() > 0
    ratios = found / plain(EDGES)
    # L edges hold more electrons than the K edge of oxygen, so that one stands for fewer atoms
    assert ratios[1] > 1.5 * ratios[0]
    assert ratios[1] > 1.5 * ratios[2]


def test_electrons_of_a_shell_are_counted_once():
    """One cross-section of the L shell, under whatever name."""
    signal = edge_signal(**MICROSCOPE)
    found = edge_scattering(signal, EDGES, EDGE_WINDOWS)
    electrons = []
    for function, (left, right) in zip(
        hydrogenic_edges(EDGES, MICROSCOPE), EDGE_WINDOWS, strict=True
    ):
        energies = np.arange(left, right, 0.1)
        electrons.append(0.1 * function(energies).sum())
    expected = plain(EDGES) / electrons
    np.testing.assert_allclose(found, expected / expected.max(), rtol=0.01)
    for subshell in ("L2", "L1"):
        names = [f"Ti_{subshell}", "O_K", f"Mn_{subshell}"]
        np.testing.assert_allclose(edge_scattering(signal, names, EDGE_WINDOWS), found)


def test_a_simulated_oxide_scatters_as_it_says():
    """HAADF for each true electron: Z^1.7 times atoms per electron."""
    specimen = core_loss((16, 16), counts=5)
    names = ["O_K", "Mn_L3", "Co_L3"]
    windows = plan_edges(specimen.signal, names, None, None, None).windows
    found = edge_scattering(specimen.signal, names, windows)
    electrons = [truth.data.sum() for truth in specimen.counts]
    atoms = [specimen.areal_densities[name.split("_")[0]].sum() for name in names]
    expected = plain(names) * np.array(atoms) / electrons
    np.testing.assert_allclose(found / found[2], expected / expected[2], rtol=0.01)
    assert found[0] / found[2] == pytest.approx(0.147, abs=0.002)


def test_an_edge_whose_shell_has_no_cross_section_stands_for_atoms():
    windows = np.array([[118.0, 130.0], [532.0, 585.0]])
    found = edge_scattering(edge_signal(**MICROSCOPE), ["Al_L1", "O_K"], windows)
    np.testing.assert_allclose(found, plain(["Al_L1", "O_K"]))


def test_a_wider_window_holds_more_electrons_of_an_atom():
    signal = edge_signal(**MICROSCOPE)
    wide = EDGE_WINDOWS.copy()
    wide[1, 1] += 50
    narrow, wider = (edge_scattering(signal, EDGES, each) for each in (EDGE_WINDOWS, wide))
    assert wider[1] / wider[0] < 0.8 * narrow[1] / narrow[0]
    assert wider[2] / wider[0] == pytest.approx(narrow[2] / narrow[0])


def test_a_window_below_its_edge_tells_nothing():
    windows = EDGE_WINDOWS.copy()
    windows[1] = 400, 420
    found = edge_scattering(edge_signal(**MICROSCOPE), EDGES, windows)
    np.testing.assert_allclose(found, plain(EDGES))

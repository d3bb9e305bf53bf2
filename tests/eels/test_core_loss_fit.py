"""Fit of summed core-loss spectra: expected electrons are found again, in any channels."""

import tracemalloc

import numpy as np
import pytest
from exspy.material import elements as database

from hyperspy_multimodal.eels import core_loss_fit
from hyperspy_multimodal.eels.core_loss_fit import ElementEdges, fit_core_loss
from hyperspy_multimodal.eels.core_loss_misfit import worst_misfit
from hyperspy_multimodal.eels.white_lines import white_line_onsets, white_line_shapes
from hyperspy_multimodal.physics.hydrogenic import (
    edge_subshells,
    hydrogenic_edges,
    hydrogenic_shell,
)

MICROSCOPE = {"beam_energy": 200.0, "convergence_angle": 10.0, "collection_angle": 30.0}
ONSETS = {"O_K": 532.0, "Mn_L3": 640.0, "Mn_L2": 651.0, "Co_L3": 779.0, "Co_L2": 794.0}
EDGES = "O_K", "Mn_L3", "Co_L3"
SHARES = dict(zip(EDGES, (0.02, 0.02, 0.03), strict=True))
FINE = 0.05


def onsets_of(element):
    levels = database[element].Atomic_properties.Binding_energies.as_dictionary()
    return {f"{element}_{name}": each["onset_energy (eV)"] for name, each in levels.items()}


def elements(names=EDGES):
    return [
        ElementEdges(
            hydrogenic_edges([name], MICROSCOPE),
            [ONSETS[name]],
            [ONSETS[name], ONSETS[name[:-1] + "2"]] if name.endswith("L3") else [],
        )
        for name in names
    ]


def spectrum(width, total=1e9, shift=0.0, lines=None, names=EDGES):
    """Energies of channels, expected counts, and those of each edge, by fine integration.

    ``lines``: function of the energy above an onset, and the areas at L3 and L2 relative to 50 eV
    of the edge.
    """
    fine = 400 + FINE * (np.arange(round(600 / FINE)) + 0.5)
    per_channel = round(width / FINE)

    def binned(counts):
        counts = counts[: len(counts) // per_channel * per_channel]
        return counts.reshape(-1, per_channel).sum(axis=1)

    law = fine**-3.0
    whole, own = total * law / law.sum(), []
    for name, function in zip(EDGES, hydrogenic_edges(EDGES, MICROSCOPE), strict=True):
        edge = function(fine - shift)
        if lines and name.endswith("L3"):
            shape, areas = lines
            height = function(np.array([ONSETS[name] + 25.0]))[0]
            for area, subshell in zip(areas, ("L3", "L2"), strict=True):
                edge = edge + 50 * height * area * shape(
                    fine - shift - ONSETS[f"{name[:2]}_{subshell}"]
                )
        edge = total * SHARES[name] * edge / edge.sum()
        own.append(binned(edge))
        whole = whole + edge * (name in names)
    energy = 400 + width * (np.arange(len(own[0])) + 0.5)
    return energy, binned(whole), np.array(own)


def fit_of(energy, observed, names=EDGES):
    return fit_core_loss(observed, energy, elements(names), energy > 0.7 * 532)


def windows(energy):
    limits = [(532, 585), (640, 704), (779, 857)]
    return [tuple(np.searchsorted(energy, pair)) for pair in limits]


def biases(fit, own, energy):
    """Percent by which the fitted electrons in the windows are off, by edge."""
    design = np.array([*fit.edges, fit.power_law])[:, fit.used]
    amplitudes = np.linalg.lstsq(design.T, fit.fitted[fit.used], rcond=None)[0]
    return [
        100 * (amplitudes[i] * fit.edges[i, start:stop].sum() / own[i, start:stop].sum() - 1)
        for i, (start, stop) in enumerate(windows(energy))
    ]


def gaussian(offset, width):
    sigma = width / 2.3548

    def line(energy):
        return np.exp(-(((energy - offset) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))

    return line


def cut_lorentzian(offset, width):
    def line(energy):
        shape = width / 2 / np.pi / ((energy - offset) ** 2 + width**2 / 4)
        return np.where(energy > 0, shape, 0.0)

    return line


# shells


def test_the_model_of_the_l_shell_has_one_spectrum_under_three_names():
    energies = 600 + 0.5 * np.arange(1000)
    first, *others = hydrogenic_edges(["Mn_L3", "Mn_L2", "Mn_L1"], MICROSCOPE)
    for other in others:
        np.testing.assert_array_equal(other(energies), first(energies))


@pytest.mark.parametrize("subshell", ["L1", "L2", "L3"])
def test_a_shell_is_taken_once(subshell):
    onsets = onsets_of("Mn")
    assert hydrogenic_shell(f"Mn_{subshell}", onsets) == "Mn_L3"
    assert edge_subshells(f"Mn_{subshell}", onsets, (400.0, 1000.0)) == ["Mn_L3"]


def test_shells_of_a_light_element_without_a_cross_section_are_left_out():
    """Aluminium has L2 and L3 under one name, for which eXSpy has no cross-section."""
    onsets = onsets_of("Al")
    assert hydrogenic_shell("Al_L1", onsets) is None
    assert edge_subshells("Al_K", onsets, (200.0, 1700.0)) == ["Al_K"]
    with pytest.raises(ValueError, match="map_method='windows'"):
        edge_subshells("Al_L1", onsets, (80.0, 500.0))


def test_white_lines_lie_at_l3_and_l2_on_the_axis():
    onsets = onsets_of("Mn")
    assert white_line_onsets(["Mn_L3"], onsets, (400.0, 1000.0)) == [640.0, 651.0]
    assert white_line_onsets(["Mn_L3"], onsets, (645.0, 1000.0)) == [651.0]
    assert white_line_onsets(["O_K"], onsets_of("O"), (400.0, 1000.0)) == []


def test_white_lines_have_the_width_and_place_they_are_given():
    limits = 500 + 0.1 * np.arange(2001)
    for shape in white_line_shapes(limits, 600.0, 3.0, 5.0):
        assert shape.sum() == pytest.approx(1, abs=0.05)
        above = np.flatnonzero(shape > shape.max() / 2)
        assert limits[above[0]] == pytest.approx(600.5, abs=0.1)
        assert limits[above[-1]] == pytest.approx(605.4, abs=0.1)


# fits


@pytest.mark.parametrize("width", [0.5, 2.0, 4.0, 10.0])
@pytest.mark.parametrize("shift", [0.0, 1.3])
def test_edges_are_averaged_over_channels(width, shift):
    energy, observed, own = spectrum(width, shift=shift)
    fit = fit_of(energy, observed)
    assert fit.shift == pytest.approx(shift, abs=0.05)
    assert fit.exponent == pytest.approx(3, abs=1e-3)
    np.testing.assert_allclose(biases(fit, own, energy), 0, atol=0.3)
    used = fit.used
    np.testing.assert_allclose(fit.fitted[used], observed[used], rtol=2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_without_peaks_there_are_no_white_lines(seed):
    energy, expected, _ = spectrum(2.0)
    fit = fit_of(energy, np.random.default_rng(seed).poisson(expected).astype(float))
    assert not fit.white_lines.any()


@pytest.mark.parametrize(
    ("shape", "bound"),
    [
        (gaussian(1.0, 5.0), 0.5),
        (gaussian(3.5, 3.0), 0.5),
        (cut_lorentzian(2.0, 4.0), 4.0),
        (cut_lorentzian(3.0, 6.0), 4.0),
    ],
)
@pytest.mark.parametrize("width", [1.0, 2.0, 4.0])
def test_white_lines_belong_to_their_edges(shape, bound, width):
    """Whatever their place, width and profile; edges without lines included."""
    energy, observed, own = spectrum(width, lines=(shape, (0.4, 0.15)))
    fit = fit_of(energy, observed)
    np.testing.assert_allclose(biases(fit, own, energy), 0, atol=bound)
    assert list(fit.white_lines.any(axis=1)) == [False, True, True]
    assert (fit.white_lines >= 0).all() and (fit.white_lines <= fit.edges).all()


def test_no_line_at_l2_where_there_is_none():
    energy, observed, _ = spectrum(1.0, lines=(gaussian(2.0, 4.0), (0.5, 0.0)))
    lines = fit_of(energy, observed).white_lines[2]
    first, second = (lines[(energy > at - 4) & (energy < at + 8)].sum() for at in (779, 794))
    assert second < 0.01 * first


def test_an_element_that_is_not_there_has_no_white_lines():
    energy, observed, _ = spectrum(2.0, names=("O_K", "Co_L3"), lines=(gaussian(2, 4), (0.4, 0.2)))
    fit = fit_of(energy, observed)
    assert not fit.white_lines[1].any() and fit.white_lines[2].any()
    assert fit.net[np.searchsorted(energy, 700)] < 2 * fit.net[np.searchsorted(energy, 630)]


def test_many_channels_take_about_as_many_solutions_and_memory_in_proportion(monkeypatch):
    solve = core_loss_fit.CoreLossModel.solve
    solutions, memory = [], []
    for width, channels in ((2.0, 300), (0.3, 2000)):
        energy, observed, _ = spectrum(width, lines=(cut_lorentzian(2.0, 4.0), (0.4, 0.2)))
        given = elements()
        assert len(energy) == channels
        sizes = []

        def counted(model, design, sizes=sizes):
            sizes.append(design.shape[1])
            return solve(model, design)

        monkeypatch.setattr(core_loss_fit.CoreLossModel, "solve", counted)
        tracemalloc.start()
        fit_core_loss(observed, energy, given, energy > 370)
        memory.append(tracemalloc.get_traced_memory()[1] / channels)
        tracemalloc.stop()
        assert set(sizes) == {channels}
        solutions.append(len(sizes))
    assert solutions[1] < 300 and solutions[1] < 1.3 * solutions[0]
    assert memory[1] < 1.5 * memory[0]


# misfits


@pytest.mark.parametrize("lines", [None, (cut_lorentzian(2.0, 4.0), (0.4, 0.2))])
@pytest.mark.parametrize("width", [1.0, 4.0])
def test_a_good_fit_has_no_misfit(lines, width):
    energy, observed, _ = spectrum(width, lines=lines)
    fit = fit_of(energy, observed)
    assert worst_misfit(fit, energy, windows(energy), 532.0, 1.0) is None


def test_an_edge_that_nobody_names_is_a_misfit():
    energy, observed, _ = spectrum(2.0, lines=(gaussian(2.0, 4.0), (0.4, 0.2)))
    fit = fit_of(energy, observed, ["O_K", "Co_L3"])
    oxygen, _, cobalt = windows(energy)
    lower, upper, share = worst_misfit(fit, energy, [oxygen, cobalt], 532.0, 1.0)
    assert lower < 645 < upper and upper - lower < 40
    assert 18 < share <= 100
    # of few electrons it might be noise
    assert worst_misfit(fit, energy, [oxygen, cobalt], 532.0, 1e6) is None

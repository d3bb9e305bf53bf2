"""Spectra of simulated EELS specimens hold the electrons of their atoms."""

import numpy as np
import pytest
from exspy.material import elements

from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.data._core_loss_specimen import (
    edge_cross_section,
    power_law,
    white_lines_shape,
)
from hyperspy_multimodal.eels.edge_measurement import plan_edges
from hyperspy_multimodal.physics.hydrogenic import hydrogenic_edges

from .specimens import EDGES, MICROSCOPE, gross, mass, stack


@pytest.fixture(scope="module")
def specimen():
    return core_loss((24, 40), counts=50.0)


@pytest.fixture(scope="module")
def rich():
    return core_loss((16, 24), counts=1e5, white_lines=0.3, seed=3)


def test_windows_hold_truth_and_background_with_poisson_noise(rich):
    expected = stack(rich.counts) + stack(rich.background)
    there = expected > 100
    residual = (gross(rich.signal) - expected)[there] / np.sqrt(expected[there])
    assert abs(residual.mean()) < 4 / np.sqrt(residual.size)
    assert residual.std() == pytest.approx(1, abs=4 / np.sqrt(2 * residual.size))


def test_mean_of_many_draws_is_the_truth():
    drawn = [core_loss((16, 16), counts=3.0, seed=seed) for seed in range(12)]
    expected = stack(drawn[0].counts) + stack(drawn[0].background)
    found = np.mean([gross(each.signal) for each in drawn], axis=0)
    there = expected > 1
    residual = (found - expected)[there] / np.sqrt(expected[there] / len(drawn))
    assert np.mean(residual**2) == pytest.approx(1, abs=4 * np.sqrt(2 / residual.size))
    assert abs(residual.mean()) < 4 / np.sqrt(residual.size)


def test_spectrum_is_that_of_the_atoms_under_the_beam(rich):
    """Hydrogenic edges by the dose, a power law and the white lines, all made here anew."""
    step = 0.1
    fine = 399 + step * (np.arange(6000) + 0.5)
    dose = rich.signal.metadata.Simulation.electrons_per_pixel * 1e-10
    windows = plan_edges(rich.signal, None, None, None, None).windows
    spectrum = np.zeros(6000)
    strongest = np.argmax(stack(rich.counts).max(axis=(1, 2)))
    inside = [(fine > left) & (fine < right) for left, right in windows]
    for edge, within in zip(EDGES, inside, strict=True):
        element, subshell = edge.split("_")
        shape = hydrogenic_edges([edge], MICROSCOPE)[0](fine)
        if subshell == "L3":
            lines = np.zeros(6000)
            for name, area in (("L3", 2), ("L2", 1)):
                onset = elements[element].Atomic_properties.Binding_energies[name]
                onset = onset["onset_energy (eV)"]
                lines += (fine > onset) * area / (1 + (fine - onset - 2) ** 2 / 4)
            shape = shape + 0.3 * shape[within].sum() / lines[within].sum() * lines
        spectrum += dose * step * rich.areal_densities[element].sum() * shape
    law = fine**-3.0
    share = mass(rich).sum() / mass(rich)[np.unravel_index(
        stack(rich.counts)[strongest].argmax(), (16, 24))]  # fmt: skip
    spectrum += 10 * 1e5 * share * law / law[inside[strongest]].sum()
    expected = spectrum.reshape(300, 20).sum(axis=1)
    found = rich.signal.data.sum(axis=(0, 1), dtype=float)
    np.testing.assert_allclose(found, expected, rtol=2e-3)
    assert np.std((found - expected) / np.sqrt(expected)) < 3


def test_the_hydrogenic_model_names_one_l_shell_three_times():
    """Why L1, L2 and L3 are not added: each is the whole shell."""
    limits = 399 + 2.0 * np.arange(301)
    for name in ("Mn_L1", "Mn_L2"):
        same = edge_cross_section("Mn_L3", limits)
        np.testing.assert_array_equal(edge_cross_section(name, limits), same)


def test_densest_point_has_the_counts_asked_for(specimen, rich):
    assert stack(specimen.counts).max() == pytest.approx(50)
    assert stack(rich.counts).max() == pytest.approx(1e5)


def test_expected_electrons_follow_the_counts(specimen):
    tenfold = core_loss((24, 40), counts=500.0)
    for field in ("counts", "background"):
        np.testing.assert_allclose(
            stack(getattr(tenfold, field)), 10 * stack(getattr(specimen, field)), rtol=1e-12
        )
    for symbol, atoms in specimen.areal_densities.items():
        np.testing.assert_array_equal(tenfold.areal_densities[symbol], atoms)


def test_counts_stand_for_atoms(specimen):
    for truth in specimen.counts:
        atoms = specimen.areal_densities[truth.metadata.Sample.elements[0]]
        factor = truth.data.max() / atoms.max()
        np.testing.assert_allclose(truth.data, factor * atoms, rtol=1e-12)


def test_background_has_the_ratio_asked_for_and_follows_the_mass():
    with_it, without = (core_loss((24, 40), 50, background_ratio=ratio) for ratio in (7.0, 0.0))
    truth = stack(with_it.counts)
    np.testing.assert_allclose(truth, stack(without.counts))
    law = stack(with_it.background) - stack(without.background)
    strongest, *densest = np.unravel_index(truth.argmax(), truth.shape)
    assert law[(strongest, *densest)] == pytest.approx(7 * 50)
    for each in law:
        np.testing.assert_allclose(each / each.max(), mass(with_it) / mass(with_it).max())
    # nothing lies under the first edge but the power law; the others stand on tails
    tails = stack(without.background)
    np.testing.assert_allclose(tails[0], 0, atol=1e-12)
    assert tails[1].max() > 1 and tails[2].max() > 1


@pytest.mark.parametrize("exponent", [1.0, 2.0, 4.5])
def test_background_falls_with_the_exponent(exponent):
    with_it, without = (
        core_loss((8, 8), exponent=exponent, background_ratio=ratio) for ratio in (5.0, 0.0)
    )
    law = (stack(with_it.background) - stack(without.background)).sum(axis=(1, 2))
    windows = plan_edges(with_it.signal, None, None, None, None).windows
    expected = []
    for left, right in windows:
        energies = np.linspace(left, right, 20001)
        expected.append((right - left) * np.mean(energies**-exponent))
    np.testing.assert_allclose(law / law[0], np.array(expected) / expected[0], rtol=1e-4)


def test_vacuum_holds_no_electrons(specimen):
    vacuum = mass(specimen) == 0
    assert vacuum.any()
    assert not specimen.signal.data[vacuum].any()
    assert not stack(specimen.background)[:, vacuum].any()


def test_gain_multiplies_the_counts_and_is_recorded(specimen):
    many = core_loss((24, 40), counts=50.0, gain=7.5)
    assert many.signal.data.dtype == np.float32
    np.testing.assert_array_equal(many.signal.data, np.float32(7.5) * specimen.signal.data)
    item = "Signal.Noise_properties.Variance_linear_model.gain_factor"
    assert many.signal.metadata.get_item(item) == 7.5
    assert not specimen.signal.metadata.has_item("Signal.Noise_properties")
    np.testing.assert_array_equal(stack(many.counts), stack(specimen.counts))


def test_white_lines_raise_the_edges_that_have_them():
    plain, white = (core_loss((16, 16), white_lines=share) for share in (0, 0.5))
    for specimen in (plain, white):
        assert stack(specimen.counts).max() == pytest.approx(5)
    per_beam = [
        stack(each.counts) / each.signal.metadata.Simulation.electrons_per_pixel
        for each in (plain, white)
    ]
    for before, after, raised in zip(*per_beam, (1, 1.5, 1.5), strict=True):
        np.testing.assert_allclose(after, raised * before)


def test_white_lines_lie_above_their_onsets():
    limits = 399 + 2.0 * np.arange(301)
    lines = white_lines_shape("Co_L3", limits)
    assert not lines[limits[1:] <= 779].any()
    peaks = np.flatnonzero((lines[1:-1] > lines[:-2]) & (lines[1:-1] >= lines[2:])) + 1
    np.testing.assert_allclose((limits[peaks] + limits[peaks + 1]) / 2, [781, 796], atol=2)
    assert not white_lines_shape("O_K", limits).any()


def test_wider_channels_hold_what_narrow_ones_do():
    narrow, wide = 399 + 2.0 * np.arange(301), 399 + 4.0 * np.arange(151)
    for edge in EDGES:
        joined = edge_cross_section(edge, narrow).reshape(-1, 2).sum(axis=1)
        np.testing.assert_allclose(edge_cross_section(edge, wide), joined, rtol=0.05, atol=1e-3)
        lines = white_lines_shape(edge, narrow).reshape(-1, 2).sum(axis=1)
        np.testing.assert_allclose(white_lines_shape(edge, wide), lines, atol=1e-12)
    for exponent in (1.0, 3.0):
        joined = power_law(exponent, narrow).reshape(-1, 2).sum(axis=1)
        np.testing.assert_allclose(power_law(exponent, wide), joined / joined[0])

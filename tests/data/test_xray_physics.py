"""Lines, detector and continuum on plain arrays, and the draw of counts from them."""

import exspy.signals
import numpy as np
import pytest
from scipy.special import erf

from hyperspy_multimodal.data import _spectrum
from hyperspy_multimodal.data._expectation import expected_xrays
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._spectrum import (
    bremsstrahlung_template,
    draw_counts,
    element_template,
)
from hyperspy_multimodal.data._xray import (
    full_width_half_maximum,
    line_energy,
    line_families,
    production_cross_section,
    window_transmission,
)
from hyperspy_multimodal.physics.yields import fluorescence_yield

EDGES = (np.arange(2049) - 0.5) * 0.01


@pytest.mark.parametrize("element", ["C", "O", "Co", "Mo", "Au", "U"])
def test_shares_of_a_family_sum_to_one(element):
    for lines in line_families(element).values():
        assert sum(share for _, share in lines.values()) == pytest.approx(1)


def test_unknown_element_is_an_error():
    for element in ("Xx", "Li"):
        with pytest.raises(ValueError, match=f"element must .*, but '{element}' was given"):
            line_families(element)


@pytest.mark.parametrize(
    ("atomic_number", "family", "krause"),
    [(16, "K", 0.078), (27, "K", 0.373), (47, "K", 0.831), (79, "L", 0.33), (79, "M", 0.025)],
)
def test_yields_are_near_published_tables(atomic_number, family, krause):
    assert fluorescence_yield(atomic_number, family) == pytest.approx(krause, rel=0.15)


def test_cross_section_of_cobalt_at_200_kev():
    # K ionisation of Co at 200 keV is some 200 barn, and 0.39 of it makes X-rays
    assert production_cross_section("Co", "K", 200.0) == pytest.approx(8.5e-23, rel=0.15)


@pytest.mark.parametrize("energy", [1.0, 7.6, 10.0])
def test_a_slow_electron_excites_nothing(energy):
    assert production_cross_section("Co", "K", energy) == 0


def test_window_opens_with_energy():
    transmission = window_transmission(np.linspace(-1, 20, 400))
    assert np.all(np.diff(transmission) >= 0)
    assert transmission[0] == 0 and transmission[-1] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("line", ["O_Ka", "S_Ka", "Co_Ka", "Mn_Ka"])
def test_width_is_that_of_the_windows_of_exspy(line):
    signal = exspy.signals.EDSTEMSpectrum(np.zeros(1000))
    signal.axes_manager[0].scale, signal.axes_manager[0].units = 0.01, "keV"
    signal.set_microscope_parameters(energy_resolution_MnKa=130.0, beam_energy=200.0)
    ((low, high),) = signal.estimate_integration_windows(2.0, [line])
    assert (low + high) / 2 == pytest.approx(line_energy(line))
    assert (high - low) / 2 == pytest.approx(full_width_half_maximum(line_energy(line), 130.0))


def test_a_resolution_beyond_physics_is_an_error():
    with pytest.raises(ValueError, match=r"more than .* eV at Mn Ka.*, but 100.0 eV was given"):
        full_width_half_maximum(0.5, 100.0)


@pytest.mark.parametrize("element", ["O", "S", "Co", "Au"])
def test_template_is_a_share(element):
    template, cross_section = element_template(element, EDGES, 130.0, 200.0)
    assert cross_section > 0
    assert np.all(template >= 0) and 0 < template.sum() <= 1 + 1e-12


def test_template_of_one_line_is_a_gaussian_integrated_over_channels():
    template, _ = element_template("O", EDGES, 130.0, 200.0)
    energy = line_energy("O_Ka")
    sigma = full_width_half_maximum(energy, 130.0) / 2.3548200450309493
    window = slice(*np.searchsorted(EDGES, [energy - sigma, energy + sigma]))
    low, high = EDGES[window.start], EDGES[window.stop]
    exact = (erf((high - energy) / sigma / 2**0.5) - erf((low - energy) / sigma / 2**0.5)) / 2
    assert template[window].sum() == pytest.approx(exact)
    assert template.sum() == pytest.approx(1)


def test_template_does_not_depend_on_the_channels():
    fine = (np.arange(8193) - 2) * 0.0025 + EDGES[0] + 0.005
    coarse = fine[::4]
    templates = [element_template("Co", edges, 130.0, 200.0)[0] for edges in (fine, coarse)]
    np.testing.assert_allclose(templates[0].reshape(-1, 4).sum(axis=1), templates[1], atol=1e-14)


def test_lines_outside_the_channels_are_dropped():
    below = EDGES[EDGES < 5]
    template, cross_section = element_template("Co", below, 130.0, 200.0)
    full, full_cross_section = element_template("Co", EDGES, 130.0, 200.0)
    assert cross_section == full_cross_section
    np.testing.assert_allclose(template, full[: len(template)], atol=1e-15)
    assert template.sum() < 0.9 * full.sum()


def test_an_element_out_of_reach_has_no_spectrum():
    template, cross_section = element_template("O", EDGES, 130.0, 0.5)
    assert cross_section == 0 and not template.any()


@pytest.mark.parametrize("beam_energy", [5.0, 30.0, 200.0])
def test_continuum_ends_at_the_beam_energy(beam_energy):
    template = bremsstrahlung_template(EDGES, beam_energy)
    assert template.sum() == pytest.approx(1) and np.all(template >= 0)
    assert not template[EDGES[:-1] > beam_energy].any()


def test_continuum_has_kramers_shape_where_the_window_is_open():
    template = bremsstrahlung_template(EDGES, 200.0)
    energy = (EDGES[1:] + EDGES[:-1]) / 2
    open_window = (energy > 4) & (energy < 20)
    ratio = (template * energy / (200.0 - energy))[open_window]
    assert ratio.max() / ratio.min() == pytest.approx(1, abs=2e-3)


def test_windows_of_the_expected_image_are_truth_and_background_exactly():
    scan = Scan(counts=20.0, channels=1000)
    areal = np.random.default_rng(0).uniform(0, 1000, (3, 4, 6))
    lines = ["Co_Ka", "O_Ka", "S_Ka"]
    expected = expected_xrays(areal, lines, scan)
    assert np.all(expected.templates.sum(axis=1) <= 1 + 1e-12)
    image = np.einsum("kyx,kc->yxc", expected.maps, expected.templates)
    windows = scan.eds_signal(image, lines).get_lines_intensity()
    for window, net, background in zip(windows, expected.net, expected.background, strict=True):
        np.testing.assert_allclose(window.data, net + background, rtol=1e-12)


@pytest.mark.parametrize("line", [0, 1, 2])
def test_window_of_one_element_alone_is_its_truth(line):
    scan = Scan(channels=1000, peak_to_background=np.inf)
    lines = ["Co_Ka", "O_Ka", "S_Ka"]
    areal = np.zeros((3, 2, 3))
    areal[line] = [[1, 2, 3], [4, 5, 6]]
    expected = expected_xrays(areal, lines, scan)
    image = np.einsum("kyx,kc->yxc", expected.maps, expected.templates)
    measured = scan.eds_signal(image, lines).get_lines_intensity()[line].data
    np.testing.assert_allclose(measured, expected.net[line], rtol=1e-12)
    np.testing.assert_allclose(measured, 5.0 * areal[line] / 6, rtol=1e-12)


def test_continuum_follows_the_mass_thickness():
    areal = np.array([[[100.0, 0.0]], [[0.0, 100.0]]])
    continuum = expected_xrays(areal, ["Co_Ka", "O_Ka"], Scan()).maps[-1, 0]
    assert continuum[0] / continuum[1] == pytest.approx(58.933195 / 15.9994)


@pytest.fixture
def product():
    rng = np.random.default_rng(3)
    return rng.uniform(0, 40, (2, 30)), rng.dirichlet(np.ones(50), 2)


@pytest.mark.parametrize("block_values", [1, 50, 333, 10**6])
def test_blocks_do_not_change_the_draws(product, block_values, monkeypatch):
    whole = draw_counts(*product, np.random.default_rng(5))
    monkeypatch.setattr(_spectrum, "_BLOCK_VALUES", block_values)
    blocks = draw_counts(*product, np.random.default_rng(5))
    np.testing.assert_array_equal(blocks, whole)


def test_draws_have_the_mean_and_variance_of_poisson(product):
    maps, templates = product
    expected = np.tile(maps, 400).T @ templates
    drawn = draw_counts(np.tile(maps, 400), templates, np.random.default_rng(0))
    residual = (drawn - expected) / np.sqrt(expected)
    assert abs(residual.mean()) < 5 / np.sqrt(residual.size)
    assert residual.var() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("level", "dtype"), [(5, "uint8"), (5000, "uint16"), (500000, "uint32")])
def test_type_grows_with_the_counts_and_keeps_them(level, dtype, monkeypatch):
    monkeypatch.setattr(_spectrum, "_BLOCK_VALUES", 8)
    # the first pixels fit into 8 bits, the last do not
    maps = np.linspace(0, level, 64)[None]
    drawn = draw_counts(maps, np.ones((1, 2)), np.random.default_rng(0))
    assert drawn.dtype == dtype
    np.testing.assert_allclose(drawn.mean(axis=1), maps[0], atol=5 * np.sqrt(level))


def test_inputs_are_left_alone(product):
    copies = [array.copy() for array in product]
    draw_counts(*product, np.random.default_rng(0))
    for array, copy in zip(product, copies, strict=True):
        np.testing.assert_array_equal(array, copy)

"""A detector that is not as the metadata say, elements without a line, and stray X-rays."""

import numpy as np
import pytest

from hyperspy_multimodal.data import core_shell, flat
from hyperspy_multimodal.data._expectation import expected_xrays
from hyperspy_multimodal.data._haadf_detector import haadf_image, scattering
from hyperspy_multimodal.data._materials import alloy_densities, compound_densities
from hyperspy_multimodal.data._measured_detector import detected_spectra, vary_line_weights
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen
from hyperspy_multimodal.data._xray import full_width_half_maximum, line_energy, line_families

FINE = {"channels": 4000, "channel_width": 0.0025, "peak_to_background": np.inf}


def spectrum(symbol, **settings):
    scan = Scan(**FINE, **settings)
    centres = scan.channel_edges[:-1] + scan.channel_width / 2
    return centres, detected_spectra([symbol], scan).templates[0]


def mean_and_width(centres, template, low, high):
    inside = (centres > low) & (centres < high)
    weights = template[inside] / template[inside].sum()
    mean = weights @ centres[inside]
    return mean, np.sqrt(8 * np.log(2) * weights @ (centres[inside] - mean) ** 2)


def test_an_offset_shifts_every_line_by_itself():
    for symbol, line, reach in (("O", "O_Ka", 0.3), ("Mn", "Mn_Ka", 0.25)):
        energy = line_energy(line)
        mean, _ = mean_and_width(
            *spectrum(symbol, energy_offset=0.03), energy + 0.03 - reach, energy + 0.03 + reach
        )
        assert mean == pytest.approx(energy + 0.03, abs=2e-4)


def test_a_gain_shifts_lines_in_proportion():
    for symbol, line, reach in (("O", "O_Ka", 0.3), ("Mn", "Mn_Ka", 0.25)):
        at = line_energy(line) / 1.01
        mean, width = mean_and_width(*spectrum(symbol, energy_gain=0.01), at - reach, at + reach)
        assert mean == pytest.approx(at, abs=2e-4)
        nominal_width = full_width_half_maximum(line_energy(line), 130.0)
        assert width == pytest.approx(nominal_width / 1.01, rel=0.01)


def test_offset_and_gain_map_channels_as_documented():
    scan = Scan(energy_offset=0.04, energy_gain=0.005)
    np.testing.assert_allclose(
        scan.true_channel_edges, 1.005 * (scan.channel_edges - 0.04), rtol=1e-12
    )


def test_a_resolution_error_widens_the_line_and_not_the_metadata():
    energy = line_energy("Mn_Ka")
    _, width = mean_and_width(*spectrum("Mn", resolution_error=20.0), energy - 0.25, energy + 0.25)
    assert width == pytest.approx(0.150, rel=0.01)
    signal = flat((2, 2), resolution_error=20.0).signal
    assert signal.metadata.Acquisition_instrument.TEM.Detector.EDS.energy_resolution_MnKa == 130


def test_a_shifted_line_leaves_its_window_and_not_the_xrays():
    nominal, shifted = (
        flat((4, 4), energy_offset=offset, peak_to_background=np.inf) for offset in (0.0, 0.08)
    )
    for truth, lost, kept in zip(nominal.counts, shifted.counts, shifted.xrays, strict=True):
        np.testing.assert_array_equal(kept.data, truth.data)
        assert np.all(lost.data < 0.95 * truth.data)
    electrons = [s.signal.metadata.Simulation.electrons_per_pixel for s in (nominal, shifted)]
    assert electrons[0] == electrons[1]


@pytest.mark.parametrize("element", ["O", "Co", "Au"])
def test_varied_weights_keep_each_family(element):
    families = line_families(element)
    varied = vary_line_weights(families, 0.1, np.random.default_rng(0))
    for family, lines in families.items():
        assert list(varied[family]) == list(lines)
        assert sum(share for _, share in varied[family].values()) == pytest.approx(1)
        changed = [varied[family][line] != lines[line] for line in lines]
        assert any(changed) == (len(lines) > 1)


def test_varied_weights_have_the_spread_asked_for():
    # a line of little weight among one that holds nearly all: its share has the factor's spread
    families = {"K": {"Ka": (1.0, 1 - 1e-6), "Kb": (1.1, 1e-6)}}
    rng = np.random.default_rng(0)
    shares = [vary_line_weights(families, 0.2, rng)["K"]["Kb"][1] for _ in range(4000)]
    ratio = np.std(np.log(np.array(shares)))  # two independent factors
    assert ratio == pytest.approx(np.sqrt(2 * np.log(1.04)), rel=0.05)


def test_weight_errors_are_an_elements_own_and_follow_their_seed():
    scan = Scan(line_weight_error=0.2)
    alone = detected_spectra(["Co"], scan).templates[0]
    np.testing.assert_array_equal(detected_spectra(["Au", "Co"], scan).templates[1], alone)
    other_noise = Scan(line_weight_error=0.2, seed=7)
    np.testing.assert_array_equal(detected_spectra(["Co"], other_noise).templates[0], alone)
    other = detected_spectra(["Co"], Scan(line_weight_error=0.2, line_weight_seed=1))
    assert np.any(other.templates[0] != alone)
    assert np.any(detected_spectra(["Co"], scan.nominal).templates[0] != alone)


def test_xrays_do_not_depend_on_the_detector_and_counts_do():
    areal = np.random.default_rng(0).uniform(0, 900, (2, 3, 4))
    lines = ["Mo_La", "S_Ka"]
    nominal = expected_xrays(areal, lines, Scan())
    off = expected_xrays(areal, lines, Scan(line_weight_error=0.3, energy_gain=0.01))
    np.testing.assert_array_equal(off.xrays, nominal.xrays)
    np.testing.assert_array_equal(nominal.net, nominal.xrays)
    assert np.all(off.net != nominal.net)
    # and the windows of the true spectra hold exactly that
    image = np.einsum("kyx,kc->yxc", off.maps, off.templates)
    for window, net, background in zip(
        Scan().eds_signal(image, lines).get_lines_intensity(), off.net, off.background, strict=True
    ):
        np.testing.assert_allclose(window.data, net + background, rtol=1e-12)


# ---- elements without a line, and stray X-rays


@pytest.fixture
def nickel():
    return {"Ni": np.linspace(100, 900, 64).reshape(8, 8)}


def test_an_unlisted_element_adds_background_and_haadf_and_no_map(nickel):
    scan = Scan(counts=50.0, haadf_noise=0)
    plain = simulate_specimen(nickel, ["Ni_Ka"], scan, name="foil")
    copper = {"Cu": np.tile([0.0, 4000.0], (8, 4))}
    on_grid = simulate_specimen(nickel, ["Ni_Ka"], scan, name="foil", unlisted=copper)
    assert on_grid.signal.metadata.Sample.elements == ["Ni"]
    assert len(on_grid.counts) == 1
    np.testing.assert_array_equal(on_grid.counts[0].data, plain.counts[0].data)
    np.testing.assert_array_equal(on_grid.composition[0].data, plain.composition[0].data)
    # Cu Ka at 8.05 keV
    peak = on_grid.signal.data[..., 795:815].sum(axis=-1)
    assert peak[:, 1::2].mean() > 50 and peak[:, ::2].mean() < 5
    scattered = scattering({**nickel, **copper})
    np.testing.assert_allclose(
        on_grid.haadf.data, 4000 + 40000 * scattered / scattered.max(), rtol=1e-6
    )


@pytest.mark.parametrize("symbol", ["Li", "U"])
def test_an_element_without_lines_in_range_adds_continuum_and_haadf(nickel, symbol):
    scan = Scan(channels=780)
    expected = expected_xrays(
        nickel["Ni"][None], ["Ni_Ka"], scan, {symbol: np.tile([0.0, 5e4], (8, 4))}
    )
    assert len(expected.maps) == len(expected.templates) == 3
    assert expected.maps[-1][:, 1::2].mean() > 2 * expected.maps[-1][:, ::2].mean()
    assert np.isfinite(expected.maps).all()
    if symbol == "Li":
        assert not expected.maps[1].any()


def test_unlisted_elements_must_be_other_elements(nickel):
    for symbol in ("Ni", "Xx"):
        with pytest.raises(ValueError, match=rf"unlisted must .*, but '{symbol}' was given"):
            simulate_specimen(nickel, ["Ni_Ka"], Scan(), name="foil", unlisted={symbol: 1.0})
    with pytest.raises(ValueError, match=r"areal_densities must .*, but .*'Ni'.* were given"):
        simulate_specimen({**nickel, "C": nickel["Ni"]}, ["Ni_Ka"], Scan(), name="foil")


def test_stray_copper_is_uniform_has_its_share_and_no_haadf():
    settings = {"shape": (16, 24), "counts": 2000.0, "haadf_noise": 0}
    clean, stray = (core_shell(**settings, stray=share) for share in (0.0, 0.5))
    np.testing.assert_array_equal(clean.haadf.data, stray.haadf.data)
    assert stray.signal.metadata.Sample.elements == ["Co", "O", "S"]
    added = stray.signal.data.sum(dtype=float) - clean.signal.data.sum(dtype=float)
    assert added == pytest.approx(0.5 * clean.counts[0].data.sum(), rel=0.02)
    vacuum = sum(m.data for m in clean.counts) == 0
    in_vacuum, on = (stray.signal.data[where][:, 795:815].mean() for where in (vacuum, ~vacuum))
    continuum = clean.signal.data[~vacuum][:, 795:815].mean()
    assert in_vacuum > 0 and on - continuum == pytest.approx(in_vacuum, rel=0.05)
    for before, after in zip(clean.counts, stray.counts, strict=True):
        np.testing.assert_array_equal(before.data, after.data)


def test_haadf_sees_its_own_image_and_what_is_added(nickel):
    scan = Scan(haadf_noise=0)
    sharper = nickel["Ni"] ** 2
    extra = np.eye(8) * 0.2
    specimen = simulate_specimen(
        nickel, ["Ni_Ka"], scan, name="foil", haadf_areal={"Ni": sharper}, haadf_extra=extra
    )
    np.testing.assert_allclose(
        specimen.haadf.data, 4000 + 40000 * (sharper / sharper.max() + extra), rtol=1e-6
    )
    plain = simulate_specimen(nickel, ["Ni_Ka"], scan, name="foil")
    np.testing.assert_array_equal(specimen.signal.data, plain.signal.data)


def test_haadf_of_nothing_added_is_the_plain_one(nickel):
    images = [haadf_image(nickel, 0.1, np.random.default_rng(0), e) for e in (None, np.zeros(1))]
    np.testing.assert_array_equal(*images)


def test_densities_of_alloys_lie_between_those_of_their_metals():
    gold, palladium = compound_densities({"Au": 1}, 19.3), compound_densities({"Pd": 1}, 12.023)
    assert alloy_densities({"Au": 1.0})["Au"] == pytest.approx(gold["Au"])
    mixed = alloy_densities({"Au": 0.3, "Pd": 0.7})
    assert mixed["Au"] / mixed["Pd"] == pytest.approx(3 / 7)
    assert sum(mixed.values()) == pytest.approx(1 / (0.3 / gold["Au"] + 0.7 / palladium["Pd"]))

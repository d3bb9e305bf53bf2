"""Detectors as real ones are: their settings, and every specimen with all of them."""

from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from slow_repeats import slow

from hyperspy_multimodal.data import (
    MEASURED_DETECTOR,
    Scan,
    bimetal,
    core_shell,
    flat,
    haadf_only,
    overlapping_pair,
    oxide_interface,
    swap,
    wedge,
)
from hyperspy_multimodal.data._expectation import expected_xrays
from hyperspy_multimodal.data._measured_detector import detected_spectra, vary_family_ratios
from hyperspy_multimodal.data._xray import full_width_half_maximum, line_families

from .specimens import stack

SPECIMENS = (bimetal, core_shell, flat, haadf_only, overlapping_pair, oxide_interface, swap, wedge)
SHARES = ("tail", "shelf", "wide_share", "pile_up", "absorption_edges", "family_ratio_error")


@pytest.fixture(
    scope="module",
    params=[slow(each) if each in (bimetal, flat, swap, wedge) else each for each in SPECIMENS],
    ids=lambda function: function.__name__,
)
def specimens(request):
    small = {"spacing": 5.0, "width": 1.2} if request.param is oxide_interface else {}
    settings = {"shape": (16, 20), "counts": 3e4, **small}
    return request.param(**settings), request.param(**settings, **MEASURED_DETECTOR)


@pytest.mark.slow
def test_every_specimen_can_have_a_measured_detector(specimens):
    nominal, measured = specimens
    recorded = measured.signal.metadata.Simulation.as_dictionary()
    assert MEASURED_DETECTOR.items() <= recorded.items()
    np.testing.assert_array_equal(measured.haadf.data, nominal.haadf.data)
    np.testing.assert_array_equal(stack(measured.composition), stack(nominal.composition))
    assert measured.kfactors == nominal.kfactors
    electrons = [s.signal.metadata.Simulation.electrons_per_pixel for s in specimens]
    assert electrons[0] == electrons[1]
    # all X-rays of a line, but those in sum peaks
    np.testing.assert_allclose(stack(measured.xrays), 0.995 * stack(nominal.xrays), rtol=1e-12)
    assert np.any(measured.signal.data != nominal.signal.data)


def test_windows_hold_counts_and_background(specimens):
    _, measured = specimens
    read = stack(measured.signal.get_lines_intensity())
    expected = stack(measured.counts) + stack(measured.background)
    residual = ((read - expected) / np.sqrt(np.maximum(expected, 1)))[expected > 100]
    assert abs(residual.mean()) < 5 / np.sqrt(residual.size)
    assert residual.std() == pytest.approx(1, abs=5 / np.sqrt(2 * residual.size))


def test_a_measured_detector_differs_in_every_respect():
    scan = Scan(**MEASURED_DETECTOR)
    for name in MEASURED_DETECTOR:
        assert getattr(scan, name) != getattr(Scan(), name)
    assert scan.nominal == Scan()
    assert replace(scan, seed=4, counts=2.0).nominal == Scan(seed=4, counts=2.0)
    changed = {name for name, value in asdict(scan).items() if value != asdict(Scan())[name]}
    assert changed == set(MEASURED_DETECTOR)
    # what is documented to put the detector off is there
    names = [field.name for field in fields(Scan)]
    errors = {*names[names.index("energy_offset") :]} - {"line_weight_seed"}
    assert errors == set(MEASURED_DETECTOR)


def test_lines_of_a_measured_detector_have_possible_widths():
    scan = Scan(**MEASURED_DETECTOR)
    widths = [
        full_width_half_maximum(energy, scan.true_energy_resolution, scan.resolution_slope)
        for energy in (0.11, 0.277, 0.525, 5.8987, 20.0)
    ]
    assert np.all(np.diff(widths) > 0)
    assert 0.05 < widths[0] < widths[-1] < 0.25
    assert widths[3] == pytest.approx(0.138)


@pytest.mark.parametrize("name", ["energy_bend", *SHARES])
def test_explicit_zeros_are_the_default(name):
    plain, zero = flat((3, 3), counts=50.0), flat((3, 3), counts=50.0, **{name: 0.0})
    np.testing.assert_array_equal(zero.signal.data, plain.signal.data)
    np.testing.assert_array_equal(stack(zero.background), stack(plain.background))


@pytest.mark.parametrize("name", MEASURED_DETECTOR)
def test_small_errors_have_small_effects(name):
    areal = np.full((1, 2, 2), 900.0)
    value = 2500.0 + 1e-6 if name == "resolution_slope" else 1e-9
    default, near = (expected_xrays(areal, ["Co_Ka"], Scan(**s)) for s in ({}, {name: value}))
    image, changed = (np.einsum("kyx,kc->yxc", e.maps, e.templates) for e in (default, near))
    assert 0 < np.abs(changed - image).max() < 1e-6


@pytest.mark.parametrize("element", ["Co", "Mo", "Au"])
def test_family_ratios_vary_and_the_mapped_family_does_not(element):
    families = line_families(element)
    for mapped in (None, *families):
        varied = vary_family_ratios(families, 0.3, np.random.default_rng(2), mapped)
        for family, lines in families.items():
            ratios = [varied[family][name][1] / share for name, (_, share) in lines.items()]
            assert ratios == pytest.approx([ratios[0]] * len(ratios))
            assert (ratios[0] == 1) == (family == (mapped or "K"))
            assert all(varied[family][name][0] == energy for name, (energy, _) in lines.items())


def test_family_ratios_have_the_spread_asked_for():
    families, rng = {"K": {"Ka": (7.0, 1.0)}, "L": {"La": (0.8, 1.0)}}, np.random.default_rng(0)
    ratios = [vary_family_ratios(families, 0.3, rng)["L"]["La"][1] for _ in range(4000)]
    assert np.std(ratios) / np.mean(ratios) == pytest.approx(0.3, rel=0.06)
    assert np.median(ratios) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("line", "kept"), [("Mo_La", slice(200, 320)), ("Co_Ka", slice(660, 800))])
def test_the_family_of_the_mapped_line_keeps_its_yield(line, kept):
    areal = np.full((1, 2, 2), 500.0)
    settings = {"channels": 2000, "peak_to_background": np.inf}
    plain, varied = (
        expected_xrays(areal, [line], Scan(**settings, family_ratio_error=error))
        for error in (0.0, 0.5)
    )
    before, after = ((e.maps[0, 0, 0] * e.templates[0]) for e in (plain, varied))
    np.testing.assert_allclose(after[kept].sum(), before[kept].sum(), rtol=1e-4)
    assert abs(after.sum() / before.sum() - 1) > 1e-3
    np.testing.assert_allclose(varied.net, plain.net, rtol=1e-4)
    np.testing.assert_array_equal(varied.xrays, plain.xrays)


def test_family_ratios_are_an_elements_own_and_follow_their_seed():
    scan = Scan(family_ratio_error=0.3)
    alone = detected_spectra(["Co"], scan).templates[0]
    np.testing.assert_array_equal(detected_spectra(["Au", "Co"], scan).templates[1], alone)
    other_noise = replace(scan, seed=7)
    np.testing.assert_array_equal(detected_spectra(["Co"], other_noise).templates[0], alone)
    other = detected_spectra(["Co"], replace(scan, line_weight_seed=1)).templates[0]
    assert np.any(other != alone)


@pytest.mark.parametrize(
    ("setting", "value", "error"),
    [
        *((name, -0.1, ValueError) for name in SHARES),
        *((name, "0", TypeError) for name in ("energy_bend", "resolution_slope", *SHARES)),
        *((name, np.nan, ValueError) for name in ("energy_bend", "resolution_slope", *SHARES)),
        *((name, 1.0, ValueError) for name in ("tail", "shelf", "pile_up", "absorption_edges")),
        ("wide_share", 1.01, ValueError),
        ("energy_bend", 0.11, ValueError),
        ("energy_bend", -0.11, ValueError),
        ("family_ratio_error", np.inf, ValueError),
        ("resolution_slope", -1.0, ValueError),
        ("resolution_slope", 3000.0, ValueError),
        ("resolution_slope", np.inf, ValueError),
    ],
)
def test_bad_settings_are_named_with_what_was_given_and_expected(setting, value, error):
    with pytest.raises(error, match=rf"{setting}.* must .*, but .* given"):
        Scan(**{setting: value})


def test_tail_and_shelf_are_shares_of_one_line():
    assert Scan(tail=0.75, shelf=0.25).peak_shape.tail == 0.75
    with pytest.raises(ValueError, match=r"tail and shelf must .*, but 0.8 and 0.3 were given"):
        Scan(tail=0.8, shelf=0.3)


def test_bounds_are_told():
    with pytest.raises(ValueError, match=r"of at least 0 and below 1,"):
        Scan(tail=1.5)
    with pytest.raises(ValueError, match=r"of at least -0\.1 and at most 0\.1,"):
        Scan(energy_bend=7.0)

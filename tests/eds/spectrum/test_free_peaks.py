"""Peaks of elements that nobody has named."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from slow_repeats import slow

from hyperspy_multimodal.eds.spectrum.free_peaks import (
    free_lines,
    highest_residual,
    is_sum_of_lines,
    matched,
    strongest_near,
)

from .synthetic import (
    BEAM,
    NOMINAL,
    amplitudes,
    continuum,
    drawn,
    expected,
    explained,
    fitted,
    line_counts,
    lines_of,
)

pytestmark = pytest.mark.filterwarnings("error")

COUNTS = {"Co": 4e4, "O": 1e4, "S": 8e3}
NAMED = list(COUNTS)


def without(element, counts=3e3, seed=0):
    """A fit that lacks an element."""
    observed = drawn(expected({**COUNTS, element: counts}), seed)
    return fitted(observed, NAMED, hold=True, robust=True)


# residuals


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_peak(seed):
    assert highest_residual(fitted(drawn(expected(COUNTS), seed), NAMED)) is None


def test_the_highest_residual_is_the_missing_peak():
    energy, significance = highest_residual(without("Ti"))
    assert energy == pytest.approx(4.51, abs=0.02)
    assert 40 < significance < 60


def test_energies_are_those_of_the_calibrated_axis():
    detector = replace(NOMINAL, offset=0.03, gain=0.005)
    observed = drawn(expected({**COUNTS, "Ti": 3e3}, detector))
    energy, _ = highest_residual(fitted(observed, NAMED, start=detector, hold=True, robust=True))
    assert energy == pytest.approx(4.51, abs=0.02)


def test_counts_of_a_peak_are_matched_with_their_error():
    fits = [without("Ti", seed=seed) for seed in range(12)]
    found = np.array([matched(fit, [4.5109])[0][0] for fit in fits])
    stated = np.array([matched(fit, [4.5109])[1][0] for fit in fits])
    assert found.mean() == pytest.approx(3e3, rel=0.03)
    assert 0.4 < found.std() / stated.mean() < 1.4
    place = NOMINAL.position(4.5109)
    assert_allclose(matched(fits[0], [place], on_axis=True), matched(fits[0], [4.5109]))


def test_what_is_under_a_peak_makes_it_less_significant():
    low, high = (
        fitted(drawn(expected(COUNTS, smooth=smooth)), NAMED) for smooth in (2e4, 2e6)
    )  # fmt: skip
    errors = [matched(fit, [4.51])[1][0] for fit in (low, high)]
    assert errors[1] > 20 * errors[0]


def test_lines_are_near_within_their_widths():
    fit = fitted(drawn(expected(COUNTS)), NAMED)
    width = float(fit.detector.width(2.307))
    place = float(fit.detector.position(2.307))
    found = strongest_near(fit, place + width * np.array([0, 1.45, -1.45, -1.6, 5.0]))
    sulfur = amplitudes(fit)["S_Ka"]
    assert_allclose(found[1:], [sulfur, sulfur, 0, 0])
    # at the line itself nothing else can be, however few counts it has
    assert found[0] == np.inf
    empty = strongest_near(replace(fit, amplitudes=0 * fit.amplitudes), np.array([place]))
    assert empty[0] == np.inf


def test_peaks_near_a_strong_line_are_the_lines():
    """Within 1.5 FWHM of a line with more than a fifth of the counts: the shape is to blame."""
    place = 2.307 + float(NOMINAL.width(2.307))
    fit = fitted(drawn(expected(COUNTS)), NAMED)
    for counts, found in ((1.5e3, False), (6e4, True)):
        extra = counts * NOMINAL.shapes([place])[0]
        peak = highest_residual(replace(fit, observed=fit.observed + extra))
        assert (peak is not None) == found
    farther = 1.5e3 * NOMINAL.shapes([1.9])[0]
    assert highest_residual(replace(fit, observed=fit.observed + farther))[1] > 20


def test_a_peak_with_a_likely_element_has_its_other_lines():
    """Of the same family, from where the peak is; as lines of no element."""
    fit = without("Ti")
    first, beta = free_lines(fit, 4.52, BEAM)
    assert first == ("4.52 keV", "", "4.52 keV", 4.52, 1.0)
    weights = {line.name: line for line in lines_of("Ti")}
    assert beta.element == "" and beta.family == first.family
    apart = weights["Ti_Kb"].energy - weights["Ti_Ka"].energy
    assert beta.energy - first.energy == pytest.approx(apart)
    assert beta.weight == pytest.approx(weights["Ti_Kb"].weight)
    assert len(free_lines(fit, 4.7, BEAM)) == 1


# explanations


def test_a_missing_element_is_named_and_takes_no_counts_of_others():
    found = explained(drawn(expected({**COUNTS, "Ti": 3e3})), NAMED, candidates=())
    (peak,) = [each for each in found.peaks if each.energy > 1]
    assert peak.candidates == ["Ti_Ka"]
    assert peak.energy == pytest.approx(4.511, abs=0.01)
    assert peak.counts == pytest.approx(3e3, rel=0.06)
    assert peak.significance > 30
    assert "4.51 keV" in str(peak) and "Ti_Ka" in str(peak)
    assert amplitudes(found.fit)["Co_Ka"] == pytest.approx(4e4, rel=0.025)
    assert amplitudes(found.fit)["S_Ka"] == pytest.approx(8e3, rel=0.05)
    # Kb went with Ka
    beta = next(line for line in found.fit.lines if line.name.endswith("Ti_Kb"))
    counts = amplitudes(found.fit)[beta.name]
    assert counts == pytest.approx(3e3 * beta.weight, rel=0.25)


def test_a_strong_peak_makes_no_others_beside_it():
    """While it is looked for, it drags neither axis nor widths; its Kb goes with it."""
    found = explained(drawn(expected({**COUNTS, "Ni": 3e4})), NAMED, candidates=())
    (peak,) = [each for each in found.peaks if each.energy > 1.5]
    assert peak.candidates == ["Ni_Ka"]
    assert peak.counts == pytest.approx(3e4, rel=0.05)
    assert amplitudes(found.fit)["Co_Ka"] == pytest.approx(4e4, rel=0.04)


def test_a_peak_that_is_no_line_is_of_no_element():
    mean = expected(COUNTS) + 4e3 * NOMINAL.shapes([3.03])[0]
    found = explained(drawn(mean), NAMED, candidates=())
    (peak,) = found.peaks
    assert peak.energy == pytest.approx(3.03, abs=0.01)
    assert peak.candidates == []
    assert str(peak).endswith("no element fits)")


def test_peaks_come_by_rising_energy():
    found = explained(
        drawn(expected({**COUNTS, "Ti": 3e3, "K": 3e3, "Ge": 5e3})), NAMED, candidates=()
    )
    names = [peak.candidates[0] for peak in found.peaks if peak.energy > 1.5]
    assert names == ["K_Ka", "Ti_Ka", "Ge_Ka"]
    energies = [peak.energy for peak in found.peaks]
    assert energies == sorted(energies)


@pytest.mark.parametrize("shift", [slow(0.02), 0.05])
def test_a_named_element_gets_the_peak_of_its_line_where_that_is_off(shift):
    """Oxygen where chemistry or electronics puts it; counts and all."""
    counts = line_counts({"Co": 4e5, "O": 1e5, "S": 8e4})
    energies = [line.energy for line in lines_of(*NAMED)]
    names = [line.name for line in lines_of(*NAMED)]
    shifts = np.array([shift * (name == "O_Ka") for name in names])
    shapes = NOMINAL.shapes(energies, shifts)
    mean = np.array([counts[name] for name in names]) @ shapes + continuum(total=2e5)
    found = explained(drawn(mean), NAMED)
    assert found.peaks == [] and found.unnamed == []
    places = dict(zip(names, found.fit.places, strict=True))
    assert places["O_Ka"] == pytest.approx(0.5249 + shift, abs=3e-3)
    assert amplitudes(found.fit)["O_Ka"] == pytest.approx(1e5, rel=0.03)


@pytest.mark.parametrize(
    "wrong",
    [{"tail": 0.12}, {"slope": 3300.0}, slow({"resolution": 150.0}), slow({"wide": 0.5})],
    ids=str,
)
def test_peaks_of_another_shape_are_no_peaks_of_other_elements(wrong):
    """Of many counts, no free peak lies beside a line that is there."""
    counts = {"Co": 4e6, "O": 1e6, "S": 8e5}
    mean = expected(counts, replace(NOMINAL, **wrong), smooth=2e6)
    found = explained(drawn(mean), NAMED)
    assert found.peaks == [] and found.unnamed == [] and found.hidden == []
    for name, own in (("Co_Ka", 4e6), ("O_Ka", 1e6), ("S_Ka", 8e5)):
        assert amplitudes(found.fit)[name] == pytest.approx(own, rel=0.025)


# sums of two X-rays


def test_a_peak_is_a_sum_of_lines_only_where_these_are_strong_enough():
    fit = fitted(drawn(expected(COUNTS)), NAMED)
    energies = {line.name: line.energy for line in fit.lines}
    both = energies["Co_Ka"] + energies["O_Ka"]
    weaker = amplitudes(fit)["O_Ka"]
    assert is_sum_of_lines(fit, both)
    assert is_sum_of_lines(fit, both, 0.03 * weaker)
    assert not is_sum_of_lines(fit, both, 0.2 * weaker)
    assert not is_sum_of_lines(fit, both + 0.1)


def test_sums_of_iron_and_carbon_are_no_holmium():
    """Nor of a neighbour of holmium, the lines of which lie near."""
    counts = {"Fe": 1e5, "C": 1e5, "S": 8e4}
    energies = {line.name: line.energy for line in lines_of("Fe", "C")}
    peak = NOMINAL.shapes([energies["Fe_Ka"] + energies["C_Ka"]])[0]
    for mean, there in (
        (expected(counts) + 150 * peak, False),
        (expected({**counts, "Ho": 2e4}), True),
    ):
        found = explained(drawn(mean), list(counts), candidates=("Dy", "Ho", "Er"))
        assert ("Ho" in [each.element for each in found.unnamed]) == there

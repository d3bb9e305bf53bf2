"""Peaks of elements that nobody has named."""

import numpy as np
import pytest

from hyperspy_multimodal.spectra.lines import candidates, element_lines
from hyperspy_multimodal.spectra.unassigned import explained_fit

from .synthetic import BEAM, NOMINAL, USED, expected, lines_of


def explained(present, named, counts, seed=0):
    lines = lines_of(*present)
    mean, _ = expected(lines, counts)
    observed = np.random.default_rng(seed).poisson(mean)
    fit, peaks = explained_fit(observed, NOMINAL, lines_of(*named), BEAM, USED)
    found = {line.name: value for line, value in zip(fit.lines, fit.amplitudes, strict=True)}
    return found, peaks


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_found_where_all_elements_are_named(seed):
    _, peaks = explained(["Co", "O"], ["Co", "O"], {"Co": 4e4, "O": 1e4}, seed)
    assert peaks == []


def test_a_missing_element_is_named_and_its_counts_stay_out_of_others():
    counts = {"Co": 4e4, "O": 1e4, "Cu": 3e3}
    found, peaks = explained(["Co", "O", "Cu"], ["Co", "O"], counts)
    names = [name for peak in peaks for name in peak.candidates]
    assert "Cu_Ka" in names
    assert found["Co_Ka"] == pytest.approx(4e4, rel=0.02)
    assert found["O_Ka"] == pytest.approx(1e4, rel=0.05)
    peak = next(peak for peak in peaks if "Cu_Ka" in peak.candidates)
    assert peak.energy == pytest.approx(8.048, abs=0.01)
    assert peak.counts == pytest.approx(3e3, rel=0.1)
    assert peak.significance > 5
    assert "8.05 keV" in str(peak) and "Cu_Ka" in str(peak)


def test_an_element_that_hides_under_another_is_reported():
    """S Ka under Mo La: the other lines of Mo say how much of the peak it can be."""
    counts = {"Mo": 3e4, "S": 3e4}
    found, peaks = explained(["Mo", "S"], ["Mo"], counts)
    assert any("S_Ka" in peak.candidates for peak in peaks)
    assert found["Mo_La"] < 1.3 * 3e4


def test_candidates_are_lines_near_by():
    assert candidates(1.74, 0.02, 200)[0] == "Si_Ka"
    assert candidates(0.525, 0.02, 200)[0] == "O_Ka"
    assert all(
        abs(element_lines(name.split("_")[0], 2.2, 2.4)[0].energy - 2.3) < 0.1
        for name in candidates(2.3, 0.03, 200)
    )


def test_lines_beyond_the_beam_energy_are_no_candidates():
    assert "Cu_Ka" in candidates(8.05, 0.03, 200)
    assert "Cu_Ka" not in candidates(8.05, 0.03, 5)

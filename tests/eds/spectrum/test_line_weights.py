"""Ratios of lines that are off the tables: what the fit of a summed spectrum makes of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from .synthetic import LONG, amplitudes, drawn, errors, expected, fitted, line_counts

pytestmark = pytest.mark.filterwarnings("error")

COUNTS = {"Co": 4e4, "O": 1e4, "S": 8e3}
NAMED = list(COUNTS)


def strongest(fit, names=("Co_Ka", "O_Ka", "S_Ka")):
    return np.array([amplitudes(fit)[name] for name in names])


def test_overlapping_families_are_told_apart_by_their_other_lines():
    """S Ka lies 14 eV from Mo La."""
    mean = expected({"Mo": 3e4, "S": 3e4}, LONG)
    fits = [fitted(drawn(mean, seed), ["Mo", "S"], LONG) for seed in range(6)]
    found = np.array([strongest(fit, ["Mo_La", "S_Ka"]) for fit in fits])
    assert_allclose(found.mean(axis=0), [3e4, 3e4], rtol=0.05)
    stated = np.array([[errors(fit)[name] for name in ("Mo_La", "S_Ka")] for fit in fits])
    assert np.all(np.abs(found - 3e4) < 3 * stated)
    assert stated.mean() > 3 * np.sqrt(3e4)


def test_line_weights_may_be_off_by_a_tenth():
    wrong = expected(COUNTS, lines={"Co_Kb": 1.1 * 5108, "S_Kb": 0.9 * 522})
    fit = fitted(np.round(wrong), NAMED)
    assert_allclose(strongest(fit), [4e4, 1e4, 8e3], rtol=0.02)
    assert amplitudes(fit)["Co_Kb"] == pytest.approx(1.1 * 5108, rel=0.03)


def test_a_table_weight_that_the_counts_contradict_takes_nothing_from_the_strongest_line():
    """Cu Kb with a quarter of its weight, as in measured scans: Ka keeps its counts."""
    for scale in (1.0, 0.1):
        counts = {"Cu": 2e4 * scale, "O": 1e4 * scale}
        weak = line_counts(counts)["Cu_Kb"] / 4
        mean = expected(counts, LONG, smooth=1e3 * scale, lines={"Cu_Kb": weak})
        fit = fitted(0.97 * mean + 0.03 * np.roll(mean, 5), ["Cu", "O"], LONG)
        assert amplitudes(fit)["Cu_Ka"] == pytest.approx(counts["Cu"], rel=0.02)


def test_a_line_far_from_its_table_weight_is_a_strain():
    """Lb of molybdenum is there with what it should have, and La with twice that."""
    plain, hiding = ({"Mo": 3e4}, {"Mo": 3e4, "S": 3e4})
    assert not fitted(drawn(expected(plain)), ["Mo"]).strains
    strains = fitted(drawn(expected(hiding)), ["Mo"]).strains
    assert {strain.head.name for strain in strains} == {"Mo_La"}
    worst = max(strains, key=lambda strain: strain.size)
    assert worst.size > 3
    assert worst.ratio < 0.7
    assert min(strain.excess for strain in strains) == pytest.approx(3e4, rel=0.3)

"""What is known of lines before a spectrum is seen."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.spectra.lines import Line
from hyperspy_multimodal.spectra.priors import expected_counts, grouped, tie_rows
from hyperspy_multimodal.spectra.yields import xrays_per_atom

from .synthetic import BEAM, LONG, line_counts, lines_of


def names_of(ties, lines, groups):
    """Names of the first line of both groups of each tie, by their names: ratio and error."""
    first = {int(group): line.name for line, group in zip(lines, groups.of_line, strict=True)
             if groups.factors[lines.index(line)] == 1.0}  # fmt: skip
    return {(first[tie.group], first[tie.head]): (tie.ratio, tie.error) for tie in ties}


def test_weak_lines_go_with_the_strongest_of_their_family():
    """And have no unknown of their own; each strong one has."""
    lines = lines_of("Co")
    groups = grouped(lines, BEAM)
    by_name = dict(zip((line.name for line in lines), groups.of_line, strict=True))
    assert by_name["Co_Lb3"] == by_name["Co_La"]
    assert len({by_name[name] for name in ("Co_Ka", "Co_Kb", "Co_La", "Co_Ll", "Co_Ln")}) == 5
    assert groups.number == 5


def test_the_matrix_takes_counts_of_groups_to_counts_of_lines():
    lines = lines_of("Co", "S")
    groups = grouped(lines, BEAM)
    counts = np.arange(1.0, groups.number + 1)
    of_lines = groups.matrix() @ counts
    assert_allclose(of_lines, groups.factors * counts[groups.of_line])
    weak = next(i for i, line in enumerate(lines) if line.name == "Co_Lb3")
    strong = next(i for i, line in enumerate(lines) if line.name == "Co_La")
    assert of_lines[weak] / of_lines[strong] == pytest.approx(0.024, rel=0.1)


def test_lines_of_a_family_share_their_shift_and_no_others_do():
    lines = lines_of("Co", "S")
    families = {}
    for line, family in zip(lines, grouped(lines, BEAM).families, strict=True):
        families.setdefault((line.element, line.family), set()).add(int(family))
    assert all(len(found) == 1 for found in families.values())
    assert len(set.union(*families.values())) == len(families) == 3


def test_strong_lines_are_tied_by_the_table_and_families_by_cross_sections():
    lines = lines_of("Co")
    groups = grouped(lines, BEAM)
    ties = names_of(groups.ties, lines, groups)
    ratio, error = ties["Co_Kb", "Co_Ka"]
    assert ratio == pytest.approx(0.1277, rel=1e-3) and error == pytest.approx(0.07, abs=0.005)
    ratio, error = ties["Co_La", "Co_Ka"]
    expected = line_counts({"Co": 1.0})
    assert ratio == pytest.approx(expected["Co_La"], rel=0.05)
    assert error == 1.0
    assert len(ties) == 4


def test_families_are_held_to_the_one_that_is_told_of():
    lines = lines_of("Au", detector=LONG)
    by_default = names_of(grouped(lines, BEAM).ties, lines, grouped(lines, BEAM))
    groups = grouped(lines, BEAM, reference={"Au": "L"})
    told = names_of(groups.ties, lines, groups)
    assert ("Au_La", "Au_Ma") in by_default and ("Au_Ma", "Au_La") in told
    assert told["Au_Ma", "Au_La"][0] == pytest.approx(1 / by_default["Au_La", "Au_Ma"][0])


def test_errors_of_weights_are_scaled_but_not_those_of_families():
    lines = lines_of("Co")
    once, twice = (grouped(lines, BEAM, scale) for scale in (1.0, 2.0))
    ties = zip(once.ties, twice.ties, strict=True)
    factors = {(a.group, a.head): b.error / a.error for a, b in ties}
    assert sorted(factors.values()) == pytest.approx([1, 2, 2, 2])


def test_a_free_peak_is_a_family_that_is_tied_to_nothing():
    peak = Line("4.51 keV", "", "4.51 keV", 4.51, 1.0)
    lines = [*lines_of("S"), peak]
    groups = grouped(lines, BEAM)
    assert groups.shift_errors[groups.families[-1]] > 2 * groups.shift_errors[0]
    assert all(groups.of_line[-1] not in (tie.group, tie.head) for tie in groups.ties)


def test_energies_below_1_kev_are_known_less_well():
    lines = lines_of("Co")
    groups = grouped(lines, BEAM)
    errors = {line.family: groups.shift_errors[family]
              for line, family in zip(lines, groups.families, strict=True)}  # fmt: skip
    assert errors["L"] > 2 * errors["K"]


def test_counts_in_the_expected_ratio_break_no_tie():
    lines = lines_of("Co", "Zn")
    groups = grouped(lines, BEAM)
    tied = {tie.group: tie for tie in groups.ties}

    def chained(group):
        return tied[group].ratio * chained(tied[group].head) if group in tied else 1e4

    counts = np.array([chained(group) for group in range(groups.number)])
    rows, errors = tie_rows(groups.ties, counts)
    assert_allclose(rows @ counts, 0, atol=1e-9)
    assert_allclose(errors, [tie.error * counts[tie.group] for tie in groups.ties])
    counts[groups.ties[0].group] *= 1.5
    broken = (tie_rows(groups.ties, counts)[0] @ counts)[0]
    assert broken == pytest.approx(counts[groups.ties[0].group] / 3)


def test_a_family_without_counts_leaves_others_free():
    lines = lines_of("Co")
    groups = grouped(lines, BEAM)
    _, errors = tie_rows(groups.ties, np.zeros(groups.number))
    assert (errors > 0).all()


def test_windows_absorb_what_is_expected_of_low_lines():
    oxygen, sulfur, cobalt = (
        next(line for line in lines_of(name[:-3]) if line.name == name)
        for name in ("O_Ka", "S_Ka", "Co_Ka")
    )
    passed = [
        expected_counts(line, BEAM) / xrays_per_atom(line.name, BEAM, (line.energy, line.energy))
        for line in (oxygen, sulfur, cobalt)
    ]
    assert 0.5 < passed[0] < 0.9 < passed[1] < passed[2] < 1

"""What is known of lines before a spectrum is seen."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.eds.spectrum.priors import expected_counts, grouped, tie_rows
from hyperspy_multimodal.physics.lines import Line
from hyperspy_multimodal.physics.yields import xrays_per_atom

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
    rows = tie_rows(groups.ties, counts)
    assert_allclose(rows @ counts, 0, atol=1e-9)
    # a ratio that is off by its error costs 1, alone
    for tie in groups.ties:
        moved = counts.copy()
        moved[tie.group] *= 1 + tie.error
        alone = tie_rows([tie], counts)
        assert np.square(alone @ moved).sum() == pytest.approx(1, rel=1e-6)


def test_the_strongest_line_may_be_what_is_off():
    """It is in all ratios: if they are off together, that is one error and not many."""
    lines = lines_of("Mo", detector=LONG)
    own = [tie for tie in grouped(lines, BEAM).ties if tie.is_weight and tie.error > 0.1]
    number = max(max(tie.group, tie.head) for tie in own) + 1
    counts = np.zeros(number)
    family = [tie for tie in own if tie.head == own[-1].head]
    counts[family[0].head] = 1e5
    for tie in family:
        counts[tie.group] = tie.ratio * 1e5
    rows = tie_rows(family, counts)
    together, apart = counts.copy(), counts.copy()
    signs = np.resize([1, -1], len(family))
    for tie, sign in zip(family, signs, strict=True):
        together[tie.group] *= 1 + tie.error
        apart[tie.group] *= 1 + sign * tie.error
    costs = [np.square(rows @ each).sum() for each in (together, apart)]
    assert len(family) > 3
    assert costs[0] < 2 < len(family) < costs[1]


def test_a_ratio_of_lines_apart_that_is_contradicted_is_let_go():
    lines = lines_of("Cu")
    groups = grouped(lines, BEAM)
    beta = groups.of_line[[line.name for line in lines].index("Cu_Kb")]
    tie = next(tie for tie in groups.ties if tie.group == beta)
    assert tie.resolved and tie.is_weight
    counts = np.zeros(groups.number)
    counts[tie.head] = 1e5
    costs = []
    for share in (1.0, 0.8, 0.5, 0.25):
        counts[tie.group] = share * tie.ratio * 1e5
        costs.append(float(np.square(tie_rows([tie], counts) @ counts).sum()))
    assert costs[0] < 1e-9 and max(costs) < 12
    assert costs[3] < costs[1]


def test_a_family_without_counts_leaves_others_free():
    lines = lines_of("Co")
    groups = grouped(lines, BEAM)
    assert np.isfinite(tie_rows(groups.ties, np.zeros(groups.number))).all()


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

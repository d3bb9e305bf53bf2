"""Verdicts of maps, and the one record that a fusion logs."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.notes import Note, Speaker, gathered, telling, untold
from hyperspy_multimodal.recovery.evidence import (
    say_changed_totals,
    say_differences,
    say_few_counts,
    say_rough_errors,
)
from hyperspy_multimodal.recovery.summary import one_summary
from hyperspy_multimodal.recovery.verdict import RULES, VERDICTS, grade, ranked, verdicts_of

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}
NAMES = ["Co_Ka", "O_Ka"]


@pytest.fixture(scope="module")
def small():
    return core_shell((32, 32), counts=20)


@pytest.fixture
def records(caplog):
    """What the package logs, from INFO on."""
    caplog.set_level(logging.INFO, logger="hyperspy_multimodal")
    return caplog


def summaries(records):
    return [each for each in records.records if each.getMessage().startswith("Maps")]


def with_lost_rows(specimen):
    signal = specimen.signal.deepcopy()
    signal.data[10:14] = 0
    return signal


# rules


@pytest.mark.parametrize("kind", [kind for kind, rule in RULES.items() if rule.words])
def test_more_of_it_is_never_better(kind):
    """And every reason, but no remark, can change a verdict."""
    grades = [
        VERDICTS.index(grade(Note("", "text", kind, amount), "Co_Ka"))
        for amount in (0.0, 1e-4, 1e-2, 0.08, 0.2, 0.5, 0.8, 1.0, 6.0, 20.0)
    ]
    assert grades == sorted(grades)
    assert grades[0] == 0 and (grades[-1] == 0) == RULES[kind].is_remark


def test_what_concerns_one_map_leaves_the_other_sound():
    found = verdicts_of(NAMES, [Note("", "few", "few counts", {"O_Ka": 0.1})])
    assert [each.verdict for each in found] == ["sound", "with care"]
    assert found[1].texts == ["few"] and found[0].texts == []


def test_the_gravest_reason_decides_and_comes_first():
    notes = [
        Note("", "saturated", "saturated HAADF"),
        Note("", "hidden", "hidden element", {"O_Ka": 0.9}),
        Note("", "nothing", "told"),
        Note("", "do it", "to do"),
    ]
    cobalt, oxygen = verdicts_of(NAMES, notes)
    assert (cobalt.verdict, oxygen.verdict) == ("with care", "not to be trusted")
    assert oxygen.texts == ["hidden", "saturated"]
    assert oxygen.words == ["hidden element under the line"]
    assert ranked(notes, [cobalt, oxygen]) == ["hidden", "saturated", "do it"]


def test_what_decides_on_a_map_comes_before_what_is_the_least_of_its_faults():
    few = Note("", "few", "few counts", {"Co_Ka": 0.3})
    rough = Note("", "rough", "rough errors", {"Co_Ka": 1.0})
    saturated = Note("", "saturated", "saturated HAADF", {"O_Ka": 1.0})
    flat = Note("", "flat", "flat", {"O_Ka": 2.0})
    notes = [rough, flat, saturated, few]
    assert ranked(notes, verdicts_of(["Co_Ka", "O_Ka"], notes)) == [
        "few", "saturated", "flat", "rough",
    ]  # fmt: skip


def test_elements_without_a_map_come_first_and_rough_errors_last():
    few = Note("", "few", "few counts", {"Co_Ka": 0.3})
    rough = Note("", "rough", "rough errors", {"Co_Ka": 1.0, "O_Ka": 1.0})
    left_out = Note("", "lines are left out", "left out lines")
    saturated = Note("", "saturated", "saturated HAADF", {"Co_Ka": 1.0})
    uncertain = Note("", "uncertain", "uncertain total", {"O_Ka": 0.2})
    notes = [Note("", "mask", "to do"), rough, saturated, left_out, uncertain]
    notes += [Note("", "Si has no map", "no map"), few]
    found = verdicts_of(NAMES, notes)
    assert ranked(notes, found) == [
        "few", "Si has no map", "uncertain", "lines are left out", "mask", "saturated", "rough",
    ]  # fmt: skip
    assert [each.verdict for each in found] == ["not to be trusted", "with care"]


def test_faults_of_the_haadf_harm_only_maps_that_follow_it():
    found = verdicts_of(NAMES, [Note("", "shift", "shifted HAADF")], follow=[True, False])
    assert [each.verdict for each in found] == ["with care", "sound"]


def test_few_counts_by_their_errors():
    with gathered() as notes:
        say_few_counts(NAMES, np.array([1e4, 100.0]), np.array([100.0, 10.0]))
    [note] = notes
    with gathered([Note("", "There are no counts", "no counts")]) as empty:
        say_few_counts(NAMES, np.array([0.0, 0.0]), np.array([1.0, 1.0]))
    assert len(empty) == 1
    with gathered([Note("", "Uncertain", "uncertain total", {"O_Ka": 0.12})]) as notes:
        say_few_counts(NAMES, np.array([1e4, 100.0]), np.array([100.0, 10.0]))
    assert notes[-1].text.startswith("Few counts of O_Ka. ")  # no number is said twice
    with gathered([Note("", "Not found", "not found", {"O_Ka": 1.0})]) as notes:
        say_few_counts(NAMES, np.array([1e4, 100.0]), np.array([100.0, 100.0]))
    assert len(notes) == 1  # that says it all
    assert "O_Ka (noise alone: 10 % of the total)" in note.text
    assert note.amount("Co_Ka") == 0 and note.amount("O_Ka") == pytest.approx(0.1)


def test_errors_of_pixels_are_rough_below_0_3_counts_where_the_element_is():
    bright, dim = np.zeros((20, 20)), np.full((20, 20), 0.25)
    bright[:2, :2] = 4.0  # as few counts per pixel of the scan, but not where they are
    with gathered() as notes:
        say_rough_errors(NAMES, np.array([bright, dim]))
    [note] = notes
    assert "O_Ka (0.25)" in note.text and "Co_Ka" not in note.text
    assert ranked(notes, verdicts_of(NAMES, notes)) == [note.text]
    with gathered() as notes:
        say_rough_errors(NAMES, np.array([bright, 0 * dim]))
        say_rough_errors(NAMES, np.array([bright, 2 * dim]))
    assert not notes


def test_error_bars_do_not_change_the_verdict_on_their_map(records):
    dim = core_shell((32, 32), counts=0.5)
    verdicts, lines = [], []
    for uncertainty in (False, True):
        records.clear()
        _, output = dim.signal.multimodal_fusion(
            dim.haadf, uncertainty=uncertainty, full_output=True, **GIVEN
        )
        verdicts.append([(each["verdict"], each["because"]) for each in output["verdicts"]])
        [said] = summaries(records)
        lines.append(said.getMessage().split("\n"))
        assert sum("standard deviations of fused" in each for each in lines[-1]) == uncertainty
    assert verdicts[0] == verdicts[1]
    assert lines[0][0] == lines[1][0]  # the verdicts in words


def test_a_close_decision_comes_last_and_affects_no_map():
    notes = [Note("b", "close", "close decision"), Note("a", "leak", "leak", 1.0)]
    notes.append(Note("c", "told", "told"))
    found = verdicts_of(NAMES, notes)
    assert ranked(notes, found) == ["leak", "close"]
    assert all(each.words == ["HAADF leaks into the map"] for each in found)


def differing(errors, counts, fused):
    window = SimpleNamespace(name="disc of 8")
    return SimpleNamespace(
        element=1,
        significance=errors,
        window=window,
        pixels=([6, 7, 7, 7, 8], [9, 8, 9, 10, 9]),
        counts=counts,
        fused=fused,
    )


def test_what_still_differs_is_judged_by_its_worst_and_told_by_its_largest_amount():
    maps = SimpleNamespace(names=NAMES, gains=np.array([1.0, 0.5]))
    with gathered() as notes:
        say_differences(maps, [differing(-12.0, 2.0, 9.0), differing(6.0, 267.0, 183.0)])
    cobalt, oxygen = verdicts_of(NAMES, notes)
    assert (cobalt.verdict, oxygen.verdict) == ("sound", "not to be trusted")
    place = (
        "O_Ka (92 instead of 134 in a disc of 8 within [6:9, 8:11], 6.0 standard errors, and 1 "
        "more)"
    )
    assert place in oxygen.texts[0]


@pytest.mark.parametrize("sign", [1, -1])
def test_totals_are_told_if_they_changed_by_more_than_noise_and_a_per_cent(sign):
    measured = SimpleNamespace(
        names=NAMES,
        net=np.full((2, 10, 10), 100.0),
        net_variance=np.full((2, 10, 10), 100.0),  # 1 % of each total
        mask=None,
    )

    def changed(share):
        return measured.net * (1 + sign * np.array([0, share])[:, None, None])

    with gathered() as notes:
        say_changed_totals(
            measured, measured.net * (1 + sign * np.array([0, 0.028])[:, None, None])
        )
        precise = replace_variance(measured, 1.0)
        say_changed_totals(precise, measured.net * (1 + sign * 0.008))
    assert notes == []
    with gathered() as notes:
        say_changed_totals(precise, changed(0.04))
    [note] = notes
    assert note.brief == f"Totals changed by fusion: O_Ka {'+' if sign > 0 else '-'}4.00 ± 0.10 %."
    assert note.amount("Co_Ka") == 0 and note.amount("O_Ka") == pytest.approx(0.04)
    assert grade(note, "O_Ka") == "sound"
    with gathered() as notes:
        say_changed_totals(precise, measured.net * (1 + sign * 0.1))
    assert grade(notes[0], "O_Ka") == "with care"


def replace_variance(measured, variance):
    fields = vars(measured) | {"net_variance": np.full_like(measured.net, variance)}
    return SimpleNamespace(**fields)


# what is gathered


def test_a_speaker_logs_where_nobody_gathers(records):
    speaker = Speaker("hyperspy_multimodal.test")
    speaker.warning("Seen %d times.", 3, kind="told", about=["Co_Ka"])
    assert records.messages == ["Seen 3 times."]
    with gathered() as notes:
        speaker.warning("Not logged.")
        speaker.info("Logged.")
    assert [note.text for note in notes] == ["Not logged."]
    assert records.messages == ["Seen 3 times.", "Logged."]


def test_tasks_hand_on_what_earlier_ones_had_to_say():
    speaker = Speaker("hyperspy_multimodal.test")

    def said(*values):
        speaker.warning("Sum of %d.", len(values))
        return sum(values)

    found = telling(said, telling(said, 1, 2), 3)
    assert untold(found) == 6
    assert [note.text for note in found.notes] == ["Sum of 2.", "Sum of 2."]


def test_an_error_lets_go_what_was_gathered(records):
    with pytest.raises(ValueError, match="broken"), one_summary():
        Speaker("hyperspy_multimodal.test").warning("Before it broke.")
        raise ValueError("broken")
    assert records.messages == ["Before it broke."]
    with gathered() as notes:
        assert notes == []


@pytest.mark.parametrize("gains", [["5"], ["5", "6"]])
def test_what_numbers_rest_on_is_in_the_first_line_and_shown_even_if_all_is_sound(records, gains):
    speaker = Speaker("hyperspy_multimodal.test")
    with one_summary() as summary:
        for gain in gains:
            speaker.warning("A longer story of %s.", gain, kind="told", brief=f"Gain: {gain}.")
            summary.fusions.append((verdicts_of(NAMES, []), "used"))
    [said] = summaries(records)
    several = " (one of several slices)" if len(gains) > 1 else ""
    assert said.levelno == logging.WARNING
    first_line = f"Co_Ka, O_Ka sound. HAADF: used. Gain: 5{several}."
    assert f"{first_line}\n{len(gains)} more in " in said.getMessage()


@pytest.mark.parametrize("kind", ["told", "corrected"])
def test_the_rule_says_whether_the_first_line_makes_a_warning(records, kind):
    with one_summary() as summary:
        Speaker("hyperspy_multimodal.test").warning("A longer story.", kind=kind, brief="Told.")
        summary.fusions.append((verdicts_of(NAMES, []), "used"))
    [said] = summaries(records)
    assert said.getMessage().partition("\n")[0].endswith("HAADF: used. Told.")
    assert (said.levelno == logging.WARNING) == RULES[kind].brief_warns == (kind == "told")


# fusions


def test_sound_maps_are_no_warning(small, records):
    maps, output = small.signal.multimodal_fusion(small.haadf, full_output=True, **GIVEN)
    [summary] = summaries(records)
    assert summary.levelno == logging.INFO
    assert "Co_Ka, O_Ka, S_Ka sound" in summary.getMessage()
    assert not [each for each in records.records if each.levelno > logging.INFO]
    assert [each["verdict"] for each in output["verdicts"]] == ["sound"] * 3
    assert [m.metadata.Multimodal_fusion.verdict for m in maps] == ["sound"] * 3
    counts = [raw.data.mean() for raw in output["raw_maps"]]
    found = [each["counts_per_pixel"] for each in output["verdicts"]]
    np.testing.assert_allclose(found, counts, rtol=1e-3)


def test_one_warning_says_all(small, records, tmp_path):
    import hyperspy.api as hs

    signal = with_lost_rows(small)
    signal.add_elements(["Fe"])
    signal.add_lines(["Fe_Ka"])
    maps, output = signal.multimodal_fusion(small.haadf, full_output=True, **GIVEN)
    [warning] = [each for each in records.records if each.levelno > logging.INFO]
    first, *reasons = warning.getMessage().split("\n")
    assert "Fe_Ka not to be trusted (not found)" in first
    assert "with care (lost scan positions" in first
    assert reasons[0].startswith("1. Not found: Fe_Ka")
    assert any("contain no counts although the HAADF is bright" in each for each in reasons)
    assert len(reasons) <= 6
    iron = maps[[each["map"] for each in output["verdicts"]].index("Fe_Ka")]
    iron.save(tmp_path / "iron.hspy")
    node = hs.load(tmp_path / "iron.hspy").metadata.Multimodal_fusion
    assert node.verdict == "not to be trusted"
    assert any("Not found" in each for each in node.reasons)
    assert set(node.reasons) <= set(output["messages"])


def test_lazy_maps_say_the_same_once(small, records):
    signal = with_lost_rows(small)
    eager = signal.multimodal_fusion(small.haadf, **GIVEN)
    [summary] = summaries(records)
    records.clear()
    lazy = signal.as_lazy().multimodal_fusion(small.haadf, **GIVEN)
    assert not summaries(records)
    found = compute_maps(lazy, show_progressbar=False)
    [again] = summaries(records)
    assert again.levelno == logging.WARNING
    assert again.getMessage().split("\n")[0] == summary.getMessage().split("\n")[0]
    for one, other in zip(found, eager, strict=True):
        assert one.metadata.Multimodal_fusion.verdict == other.metadata.Multimodal_fusion.verdict


@pytest.mark.parametrize("lazy", [False, True])
def test_a_stack_has_one_summary_with_the_worst_of_its_slices(small, records, lazy):
    import hyperspy.api as hs

    stack = hs.stack([small.signal, with_lost_rows(small)])
    stack = stack.as_lazy() if lazy else stack
    maps = stack.multimodal_fusion(small.haadf, **GIVEN)
    maps = compute_maps(maps, show_progressbar=False) if lazy else maps
    [summary] = summaries(records)
    first = summary.getMessage().split("\n")[0]
    assert first.startswith("Maps (worst of 2 slices): ") and "with care" in first
    assert list(maps[0].metadata.Multimodal_fusion.verdict) == ["sound", "with care"]

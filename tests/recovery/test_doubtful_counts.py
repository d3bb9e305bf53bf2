"""What makes the background, or sums of maps, doubtful: net counts below 0, bias where bright."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal.notes import Note, gathered
from hyperspy_multimodal.recovery import leaks
from hyperspy_multimodal.recovery.messages import (
    warn_of_lost_positions,
    warn_of_negative_counts,
)
from hyperspy_multimodal.recovery.summary import Summary
from hyperspy_multimodal.recovery.verdict import verdicts_of
from hyperspy_multimodal.selection import Bias, Negative

NAMES = ["Cu_L3", "Zn_L3"]


def negative(*shares):
    shares = np.array(shares)
    return Negative(-1e4 * shares, np.full(shares.shape, 10.0), 100 * np.sign(shares), shares)


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.02, "sound"), (0.04, "with care"), (0.2, "not to be trusted")]
)
def test_the_share_of_negative_counts_decides(share, verdict):
    with gathered() as notes:
        warn_of_negative_counts(NAMES, negative(0.0, share))
    copper, zinc = verdicts_of(NAMES, notes)
    assert (copper.verdict, zinc.verdict) == ("sound", verdict)
    if verdict != "sound":
        assert zinc.words == ["doubtful background"]
        [note] = notes
        assert f"Zn_L3 ({-1e3 * share:.0f} standard errors" in note.text
        assert "Cu_L3" not in note.text


@pytest.mark.parametrize(("share", "words"), [(0.5, "-50.0 % of the total"), (9.99, "its total")])
def test_negative_counts_of_an_absent_element_are_no_number(share, words):
    with gathered() as notes:
        warn_of_negative_counts(NAMES, negative(0.0, share))
    assert words in notes[0].text and "999.0 %" not in notes[0].text


def said_of(monkeypatch, sums, counts, errors=10.0, pixels=(500, 500)):
    """What is said of maps whose sums in dark and bright pixels are off by so many counts."""
    three = np.zeros((2, 3))
    three[:, 1] = sums
    held = np.stack([*np.transpose(counts), np.zeros(2)], axis=1)
    bias = Bias(three, np.full((2, 3), errors), held, np.array([*pixels, 0]))
    monkeypatch.setattr(leaks, "bias_found", lambda *args: bias)
    with gathered() as notes:
        leaks.warn_of_bright_bias(SimpleNamespace(maps=SimpleNamespace(names=NAMES)), None, None)
    return notes


def test_a_significant_bias_is_named_with_its_error(monkeypatch):
    notes = said_of(monkeypatch, (5.0, -50.0), [(1e3, 1e3), (1e3, 1e3)])
    assert "Zn_L3 5.0 ± 1.0 % too low" in notes[0].text
    copper, zinc = verdicts_of(NAMES, notes)
    assert (copper.verdict, zinc.verdict) == ("sound", "with care")


@pytest.mark.parametrize(
    ("off", "held"),
    [
        (25.0, (1e3, 1e3)),  # not significant
        (50.0, (1e4, 1e4)),  # below 2 %
        (50.0, (1e4, 1e3)),  # where the element is not
    ],
)
def test_other_differences_are_nothing(monkeypatch, off, held):
    assert said_of(monkeypatch, (0.0, off), [(1e3, 1e3), held]) == []


def test_a_fault_of_the_haadf_says_which_maps_it_concerns(caplog):
    note = Note("hyperspy_multimodal.test", "Saturated.", "saturated HAADF")
    for follow, concerned in [((True, False), " This concerns only Cu_L3."), ((True, True), "")]:
        summary = Summary([note])
        summary.fusions.append((verdicts_of(NAMES, [note], follow), "edges only"))
        caplog.clear()
        summary.log()
        [record] = caplog.records
        assert record.getMessage().endswith(f"1. Saturated.{concerned}")
        assert summary.texts() == [f"Saturated.{concerned}"]


def test_the_summary_explains_all_words_of_its_first_line(caplog):
    first, second = NAMES
    notes = [
        Note("hyperspy_multimodal.test", f"Doubt {i}.", "leak", {first: 1.0}) for i in range(7)
    ]
    notes.append(Note("hyperspy_multimodal.test", "Saturated.", "saturated HAADF", {second: 1.0}))
    notes.append(Note("hyperspy_multimodal.test", "Clipped.", "clipped HAADF", {second: 1.0}))
    # of a map on which something worse decides: not in the first line
    notes.append(Note("hyperspy_multimodal.test", "Sharper.", "widest blur", {first: 1.0}))
    summary = Summary(notes)
    summary.fusions.append((verdicts_of(NAMES, notes), "used"))
    summary.log()
    [record] = caplog.records
    shown = record.getMessage()
    assert "Doubt 4." in shown and "Doubt 5." not in shown
    for words, text in (("saturated HAADF", "Saturated."), ("clipped at black", "Clipped.")):
        assert words in shown.split("\n")[0] and text in shown
    assert "sharper" not in shown.lower() and "3 more in `messages`" in shown


def test_slices_explain_the_words_of_the_worst_one_once(caplog):
    note = "hyperspy_multimodal.test"
    many = [Note(note, f"Doubt {i}.", "", 1.0) for i in range(6)]
    own = [[Note(note, f"Clipped by {i}.", "clipped HAADF")] for i in range(2)]
    summary = Summary([*many, *own[0], *own[1]])
    summary.fusions += [(verdicts_of(NAMES, each), "used") for each in own]
    summary.log()
    [record] = caplog.records
    shown = record.getMessage()
    assert "HAADF clipped at black" in shown.split("\n")[0]
    assert shown.count("Clipped by 0.") == 1 and "Clipped by 1." not in shown


@pytest.mark.parametrize("full_output", [False, True])
@pytest.mark.parametrize("told", [0, 1, 3])
@pytest.mark.parametrize("doubts", [1, 5, 7])
def test_the_summary_counts_all_messages_that_it_leaves_out(caplog, doubts, told, full_output):
    notes = [Note("hyperspy_multimodal.test", f"Doubt {i}.", "leak") for i in range(doubts)]
    notes += [Note("hyperspy_multimodal.test", f"Told {i}.", "told") for i in range(told)] * 2
    summary = Summary(notes, full_output)
    summary.fusions.append((verdicts_of(NAMES, notes), "used"))
    with caplog.at_level(logging.INFO, "hyperspy_multimodal"):
        summary.log()
    *others, last = (each.getMessage() for each in caplog.records)
    left_out = max(doubts - 5, 0) + told
    assert len(others) == left_out
    where = "the output" if full_output else "full_output=True"
    said = f"\n{left_out} more in `messages` of {where}."
    assert last.endswith(said) if left_out else " more in " not in last


@pytest.mark.parametrize("dark", [0.0, 5.0])
def test_positions_are_lost_only_where_the_haadf_is_brighter_than_its_dark_ground(dark):
    """An image that is 0 nearly everywhere tells nothing of positions without counts."""
    counts = np.full((20, 20), 50.0)
    counts[:4] = 0
    haadf = np.full((20, 20), dark)
    haadf[0, 0] = 0.0
    haadf[10, 10] = 40.0
    with gathered() as notes:
        warn_of_lost_positions(SimpleNamespace(gross=counts), haadf)
    assert [note.kind for note in notes] == ["lost positions"] * (dark > 0)

"""A HAADF that may be turned or shifted, in the verdicts on maps that depend on it."""

import pytest

from hyperspy_multimodal.notes import Note
from hyperspy_multimodal.recovery.verdict import RULES, verdicts_of

NAMES = ["Co_Ka", "O_Ka"]


@pytest.mark.parametrize("kind", ["turned HAADF", "shifted HAADF", "doubtful field"])
def test_a_misplaced_haadf_is_a_reason_where_what_is_dark_or_bright_decides(kind):
    misplaced, words = Note("", "misplaced", kind), RULES[kind].words
    notes = [misplaced, Note("", "vacuum", "vacuum", {"Co_Ka": 0.2, "O_Ka": 0.01})]
    cobalt, oxygen = verdicts_of(NAMES, notes, follow=[False, False])
    assert cobalt.words == [words, "doubtful background"]
    assert oxygen.verdict == "sound"
    notes.append(Note("", "saturated", "saturated HAADF"))
    assert verdicts_of(NAMES, notes, follow=[False, False])[0].words == cobalt.words
    notes = [misplaced, Note("", "window", "background", {"Co_Ka": 0.2})]
    assert words not in verdicts_of(NAMES, notes, follow=[False, False])[0].words
    for each in verdicts_of(NAMES, [misplaced], follow=[False, False], in_vacuum=True):
        assert each.words == [words]


def test_it_is_a_reason_also_beside_a_worse_one():
    notes = [Note("", "shift", "shifted HAADF"), Note("", "no", "no counts", {"O_Ka": 1.0})]
    _, oxygen = verdicts_of(NAMES, notes)
    assert oxygen.verdict == "not to be trusted"
    assert oxygen.words == ["no counts", "HAADF may be shifted"]

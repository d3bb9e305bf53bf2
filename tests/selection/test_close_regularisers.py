"""Regularisers that predict held-out counts as well as the chosen one."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal.notes import Note, gathered
from hyperspy_multimodal.recovery.verdict import verdicts_of
from hyperspy_multimodal.selection import CloseRegulariser, Setting, say_close_regularisers
from hyperspy_multimodal.selection.close_regularisers import close_regularisers

SHAPE = (8, 8)
REMARK = "choice of regulariser is close"
MAPS = {"directional huber": 1.0, "smooth": 1.3, "huber": 1.1}


class Tried:
    """Maps that depend on the regulariser alone, with given errors of their predictions."""

    n_maps, mask, counted = 2, None, np.array([True, True])

    def __init__(self, errors, structured=True, tried=()):
        self._errors, self._structured, self.tried = errors, structured, tried

    def has_structure(self, _):
        return np.array([self._structured, self._structured])

    def alternatives(self, setting, element):
        names = {**self._errors} if element == 0 else {}
        return [(name, 4.0, errors) for name, errors in sorted(names.items(), key=lambda x: x[1])]

    def errors(self, setting):
        return np.array([self._errors.get(name, 0.0) for name in setting.regularisers])

    def standard_errors_lost(self, setting, reference):
        return self.errors(setting) - self.errors(reference)

    def fused_halves(self, setting):
        return np.array([[np.full(SHAPE, MAPS[name]) for name in setting.regularisers]] * 2)


def setting(name="directional huber", model=None):
    return Setting(model, 1.0, (name, "directional huber"), (4.0, 4.0), (False, False))


@pytest.mark.parametrize(("errors", "found"), [
    ({"smooth": 0.5, "huber": 0.1}, ["smooth"]),
    ({"smooth": -0.5}, ["smooth"]),
    ({"smooth": 1.5, "huber": 0.1}, []),  # worse, or nearly the same
    ({}, []),
])  # fmt: skip
def test_others_are_close_if_they_predict_as_well_and_their_maps_differ(errors, found):
    close = close_regularisers(Tried(errors), setting())
    assert [(each.element, each.regulariser) for each in close] == [(0, name) for name in found]
    assert all(each.difference == pytest.approx(0.3) for each in close)
    assert not close_regularisers(Tried(errors, structured=False), setting())


@pytest.mark.parametrize(("errors", "number"), [(0.5, 1), (1.5, 0)])
def test_with_the_haadf_settings_of_the_search_are_compared(errors, number):
    model = SimpleNamespace()
    tried = [setting(), setting("smooth", model), setting(model=model)]
    close = close_regularisers(Tried({"smooth": errors}, tried=tried), setting(model=model))
    assert len(close) == number


def test_one_remark_names_all_elements():
    close = [CloseRegulariser(0, "smooth", 0.5, 0.3), CloseRegulariser(1, "huber", 0.1, 0.2)]
    with gathered() as notes:
        say_close_regularisers(["Mn", "O"], setting(), [])
        say_close_regularisers(["Mn", "O"], setting(), close)
    [note] = notes
    assert note.text.startswith(
        "The regulariser of Mn, O is a close decision: 'smooth' predicts held-out counts as well "
        "as 'directional huber', but its map of Mn differs by 30 %; 'huber' predicts "
    )
    [said] = re.findall(r"\(root mean square [^)]*\)", note.text)
    assert "over all pixels, divided by that of the map" in said
    assert note.kind == "close regulariser"
    said = verdicts_of(["Mn", "O", "Co"], notes)
    assert [each.verdict for each in said] == ["sound"] * 3
    assert [each.words for each in said] == [[REMARK], [REMARK], []]
    assert said[0].texts == [note.text] and not said[2].texts


def test_a_map_with_care_has_the_remark_after_its_reasons():
    close = [CloseRegulariser(0, "smooth", 0.5, 0.3)]
    with gathered() as notes:
        say_close_regularisers(["Mn", "O"], setting(), close)
    notes.insert(0, Note("a", "leak", "leak", {"Mn": 0.1}))
    manganese, oxygen = verdicts_of(["Mn", "O"], notes)
    assert (manganese.verdict, oxygen.verdict) == ("with care", "sound")
    assert manganese.words == ["HAADF leaks into the map", REMARK]

"""Counts that are given back come from the window, and from nothing that is real beside it."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal.selection import given_back, kept_structure, restored_windows
from hyperspy_multimodal.selection.lost_structure import Lost
from hyperspy_multimodal.selection.scan_windows import windows_over

SHAPE = (48, 48)
FREE = np.array([np.nan])
BRIGHT = np.zeros(SHAPE, bool)
BRIGHT[:, :24] = True


def lost_box():
    """Return a box of 16 x 16, half of it bright, in which a map has too much."""
    box = next(each for each in windows_over(SHAPE) if each.size == (16, 16) and each.is_compact)
    place = np.ravel_multi_index((16, 16), box.places)
    return Lost(0, box, place, box.pixels(place), -6.0, 0.0, 0.0)


def given_back_to(fused, net):
    lost = lost_box()
    return given_back(fused[None], SimpleNamespace(net=net[None]), [lost], FREE)[0], lost.pixels


def test_a_background_that_is_too_high_takes_nothing_from_the_bright_part():
    fused = np.where(BRIGHT, 5.0, 0.0)
    kept, _ = given_back_to(fused, np.where(BRIGHT, 5.0, -2.0))
    np.testing.assert_array_equal(kept, fused)


@pytest.mark.parametrize("dark", [0.0, -2.0])
def test_what_the_bright_part_holds_too_much_is_taken(dark):
    kept, pixels = given_back_to(np.where(BRIGHT, 5.0, 0.0), np.where(BRIGHT, 3.0, dark))
    assert kept[pixels].sum() == pytest.approx(3.0 * BRIGHT[pixels].sum())


def test_a_window_that_cannot_be_restored_is_listed_once(monkeypatch):
    module = importlib.import_module("hyperspy_multimodal.selection.given_back")
    stays = lost_box()
    monkeypatch.setattr(module, "Expectation", lambda *given: None)
    monkeypatch.setattr(module, "flattened_spots", lambda *given: [])
    monkeypatch.setattr(module, "lost_structure", lambda *given, **options: [stays])
    maps = SimpleNamespace(net=np.where(BRIGHT, 5.0, -2.0)[None])
    _, lost, left = kept_structure(maps, np.where(BRIGHT, 5.0, 0.0)[None], FREE)
    assert lost == left == [stays]
    assert restored_windows(lost, left) == []

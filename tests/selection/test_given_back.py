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


def maps_of(net):
    return SimpleNamespace(net=net[None], net_variance=np.abs(net)[None])


def given_back_to(fused, net, lost=None):
    lost = lost or lost_box()
    return given_back(fused[None], maps_of(net), [lost], FREE)[0], lost.pixels


def test_a_background_that_is_too_high_takes_nothing_from_the_bright_part():
    fused = np.where(BRIGHT, 5.0, 0.0)
    kept, _ = given_back_to(fused, np.where(BRIGHT, 5.0, -2.0))
    np.testing.assert_array_equal(kept, fused)


@pytest.mark.parametrize("dark", [0.0, -2.0])
def test_what_the_bright_part_holds_too_much_is_taken(dark):
    """But for one of the six standard errors."""
    kept, pixels = given_back_to(np.where(BRIGHT, 5.0, 0.0), np.where(BRIGHT, 3.0, dark))
    assert 3.0 - 1e-6 < kept[pixels].sum() / BRIGHT[pixels].sum() < 3.0 + 2.0 / 6 + 1e-6


def test_a_surplus_in_a_part_of_a_ring_leaves_no_ring():
    """The map spills over an edge at the top of the ring; below, it is right."""
    ring = next(each for each in windows_over(SHAPE) if each.name == "ring of 26")
    place = int(np.ravel_multi_index((11, 11), ring.places))
    lost = Lost(0, ring, place, ring.pixels(place), -6.0, 0.0, 0.0)
    rows = np.indices(SHAPE)[0]
    spill = np.where((rows >= 11) & (rows < 16), 0.9, 0.0)
    level = np.random.default_rng(0).poisson(0.1, SHAPE).astype(float)
    kept, pixels = given_back_to(0.1 + spill, level, lost)
    share = kept[pixels] / (0.1 + spill)[pixels]
    above = spill[pixels] > 0
    assert share[above].mean() < 0.5 and share[~above].mean() > 0.8
    beside = np.ones(SHAPE, bool)
    beside[pixels] = False
    assert np.all(kept[beside] <= (0.1 + spill)[beside] + 1e-9)


def test_what_is_bright_beside_a_window_does_not_pay_for_it():
    fused = np.where(BRIGHT, 100.0, 1.0)
    box = next(each for each in windows_over(SHAPE) if each.size == (16, 16) and each.is_compact)
    place = np.ravel_multi_index((16, 24), box.places)
    lost = Lost(0, box, place, box.pixels(place), -6.0, 0.0, 0.0)
    kept, pixels = given_back_to(fused, np.where(BRIGHT, 100.0, 0.0), lost)
    assert kept[pixels].sum() < 0.2 * fused[pixels].sum()
    assert kept[BRIGHT].min() > 98.0


def test_a_window_that_cannot_be_restored_is_listed_once(monkeypatch):
    module = importlib.import_module("hyperspy_multimodal.selection.given_back")
    stays = lost_box()
    monkeypatch.setattr(module, "Expectation", lambda *given: None)
    monkeypatch.setattr(module, "broad_differences", lambda *given: [])
    monkeypatch.setattr(module, "flattened_spots", lambda *given: [])
    monkeypatch.setattr(module, "lost_structure", lambda *given, **options: [stays])
    maps = maps_of(np.where(BRIGHT, 5.0, -2.0))
    _, lost, left = kept_structure(maps, np.where(BRIGHT, 5.0, 0.0)[None], FREE)
    assert lost == left == [stays]
    assert restored_windows(lost, left) == []


def test_a_total_is_kept_without_raising_single_pixels_beside_a_window():
    """A window has to lose most of a map, whose other counts are missing everywhere."""
    box = lost_box()
    inside = np.zeros(SHAPE, bool)
    inside[box.pixels] = True
    net = np.where(inside, 0.0, 1.0)
    fused = np.where(inside, net.sum() / inside.sum(), 0.0)
    fused[5, 5] = 0.2
    kept = given_back(fused[None], maps_of(net), [box], np.array([net.sum()]))[0]
    assert kept.sum() == pytest.approx(net.sum())
    assert kept[5, 5] < 2.0 and kept[~inside].min() > 0.3


@pytest.mark.parametrize("level", [0.3, 6.0])
def test_missing_counts_have_the_shape_of_the_counts_where_noise_does_not_hide_it(level):
    """They are in a strip at the edge of a window, which is not the edge of a structure."""
    lost = lost_box()
    inside = np.zeros(SHAPE, bool)
    inside[lost.pixels] = True
    there = inside & (np.indices(SHAPE)[1] < 22)
    truth = np.where(there, level, 0.0) + 1.0
    found, even = [], []
    for seed in range(5):
        counts = np.random.default_rng(seed).poisson(truth).astype(float)
        kept, pixels = given_back_to(np.ones(SHAPE), counts, lost)
        assert kept[pixels].sum() == pytest.approx(counts[pixels].sum())
        found.append(kept[there].mean() - kept[inside & ~there].mean())
        even.append(kept[inside].std() < 0.1)
    assert (np.mean(found) > 0.4 * level) == (level > 1)
    assert np.mean(even) > 0.5 if level < 1 else not any(even)


def test_a_box_of_a_few_pixels_has_no_sharp_edges():
    kinds = {each.size: each for each in windows_over(SHAPE) if each.is_compact}
    for side, highest in ((1, 1.0), (2, 0.7)):
        _, soft = kinds[side, side].soft(500)
        assert soft.max() == pytest.approx(highest, abs=0.15 if side > 1 else 1e-6)
        assert soft.sum() == pytest.approx(side**2)

"""Lines at any angle, rings and curved lines: windows for them, and what is kept of them."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection import kept_structure
from hyperspy_multimodal.selection.chains import PIECES, best_chains, chains_over
from hyperspy_multimodal.selection.lost_structure import Expectation, lost_structure
from hyperspy_multimodal.selection.scan_windows import windows_over

SIDE, LEVEL = 64, 0.5
ROWS, COLS = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2


def maps_of(counts):
    counts = np.asarray(counts, float)
    return ElementMaps(["a"], counts, np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1)))


def soft(distance):
    """Lines of 1.5 pixels."""
    return np.clip(1.25 - np.abs(distance), 0.0, 1.0)


def line(angle):
    angle = np.deg2rad(angle)
    return soft((ROWS - 2.3) * np.cos(angle) - (COLS - 1.7) * np.sin(angle))


def sine():
    phase = 2 * np.pi * COLS / 48
    return soft((ROWS - 8 * np.sin(phase)) / np.hypot(1, np.pi / 3 * np.cos(phase)))


SHAPES = {
    "15 degrees": line(15),
    "-25 degrees": line(-25),
    "65 degrees": line(65),
    "110 degrees": line(110),
    "ring": soft(np.hypot(ROWS + 2.2, COLS - 3.4) - 12),
    "sine": sine(),
}


def hidden(shape, seed, errors=12.0):
    """Counts of a level with a shape that a filter which knew it finds at so many errors."""
    truth = LEVEL + errors * np.sqrt(LEVEL / np.square(shape).sum()) * shape
    return truth[None], maps_of(np.random.default_rng(seed).poisson(truth[None]))


@pytest.mark.parametrize("name", SHAPES)
def test_thin_structure_at_any_angle_is_kept(name):
    shape, level, shares = SHAPES[name], np.full((1, SIDE, SIDE), LEVEL), []
    for seed in range(3):
        truth, maps = hidden(shape, seed)
        kept, _, left = kept_structure(maps, level, np.array([np.nan]))
        assert not left
        beyond = [np.sum((each[0] - LEVEL) * shape) for each in (kept, truth)]
        shares.append(beyond[0] / beyond[1])
    assert 0.6 < np.mean(shares) < 1.2
    assert min(shares) > 0.35


def test_curved_lines_have_no_edges_across_them():
    """What is given back is one soft line, not a row of boxes."""
    level = np.full((1, SIDE, SIDE), LEVEL)
    truth, maps = hidden(SHAPES["ring"], 1)
    kept, _, _ = kept_structure(maps, level, np.array([np.nan]))
    assert np.square(kept - truth).sum() < 0.6 * np.square(level - truth).sum()


def test_there_is_a_line_within_nine_degrees_of_any_angle():
    for length in (8, 16, 32):
        angles = {0.0, 90.0, 45.0, 135.0}
        for window in windows_over((SIDE, SIDE)):
            if window.family == "slanted lines" and window.length == length:
                angles.add(float(window.name.split()[-2]) % 180)
        assert np.diff([*sorted(angles), 180.0]).max() <= 17
    assert len(angles) >= 24


def test_slanted_lines_are_straight():
    for window in windows_over((40, 40)):
        if window.family == "slanted lines":
            rows, cols = window.pixels(0)
            along, beside = (rows, cols) if window.steep else (cols, rows)
            centres = [beside[along == each].mean() for each in range(window.length)]
            straight = np.linspace(centres[0], centres[-1], window.length)
            assert np.abs(centres - straight).max() < 1.0
            assert all(np.sum(along == each) == window.across for each in range(window.length))


def test_chains_are_one_piece_of_the_length_they_say():
    counts = np.random.default_rng(0).poisson(2.0, (SIDE, SIDE)).astype(float)
    chains = best_chains(counts, np.full(counts.shape, 2.0), dict.fromkeys(PIECES, 0.5))
    assert {each.pieces for each in chains} == set(PIECES)
    for chain in chains:
        there = np.zeros(counts.shape, bool)
        there[chain.pixels(0)] = True
        assert ndimage.label(there, np.ones((3, 3)))[1] == 1
        assert there.sum() <= 9 * chain.pieces


def test_the_best_chain_beats_a_walk_that_knows_the_curve():
    _, maps = hidden(SHAPES["sine"], 0)
    level = np.full((SIDE, SIDE), LEVEL)
    chains = best_chains(maps.net[0], level, {16: 1.0})
    best = max(chains, key=lambda each: maps.net[0][each.pixels(0)].sum())
    off = maps.net[0][best.pixels(0)].sum() - LEVEL * len(best.rows)
    assert SHAPES["sine"][best.pixels(0)].mean() > 0.4
    assert off / np.sqrt(LEVEL * len(best.rows)) > 6


def test_long_chains_are_many():
    counts = [chains_over((SIDE, SIDE), each) for each in PIECES]
    assert np.all(np.diff(counts) > 0)
    assert counts[0] > SIDE**2 * 3**5


@pytest.mark.parametrize("level", [0.1, 3.0])
def test_noise_alone_has_no_chains(level):
    truth = np.full((1, 48, 48), level)
    for seed in range(25):
        maps = maps_of(np.random.default_rng(seed).poisson(truth))
        lost = lost_structure(Expectation(maps), truth)
        assert not any(each.window.family in ("chains", "rings") for each in lost)


@pytest.mark.parametrize("shape", [(1, 40), (2, 40), (40, 3), (5, 4), (1, 1)])
def test_narrow_scans_have_few_places_for_curved_lines(shape):
    expected = np.full(shape, 4.0)
    counts = np.random.default_rng(0).poisson(expected).astype(float)
    assert best_chains(counts, expected, {6: 5.0, 9: 5.0, 12: 5.0, 16: 5.0}) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 12), (12, 1), (2, 2), (2, 12), (3, 3), (4, 4)])
@pytest.mark.parametrize("factor", [0.0, 1.5])
def test_chains_stay_within_scans_that_are_narrower_than_a_piece(shape, factor):
    expected = np.full(shape, 2e4)
    for chain in best_chains(factor * expected, expected, dict.fromkeys(PIECES, 2.0)):
        rows, cols = chain.pixels(0)
        assert np.all((rows >= 0) & (rows < shape[0]) & (cols >= 0) & (cols < shape[1]))

"""Shortcuts of the search for lost structure: what is found is what a full search finds."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection import chains
from hyperspy_multimodal.selection.lines_going_on import LinesGoingOn
from hyperspy_multimodal.selection.lost_structure import Expectation, lost_structure
from hyperspy_multimodal.selection.scan_windows import windows_over

SIDE = 48


@pytest.fixture(scope="module")
def boundary():
    """Counts of a boundary that fades and a spot on a level, and the level."""
    level = np.full((1, SIDE, SIDE), 0.5)
    truth = level.copy()
    truth[:, :, 20:22] += np.linspace(2.0, 0.3, SIDE)[:, None]
    truth[:, 5:9, 5:9] += 3
    counts = np.random.default_rng(0).poisson(truth).astype(float)
    return ElementMaps(["a"], counts, np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1))), level


def test_a_thorough_search_after_a_quick_one_finds_what_it_would_alone(boundary):
    maps, level = boundary
    expectation = Expectation(maps)
    quick = lost_structure(expectation, level, thoroughly=False)
    assert len(quick) > 1
    for known, changed in ((quick, level), (quick, 1.5 * level), (quick[:1], level)):
        expectation.wrong([0], changed, known, thoroughly=False)
        fresh = Expectation(maps)
        fresh.wrong([0], level, [])  # which tells the noise
        (found,), (alone,) = (each.wrong([0], changed, known) for each in (expectation, fresh))
        assert len(found) > 100 and found == alone


def test_windows_that_go_on_lie_on_a_line_that_was_found_and_touch_it(boundary):
    maps, level = boundary
    found = lost_structure(Expectation(maps), level)
    lines = [each for each in found if not each.window.is_compact]
    assert lines and all(each.significance > 0 for each in lines)
    going_on = LinesGoingOn(found, level[0].shape)
    on_line, near = np.zeros((2, SIDE, SIDE), bool)
    for each in lines:
        on_line |= each.window.line(each.place)
        near[each.pixels] = True
    grown = np.pad(near, 1)
    near = grown[1:-1, 1:-1] | grown[2:, 1:-1] | grown[:-2, 1:-1] | grown[1:-1, 2:]
    near |= grown[1:-1, :-2]
    held = 0
    windows = windows_over((SIDE, SIDE))
    for window in [*windows[::7], *(each for each in windows if each.family == "rings")]:
        places = np.arange(np.prod(window.places))[::5]
        expected = []
        for place in places:
            pixels = window.pixels(place)
            expected.append(on_line[pixels].all() and near[pixels].any())
        many = np.ones(places.size, bool)
        np.testing.assert_array_equal(going_on.hold(window, places, many), expected)
        assert not going_on.hold(window, places, ~many).any()
        held += sum(expected)
    assert held > 10


@pytest.mark.parametrize("mean", [-0.5, 0.0])
def test_chains_are_given_up_only_where_none_comes_close(mean):
    rng = np.random.default_rng(3)
    for _ in range(4):
        scores = rng.normal(mean, 1, (16, 80, 80)).astype(np.float32)
        room = np.empty((2, *scores.shape), np.float32)
        best = {n: float(each.max()) for n, each in chains._best(scores, 1, room)}
        for share in (0.9, 0.999, 1.001, 1.1):
            least = {n: share * best[n] / (chains._CLOSE * np.sqrt(n)) for n in chains.PIECES}
            expected = list(chains.PIECES) if share < 1 else []
            for sign in (1, -1):
                assert list(chains._close(sign * scores, sign, least, room)) == expected


def test_a_chain_is_traced_around_its_end_as_in_the_whole_scan():
    rng = np.random.default_rng(4)
    for size in (60, 190):
        scores = rng.normal(0, 1, (16, size, size)).astype(np.float32)
        room = np.empty((2, *scores.shape), np.float32)
        least = dict.fromkeys(chains.PIECES, 0.1)
        history, n_traced = [], 0
        ends = chains._close(scores, 1, least, room)
        for pieces, best in chains._best(scores, 1, room.copy(), history):
            if pieces in ends:
                assert ends[pieces] == np.unravel_index(best.argmax(), best.shape)
                found = chains._traced(scores, 1, pieces, ends[pieces], (size - 1, size - 1))
                whole = chains._followed(history, ends[pieces], (0, 0), (size - 1, size - 1))
                assert (found.rows, found.cols) == whole
                n_traced += 1
        assert n_traced == len(ends) > 1


def test_the_search_for_chains_ends_early_where_they_are_hopeless(monkeypatch):
    scores = np.random.default_rng(3).normal(-1, 1, (16, 80, 80)).astype(np.float32)
    pieces = []

    def watched(*args):
        for n, best in found(*args):
            pieces.append(n)
            yield n, best

    found = chains._best
    monkeypatch.setattr(chains, "_best", watched)
    room = np.empty((2, *scores.shape), np.float32)
    assert chains._close(scores, 1, dict.fromkeys(chains.PIECES, 30.0), room) == {}
    assert max(pieces) < min(chains.PIECES)

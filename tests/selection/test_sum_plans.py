"""Plans for sums over windows: what the kernel finds is what sums of pixels say."""

import numpy as np
import pytest

from hyperspy_multimodal.kernels import windows_beyond
from hyperspy_multimodal.selection import window_search
from hyperspy_multimodal.selection.runs import Runs
from hyperspy_multimodal.selection.scan_windows import windows_over
from hyperspy_multimodal.selection.sum_plans import plans_over
from hyperspy_multimodal.selection.window_search import WindowSearch

SHAPES = [(20, 33), (36, 36), (1, 12), (3, 2)]


def squared(expected, excess):
    """Return the bound of squared standard errors."""
    mean = np.maximum(expected, 1e-15)
    return excess**2 / mean * (1 + np.maximum(-excess, 0) / mean)


def search_of(shape, seed=0):
    """A search of counts that differ from a level in a corner."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(0.5, 2, shape)
    counts = rng.poisson(level).astype(float)
    counts[: shape[0] // 3, : shape[1] // 3] += 1
    return WindowSearch((counts, level, np.zeros(shape)), [])


def test_every_window_is_in_one_plan_with_others_that_lie_alike():
    windows = windows_over((36, 50))
    plans = plans_over((36, 50))
    assert sorted(map(repr, windows)) == sorted(repr(each) for p in plans for each in p.windows)
    assert all(len({window.alike for window in plan.windows}) == 1 for plan in plans)


@pytest.mark.parametrize("limit", [0.01, 9.0, 30.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_places_beyond_a_limit_are_those_of_the_sums_of_pixels(shape, limit):
    search = search_of(shape)
    runs, n_found = Runs(search.both), 0
    for plan in plans_over(shape):
        limits = np.full(len(plan.windows), limit)
        found = {number: each for number, *each in search._beyond(plan, limits)}
        for number, window in enumerate(plan.windows):
            expected, excess = (each.ravel() for each in window.sums(runs))
            squares = squared(expected, excess)
            places, bounds, too_many = found.get(number, (np.array([], int), (), ()))
            # Where single precision cannot tell, either is right.
            sure = np.abs(squares / limit - 1) > 1e-3
            beyond = np.zeros(squares.size, bool)
            beyond[places] = True
            np.testing.assert_array_equal(beyond[sure], (squares > limit)[sure])
            np.testing.assert_allclose(bounds, squares[places], rtol=1e-4)
            np.testing.assert_array_equal(too_many, excess[places] > 0)
            n_found += places.size
    assert n_found > 0 or (limit > 1 and min(shape) < 20)


def test_a_search_goes_on_where_there_was_no_more_room(monkeypatch):
    """All windows are beyond: each kind fills the room."""
    search, calls = search_of((20, 33)), []

    def counted(*arguments):
        calls.append(arguments)
        return windows_beyond(*arguments)

    monkeypatch.setattr(window_search, "windows_beyond", counted)
    for plan in plans_over((20, 33)):
        found = list(search._beyond(plan, np.full(len(plan.windows), -1.0)))
        numbers = [number for number, *_ in found]
        assert sorted(numbers) == sorted(set(numbers))
        for number, places, *_ in found:
            assert places.size == np.prod(plan.windows[number].places)
        assert len(found) == len(plan.windows)
    assert len(calls) > len(plans_over((20, 33)))


def test_of_many_places_those_furthest_beyond_are_kept(monkeypatch):
    monkeypatch.setattr(window_search, "_MOST_PLACES", 5)
    search = search_of((20, 33))
    runs = Runs(search.both)
    plan = plans_over((20, 33))[0]
    for number, places, bounds, _ in search._beyond(plan, np.full(len(plan.windows), 0.01)):
        squares = squared(*plan.windows[number].sums(runs)).ravel()
        assert places.size == 5 and (np.diff(places) > 0).all()
        np.testing.assert_allclose(np.sort(bounds), np.sort(squares)[-5:], rtol=1e-4)


def test_rows_that_nothing_needs_any_more_leave_their_room():
    """Of each sum, there is room for the rows that later ones are still to be made of."""
    for shape in ((48, 48), (400, 80)):
        for plan in plans_over(shape):
            steps, terms, n_places = plan.for_kernel
            delays, places, rows = steps[:, 7:].T
            assert n_places == rows.sum() and np.array_equal(places[1:], np.cumsum(rows)[:-1])
            for first, n_terms, delay in steps[1:, [2, 3, 7]]:
                for source, down, *_ in terms[first : first + n_terms]:
                    assert 0 <= delay - down - delays[source] < rows[source]
        assert n_places < 0.1 * len(steps) * max(shape)

"""Values of a test that repeat it with other ones, as slow tests."""

from itertools import product

import pytest


def slow(*values):
    """Return the values of one test, marked slow: others of the same test are quick."""
    return pytest.param(*values, marks=pytest.mark.slow)


def alternating(step=2, /, **values):
    """Return a decorator for a test of all combinations of values, by the names of arguments.

    As on a chessboard, every second combination is marked slow: the others still have each value,
    and, of three or more arguments, each pair of values. With a larger step, only every nth
    combination is quick: where one argument has as many values as that, the others have each value.
    """
    places = product(*(range(len(each)) for each in values.values()))
    combinations = [
        pytest.param(
            *(each[place] for each, place in zip(values.values(), where, strict=True)),
            marks=[pytest.mark.slow] * (sum(where) % step > 0),
        )
        for where in places
    ]
    return pytest.mark.parametrize(list(values), combinations)

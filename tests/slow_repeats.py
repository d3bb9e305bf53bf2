"""Combinations of values, of which every second one is a slow test."""

from itertools import product

import pytest


def alternating(**values):
    """Return a decorator for a test of all combinations of values, by the names of arguments.

    As on a chessboard, every second combination is marked slow: the others still have each value,
    and, of three or more arguments, each pair of values.
    """
    places = product(*(range(len(each)) for each in values.values()))
    combinations = [
        pytest.param(
            *(each[place] for each, place in zip(values.values(), where, strict=True)),
            marks=[pytest.mark.slow] * (sum(where) % 2),
        )
        for where in places
    ]
    return pytest.mark.parametrize(list(values), combinations)

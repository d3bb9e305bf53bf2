"""Interpolation along an axis: weights, and nodes that explain lines, against plain versions."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.given.interpolation import KINDS, Grid, Kind

SIZES = [(20, 40), (24, 36), (30, 37), (12, 60)]
ORDERS = {"linear": 1, "spline": 3}


def of_scipy(kind, lines, new):
    return ndimage.zoom(
        lines,
        (new / len(lines), 1),
        order=ORDERS[kind.name],
        grid_mode=kind.is_centred,
        mode="nearest" if kind.is_centred else "constant",
    )


def plain_convolution(kind, lines, new):
    """Cubic convolution, term by term, with the outermost lines repeated beyond the edges."""

    def weight(x):
        x, a = abs(x), kind.sharpness
        if x <= 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0

    old, found = len(lines), []
    for j in range(new):
        place = (j + 0.5) * old / new - 0.5 if kind.is_centred else j * (old - 1) / (new - 1)
        nodes = range(int(np.floor(place)) - 1, int(np.floor(place)) + 3)
        found.append(sum(weight(place - i) * lines[np.clip(i, 0, old - 1)] for i in nodes))
    return np.array(found)


def enlarged(kind, lines, new):
    make = plain_convolution if kind.name == "convolution" else of_scipy
    return make(kind, lines, new)


def drawn(shape):
    return np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(("old", "new"), SIZES)
def test_lines_come_from_nodes(kind, old, new):
    lines = drawn((old, 5))
    grid = Grid(kind, old, new)
    whole = enlarged(kind, lines, new)
    assert grid.misfit(whole) < 1e-13
    found = grid.before(whole)
    trimmed = old - len(found)
    assert trimmed <= 10
    first = int(np.argmin([np.abs(lines[n : n + len(found)] - found).max()
                           for n in range(trimmed + 1)]))  # fmt: skip
    np.testing.assert_allclose(found, lines[first : first + len(found)], atol=1e-4)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_misfit_is_that_of_least_squares(kind):
    grid, lines = Grid(kind, 20, 33), drawn((33, 6))
    used = lines[grid.lines]
    matrix = np.zeros((len(used), grid.first[-1] + grid.weights.shape[1]))
    for row, (first, weights) in enumerate(zip(grid.first, grid.weights, strict=True)):
        matrix[row, first : first + len(weights)] = weights
    for shift in (0, 3):
        rows = matrix[: len(matrix) - shift]
        rows = rows[:, : grid.first[len(rows) - 1] + grid.weights.shape[1]]
        nodes = np.linalg.lstsq(rows, used[shift:], rcond=None)[0]
        left = used[shift:] - rows @ nodes
        expected = np.square(left).sum() / (rows.shape[0] - rows.shape[1]) / 6
        assert grid.misfit(lines, shift) == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name != "spline"], ids=str)
def test_weights_sum_to_one(kind):
    np.testing.assert_allclose(Grid(kind, 20, 33).weights.sum(axis=1), 1)


def test_other_grids_do_not_explain_lines():
    whole = of_scipy(KINDS[0], drawn((20, 30)), 40)
    assert Grid(KINDS[0], 20, 40).misfit(whole, 1) > 0.01
    for old in (19, 21):
        assert Grid(KINDS[0], old, 40).misfit(whole) > 0.01
    assert Grid(KINDS[1], 20, 40).misfit(whole) > 0.01


@pytest.mark.parametrize("kind", KINDS[:4], ids=str)
def test_spread_is_that_of_enlarged_noise(kind):
    """Sums of many lines of noise have its spread as variance, in units of that of a line."""
    old, new, block = 200, 400, 100
    noise = of_scipy(kind, np.random.default_rng(0).standard_normal((old, 4000)), new)
    sums = noise.reshape(new // block, block, -1).sum(axis=1)[1:-1]
    found = sums.var() / block / noise[20:-20].var()
    assert Grid(kind, old, new).spread == pytest.approx(found, rel=0.05)


def test_grids_with_more_nodes_than_lines_explain_nothing():
    assert Grid(Kind("spline", False), 20, 21).misfit(drawn((21, 3))) == np.inf

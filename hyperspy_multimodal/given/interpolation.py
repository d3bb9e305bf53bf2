"""Interpolation along an axis: weights of nodes, and the nodes that explain given lines."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.linalg import cho_solve_banded, cholesky_banded

# Positions that differ by less than this from a node are on it.
_ON_NODE = 1e-9
# Lines at the edges are unknown if their errors are this many times those of the given lines. This
# share of their square is added to that of the misfit, so that equations have one solution.
_UNKNOWN, _RIDGE = 10.0, 1e-12


class Kind(NamedTuple):
    """How new lines follow from nodes.

    Attributes
    ----------
    name : str
        "linear", "spline" (cubic B-spline), or "convolution" (cubic convolution).
    is_centred : bool
        Whether both grids have the same edges of pixels (as in Pillow, OpenCV and scikit-image)
        instead of the same centres of the outermost pixels (as in `scipy.ndimage.zoom`).
    sharpness : float
        Of a cubic convolution, its parameter: -0.5 in Pillow, -0.75 in OpenCV.
    """

    name: str
    is_centred: bool
    sharpness: float = 0.0


#: Kinds of interpolation that are tried.
KINDS = tuple(
    Kind(name, is_centred, sharpness)
    for name, sharpness in (
        ("linear", 0.0),
        ("spline", 0.0),
        ("convolution", -0.5),
        ("convolution", -0.75),
    )
    for is_centred in (False, True)
)


class Grid:
    """New lines between nodes.

    Lines that depend on what is beyond the edges are left out, as software treats edges
    differently, or, for splines, an unknown node is added there. A line on the last node is left
    out, too: `scipy.ndimage.zoom` sets it to 0 if rounding places it beyond.

    Parameters
    ----------
    kind : Kind
    old, new : int
        Number of lines before and after.

    Attributes
    ----------
    lines : slice
        The lines that are used.
    weights : numpy.ndarray
        Weights of neighbouring nodes in these lines, shape (lines, taps). For splines, nodes are
        coefficients.
    first : numpy.ndarray
        First of these nodes.
    """

    def __init__(self, kind, old, new):
        self.kind, self.old, self.new = kind, old, new
        place = np.arange(new)
        if kind.is_centred:
            place = (place + 0.5) * (old / new) - 0.5
        else:
            place = place * ((old - 1) / (new - 1))
        beyond = 1 if kind.name == "convolution" else 0
        low, high = beyond - _ON_NODE, old - 1 - beyond - _ON_NODE
        inside = np.flatnonzero((place > low) & (place < high))
        self.lines = slice(int(inside[0]), int(inside[-1]) + 1)
        place = place[self.lines]
        before = np.clip(place.astype(np.intp), beyond, old - 2 - beyond)
        self.weights = _weights(kind, place - before)
        self.first = before - beyond

    def misfit(self, lines, shift=0):
        """Return the mean square, per degree of freedom, of what nodes cannot explain.

        Parameters
        ----------
        lines : numpy.ndarray
            Lines along the first axis, shape (new, L).
        shift : int, optional
            Number of lines by which the grid is moved. Default 0.

        Returns
        -------
        float
            Infinite if there are no more lines than nodes.
        """
        used = lines[self.lines]
        weights, first = (each[: len(used) - shift] for each in (self.weights, self.first))
        used = used[shift:]
        free = len(used) - (int(first[-1]) + weights.shape[1])
        if free < 1:
            return np.inf
        left = used - _interpolated(weights, first, _solved(weights, first, used))
        return float(np.square(left).sum() / (free * lines.shape[1]))

    def before(self, lines):
        """Return the lines from which given ones were interpolated, as far as these show them.

        Parameters
        ----------
        lines : numpy.ndarray
            Shape (new, L).

        Returns
        -------
        numpy.ndarray
            Shape (old, L), without lines at the edges whose errors are far larger than those of the
            given lines.
        """
        used = lines[self.lines]
        nodes = _solved(self.weights, self.first, used)
        matrix = self._matrix()
        square = matrix.T @ matrix + _RIDGE * np.eye(len(nodes))
        errors = np.sqrt(np.diag(np.linalg.inv(square)))
        if self.kind.name == "spline":
            nodes, errors = (nodes[:-2] + 4 * nodes[1:-1] + nodes[2:]) / 6, errors[1:-1]
        certain = np.flatnonzero(errors < _UNKNOWN)
        return nodes[certain[0] : certain[-1] + 1]

    def _matrix(self):
        """Return the weights of all nodes in the lines, shape (lines, nodes)."""
        taps = self.weights.shape[1]
        full = np.zeros((len(self.first), int(self.first[-1]) + taps))
        rows = np.arange(len(self.first))
        for tap in range(taps):
            full[rows, self.first + tap] = self.weights[:, tap]
        return full

    @property
    def spread(self):
        """Number of lines over which interpolation distributes what a line contains."""
        rows = self._matrix()
        if self.kind.name == "spline":
            unit = ndimage.spline_filter1d(np.eye(self.old), 3, axis=0, mode="mirror")
            rows = rows @ np.pad(unit, ((1, 1), (0, 0)), mode="reflect")
        return float(self.new / self.old / (np.square(rows).sum() / len(rows)))


def _solved(weights, first, lines):
    """Return the nodes that explain lines best."""
    taps = weights.shape[1]
    number = int(first[-1]) + 1
    # lines with the same nodes follow each other
    starts = np.searchsorted(first, np.arange(number))
    bands = np.zeros((taps, number + taps - 1))
    for tap in range(taps):
        own = weights[:, tap]
        for off in range(taps - tap):
            product = np.add.reduceat(own * weights[:, tap + off], starts)
            bands[off, tap : tap + number] += product
    bands[0] += _RIDGE

    def sums_of(values):
        sums = np.zeros((number + taps - 1, values.shape[1]))
        for tap in range(taps):
            each = weights[:, tap, None] * values
            sums[tap : tap + number] += np.add.reduceat(each, starts, axis=0)
        return sums

    factor = cholesky_banded(bands, lower=True, check_finite=False), True
    nodes = cho_solve_banded(factor, sums_of(lines), check_finite=False)
    # the square of the matrix was rounded
    left = lines - _interpolated(weights, first, nodes)
    return nodes + cho_solve_banded(factor, sums_of(left), check_finite=False)


def _interpolated(weights, first, nodes):
    """Return lines from nodes."""
    return sum(weights[:, tap, None] * nodes[first + tap] for tap in range(weights.shape[1]))


def _weights(kind, past):
    """Return the weights of the nodes around each line, which is ``past`` the one before it."""
    if kind.name == "linear":
        return np.stack([1 - past, past], axis=1)
    left = 1 - past
    if kind.name == "spline":
        each = (
            left**3,
            4 - 6 * past**2 + 3 * past**3,
            4 - 6 * left**2 + 3 * left**3,
            past**3,
        )
        return np.stack(each, axis=1) / 6

    def near(x):
        return ((kind.sharpness + 2) * x - kind.sharpness - 3) * x**2 + 1

    def far(x):
        return kind.sharpness * (((x - 5) * x + 8) * x - 4)

    return np.stack([far(1 + past), near(past), near(left), far(1 + left)], axis=1)

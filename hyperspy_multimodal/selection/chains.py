"""Curved lines in a scan: chains of short straight pieces, and the search for the best."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage

from ..kernels import lengthen
from .windows import Windows, overlap

#: Numbers of pieces of the chains that are searched for.
PIECES = (6, 9, 12, 16)
# Steps (rows, columns) from the start of a piece to its end, by direction, and half its width. A
# piece continues in the direction of the previous one or in a neighbouring direction.
_QUARTER = ((0, 4), (2, 4), (3, 3), (4, 2))
_STEPS = tuple(
    turned
    for sign in (1, -1)
    for turned in (
        *((sign * y, sign * x) for y, x in _QUARTER),
        *((sign * x, -sign * y) for y, x in _QUARTER),
    )
)
_HALF = 1.0
_LONGEST = max(abs(each) for step in _STEPS for each in step)
# Constant with which square roots of Poisson counts have a variance of 1/4 (Anscombe 1948).
_ANSCOMBE = 3 / 8
# Numbers of pieces whose scores bound those of longer chains, and the relative error of sums in
# single precision.
_BOUNDS, _ROUNDING = (1, 2, 4, 8), 1e-4
# Square roots give standard errors up to this factor.
_CLOSE = 0.85


@dataclass(frozen=True)
class Chain(Windows):
    """One chain of pieces; it has one place."""

    shape: tuple
    pieces: int
    rows: tuple
    cols: tuple
    family = "chains"

    @property
    def name(self):
        return f"curved line of {self.width:.0f} x {4 * self.pieces}"

    @property
    def size(self):
        return max(self.rows) - min(self.rows) + 1, max(self.cols) - min(self.cols) + 1

    @property
    def width(self):
        return 2 * _HALF

    def pixels(self, place, some=slice(None)):
        return np.array(self.rows)[some], np.array(self.cols)[some]

    def line(self, place):
        there = np.zeros(self.shape, bool)
        there[self.pixels(place)] = True
        return ndimage.binary_dilation(there, iterations=2)


def chains_over(shape, pieces):
    """Return the maximum number of chains of some pieces in a scan (rows, columns)."""
    corners = (shape[0] + 1) * (shape[1] + 1)
    return corners * len(_STEPS) * 3.0 ** (pieces - 1)


def best_chains(counts, expected, least):
    """Return the chains of each number of pieces with the largest excess and deficit of counts.

    The score of a piece is the square root of its counts minus that of the expected counts. Dynamic
    programming maximises the sum of the scores.

    Parameters
    ----------
    counts, expected : numpy.ndarray
        Shape (ny, nx).
    least : dict
        Standard errors of interest, by number of pieces.

    Returns
    -------
    list of Chain
        Chains that come close to these.
    """
    surplus, found = _surplus(counts, expected), []
    room = np.empty((2, *surplus.shape), np.float32)
    for sign in (1, -1):
        for pieces, end in _close(surplus, sign, least, room).items():
            found.append(_traced(surplus, sign, pieces, end, counts.shape))
    return found


def _close(scores, sign, least, room):
    """Return where the best chains end that come close to ``least``, by number of pieces."""
    wanted = {pieces: _CLOSE * each * np.sqrt(pieces) for pieces, each in least.items()}
    close, highest = {}, {}
    for pieces, best in _best(scores, sign, room):
        if pieces in _BOUNDS or pieces in wanted:
            end = np.unravel_index(np.argmax(best), best.shape)
            highest[pieces] = float(best[end])
        if pieces in wanted and highest[pieces] > wanted[pieces]:
            close[pieces] = end
        if pieces in _BOUNDS:
            most = _most(highest, max(wanted))
            if not any(most[n] > (1 - _ROUNDING) * wanted[n] for n in wanted if n > pieces):
                break
    return close


def _traced(scores, sign, pieces, end, shape):
    """Return the best chain that ends at a corner, which depends on the scores around it only."""
    direction, *corner = end
    far = pieces * _LONGEST
    starts = [max(each - far, 0) for each in corner]
    around = tuple(slice(at, each + far + 1) for at, each in zip(starts, corner, strict=True))
    history, scores = [], np.ascontiguousarray(scores[(slice(None), *around)])
    for number, _ in _best(scores, sign, np.empty((2, *scores.shape), np.float32), history):
        if number == pieces:
            break
    near = tuple(each - at for at, each in zip(starts, corner, strict=True))
    return Chain(shape, pieces, *_followed(history, (direction, *near), starts, shape))


def _most(highest, longest):
    """Return upper bounds of the scores of chains of each number of pieces.

    A chain consists of two shorter ones, each of which scores at most as much as the best one of
    its length.
    """
    most = [0.0] + [np.inf] * longest
    for n in range(1, longest + 1):
        parts = [most[k] + most[n - k] for k in range(1, n // 2 + 1)]
        most[n] = min([highest.get(n, np.inf), *parts])
    return most


def run_chains():
    """Compile the search by running it on a tiny scan."""
    room = np.zeros((3, len(_STEPS), 5, 5), np.float32)
    for _ in _best(room[0], 1, room[1:]):
        pass


def _best(scores, sign, room, history=None):
    """Yield numbers of pieces, and scores of the best chains that end at each corner.

    Scores are multiplied by ``sign``. The best ones are in ``room``, float32, of twice their shape.
    The turns before each piece are appended to ``history``.
    """
    steps, shape = np.array(_STEPS), scores.shape
    best, longer = room
    best[:] = 0
    for pieces in range(1, max(PIECES) + 1):
        turned = history is not None and pieces > 1
        turns = np.empty(shape if turned else (0, 0, 0), np.int8)
        lengthen(best, scores, np.float32(sign), steps, longer, turns)
        if turned:
            history.append(turns)
        best, longer = longer, best
        yield pieces, best


def _followed(history, end, starts, shape):
    """Return rows and columns of the pixels of a chain, backwards from its end.

    The end and ``history`` are those of a part of the scan, which starts at some row and column.
    """
    direction, row, col = end
    there = np.zeros(shape, bool)
    for turns in [*history[::-1], None]:
        y, x = _STEPS[direction]
        row, col = row - y, col - x
        rows, cols = _piece(direction)
        rows, cols = starts[0] + row + rows, starts[1] + col + cols
        inside = (rows >= 0) & (cols >= 0) & (rows < shape[0]) & (cols < shape[1])
        there[rows[inside], cols[inside]] = True
        if turns is not None:
            direction = (direction + turns[direction, row, col]) % len(_STEPS)
    return tuple(map(tuple, np.nonzero(there)))


def _surplus(counts, expected):
    """Return the excess of pieces that start at each corner, (directions, ny + 1, nx + 1).

    It is 0 for pieces that end outside the scan on their way back.
    """
    both = np.pad(np.stack([counts, expected]), ((0, 0), (5, 5), (5, 5))).astype(np.float32)
    ny, nx = counts.shape
    half = len(_STEPS) // 2
    found = np.zeros((len(_STEPS), ny + 1, nx + 1), np.float32)
    for direction in range(half):
        sums = 0.0
        for row, col in zip(*_piece(direction), strict=True):
            sums = sums + both[:, 5 + row : 6 + row + ny, 5 + col : 6 + col + nx]
        roots = 2 * np.sqrt(np.maximum(sums, 0) + np.float32(_ANSCOMBE))
        np.subtract(*roots, out=found[direction])
        # The way back has the same pixels, and starts where this one ends.
        to, of = overlap((ny + 1, nx + 1), [-each for each in _STEPS[direction]])
        found[(half + direction, *to)] = found[(direction, *of)]
    return found


@cache
def _piece(direction):
    """Return rows and columns of the pixels of a piece; 0, 0 is the one right below its start."""
    y, x = _STEPS[direction]
    length = np.hypot(y, x)
    rows, cols = np.indices((10, 10)) - 4.5
    along, beside = (rows * y + cols * x) / length, (rows * x - cols * y) / length
    inside = (along > 0) & (along <= length) & (np.abs(beside) <= _HALF)
    return (rows[inside] - 0.5).astype(int), (cols[inside] - 0.5).astype(int)

"""Scores of chains of pieces that grow by one piece at a time."""

import numpy as np

from .compile import inlined, leaf


@inlined
def add_best(befores, scores, sign, longer, width):
    """Write the best of three rows of scores plus those of one more piece, times a sign."""
    below, same, above = befores
    for col in range(width):
        best = below[col] if below[col] > same[col] else same[col]
        best = above[col] if above[col] > best else best
        longer[col] = best + sign * scores[col]


@leaf
def lengthen(best, scores, sign, steps, longer, turns):
    """Add a piece to the best chains that end at each corner, in each direction.

    Parameters
    ----------
    best : numpy.ndarray
        Scores of the best chains, by direction of the last piece and corner where it ends; float32,
        shape (directions, ny, nx), -inf where there is none.
    scores : numpy.ndarray
        Scores of pieces, by direction and corner where they start; of the same shape.
    sign : numpy.float32
        By which ``scores`` are multiplied.
    steps : numpy.ndarray
        Rows and columns from the start of a piece to its end, int64, shape (directions, 2).
    longer : numpy.ndarray
        On return the same as ``best`` for chains with one more piece.
    turns : numpy.ndarray
        On return whether the previous piece has the direction below (-1), the same one (0) or the
        one above (1), by the direction of the new piece and the corner where it starts; int8, empty
        if it is not needed.
    """
    n_directions, ny, nx = best.shape
    # All directions of a row, as three of them share what was read.
    for row in range(ny):
        for d in range(n_directions):
            y, x = steps[d]
            first, width = max(-x, 0), max(nx - abs(x), 0)
            below, same, above = best[d - 1, row], best[d, row], best[(d + 1) % n_directions, row]
            if 0 <= row + y < ny:
                befores = below[first:], same[first:], above[first:]
                reached = longer[d, row + y]
                add_best(befores, scores[d, row, first:], sign, reached[first + x :], width)
                reached[: first + x] = -np.inf
                reached[first + x + width :] = -np.inf
            if not 0 <= row - y < ny:
                longer[d, row] = -np.inf
            if turns.size > 0:
                for col in range(nx):
                    down, up = below[col], above[col]
                    turn = 1 if up >= down else -1
                    turns[d, row, col] = 0 if same[col] >= max(up, down) else turn

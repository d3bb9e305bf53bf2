"""Sums of counts over windows, each from those of smaller ones, and where they are off."""

import numpy as np

from .compile import inlined, leaf

_ZERO, _ONE, _TINY = np.float32(0), np.float32(1), np.float32(1e-15)
# What sums in single precision may be off.
_ROUNDING = np.float32(1.001)


@inlined
def sum_row(n, sign, first, last, target):
    """Write the sum of two rows, or their difference."""
    for col in range(n):
        target[col] = first[col] + sign * last[col]


@inlined
def add_row(n, sign, source, target):
    """Add a row, or take it away."""
    for col in range(n):
        target[col] += sign * source[col]


@inlined
def square_row(n, expected, excess, squares):
    """Write what the squared standard errors of Poisson counts are at most.

    They are at most the deviance (Zubkov and Serov 2013), and that is at most d^2 for too many
    counts and d^2 (1 + |x| / m) for too few, d^2 = x^2 / m, m expected, x in excess.
    """
    for col in range(n):
        mean = expected[col] if expected[col] > _TINY else _TINY
        off = excess[col]
        short = -off if off < _ZERO else _ZERO
        squares[col] = off * (off / mean) * (_ONE + short / mean)


@inlined
def largest_of(n, bits):
    """Return the largest of some floats >= 0 by their bits, which are in the same order."""
    most = np.int32(0)
    for col in range(n):
        most = bits[col] if bits[col] > most else most
    return most


@leaf
def windows_beyond(steps, terms, limits, start, sums, largest, squares, found, found_squares):
    """Sum counts over windows of many kinds, and find where they differ by more than a limit.

    Squared standard errors, by their bound in `square_row`, add up over parts to no less than those
    of the whole, as that bound is convex in both counts together and homogeneous: they bound rows,
    which are passed over if nothing else is a sum of them.

    Parameters
    ----------
    steps : numpy.ndarray
        Sums in their order: where they go, rows and columns, first term and number of terms, number
        of the limit or -1, whether rows may be passed over, and whether their squares are of use;
        int64, shape (steps, 8).
    terms : numpy.ndarray
        Sums of which each is made, two at least, by rows and columns further on, and 1, 0 or -1;
        that of the first is 1; int64, shape (terms, 4).
    limits : numpy.ndarray
        Squared standard errors, float32.
    start : int
        Step to begin with. What was found before is lost.
    sums : numpy.ndarray
        Expected counts and excess, float32, shape (places, 2, ny, nx); the first are those of
        pixels, the others are room.
    largest : numpy.ndarray
        Largest squared standard errors of their rows, float32, shape (places, ny); inf of pixels.
    squares : numpy.ndarray
        Room for one more than a row, float32.
    found : numpy.ndarray
        On return the number of the limit, the row, the column, and 1 if counts are too many, of
        each window beyond; int64, shape (room, 4), with room for all windows of a kind.
    found_squares : numpy.ndarray
        On return their squared standard errors, float32, shape (room,).

    Returns
    -------
    step, n_found : int
        The step to go on with, as there may be no room for what it finds; their number at the end.
        How many windows were found.
    """
    bits, n_found = squares.view(np.int32), 0
    for step in range(start, len(steps)):
        target, ny, nx, first, n_terms, number, may_pass, is_bound = steps[step]
        if number >= 0 and n_found + ny * nx > len(found):
            return step, n_found
        limit = limits[number] if number >= 0 else np.float32(np.inf)
        for row in range(ny):
            bound = _ZERO
            for term in range(first, first + n_terms):
                bound += largest[terms[term, 0], row + terms[term, 1]]
            if may_pass and bound * _ROUNDING <= limit:
                continue
            expected, excess = sums[target, 0, row], sums[target, 1, row]
            one, down, right, _ = terms[first]
            two, lower, further, sign = terms[first + 1]
            for k in range(2):
                sum_row(
                    nx, np.float32(sign), sums[one, k, row + down, right:],
                    sums[two, k, row + lower, further:], sums[target, k, row],
                )  # fmt: skip
            for term in range(first + 2, first + n_terms):
                source, down, right, sign = terms[term]
                for k in range(2):
                    add_row(
                        nx, np.float32(sign), sums[source, k, row + down, right:],
                        sums[target, k, row],
                    )  # fmt: skip
            if not is_bound:
                continue
            square_row(nx, expected, excess, squares)
            bits[nx] = largest_of(nx, bits)
            largest[target, row] = squares[nx]
            if squares[nx] > limit:
                for col in range(nx):
                    if squares[col] > limit:
                        found[n_found, 0], found[n_found, 1] = number, row
                        found[n_found, 2], found[n_found, 3] = col, excess[col] > _ZERO
                        found_squares[n_found] = squares[col]
                        n_found += 1
    return len(steps), n_found

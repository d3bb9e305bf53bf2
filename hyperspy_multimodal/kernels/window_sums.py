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


@inlined
def place_of(steps, term, row):
    """Return the place of the row that a term adds to a row."""
    source = steps[term[0]]
    return source[8] + (row + term[1]) % source[9]


@leaf
def windows_beyond(pixels, steps, terms, limits, start, sums, largest, squares, found, beyond):
    """Sum counts over windows of many kinds, and find where they differ by more than a limit.

    Squared standard errors, by their bound in `square_row`, add up over parts to no less than those
    of the whole, as that bound is convex in both counts together and homogeneous: they bound rows,
    which are passed over if nothing else is a sum of them.

    All kinds of sums are computed side by side, row by row, and each as many turns later as those
    of which it is made require. Only the rows that are still needed are kept: the row with number r
    is in the place r modulo their number.

    Parameters
    ----------
    pixels : numpy.ndarray
        Expected counts and excess, float32, shape (2, ny, nx).
    steps : numpy.ndarray
        Sums in their order, the first those of single pixels: rows and columns, first term and
        number of terms, number of the limit or -1, whether rows may be passed over, whether their
        squares are of use, turns by which they are delayed, and their first place and number of
        places in ``sums``; int64, shape (steps, 10).
    terms : numpy.ndarray
        Sums of which each is made, two at least, by rows and columns further on, and 1, 0 or -1;
        that of the first is 1; int64, shape (terms, 4).
    limits : numpy.ndarray
        Squared standard errors, float32.
    start : int
        Turn to begin with. What was found before is lost.
    sums : numpy.ndarray
        Room for rows, float32, shape (places, 2, nx), as the last turn left it.
    largest : numpy.ndarray
        Largest squared standard errors of the same rows, float32, shape (places,); inf of pixels.
    squares : numpy.ndarray
        Room for one more than a row, float32.
    found : numpy.ndarray
        On return the number of the limit, the row, the column, and 1 if counts are too many, of
        each window beyond; int64, shape (room, 4), with room for a row of windows of each kind.
    beyond : numpy.ndarray
        On return their squared standard errors, float32, shape (room,).

    Returns
    -------
    turn, n_found : int
        The turn to go on with, as there may be no room for what it finds; the number of turns at
        the end. How many windows were found.
    """
    bits, n_found, n_turns = squares.view(np.int32), 0, 0
    for step in range(len(steps)):
        n_turns = max(n_turns, steps[step, 0] + steps[step, 7])
    for turn in range(start, n_turns):
        if n_found + len(limits) * pixels.shape[2] > len(found):
            return turn, n_found
        for step in range(len(steps)):
            ny, nx, first, n_terms, number, may_pass, is_bound, delay, place, n_places = steps[step]
            row = turn - delay
            if not 0 <= row < ny:
                continue
            place += row % n_places
            if n_terms == 0:
                sums[place] = pixels[:, row]
                continue
            limit = limits[number] if number >= 0 else np.float32(np.inf)
            bound = _ZERO
            for term in range(first, first + n_terms):
                bound += largest[place_of(steps, terms[term], row)]
            if may_pass and bound * _ROUNDING <= limit:
                continue
            expected, excess = sums[place, 0], sums[place, 1]
            one = place_of(steps, terms[first], row)
            two = place_of(steps, terms[first + 1], row)
            right, further, sign = terms[first, 2], terms[first + 1, 2], terms[first + 1, 3]
            for k in range(2):
                sum_row(
                    nx, np.float32(sign), sums[one, k, right:], sums[two, k, further:],
                    sums[place, k],
                )  # fmt: skip
            for term in range(first + 2, first + n_terms):
                source = place_of(steps, terms[term], row)
                right, sign = terms[term, 2], terms[term, 3]
                for k in range(2):
                    add_row(nx, np.float32(sign), sums[source, k, right:], sums[place, k])
            if not is_bound:
                continue
            square_row(nx, expected, excess, squares)
            bits[nx] = largest_of(nx, bits)
            largest[place] = squares[nx]
            if squares[nx] > limit:
                for col in range(nx):
                    if squares[col] > limit:
                        found[n_found, 0], found[n_found, 1] = number, row
                        found[n_found, 2], found[n_found, 3] = col, excess[col] > _ZERO
                        beyond[n_found] = squares[col]
                        n_found += 1
    return n_turns, n_found


@leaf
def highest_beside(level, steps, sign, highest):
    """Find the highest sums of windows at some distance around each, or the lowest.

    Parameters
    ----------
    level : numpy.ndarray
        Sums of windows, float64, shape (ny, nx).
    steps : numpy.ndarray
        Rows and columns from a window to another; there is a third one on the opposite side. int64,
        shape (steps, 2).
    sign : int
        1 for the highest, -1 for the lowest.
    highest : numpy.ndarray
        On return the highest or lowest sums; inf, or -inf, where both windows of a step are outside
        the scan; float64, shape (ny, nx).
    """
    ny, nx = level.shape
    for row in range(ny):
        for col in range(nx):
            most = -np.inf
            for step in range(len(steps)):
                down, right = steps[step]
                of_both = -np.inf
                if 0 <= row + down < ny and 0 <= col + right < nx:
                    of_both = sign * level[row + down, col + right]
                if 0 <= row - down < ny and 0 <= col - right < nx:
                    of_both = max(of_both, sign * level[row - down, col - right])
                most = max(most, of_both if of_both > -np.inf else np.inf)
            highest[row, col] = sign * most

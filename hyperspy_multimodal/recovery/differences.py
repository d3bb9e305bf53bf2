"""Differences between fused maps and their counts, in words."""

import math

import numpy as np

from ..written_numbers import plain

_DIGITS = 2  # of a difference


def largest_differences(maps, lost, is_place=False, counts_first=False, kept=None):
    """Describe the largest difference of each element, and the number of others.

    The largest is the one with the most counts, not the most significant one: in a large window, a
    small share of the counts may be significant.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    lost : list of Lost
        Where maps differ from their counts.
    is_place : bool
        Whether to add where a window is. Default False.
    counts_first : bool
        Whether sums of the counts come before those of the map. Default False.
    kept : numpy.ndarray, optional
        Corrected maps, shape (K, ny, nx), to add their sums. A correction may leave a remainder.
    """
    found = []
    for i in dict.fromkeys(each.element for each in lost):
        windows = [each for each in lost if each.element == i]
        most = max(windows, key=lambda each: abs(each.fused - each.counts))
        sums = [float(maps.gains[i]) * each for each in (most.fused, most.counts)]
        where = most.window.name
        if is_place:
            where = f"a {where} {place_of(most.pixels)}"
        now = ""
        if kept is not None:
            corrected = float(maps.gains[i]) * float(kept[i][most.pixels].sum(dtype=float))
            now = f", now {with_digits_of(corrected, *sums)},"
        more = f", and {len(windows) - 1} more" if is_place and len(windows) > 1 else ""
        said = instead_of(*(sums[::-1] if counts_first else sums))
        found.append(
            f"{maps.names[i]} ({said}{now} in {where}, "
            f"{abs(most.significance):.1f} standard errors{more})"
        )
    return ", ".join(found)


def place_of(pixels):
    """Return where pixels are, as NumPy slices of a map.

    Parameters
    ----------
    pixels : tuple of array_like
        Rows and columns.

    Examples
    --------
    >>> place_of(([2, 2, 3, 3], [4, 5, 4, 5])), place_of(([7], [9])), place_of(([0, 1], [1, 0]))
    ('at [2:4, 4:6]', 'at [7, 9]', 'within [0:2, 0:2]')
    """
    (top, bottom), (left, right) = bounds = bounds_of(pixels)
    is_all = len(pixels[0]) == (bottom - top) * (right - left)
    slices = [f"{start}" if stop == start + 1 else f"{start}:{stop}" for start, stop in bounds]
    return f"{'at' if is_all else 'within'} [{', '.join(slices)}]"


def bounds_of(pixels):
    """Return the ranges of rows and of columns of pixels, as pairs (first, last + 1).

    Parameters
    ----------
    pixels : tuple of array_like
        Rows and columns.
    """
    return [(int(np.min(each)), int(np.max(each)) + 1) for each in pixels]


def all_differences(maps, lost, shares=False):
    """Describe all differences of each element, those with the most counts first.

    Parameters
    ----------
    maps, lost
        As for `largest_differences`.
    shares : bool
        Whether to add the differences as shares of the total of the element. Default False.
    """
    by_size = sorted(lost, key=lambda each: -abs(each.fused - each.counts))
    found = {}
    for each in by_size:
        sums = [float(maps.gains[each.element]) * value for value in (each.fused, each.counts)]
        share = abs((each.fused - each.counts) / maps.totals[each.element]) if shares else 0.0
        of_total = f", a difference of {plain(100 * share, 2)} % of the total" if shares else ""
        found.setdefault(each.element, []).append(
            f"{instead_of(*sums)} in {each.window.name}{of_total}, "
            f"{abs(each.significance):.1f} standard errors"
        )
    return ", ".join(f"{maps.names[i]} ({'; '.join(found[i])})" for i in sorted(found))


def instead_of(value, right):
    """Return a value that should be another, with as many digits as show the difference.

    Parameters
    ----------
    value, right : float

    Examples
    --------
    >>> instead_of(1.8312, 2.6689), instead_of(105_321, 104_812), instead_of(0, 55.4)
    ('1.83 instead of 2.67', '105,320 instead of 104,810', '0 instead of 55')
    """
    return " instead of ".join(with_digits_of(each, value, right) for each in (value, right))


def with_digits_of(number, value, right):
    """Return a number with as many decimals as show the difference of two others.

    Parameters
    ----------
    number, value, right : float

    Examples
    --------
    >>> with_digits_of(2.5713, 1.8312, 2.6689)
    '2.57'
    """
    if value == right:
        return plain(number)
    last = _exponent(value - right) - _DIGITS + 1
    return plain(number, max(_exponent(number) - last + 1, 1))


def _exponent(value):
    return math.floor(math.log10(abs(value))) if value else 0

"""Rows and columns that were repeated to enlarge maps."""

from typing import NamedTuple

import numpy as np

# Minimum mean number of repeats and minimum number of groups of equal lines, and the largest
# deviation of groups from a regular grid, in lines. Irregular groups indicate maps without noise.
_OFTEN, _LEAST_GROUPS, _REGULAR = 1.2, 8, 1.0
# Lines may be equal by chance if fewer values than this differ from the median, over all maps.
_TELLING = 4


class Repeats(NamedTuple):
    """Maps without repeated lines, and the numbers of repeats.

    Attributes
    ----------
    arrays : numpy.ndarray
        Shape (K, ny, nx).
    rows, columns : float
        Mean numbers of repeats; 1 if lines are not repeated.
    mask : numpy.ndarray or None
        True where there are no data, shape (ny, nx).
    """

    arrays: np.ndarray
    rows: float
    columns: float
    mask: np.ndarray | None = None

    @property
    def number(self):
        """Mean number of pixels with the same counts."""
        return self.rows * self.columns


def without_repeats(arrays, mask=None):
    """Remove lines that were repeated, as by nearest-neighbour enlargement.

    Parameters
    ----------
    arrays : numpy.ndarray
        Shape (K, ny, nx).
    mask : numpy.ndarray of bool, optional
        Pixels without data, in which the maps are 0. Default none.

    Returns
    -------
    Repeats
    """
    rows, kept = _repeats(arrays)
    arrays, mask = arrays[:, kept], None if mask is None else mask[kept]
    columns, kept = _repeats(arrays.transpose(0, 2, 1))
    mask = None if mask is None else mask[:, kept]
    return Repeats(arrays[:, :, kept], rows, columns, mask)


def _repeats(arrays):
    """Return how often rows are repeated, and which to keep, shape (ny,)."""
    n_rows = arrays.shape[1]
    everything = np.ones(n_rows, bool)
    equal = np.all(arrays[:, 1:] == arrays[:, :-1], axis=(0, 2))
    usual = np.median(arrays, axis=2, keepdims=True)
    plain = np.sum(arrays != usual, axis=(0, 2)) < _TELLING
    starts = np.concatenate([[True], ~equal | plain[1:] | plain[:-1]])
    first = np.flatnonzero(starts)
    telling = _longest(~plain[first])
    # the border may cut the first and last groups
    places = first[telling][1:]
    if len(places) <= _LEAST_GROUPS:
        return 1.0, everything
    number = np.arange(len(places))
    mean, offset = np.polyfit(number, places, 1)
    if mean < _OFTEN or np.abs(places - mean * number - offset).max() > _REGULAR:
        return 1.0, everything
    kept = np.where(plain, np.arange(n_rows) % mean < 1, starts)
    return float(np.round(mean, 2)), kept


def _longest(chosen):
    """Return the longest run of chosen items, as a slice."""
    ends = np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(np.int8), [0]])))
    if not ends.size:
        return slice(0, 0)
    stretches = ends.reshape(-1, 2)
    return slice(*stretches[np.argmax(np.diff(stretches, axis=1))])

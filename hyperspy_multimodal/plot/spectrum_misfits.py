"""Where the counts of a summed spectrum depart from its model."""

from itertools import pairwise

import numpy as np

# Counts over half a FWHM depart from the model where they differ by this many standard errors, in
# one direction over more than a FWHM, and over all of that by so many. No model of a continuum or
# of peaks is better than this share of the counts.
_DEPARTING, _SIGNIFICANT = 1.5, 5.0
_NO_BETTER = 0.02


def departures(observed, model, widths):
    """Return ranges [start, stop) of channels where counts depart from a model.

    Parameters
    ----------
    observed, model : numpy.ndarray
        Counts by channel, shape (C,).
    widths : numpy.ndarray
        Full width at half maximum of peaks in channels, shape (C,).
    """
    places, half = np.arange(len(model)), np.maximum(widths / 4, 0.5)
    first = np.maximum(np.rint(places - half), 0).astype(int)
    last = np.minimum(np.rint(places + half) + 1, len(model)).astype(int)
    rest, expected = (
        each[last] - each[first]
        for each in (np.append(0.0, np.cumsum(each)) for each in (observed - model, model))
    )
    errors = _error(expected)
    side = np.where(np.abs(rest) > _DEPARTING * errors, np.sign(rest), 0)
    cuts = [0, *(np.flatnonzero(np.diff(side)) + 1).tolist(), len(side)]
    found = []
    for start, stop in pairwise(cuts):
        total = abs(observed[start:stop].sum() - model[start:stop].sum())
        is_long = side[start] != 0 and stop - start > widths[start:stop].mean()
        if is_long and total > _SIGNIFICANT * _error(model[start:stop].sum()):
            found.append((start, stop))
    return found


def _error(expected):
    """Return the error of a sum of counts and of any model of it."""
    return np.sqrt(np.maximum(expected, 1.0) + (_NO_BETTER * expected) ** 2)

"""Sums of counts that differ from the expected ones by more than noise explains."""

import numpy as np

from .compile import leaf

_ZERO, _TINY = np.float32(0), np.float32(1e-15)


@leaf
def rows_beyond(expected, excess, limit, rows):
    """Find rows where counts may differ by more than the root of ``limit`` standard errors.

    Parameters
    ----------
    expected, excess : numpy.ndarray
        Expected counts, and the excess of the counts over them; float32, shape (ny, nx).
    limit : numpy.float32
        Squared standard errors.
    rows : numpy.ndarray
        On return the rows found, bool, shape (ny,). In all others, the squared standard errors are
        at most ``limit`` according to `most_beyond`.

    Returns
    -------
    bool
        Whether there are any.
    """
    ny, nx = expected.shape
    any_row = False
    for row in range(ny):
        found = 0
        for col in range(nx):
            off, mean = excess[row, col], max(expected[row, col], _TINY)
            found += off * off * (mean + max(-off, _ZERO)) > limit * mean * mean
        rows[row] = found > 0
        any_row |= found > 0
    return any_row


def most_beyond(expected, excess):
    """Return an upper bound of the squared standard errors of Poisson counts.

    The deviance is an upper bound (Zubkov and Serov 2013). It is at most d^2 for too many counts
    and d^2 (1 + |x| / m) for too few, where d^2 = x^2 / m for m expected counts and an excess x.
    """
    mean = np.maximum(expected, _TINY)
    return excess * (excess / mean) * (1 + np.maximum(-excess, 0) / mean)

"""Where sums of counts are further from what is expected than noise explains."""

import numpy as np

from .compile import leaf

_ZERO, _TINY = np.float32(0), np.float32(1e-15)


@leaf
def rows_beyond(expected, excess, limit, rows):
    """Find rows where counts may differ by more than the root of ``limit`` standard errors.

    Parameters
    ----------
    expected, excess : numpy.ndarray
        Expected counts, and by how much the counts are above; float32, shape (ny, nx).
    limit : numpy.float32
        Squared standard errors.
    rows : numpy.ndarray
        On return which rows they are, bool, shape (ny,). In all others the squared standard errors
        are at most ``limit`` by `most_beyond`.

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
    """Return what the squared standard errors of Poisson counts are at most.

    They are at most the deviance (Zubkov and Serov 2013), and that is at most d^2 for too many
    counts and d^2 (1 + |x| / m) for too few, d^2 = x^2 / m, m expected, x in excess.
    """
    mean = np.maximum(expected, _TINY)
    return excess * (excess / mean) * (1 + np.maximum(-excess, 0) / mean)

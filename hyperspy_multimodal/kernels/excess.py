"""Whether sums of counts are anywhere further from what is expected than noise explains."""

import numpy as np

from .compile import leaf

_ZERO, _TINY = np.float32(0), np.float32(1e-15)


@leaf
def any_beyond(expected, excess, limit):
    """Return whether counts may differ by more than the root of ``limit`` standard errors anywhere.

    Parameters
    ----------
    expected, excess : numpy.ndarray
        Expected counts, and by how much the counts are above; float32, shape (ny, nx).
    limit : numpy.float32
        Squared standard errors.

    Returns
    -------
    bool
        False if the squared standard errors are at most ``limit`` everywhere: by `most_beyond`.
    """
    ny, nx = expected.shape
    for row in range(ny):
        found = 0
        for col in range(nx):
            off, mean = excess[row, col], max(expected[row, col], _TINY)
            found += off * off * (mean + max(-off, _ZERO)) > limit * mean * mean
        if found > 0:
            return True
    return False


def most_beyond(expected, excess):
    """Return what the squared standard errors of Poisson counts are at most.

    They are at most the deviance (Zubkov and Serov 2013), and that is at most d^2 for too many
    counts and d^2 (1 + |x| / m) for too few, d^2 = x^2 / m, m expected, x in excess.
    """
    mean = np.maximum(expected, _TINY)
    return excess * (excess / mean) * (1 + np.maximum(-excess, 0) / mean)

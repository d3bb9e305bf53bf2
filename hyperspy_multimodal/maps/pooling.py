"""Expected background counts from measured ones: pooled over neighbours."""

import numpy as np
from scipy import ndimage

#: Counts that a neighbourhood must hold: the pooled background is then good to 10 %.
COUNTS_PER_NEIGHBOURHOOD = 100.0
_FIRST_WIDTH = 2.0


def pool(counts):
    """Return the expectation of a map of Poisson counts, smoothed as far as its noise demands.

    Gaussian neighbourhoods grow, from a standard deviation of 2 pixels on by factors of 2, until
    they hold 100 counts (4 pi sigma^2 pixels of the local mean), each pixel for itself and with a
    soft change from one width to the next; where even the widest holds fewer, the mean of the whole
    map serves. The total is kept.

    Parameters
    ----------
    counts : numpy.ndarray
        Measured counts >= 0, shape (ny, nx).

    Returns
    -------
    numpy.ndarray
        Expected counts >= 0, same shape, float64, same total.
    """
    counts = np.asarray(counts, dtype=np.float64)
    expected = np.full(counts.shape, counts.mean())
    widths = []
    width = _FIRST_WIDTH
    while 4 * np.pi * width**2 < counts.size:
        widths.append(width)
        width *= 2
    for width in reversed(widths):
        local = ndimage.gaussian_filter(counts, width, mode="reflect")
        held = 4 * np.pi * width**2 * local / COUNTS_PER_NEIGHBOURHOOD
        trust = np.clip(2 * held - 1, 0, 1)
        expected = trust * local + (1 - trust) * expected
    total = expected.sum()
    return expected * (counts.sum() / total) if total > 0 else expected

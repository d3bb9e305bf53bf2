"""Significance of differences between measured and expected counts of windows."""

import numpy as np
from scipy import special

# Excess counts must also differ by this many of their own standard errors: where a map is nearly 0,
# each count is significant, but an estimate from a few counts is worse than none.
_OF_THEIR_OWN = 3.0
_TINY = np.finfo(float).tiny


def significance(counts, expected):
    """Return how unlikely counts are, as standard errors of a Gaussian with the same tail.

    Parameters
    ----------
    counts, expected : numpy.ndarray
        Counts >= 0, whole or not, and their expectation > 0.

    Returns
    -------
    numpy.ndarray
        Positive where there are more counts than expected.
    """
    high = counts > expected
    # P(N >= n) and P(N <= n) of Poisson counts, interpolated for fractions.
    tail = np.where(
        high,
        special.gammainc(np.maximum(counts, _TINY), expected),
        special.gammaincc(counts + 1, expected),
    )
    errors = np.maximum(-special.ndtri(np.maximum(tail, _TINY)), 0.0)
    # Tails that are too small for floating-point numbers are distinguished by the deviance.
    deviance = special.xlogy(counts, counts) - special.xlogy(counts, expected) - counts + expected
    rooted = np.sqrt(2 * np.maximum(deviance, 0.0))
    errors = np.where(tail > _TINY, errors, np.maximum(errors, rooted))
    return np.where(high, errors, -errors)


def errors_of(counts, expected, background, unit):
    """Return by how many standard errors counts of windows differ from the expected counts.

    Maps cannot be negative, so net counts below 0 are treated as 0.
    """
    counts, expected = np.maximum(counts, background), np.maximum(expected, _TINY)
    errors = significance(counts, expected) / unit
    few = counts - expected < _OF_THEIR_OWN * unit * np.sqrt(counts)
    return np.where((counts > expected) & few, 0.0, errors)

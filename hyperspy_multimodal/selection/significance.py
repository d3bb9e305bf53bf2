"""Significance of differences between measured and expected counts of windows."""

import numpy as np
from scipy import special

# Excess counts must also differ by this many of their own standard errors: where a map is nearly 0,
# each count is significant, but an estimate from a few counts is worse than none.
_OF_THEIR_OWN = 3.0
# Share of the pixels, and least number, whose excess tells how heavy the tail of their noise is.
_TAIL, _FEWEST = 1e-3, 32
# Pixels whose significance is computed at first, for each one of the share.
_MORE = 2
_TINY = np.finfo(float).tiny
# Number of images of an expectation of Poisson counts.
_POISSON = 3


def significance(counts, expected, spread=None):
    """Return how unlikely counts are, as standard errors of a Gaussian with the same tail.

    Parameters
    ----------
    counts, expected : numpy.ndarray
        Counts >= 0, whole or not, and their expectation > 0.
    spread : tuple of numpy.ndarray, optional
        From `spread_of`. Default that of Poisson counts.

    Returns
    -------
    numpy.ndarray
        Positive where there are more counts than expected.

    Notes
    -----
    Poisson events of several counts each have the mean, variance and third cumulant of such a
    spread, over some background. If there are fewer counts than expected, Poisson counts of the
    same variance have a tail that is wide enough.
    """
    counts, expected = _as_events(counts, expected, spread)
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


def errors_of(counts, expected, background, unit, spread=None):
    """Return by how many standard errors counts of windows differ from the expected counts.

    Maps cannot be negative, so net counts below 0 are treated as 0. ``spread`` as for
    `significance`.
    """
    counts, expected = np.maximum(counts, background), np.maximum(expected, _TINY)
    counts, expected = _as_events(counts, expected, spread)
    errors = significance(counts, expected) / unit
    few = counts - expected < _OF_THEIR_OWN * unit * np.sqrt(counts)
    return np.where((counts > expected) & few, 0.0, errors)


def spread_of(sums):
    """Return the spread of windows: variance over expected counts, and counts of an event.

    Parameters
    ----------
    sums : sequence of numpy.ndarray
        Of the images of an `Expectation`. None is returned for Poisson counts.
    """
    if len(sums) == _POISSON:
        return None
    _, expected, _, variance, third = sums
    ratio = np.maximum(variance / np.maximum(expected, _TINY), 1.0)
    return ratio, np.maximum(third / np.maximum(variance, _TINY), 1.0)


def _as_events(counts, expected, spread):
    """Return numbers of events and their expectation, as Poisson counts."""
    if spread is None:
        return counts, expected
    ratio, sizes = spread
    sizes = np.where(counts > expected, sizes, 1.0)
    events = np.maximum(ratio * expected / np.square(sizes), _TINY)
    return np.maximum(events + (counts - expected) / sizes, 0.0), events


def unit_of_pixels(images, there, unit):
    """Return the standard error of an excess of single pixels, relative to Poisson's.

    Noise of shares, or of counts of unequal size, has a heavier tail than Poisson counts of the
    same variance. Its highest pixels are then many, each higher than the next by a little, while
    hot pixels are few. Sums over more pixels have a lighter tail.

    Parameters
    ----------
    images : sequence of numpy.ndarray
        Of an `Expectation`.
    there : numpy.ndarray
        Pixels that are not masked, bool, shape (ny, nx).
    unit : float
        That of windows.

    Returns
    -------
    float
        At least ``unit``.
    """
    images = [each[there] for each in images]
    share = max(_TAIL, _FEWEST / max(images[0].size, 1))
    if share >= 0.5:
        return unit
    counts, expected = np.maximum(images[0], images[2]), np.maximum(images[1], _TINY)
    errors = _highest(*_as_events(counts, expected, spread_of(images)), share)
    return max(float(np.quantile(errors, 1 - share)) / -special.ndtri(share), unit)


def _highest(counts, expected, share):
    """Return the `significance` of Poisson counts, of pixels that are not among the highest as 0.

    An excess x over m expected counts has at most the significance x / sqrt(m). Few pixels have to
    be computed to know which of the others cannot be higher.
    """
    with np.errstate(over="ignore"):
        squares = np.square(np.maximum(counts - expected, 0.0)) / expected
    number = int(share * squares.size) + 2
    errors, known = np.zeros(squares.size), np.zeros(squares.size, bool)
    limit = np.partition(squares, -min(_MORE * number, squares.size))[-_MORE * number :].min()
    while True:
        new = (squares >= limit) & ~known
        errors[new], known[new] = significance(counts[new], expected[new]), True
        least = max(np.partition(errors, -number)[-number], 0.0) ** 2
        if least >= limit:
            return errors
        limit = least

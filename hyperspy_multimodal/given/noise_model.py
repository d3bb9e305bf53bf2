"""Moments of counts with a noise floor, also if negative values were set to 0."""

from functools import cache
from math import comb
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv, gammaln, ndtr, xlogy

# The distribution of more counts than this is Gaussian.
_MANY = 30.0
#: Expected counts in tables.
TABLE = np.concatenate(
    [[0.0], np.geomspace(1e-3, _MANY, 60), np.geomspace(1.05 * _MANY, 1e15, 180)]
)
#: Variances of floors in tables, in squared counts.
FLOORS = np.concatenate([[0.0], np.geomspace(1e-2, 1e5, 50)])
_N = np.arange(int(_MANY + 7 * np.sqrt(_MANY)))
# There are at most twice as many small counts.
_MANY_NUMBERS = np.arange(int(2 * _MANY + 7 * np.sqrt(2 * _MANY)))
_ORDERS = 4
# Number of quantiles that represent the sizes of single counts.
_QUANTILES = 16
# Nothing is clipped this many standard deviations above 0.
_FAR = 8.0


class Moments(NamedTuple):
    """Mean and central moments of pixels, in powers of counts, of shape (L,) each."""

    mean: np.ndarray
    second: np.ndarray
    third: np.ndarray
    fourth: np.ndarray


def noise_moments(counts, floor, clipped=False, counted=False):
    """Return moments of pixels for given expected counts and a floor of noise.

    Parameters
    ----------
    counts : numpy.ndarray
        Expected counts, >= 0, shape (L,).
    floor : float
        Variance of the noise, in squared counts, >= 0.
    clipped : bool, default False
        Whether negative values were set to 0.
    counted : bool, default False
        Whether the floor comes from counts whose mean was subtracted; otherwise, it is Gaussian.

    Returns
    -------
    Moments
    """
    counts = np.asarray(counts, float)
    everything = counts + floor
    few = (everything if counted else counts) <= _MANY
    raw = np.empty((_ORDERS + 1, len(counts)))
    if counted:
        raw[:, few] = _powers(_N - floor, 0.0, clipped) @ _chances(everything[few])
    else:
        raw[:, few] = _powers(_N.astype(float), floor, clipped) @ _chances(counts[few])
    raw[:, ~few] = _powers(counts[~few], everything[~few], clipped)
    moments = np.array([raw[1], *(_central(raw, order) for order in range(2, _ORDERS + 1))])
    # far above 0, nothing is cut off, and powers are too large for accurate moments
    far = ~few & ((counts > _FAR * np.sqrt(everything)) | (not clipped))
    variance = everything[far]
    moments[:, far] = counts[far], variance, variance, 3 * variance**2 + variance
    return Moments(*moments)


def moments_for(floor, clipped=False, counted=False):
    """Return the moments of `TABLE` counts, interpolated between those of `FLOORS`."""
    known = _tables(clipped, counted)
    upper = int(np.clip(np.searchsorted(FLOORS, floor), 1, len(FLOORS) - 1))
    low, high = FLOORS[upper - 1 : upper + 1]
    share = min(max((floor - low) / (high - low), 0.0), 1.0)
    return Moments(*((1 - share) * known[upper - 1] + share * known[upper]))


def clipping_bias(floor, shape):
    """Return by how much clipping at 0 increases the mean of `TABLE` counts, shape (L,).

    Small signals with noise are cut off more often than whole counts, but fewer pixels contain no
    signal. The bias therefore decreases faster with the number of counts if their sizes differ.

    Parameters
    ----------
    floor : float
        Variance of the noise before it was clipped, in squared counts, >= 0.
    shape : float
        Shape of the gamma distribution of the sizes of single counts; infinite for one size.

    Returns
    -------
    numpy.ndarray
    """
    if np.isinf(shape):
        return np.maximum(moments_for(floor, clipped=True).mean - TABLE, 0.0)
    sizes = sizes_of(_MANY_NUMBERS, shape)
    raised = (_powers(sizes, floor, True)[1] - sizes).mean(axis=1)
    found, few = np.zeros_like(TABLE), TABLE <= _MANY
    found[few] = raised @ _chances(TABLE[few] * (shape + 1) / shape, _MANY_NUMBERS)
    return found


def sizes_of(number, shape):
    """Return quantiles of the sum of some single counts, of one size if the shape is infinite.

    They are in effective counts, for which the mean square divided by the mean is 1.

    Parameters
    ----------
    number : numpy.ndarray
        Numbers of single counts, shape (N,).
    shape : float
        Shape of the gamma distribution of their sizes.

    Returns
    -------
    numpy.ndarray
        Shape (N, quantiles).
    """
    number = number[:, None]
    if np.isinf(shape):
        return number.astype(float)
    share = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    sizes = gammaincinv(shape * np.maximum(number, 1), share) / (shape + 1)
    return np.where(number > 0, sizes, 0.0)


@cache
def _tables(clipped, counted):
    """Return moments of `TABLE` counts for all `FLOORS`, shape (floors, 4, counts)."""
    return np.array([noise_moments(TABLE, floor, clipped, counted) for floor in FLOORS])


def _chances(counts, numbers=_N):
    """Return Poisson probabilities, shape (numbers, L)."""
    n = numbers[:, None]
    return np.exp(xlogy(n, counts) - counts - gammaln(n + 1))


def _powers(centre, variance, clipped):
    """Return mean powers of Gaussian noise about a centre; what is negative counts as 0."""
    if not clipped:
        powers = [np.ones_like(centre), centre]
    else:
        deviation = np.sqrt(np.maximum(variance, 1e-30))
        ratio = centre / deviation
        powers = [ndtr(ratio)]
        powers.append(centre * powers[0] + deviation * np.exp(-0.5 * ratio**2) / np.sqrt(2 * np.pi))
    for order in range(2, _ORDERS + 1):
        powers.append(centre * powers[-1] + (order - 1) * variance * powers[-2])
    powers[0] = np.ones_like(centre)
    return np.array(powers)


def _central(raw, order):
    """Return a central moment from mean powers."""
    terms = range(order, -1, -1)
    return sum(comb(order, k) * raw[k] * (-raw[1]) ** (order - k) for k in terms)

"""Net counts that are significantly below 0, where the background is wrong."""

from dataclasses import dataclass

import numpy as np

from ..counts.contracts import Maps
from ..counts.pooling import pool
from .normalised_haadf import SMOOTHING, smoothed
from .runs import Runs

# Sides of the squares in which counts are summed, in pixels.
_SIDES = (4, 8, 16)
# Shares of the scan, from the darkest and the brightest pixels, in which counts are also summed.
_PARTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
# Standard errors below 0, of one of thousands of squares and of all that were found, and the
# variance of a square, in counts, from which on its noise is nearly Gaussian.
_STANDARD_ERRORS, _MANY = 6.0, 25.0
# Share of the total from which on it matters, and the most that is said.
_LARGE, _MOST = 0.03, 9.99


@dataclass(frozen=True)
class Negative:
    """Net counts of K maps where they are significantly below 0.

    Attributes
    ----------
    sums, errors : numpy.ndarray
        Net counts there, <= 0, and their standard errors, shape (K,); 0 if there are no such
        pixels.
    pixels : numpy.ndarray
        Number of pixels, shape (K,).
    shares : numpy.ndarray
        Negative sums divided by the net totals, with the sign changed, shape (K,), at most 9.99.
    """

    sums: np.ndarray
    errors: np.ndarray
    pixels: np.ndarray
    shares: np.ndarray

    @property
    def are_large(self):
        """Whether keeping the total would noticeably reduce the rest of the map, bool, (K,)."""
        return self.shares > _LARGE


def variance_beyond(maps: Maps):
    """Return the variance of net counts beyond their own Poisson noise, float64, (K, ny, nx).

    It is averaged over neighbours, and >= 0.
    """
    net, variance = (np.asarray(each, np.float64) for each in (maps.net, maps.net_variance))
    if np.array_equal(net, variance):  # counts without a background
        return np.zeros(net.shape)
    beyond = pool(np.maximum(variance, 0.0).sum(axis=0), also=variance - net)[1]
    return np.maximum(beyond, 0.0)


def negative_counts(maps: Maps, haadf, beyond=None):
    """Return the `Negative` counts of measured maps.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    haadf : numpy.ndarray
        HAADF, shape (ny, nx).
    beyond : numpy.ndarray, optional
        From `variance_beyond`, if known.

    Notes
    -----

    An element cannot have negative counts, so sums of net counts are below 0 only because of noise.
    The variance of this noise is the excess of the measured variance over the counts, averaged over
    neighbours. The background, or the unit of noise, is wrong if sums over squares of 4, 8 and 16
    pixels, or over the darkest or brightest pixels of the HAADF, are 6 standard errors below 0.
    """
    net = np.asarray(maps.net, np.float64)
    there = np.ones(net.shape[1:], bool) if maps.mask is None else ~maps.mask
    beyond = variance_beyond(maps) if beyond is None else beyond
    net, beyond = net * there, beyond * there
    order = np.flatnonzero(there)[np.argsort(smoothed(haadf, SMOOTHING)[there], kind="stable")]
    sums, errors, pixels = (np.zeros(len(net)) for _ in range(3))
    for k in range(len(net)):
        if net[k].min() >= 0:
            continue
        below = _below(net[k], beyond[k])
        if not below.any():
            below = _below_by_brightness(net[k], beyond[k], order)
        total, error = net[k][below].sum(), np.sqrt(beyond[k][below].sum())
        if total < -_STANDARD_ERRORS * error:
            sums[k], errors[k], pixels[k] = total, error, (below & there).sum()
    totals = net.sum(axis=(1, 2))
    # more than all of the map where the total is not positive
    shares = np.where(sums < 0, _MOST, 0.0)
    np.divide(-sums, totals, out=shares, where=-sums < _MOST * totals)
    return Negative(sums, errors, pixels, shares)


def _below(net, variance):
    """Return which pixels lie in squares whose counts are significantly below 0.

    Larger squares count only where smaller ones have found nothing, because they extend further
    into the specimen.
    """
    runs, found = Runs(np.stack([net, variance])), np.zeros(net.shape, bool)
    for side in _SIDES:
        if side > min(net.shape):
            continue
        counts, noise = runs.box(side, side)
        low = (counts < -_STANDARD_ERRORS * np.sqrt(noise)) & (noise >= _MANY)
        before = found.copy()
        for row, column in zip(*np.nonzero(low), strict=True):
            square = slice(row, row + side), slice(column, column + side)
            found[square] |= not before[square].any()
    return found


def _below_by_brightness(net, variance, order):
    """Return the darkest or the brightest part of the scan with the most significant sum below 0.

    Parameters
    ----------
    net, variance : numpy.ndarray
        Of one map, shape (ny, nx).
    order : numpy.ndarray
        Numbers of pixels, the darkest first.
    """
    found, lowest = np.zeros(net.shape, bool), -_STANDARD_ERRORS
    part = order[:0]
    for each in (order, order[::-1]):
        for share in _PARTS:
            pixels = each[: int(share * each.size)]
            noise = variance.flat[pixels].sum()
            if noise < _MANY:
                continue
            errors = net.flat[pixels].sum() / np.sqrt(noise)
            if errors < lowest:
                lowest, part = errors, pixels
    found.flat[part] = True
    return found

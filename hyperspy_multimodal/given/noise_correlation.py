"""Correlated noise of neighbouring pixels, as after smoothing or interpolation."""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage

# Distances at which correlation is measured, in pixels.
_LAGS = 3
# Noise is measured in these shares of the brightest pixels and of the gentlest slopes of a map that
# is smoothed by this many pixels.
_BRIGHT, _GENTLE, _SMOOTH = 0.3, 0.35, 4.0
# Gaussian filters that are tried, in pixels, and widths of moving averages.
_BLURS, _WIDTHS = np.linspace(0.2, 2.5, 116), (2, 3, 4, 5)
# Less blur than this counts as none.
_LEAST = 0.395
# Neighbours whose correlation differs from -1/2 by fewer standard errors are independent.
_CERTAIN = 3.0
# More blur than this, or correlations further from all filters, cannot be distinguished from
# structure.
_MOST, _MISFIT = 1.8, 0.25
_FAR = 16  # distance beyond which nothing is correlated


class Correlation(NamedTuple):
    """Correlation of neighbouring pixels.

    Attributes
    ----------
    blur : float
        Standard deviation, in pixels, of the Gaussian filter with the same effect; 0 for none, NaN
        if it cannot be distinguished from structure.
    factor : float
        Variance before the filter divided by the mean square of (a - b - c + d) / 2 in 2 x 2
        pixels; 1 if it is not known.
    """

    blur: float
    factor: float


def correlation_of_noise(image):
    """Return the correlation of noise, from the second differences of 2 x 2 pixels.

    Slopes and most edges cancel in these differences. For independent pixels, neighbouring
    differences along an axis have a correlation of -1/2, and others none. The measured correlation
    is compared with Gaussian filters and moving averages of all widths.

    Parameters
    ----------
    image : numpy.ndarray
        Shape (ny, nx).

    Returns
    -------
    Correlation
    """
    if min(image.shape) < 4 * _LAGS:
        return Correlation(0.0, 1.0)
    difference = image[:-1, :-1] - image[1:, :-1] - image[:-1, 1:] + image[1:, 1:]
    smooth = ndimage.gaussian_filter(image, _SMOOTH, mode="nearest")[:-1, :-1]
    slope = np.hypot(*np.gradient(smooth))
    middle = np.median(smooth)
    bright = smooth >= max(middle, min(_BRIGHT * smooth.max(), smooth.max()))
    flat = bright & (slope <= np.quantile(slope[bright], _GENTLE))
    if not flat[:-_LAGS, :-_LAGS].any():
        return Correlation(0.0, 1.0)
    products = [
        sum(_product(difference, flat, lag, axis) for axis in (0, 1)) for lag in range(_LAGS + 1)
    ]
    if products[0] <= 0:
        return Correlation(0.0, 1.0)
    # with few counts, few blocks dominate the sums
    first = difference[:-1] * difference[1:]
    error = np.sqrt(np.mean(first[flat[:-1]] ** 2) / flat.sum()) / (0.5 * products[0])
    if products[1] / products[0] + 0.5 < _CERTAIN * error:
        return Correlation(0.0, 1.0)
    expected, totals, factors = _filters()
    away = np.linalg.norm(expected - np.array(products[1:]) / products[0], axis=1)
    best = int(np.argmin(away))
    blur = float(totals[best] / np.sqrt(4 * np.pi))
    if blur < _LEAST:
        return Correlation(0.0, 1.0)
    if blur > _MOST or away[best] > _MISFIT:
        return Correlation(np.nan, 1.0)
    # along both axes
    return Correlation(blur, float(factors[best] ** 2))


def _product(difference, flat, lag, axis):
    """Return the mean product of differences at a distance along an axis."""
    first, second = [slice(None)] * 2, [slice(None)] * 2
    first[axis], second[axis] = slice(0, difference.shape[axis] - lag), slice(lag, None)
    where = flat[tuple(first)]
    return float(np.mean((difference[tuple(first)] * difference[tuple(second)])[where]))


@cache
def _filters():
    """Return correlations of differences, sums of correlations, and factors along an axis."""
    distance = np.arange(_FAR)
    shared = [np.exp(-(distance**2) / (4 * blur**2)) for blur in _BLURS]
    shared += [np.maximum(1 - distance / width, 0.0) for width in _WIDTHS]
    shared = np.array(shared)
    before = np.concatenate([shared[:, 1:2], shared[:, :-2]], axis=1)
    differences = 2 * shared[:, :-1] - before - shared[:, 1:]
    totals = 2 * shared.sum(axis=1) - 1
    return (
        differences[:, 1 : _LAGS + 1] / differences[:, :1],
        totals,
        totals / (1 - shared[:, 1]),
    )

"""Correlated noise of neighbouring pixels, as after smoothing or interpolation."""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage

# Distances at which correlation is compared with filters, in pixels, and farther ones at which it
# is that of the filter unless there is structure. Chi squared there is smaller with a probability
# of 95 %.
_LAGS, _FARTHER, _BY_CHANCE = 3, 8, 11.07
# Noise is measured in all pixels and in these shares of the brightest pixels and of the gentlest
# slopes of a map that is smoothed by this many pixels.
_BRIGHT, _GENTLE, _SMOOTH = 0.3, 0.35, 4.0
# All pixels are used if their correlations differ from those in flat parts by less than this, in
# chi squared. Errors follow from the differences between this many parts along each side.
_ALIKE, _PARTS = 4.0, 6
# Parts with equal numbers of counts that are needed to know errors.
_LEAST_PARTS = 5.0
# Filters that are tried: Gaussian ones, in pixels, and those that are sampled at pixels, moving
# averages of so many pixels, shifts by linear interpolation, in pixels, and enlargements by the
# same, with new pixels at these distances from the original ones.
_BLURS, _WIDTHS, _ENLARGED = np.linspace(0.2, 2.5, 231), (2, 3, 4, 5), (2, 3)
_SAMPLED, _REACH = np.linspace(0.3, 0.8, 51), np.arange(-4, 5)
_SHIFTS, _PHASES = np.linspace(0.1, 0.5, 41), np.linspace(0.0, 0.5, 11)
# Less blur than this counts as none.
_LEAST = 0.395
# Neighbours whose correlation differs from -1/2 by fewer standard errors are independent.
_CERTAIN = 3.0
# More blur than this, or correlations that differ from those of all filters by more than this in
# chi squared, cannot be distinguished from structure. Correlations have at least this error.
_MOST, _MISFIT, _ERROR = 1.8, 16.0, 0.01
# Filters whose chi squared is larger by less than this, two standard errors, fit as well.
_AS_GOOD = 4.0
_FAR = 24  # distance beyond which nothing is correlated


class Correlation(NamedTuple):
    """Correlation of neighbouring pixels.

    Attributes
    ----------
    blur : float
        Standard deviation, in pixels, of the Gaussian filter with the same effect; 0 for none, NaN
        if it cannot be distinguished from structure.
    shared : numpy.ndarray
        Correlation of pixels at distances 0, 1, ... along an axis, after the filter that fits best
        and after all that fit as well, shape (filters, distances). Empty if it is not known.
    is_of_filter : bool
        Whether the correlation of pixels farther apart is also that of the filter. Otherwise,
        structure or another filter contributes.
    """

    blur: float
    shared: np.ndarray
    is_of_filter: bool = True

    @property
    def spread(self):
        """Number of pixels, along an axis, over which the filter distributes a count."""
        return float(_total(self.shared[0]))

    def factors(self, size=1):
        """Return by how much the gain of sums of pixels is too small, for each filter.

        Parameters
        ----------
        size : int
            Length of the squares that are summed, in pixels. Default 1.

        Returns
        -------
        numpy.ndarray
            Variance over mean before the filter, divided by the mean square of (a - b - c + d) / 2
            of 2 x 2 sums over their mean. Shape (filters,).
        """
        return np.square(_total(self.shared) * size / self._differences(size))

    def sharing(self, size=1):
        """Return the variance of differences over that of sums of many pixels, per pixel.

        It is that after the filter that fits best, and 1 without a filter.
        """
        return float(np.square(self._differences(size)[0] / size))

    def _differences(self, size):
        """Return the variance of sums along an axis minus the covariance of neighbouring ones."""
        reach = np.arange(1 - size, size)
        own, beside = (
            self.shared[:, np.abs(reach + distance)] @ (size - np.abs(reach))
            for distance in (0, size)
        )
        return own - beside


_NONE = np.empty((0, _FAR))


def correlation_of_noise(image):
    """Return the correlation of noise, from the second differences of 2 x 2 pixels.

    Slopes and most edges cancel in these differences. For independent pixels, neighbouring
    differences along an axis have a correlation of -1/2, and others none. The measured correlation
    is compared with Gaussian filters, moving averages, and linear interpolation.

    Parameters
    ----------
    image : numpy.ndarray
        Shape (ny, nx).

    Returns
    -------
    Correlation
    """
    if min(image.shape) < 4 * _LAGS:
        return Correlation(0.0, _NONE)
    difference = image[:-1, :-1] - image[1:, :-1] - image[:-1, 1:] + image[1:, 1:]
    flat = _flat(image)
    found, errors = _correlations(difference, flat)
    every, of_all = _correlations(difference, np.ones_like(flat))
    if every is None:
        return Correlation(0.0, _NONE)
    if found is None or np.sum(np.square((found - every) / np.hypot(errors, _ERROR))) < _ALIKE:
        found, errors = every, of_all
    if found[0] + 0.5 < _CERTAIN * errors[0]:
        return Correlation(0.0, _NONE)
    expected, shared = _filters()
    away = np.square((expected - found) / np.hypot(errors, _ERROR)).sum(axis=1)
    order = np.argsort(away, kind="stable")
    best = order[0]
    blur = float(_total(shared[best]) / np.sqrt(4 * np.pi))
    as_good = shared[order[: np.sum(away < away[best] + _AS_GOOD)]]
    if blur < _LEAST:
        # few counts do not tell whether there is a filter
        is_filter = away[best] <= _MISFIT and _total(as_good).max() > _LEAST * np.sqrt(4 * np.pi)
        return Correlation(np.nan if is_filter else 0.0, _NONE)
    if blur > _MOST or away[best] > _MISFIT:
        return Correlation(np.nan, _NONE)
    return Correlation(blur, as_good, _is_of_filter(difference, shared[best]))


def _is_of_filter(difference, shared):
    """Return whether correlations of differences farther apart are those after a filter."""
    farther = min(_FARTHER, min(difference.shape) // 4)
    found, errors = _correlations(difference, np.ones(difference.shape, bool), farther)
    away = (found - _of_differences(shared)[:farther]) / np.hypot(errors, _ERROR)
    return bool(np.sum(np.square(away[_LAGS:])) < _BY_CHANCE)


def _flat(image):
    """Return which blocks are bright and have gentle slopes."""
    smooth = ndimage.gaussian_filter(image, _SMOOTH, mode="nearest")[:-1, :-1]
    slope = np.hypot(*np.gradient(smooth))
    middle = np.median(smooth)
    bright = smooth >= max(middle, min(_BRIGHT * smooth.max(), smooth.max()))
    return bright & (slope <= np.quantile(slope[bright], _GENTLE))


def _correlations(difference, used, lags=_LAGS):
    """Return correlations of differences at distances 1, 2, ... lags, and their standard errors.

    Both are None if few parts contain most of what is used.
    """
    rows, columns = (np.arange(n) * _PARTS // n for n in difference.shape)
    part = rows[:, None] * _PARTS + columns
    sums = np.zeros((lags + 1, _PARTS**2))
    for lag in range(lags + 1):
        for axis in (0, 1):
            first, second = [slice(None)] * 2, [slice(None)] * 2
            first[axis], second[axis] = slice(0, difference.shape[axis] - lag), slice(lag, None)
            first, second = tuple(first), tuple(second)
            where = used[first]
            product = (difference[first] * difference[second])[where]
            share = difference.size / where.size
            sums[lag] += share * np.bincount(part[first][where], product, _PARTS**2)
    total = sums[0].sum()
    if np.square(total) <= _LEAST_PARTS * np.square(sums[0]).sum():
        return None, None
    found = sums[1:].sum(axis=1) / total
    left = sums[1:] - found[:, None] * sums[0]
    n = max(np.count_nonzero(sums[0]), 2)
    return found, np.sqrt(np.square(left).sum(axis=1) * n / (n - 1)) / total


def _total(shared):
    """Return the sum of correlations over distances in both directions."""
    return 2 * shared.sum(axis=-1) - shared[..., 0]


@cache
def _filters():
    """Return correlations of differences, shape (F, lags), and of pixels, shape (F, distances)."""
    distance = np.arange(_FAR)
    shared = [np.exp(-(distance**2) / (4 * blur**2)) for blur in _BLURS]
    # as `scipy.ndimage.gaussian_filter` samples them
    shared += [_of_kernel(np.exp(-np.square(_REACH / blur) / 2)) for blur in _SAMPLED]
    shared += [_of_kernel(np.array([1 - shift, shift])) for shift in _SHIFTS]
    shared += [np.maximum(1 - distance / width, 0.0) for width in _WIDTHS]
    shared += [_of_interpolation(times, phase) for times in _ENLARGED for phase in _PHASES]
    shared = np.array(shared)
    return _of_differences(shared)[:, :_LAGS], shared


def _of_differences(shared):
    """Return correlations of differences at distances 1, 2, ... from those of pixels."""
    before = np.concatenate([shared[..., 1:2], shared[..., :-2]], axis=-1)
    differences = 2 * shared[..., :-1] - before - shared[..., 1:]
    return differences[..., 1:] / differences[..., :1]


def _of_kernel(kernel):
    """Return the correlation after a filter with this kernel."""
    shared = np.correlate(kernel, kernel, mode="full")[kernel.size - 1 :]
    return np.pad(shared / shared[0], (0, _FAR - shared.size))


def _of_interpolation(times, phase):
    """Return the mean correlation after an enlargement by linear interpolation.

    ``phase`` is the position of the new pixels between the original ones, in new pixels.
    """
    new = (np.arange(_FAR * 2) + phase) / times
    weights = np.maximum(1 - np.abs(new - np.arange(_FAR)[:, None]), 0.0)
    inside = slice(times, times + times)
    shared = [
        np.sum(weights[:, inside] * np.roll(weights, -lag, axis=1)[:, inside])
        for lag in range(_FAR)
    ]
    return np.array(shared) / shared[0]

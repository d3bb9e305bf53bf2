"""Bias of maps where the HAADF is bright: counts that it adds to an element, or removes.

The squared error of single pixels is insensitive to a bias of some per cent that many pixels share.
Sums over bright pixels are not: their noise grows with the square root of the number of pixels, and
a bias with the number itself.
"""

from dataclasses import dataclass

import numpy as np

# A bias is relevant if it is this significant, and this large in per cent ...
_STANDARD_ERRORS, _PERCENT = 2.5, 1.0
# ... and due to the HAADF if at most this share of it is left without the pull of the HAADF.
_LEFT = 0.7
_HELPED = -2.0  # standard errors of the squared error
# Of the bias of one split: of what is less, nothing is left by more of them.
_NONE, _AT_MOST = 1.0, 2.0  # standard errors
_BRIGHT = slice(1, None)
_LEAST = 1e-9  # counts that are none


@dataclass(frozen=True)
class Bias:
    """Excess of maps over their counts in the dark, bright and brightest pixels.

    Parameters
    ----------
    sums : numpy.ndarray
        Sum of maps minus net counts, in counts, shape (K, 3).
    errors : numpy.ndarray
        Standard errors of these sums, shape (K, 3).
    counts : numpy.ndarray
        Net counts in these pixels, shape (K, 3).
    pixels : numpy.ndarray
        Number of pixels, shape (3,).
    """

    sums: np.ndarray
    errors: np.ndarray
    counts: np.ndarray
    pixels: np.ndarray

    @property
    def standard_errors(self):
        """Bias in its standard errors, shape (K, 3)."""
        return self.sums / np.maximum(self.errors, _LEAST)

    @property
    def unit(self):
        """Reference of percentages, shape (K, 3): the counts, or their error if that is larger."""
        return np.maximum(np.maximum(self.counts, self.errors), _LEAST)

    @property
    def percent(self):
        """Bias in per cent of the counts, shape (K, 3)."""
        return 100 * self.sums / self.unit

    @property
    def percent_errors(self):
        """Standard errors of `percent`, shape (K, 3)."""
        return 100 * self.errors / self.unit

    @property
    def is_negligible(self):
        """Elements that cannot have a relevant bias where the HAADF is bright; bool, (K,)."""
        small = np.abs(self.percent) + _AT_MOST * self.percent_errors < _PERCENT
        return (small | (np.abs(self.standard_errors) < _NONE))[:, _BRIGHT].all(axis=1)

    @property
    def is_found(self):
        """Elements that have a relevant bias where the HAADF is bright; bool, (K,)."""
        return self._counts(_STANDARD_ERRORS, _PERCENT)[:, _BRIGHT].any(axis=1)

    def _counts(self, standard_errors, percent):
        found = np.abs(self.standard_errors) > standard_errors
        return found & (np.abs(self.percent) > percent)

    @property
    def square(self):
        """Squared error due to the mean bias of dark and bright pixels, shape (K,)."""
        return self._square(self.sums)

    @property
    def highest_square(self):
        """The same for the largest likely bias."""
        return self._square(np.abs(self.sums) + _AT_MOST * self.errors)

    def _square(self, sums):
        return (np.square(sums) / np.maximum(self.pixels, 1))[:, :2].sum(axis=1)

    def is_from_pull(self, free, standard_errors=_STANDARD_ERRORS, percent=_PERCENT, left=_LEFT):
        """Return which elements are biased where the HAADF is bright, but less so without it.

        Parameters
        ----------
        free : Bias
            Bias of maps without the pull of the HAADF.
        standard_errors, percent : float
            Minimum significance and size of the bias.
        left : float
            Largest share of it that may be left without the pull of the HAADF.

        Returns
        -------
        numpy.ndarray
            Bool, shape (K,).
        """
        found = self._counts(standard_errors, percent)
        found &= np.abs(free.sums) < left * np.abs(self.sums)
        return found[:, _BRIGHT].any(axis=1)


def leaks(pulled, free, lost, squares_lost):
    """Return for which elements the HAADF leaks into the map, bool, (K,).

    These are elements that are biased by its pull, unless the HAADF improves them nevertheless:
    their squared error is then lower by more than two standard errors, and by more than the bias
    adds.

    Parameters
    ----------
    pulled, free : Bias
        Bias with and without the pull of the HAADF.
    lost : numpy.ndarray
        Increase of the squared error by the pull, in standard errors, shape (K,).
    squares_lost : numpy.ndarray
        The same in squared counts, shape (K,).
    """
    helped = (lost < _HELPED) & (squares_lost + pulled.square < free.square)
    return pulled.is_from_pull(free) & ~helped


def cannot_leak(pulled, lost, squares_lost):
    """Return which elements are better with the HAADF for any likely bias, bool, (K,).

    Arguments are those of `leaks`, with the bias from some of the splits only.
    """
    return (lost < _HELPED) & (squares_lost + pulled.highest_square < 0)


def bias_of(fused, maps, classes):
    """Return the `Bias` of fused maps (K, ny, nx) relative to their own counts.

    Raw counts are unbiased, so the mean of the difference is the bias, although fused maps follow
    the same noise. If they follow it by a fraction a from 0 to 1, the variance of the difference is
    (1 - a)^2 times that of the counts. The variance of the counts, an upper bound, is used.
    """
    counts, variances = counts_and_variances(maps, classes)
    misses = class_sums(fused, classes) - counts
    errors = np.sqrt(np.maximum(variances, 0.0))
    return Bias(misses, errors, counts, classes.sum(axis=(1, 2)))


def counts_and_variances(maps, classes):
    """Return the net counts of classes (C, ny, nx), and their variances, both (K, C)."""
    return class_sums(maps.net, classes), class_sums(maps.net_variance, classes)


def held_out_bias(misses, counts, variances, sizes):
    """Return the `Bias` of predictions of held-out halves, in counts of both halves.

    The sum over a class of a held-out half, minus the prediction, has minus the bias as its mean.
    Let V be the variance of all counts of the class, and let the fused half follow the noise of its
    own counts by a fraction a. Splits of one scan share its noise. The mean over n splits therefore
    has the variance V [(1 - a)^2 + (1 + a)^2 / n] / 4. This is convex in a, and so at most the
    larger of V (1 + 1/n) / 4 and V / n. For three splits, both are V / 3.

    Parameters
    ----------
    misses : sequence of numpy.ndarray
        Held-out counts minus predictions of each split, summed over classes, (K, 3).
    counts, variances : numpy.ndarray
        Of both halves of a split together, as `counts_and_variances`, (K, 3).
    sizes : numpy.ndarray
        Pixels of each class, (3,).
    """
    n = len(misses)
    of_mean = np.maximum(variances, 0.0) * max((1 + 1 / n) / 4, 1 / n)
    return Bias(-2 * np.mean(misses, axis=0), 2 * np.sqrt(of_mean), counts, sizes)


def described_bias(bias):
    """Return the bias in bright pixels and its standard errors in per cent, as lists by name."""
    return {
        "bright_bias": bias.percent[:, 1].tolist(),
        "bright_bias_errors": bias.percent_errors[:, 1].tolist(),
    }


def brightness_classes(haadf, mask=None):
    """Return the dark, the bright and the brightest pixels of a HAADF, bool, (3, ny, nx).

    Otsu's threshold separates dark from bright; the brightest are the brighter half of the bright
    ones.

    Parameters
    ----------
    haadf : numpy.ndarray
        HAADF, blurred to the maps, shape (ny, nx).
    mask : numpy.ndarray, optional
        Pixels to leave out, bool, shape (ny, nx).
    """
    there = np.ones(haadf.shape, bool) if mask is None else ~mask
    bright = there & (haadf > otsu(haadf[there]))
    if not bright.any():
        return np.stack([there, bright, bright])
    return np.stack([there & ~bright, bright, bright & (haadf > np.median(haadf[bright]))])


def class_sums(maps, classes):
    """Return the sums of maps (K, ny, nx) over classes (C, ny, nx), in float64, (K, C)."""
    maps = maps.reshape(len(maps), -1).astype(np.float64, copy=False)
    # One product per class takes an eighth of the time of one for all.
    return np.stack([maps @ each.ravel().astype(np.float64) for each in classes], axis=1)


def otsu(values):
    """Return the threshold with the largest variance between what lies below and above it."""
    values = np.sort(values, axis=None).astype(np.float64)
    if values.size < 2:
        return np.inf
    below = np.arange(1, values.size)
    sums = np.cumsum(values)
    means = sums[:-1] / below, (sums[-1] - sums[:-1]) / (values.size - below)
    between = below * (values.size - below) * np.square(means[0] - means[1])
    return values[np.argmax(between)]

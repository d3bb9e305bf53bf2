"""Test whether whole numbers have the Poisson noise of counts."""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage, stats

# Width, in pixels, of the frame around a block from which its brightness and slope are estimated.
_AROUND = 3
# Fraction of blocks that is used: those with the gentlest slopes and, of these, those most similar
# to their surroundings. Blocks may exceed these by this many standard deviations of counts.
_FLAT, _BRIGHTER = 0.7, 4.0
# Fraction of blocks whose difference is expected to reach the threshold.
_SHARE = 0.3
# Largest sum of a block in the table; larger sums are treated as Gaussian.
_MOST = 400
# Overlapping blocks share pixels: this many of them count as one.
_SHARED = 2.5
# Noise differs from that of counts if its variance differs by at least these factors, at this many
# standard errors.
_MORE, _LESS, _CERTAIN = 1.5, 0.6, 4.0
# Differences of independent pixels have these correlations at distances of 1 and 2 pixels. If they
# deviate by more than this much plus this many standard errors, there is structure. The last number
# is the largest acceptable standard error.
_INDEPENDENT, _ALIKE, _CLEARLY, _UNKNOWN = np.array([-0.5, 0.0]), 0.06, 2.0, 0.15
# Minimum number of blocks.
_LEAST_BLOCKS = 30.0
# Lines are repeated if this share of neighbouring ones with counts are equal, and this many.
_REPEATED, _LEAST_LINES = 0.2, 4


class Dispersion(NamedTuple):
    """Variance of the noise of a map of whole numbers divided by its mean, with limits.

    Attributes
    ----------
    factor, low, high : float
        NaN, 0 and infinity if the map does not determine them.
    independent : bool
        Whether the noise of neighbouring pixels is independent, unlike structure.
    """

    factor: float
    low: float
    high: float
    independent: bool

    @property
    def error(self):
        """Standard error of the factor."""
        return max(self.high - self.factor, self.factor - self.low) / _CERTAIN

    @property
    def unlike_counts(self):
        """Whether the noise is clearly not Poisson noise. Structure can only increase it."""
        return self.high < _LESS or (self.low > _MORE and self.independent)

    @property
    def like_counts(self):
        """Whether the noise is clearly Poisson noise."""
        return self.high < 1 / _LESS and self.low > 1 / _MORE


def dispersion_of(image, left_out=None):
    """Return the `Dispersion` of a map of whole numbers.

    Let a, b, c, d be the pixels of a 2 x 2 block. If they are counts, a + d is binomially
    distributed, given the sum of all four, because slopes cancel. The fraction of blocks in which
    a - b - c + d reaches a threshold is compared with this distribution. Single bright pixels
    affect few blocks, and blocks much brighter than their surroundings are left out.

    Parameters
    ----------
    image : numpy.ndarray
        Whole numbers >= 0, shape (ny, nx).
    left_out : numpy.ndarray of bool, optional
        Pixels without data, in which the map is 0. Default none.

    Returns
    -------
    Dispersion
    """
    unknown = Dispersion(np.nan, 0.0, np.inf, True)
    if min(image.shape) < 2 * _AROUND + 2:
        return unknown
    a, b, c, d = image[:-1, :-1], image[1:, :-1], image[:-1, 1:], image[1:, 1:]
    total, difference = a + b + c + d, a - b - c + d
    around, slope = _surroundings(image)
    usual = total <= 4 * around + _BRIGHTER * np.sqrt(4 * around)
    told = usual & (total >= 2)
    if left_out is not None:
        rows = left_out[:-1] | left_out[1:]
        told &= ~(rows[:, :-1] | rows[:, 1:])
    if not told.any():
        return unknown
    away = np.abs(total - 4 * around) / np.sqrt(total + 1)
    chosen = told & (slope <= np.quantile(slope[told], _FLAT))
    chosen &= away <= np.quantile(away[chosen], _FLAT)
    threshold, chance = _thresholds(total[chosen])
    weight = float(np.sum(chance * (1 - chance)))
    if weight / _SHARED < _LEAST_BLOCKS * _SHARE * (1 - _SHARE):
        return unknown
    blocks = int(chosen.sum())
    expected = float(chance.mean())
    found = float(np.mean(np.abs(difference[chosen]) >= threshold))
    error = _CERTAIN * np.sqrt(weight * _SHARED) / blocks
    factor, low, high = (_factor(expected, found + away) for away in (0.0, -error, error))
    return Dispersion(factor, low, high, _are_independent(difference, around, chosen))


def _factor(expected, found):
    """Return the factor of the variance from how often thresholds are reached."""
    if found <= 0:
        return 0.0
    if found >= 1:
        return np.inf
    return float(np.square(stats.norm.isf(expected / 2) / stats.norm.isf(found / 2)))


def _surroundings(image):
    """Return the mean and the slope of the pixels around each 2 x 2 block."""
    size = 2 * _AROUND + 2
    ring = np.ones((size, size))
    ring[_AROUND:-_AROUND, _AROUND:-_AROUND] = 0
    places = np.arange(size) - (size - 1) / 2
    rows = ring * places[:, None]
    kernels = [ring / ring.sum(), rows / np.sum(rows**2), rows.T / np.sum(rows**2)]
    padded = np.pad(image, _AROUND, mode="symmetric")
    within = tuple(slice(size // 2, size // 2 + n - 1) for n in image.shape)
    mean, *slopes = (
        ndimage.correlate(padded, kernel, mode="constant")[within] for kernel in kernels
    )
    return np.maximum(mean, 0.0), np.hypot(*slopes)


def _thresholds(total):
    """Return thresholds of differences for sums of blocks, and the probabilities to reach them."""
    thresholds, chances = _table()
    few = np.minimum(total, _MOST).astype(np.intp)
    many = total > _MOST
    width = np.sqrt(total) * stats.norm.isf(_SHARE / 2)
    return np.where(many, width, thresholds[few]), np.where(many, _SHARE, chances[few])


@cache
def _table():
    """Return thresholds and probabilities for sums up to `_MOST`."""
    rows = [(np.inf, 0.0), (np.inf, 0.0)]
    for total in range(2, _MOST + 1):
        # values of a + d above half of the sum
        first = np.arange(total // 2 + 1, total + 1)
        chance = 2 * stats.binom.sf(first - 1, total, 0.5)
        best = int(np.argmin(np.abs(chance - _SHARE)))
        rows.append((2.0 * first[best] - total, chance[best]))
    return np.array(rows).T


def _are_independent(difference, around, chosen):
    """Return whether the differences are correlated as those of independent pixels."""
    scaled = difference / np.sqrt(np.maximum(4 * around, 1.0))
    for lag, independent in zip((1, 2), _INDEPENDENT, strict=True):
        first, second = np.concatenate(
            [
                np.array(both)[:, where & also]
                for both, (where, also) in zip(
                    _pairs(scaled, lag), _pairs(chosen, lag), strict=True
                )
            ],
            axis=1,
        )
        power = np.sqrt(np.mean(first**2) * np.mean(second**2)) if first.size else 0.0
        if first.size < _LEAST_BLOCKS or power == 0:
            return False
        correlation = np.mean(first * second) / power
        error = np.std(first * second) * np.sqrt(_SHARED / first.size) / power
        away = correlation - independent
        # structure is smooth, which makes this correlation less negative
        away = away if lag == 1 else abs(away)
        if error > _UNKNOWN or away > _ALIKE + _CLEARLY * error:
            return False
    return True


def _pairs(values, lag):
    """Return pairs of values ``lag`` pixels apart, along both axes."""
    return (values[:-lag], values[lag:]), (values[:, :-lag], values[:, lag:])

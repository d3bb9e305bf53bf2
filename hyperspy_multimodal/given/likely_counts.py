"""Counts that the values of clipped maps represent, from the likelihood of each value."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.special import gammainc, gammaincc, gammaln, ndtr, xlogy

# The level around a pixel is the mean under a Gaussian filter of this width in pixels, without the
# pixel itself; that for the limit below, under a narrower one.
_WIDTH, _NARROW = 4.0, 2.0
# Lower levels are replaced by this many counts: at a level near zero, the first count of a pixel
# would represent tens, and its noise would no longer be that of counts.
_LEAST = 0.02
# Levels depend on counts, which depend on levels: number of iterations.
_ROUNDS = 3
# Below the first of these levels, counts follow from the likelihood; above the second, from the
# values: the likelihood gains nothing there, and is biased where the level differs much from its
# pixel, as on atomic columns.
_FEW, _MANY = 1.0, 2.0
# Levels of tables, and maximum counts of a pixel.
_LEVELS = np.geomspace(_LEAST, _MANY, 60)
_MOST = 20
# Bins of values, in standard deviations of the noise, but no wider than so many counts.
_BIN, _WIDEST_BIN = 0.125, 0.05
_HIGHEST = 8.0  # counts, and standard deviations beyond them
_NEVER = 1e-300
_AT_ONCE = 2**15  # pixels whose probabilities are in memory together


class LikelyCounts(NamedTuple):
    """Counts that a clipped map represents, in single counts, shape (ny, nx) each.

    Attributes
    ----------
    net, background : numpy.ndarray
        Net counts, at least minus the background, and the background over which they are nearly
        Poisson counts.
    level : numpy.ndarray
        Level around each pixel at which its value was interpreted.
    by_value : numpy.ndarray
        Weight of the value itself: 0 where there are few counts, 1 where the map is bright.
    event_sizes : numpy.ndarray
        Third cumulant of the net counts over their variance, >= 1. Near a level of 0, the few
        pixels that surely hold a count represent several.
    stated_at : numpy.ndarray
        Net counts for which the background was computed.
    """

    net: np.ndarray
    background: np.ndarray
    level: np.ndarray
    by_value: np.ndarray
    event_sizes: np.ndarray
    stated_at: np.ndarray


class _Tables(NamedTuple):
    """Probabilities of values by number of counts, and moments of their score by level."""

    chances: np.ndarray
    score: np.ndarray
    information: np.ndarray
    third_moment: np.ndarray
    bin_width: float


def mean_size(shape):
    """Return the mean size of a count, in effective counts."""
    return 1.0 if np.isinf(shape) else shape / (shape + 1)


def _size_of_values(shape):
    """Return the third cumulant of values over their variance, in single counts."""
    return 1.0 if np.isinf(shape) else (shape + 2) / (shape + 1) / mean_size(shape)


def likely_counts(image, net, excess, shape):
    """Return the counts that a clipped map most likely represents.

    A value slightly above the noise is rarely a count, and a value far above it is usually a single
    count, whatever its size. Let l be the level around a pixel, s = d log p(m | x) / dx the score
    of its value m at x = l, and I the variance of the score. The estimate l + s / I of the expected
    count x is unbiased at that level and has the smallest possible variance, 1 / I. Over a
    background of 1 / I - l, it has the mean and variance of Poisson counts, and their likelihood
    has the same gradient as the true one there. Bright pixels count by their values.

    Parameters
    ----------
    image : numpy.ndarray
        Map in effective counts, clipped at 0, shape (ny, nx).
    net : numpy.ndarray
        The same without the bias of clipping.
    excess : float
        Variance of the noise before it was clipped, in squared counts, > 0.
    shape : float
        Shape of the gamma distribution of the sizes of single counts, infinite for one size.

    Returns
    -------
    LikelyCounts
        In single counts, whose mean is `mean_size` effective counts.
    """
    size = mean_size(shape)
    tables = _tables(float(excess), float(shape))
    values = found = net / size
    for _ in range(_ROUNDS):
        level = np.clip(_around(found, _WIDTH), _LEAST, _MANY)
        information = np.interp(level, _LEVELS, tables.information)
        likely = level + _looked_up(tables, image, level) / information
        near = _around(found, _NARROW)
        by_value = np.clip((near - _FEW) / (_MANY - _FEW), 0.0, 1.0)
        found = (1 - by_value) * likely + by_value * values
    # the variance of values beyond that of Poisson counts
    of_values = np.maximum(near, 0.0) * (1 / size - 1) + excess / size**2
    background = (1 - by_value) * (1 / information - level) + by_value * of_values
    third = np.interp(level, _LEVELS, tables.third_moment / np.square(tables.information))
    sizes = np.maximum((1 - by_value) * third + by_value * _size_of_values(shape), 1.0)
    stated_at = (1 - by_value) * level + by_value * np.maximum(near, 0.0)
    found = np.maximum(found, -background)
    return LikelyCounts(found, background, level, by_value, sizes, stated_at)


def drawn_numbers(image, level, excess, shape, rng):
    """Draw numbers of counts from their distribution, given values of a clipped map and the level.

    Parameters
    ----------
    image, level : numpy.ndarray
        Map in effective counts, and level in single counts, shape (ny, nx).
    excess, shape : float
        As for `likely_counts`.
    rng : numpy.random.Generator
        Source of the draw.

    Returns
    -------
    numpy.ndarray of int
        Shape (ny, nx).
    """
    tables = _tables(float(excess), float(shape))
    number = np.arange(_MOST)
    values, around = image.ravel(), level.ravel()
    drawn = np.empty(values.size, np.intp)
    for part in np.array_split(np.arange(values.size), 1 + values.size // _AT_ONCE):
        rate = around[part, None]
        log_rate = xlogy(number, rate) - gammaln(number + 1)
        chance = np.exp(log_rate) * tables.chances[_rows(tables, values[part])]
        below = np.cumsum(chance, axis=1)
        drawn[part] = (below < rng.random((part.size, 1)) * below[:, -1:]).sum(axis=1)
    return drawn.reshape(image.shape)


def _around(image, width):
    """Return the mean around each pixel, without itself."""
    reach = np.arange(-int(4 * width + 0.5), int(4 * width + 0.5) + 1)
    kernel = np.exp(-np.square(reach / width) / 2)
    own = np.square(kernel.max() / kernel.sum())
    # mirrored so that no pixel is its own neighbour
    return (ndimage.gaussian_filter(image, width, mode="mirror") - own * image) / (1 - own)


def _looked_up(tables, image, level):
    """Return the score of each value at its level."""
    row = _rows(tables, image)
    place = np.interp(level, _LEVELS, np.arange(_LEVELS.size))
    low = np.minimum(place.astype(np.intp), _LEVELS.size - 2)
    share = place - low
    return (1 - share) * tables.score[row, low] + share * tables.score[row, low + 1]


def _rows(tables, image):
    last = len(tables.score) - 1
    return np.minimum(np.ceil(np.maximum(image, 0.0) / tables.bin_width), last).astype(np.intp)


@lru_cache(maxsize=32)
def _tables(excess, shape):
    number = np.arange(_MOST)
    chances, bin_width = _chances_of_values(excess, shape, number)
    rate = _LEVELS[:, None]
    of_number = np.exp(xlogy(number, rate) - rate - gammaln(number + 1))
    # of n counts the derivative of the chance is that of n - 1 less that of n; of the most or more,
    # that of one less
    derivative = np.concatenate([np.zeros_like(rate), of_number[:, :-1]], axis=1) - of_number
    of_number[:, -1], derivative[:, -1] = gammainc(_MOST - 1, _LEVELS), of_number[:, -2]
    chance = np.maximum(chances @ of_number.T, _NEVER)
    slope = chances @ derivative.T
    score = slope / chance
    moments = ((chance * score**power).sum(axis=0) for power in (2, 3))
    return _Tables(chances, score, *moments, bin_width)


def _chances_of_values(excess, shape, number):
    """Return the chances of 0 and of bins of values by number of counts, and the width of bins."""
    deviation = np.sqrt(excess)
    width = min(_BIN * deviation, _WIDEST_BIN)
    edges = np.arange(0.0, _HIGHEST * (1 + deviation) + width, width)
    if np.isinf(shape):
        sizes, shares = number.astype(float), np.eye(number.size)
    else:
        below, above = (
            tail(shape * np.maximum(number, 1), (shape + 1) * edges[:, None])
            for tail in (gammainc, gammaincc)
        )
        below[-1], above[-1] = 1.0, 0.0
        shares = _between(below, above)
        sizes = np.concatenate([[0.0], edges[:-1] + width / 2])
        shares = np.concatenate([np.zeros((1, number.size)), shares])
        shares[:, 0] = 0.0
        shares[0, 0] = 1.0
    # below 0 and up to each edge; the last bin has no end
    ends = (np.concatenate([[-np.inf], edges, [np.inf]])[:, None] - sizes) / deviation
    return _between(ndtr(ends), ndtr(-ends)) @ shares, width


def _between(below, above):
    """Return the chances of bins from those below and above each edge, the smaller ones of both.

    Differences of chances near 1 are those of rounding.
    """
    return np.where(above[:-1] < below[:-1], -np.diff(above, axis=0), np.diff(below, axis=0))

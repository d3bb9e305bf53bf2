"""Whether a map may be unfiltered or come from a linear filter, unlike after a median filter."""

import numpy as np
from scipy import ndimage

# Smaller differences than this share of the largest value are rounding errors.
_ROUNDING = 1e-9
# A difference is the step of a map if this share of differences equal it.
_FREQUENT = 0.02
# Ratio of the numbers of differences of one and two steps from which noise is below one step.
_LARGEST_RATIO = 8.0
# Excess of equal neighbours that is no chance.
_CHANCE = 0.05
# A map has coarse steps if more than this share of neighbours are equal or one step apart. The
# largest weight of a filter is at most this many times the inverse of the number of pixels over
# which it spreads: it is twice that for a Gaussian filter, and less for others.
_COARSE, _LARGEST = 0.5, 3.0
# Pixels are compared where a square of this many pixels is brighter than in half of the map.
_AROUND, _LEAST_PAIRS = 9, 200


def may_be_linear(image, spread, gain):
    """Return whether counts after a linear filter explain how many neighbours are equal.

    A linear filter mixes counts, so that neighbours are equal only where no count distinguishes
    them, or by rounding: the distribution of their differences is then smooth, and those of one to
    three steps tell how many are equal. A median filter selects one of the values, which neighbours
    often share. Also, steps are no larger than one count times the largest weight. Rounding that is
    coarser than the noise hides it, and is not accepted either.

    Parameters
    ----------
    image : numpy.ndarray
        Map, shape (ny, nx).
    spread : float
        Number of pixels, along an axis, over which the filter distributes a count; 1 for none.
    gain : float
        Gain before the filter.

    Returns
    -------
    bool
    """
    smooth = ndimage.uniform_filter(image, _AROUND)
    bright = smooth >= np.median(smooth)
    apart, levels = [], []
    for axis in (0, 1):
        (first, second), (one, other) = (
            (np.moveaxis(each, axis, 0)[:-1], np.moveaxis(each, axis, 0)[1:])
            for each in (image, bright)
        )
        there = one & other & ((first != 0) | (second != 0))
        apart.append(np.abs(first - second)[there])
        levels.append(np.moveaxis(smooth, axis, 0)[:-1][there])
    apart, levels = np.concatenate(apart), np.concatenate(levels)
    if apart.size < _LEAST_PAIRS:
        return True
    rounding = _ROUNDING * np.abs(image).max()
    differ = apart[apart > rounding]
    if not differ.size:
        return False
    step = _step(np.rint(differ / rounding) * rounding)
    equal = 1 - differ.size / apart.size
    shares = [float(np.mean(np.abs(apart / step - steps) < 0.5)) for steps in (1, 2, 3)]
    by_rounding = _equal_by_rounding(*shares, 1 / apart.size)
    nothing_between = float(np.exp(-2 * spread * np.maximum(levels, 0.0) / gain).mean())
    if equal > nothing_between + by_rounding + _CHANCE:
        return False
    return not (equal + shares[0] > _COARSE and step > _LARGEST * gain / spread**2)


def _equal_by_rounding(one, two, three, least):
    """Return the share of equal neighbours, from those that differ by one to three steps.

    The logarithm of a Gaussian distribution is linear in the square of the difference. Where
    brightness, and with it the noise, varies, it is convex: its mean slope is minus half the mean
    inverse variance, and its curvature follows from the variance of that. A parabola therefore
    passes through the logarithms.
    """
    if two <= one / _LARGEST_RATIO:
        return one
    straight = one / 2 * (one / two) ** (1 / 3)
    # at squares of 1, 4 and 9
    curved = np.exp(np.array([1.5, -0.6, 0.1]) @ np.log([one, two, max(three, least)])) / 2
    return max(straight, float(curved))


def _step(differences):
    """Return the step of a map: the most frequent difference of neighbours if any is frequent."""
    values, numbers = np.unique(np.sort(differences), return_counts=True)
    if numbers.max() < _FREQUENT * differences.size:
        return float(values[0])
    return float(values[numbers.argmax()])

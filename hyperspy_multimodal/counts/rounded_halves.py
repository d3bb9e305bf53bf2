"""Random halves of counts that are fractions, or have noise beside their own."""

import numpy as np
from scipy.special import ndtr


def rounded_half(image, excess, level, rng):
    """Return a first half of values that are rounded at random, independent of what is left.

    Whole counts go to one half or the other, and what rounding leaves is shared equally, as is what
    is negative. Gaussian noise of a quarter of the variance beside that of counts goes to one half
    at the expense of the other.

    Parameters
    ----------
    image : numpy.ndarray
        Values of a variance of their mean, and of ``excess``.
    excess : float
        Variance where there are no counts, in squared counts.
    level : float or numpy.ndarray
        Expectation of the values, about, >= 0.
    rng : numpy.random.Generator
        Source of the halves.
    """
    floor = np.sqrt(remaining_floor(excess, level)) / 2
    whole = np.floor(np.maximum(image, 0) + rng.random(image.shape))
    own = rng.binomial(whole.astype(np.int64), 0.5)
    return own + (image - whole) / 2 + floor * rng.standard_normal(image.shape)


def remaining_floor(excess, level):
    """Return the variance that halves still need, once what is positive was split as counts are.

    Where noise beside that of counts is positive by chance, it passes for counts.

    Parameters
    ----------
    excess, level : float or numpy.ndarray
        As of `rounded_half`.
    """
    deviation = np.maximum(np.sqrt(excess), 1e-12)
    ratio = level / deviation
    by_chance = deviation * np.exp(-0.5 * ratio**2) / np.sqrt(2 * np.pi) - level * ndtr(-ratio)
    return np.maximum(excess - by_chance, 0.0)

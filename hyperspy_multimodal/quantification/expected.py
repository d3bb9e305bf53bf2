"""The variance of counts that is expected, whatever the counts of an element happen to be."""

import numpy as np

# Counts by which the background of the whole scan has a say in that of a region.
_COUNTS_OF_THE_SCAN = 2.0


def expected_background(background, pooled, per_count):
    """Return the variance of the counts of an element that is not there.

    A variance that sums the squared weights of what was counted is too small where, by chance,
    little was counted: counts below zero would have the smallest errors. So the background is what
    that sum holds beyond the counts of the element itself, negative ones too, and regions of few
    counts take some of it from the whole scan.

    Parameters
    ----------
    background : numpy.ndarray
        Variance as counted, less what the counts of the element add to it.
    pooled : numpy.ndarray
        The same, expected from that of the whole scan.
    per_count : numpy.ndarray
        Variance that one count adds to itself.

    Returns
    -------
    numpy.ndarray
        All arrays broadcast with each other.
    """
    background, pooled = np.maximum(background, 0.0), np.maximum(pooled, 0.0)
    own = np.maximum(background, pooled) / np.square(per_count)  # in counts
    return (own * background + _COUNTS_OF_THE_SCAN * pooled) / (own + _COUNTS_OF_THE_SCAN)


def expected_variance(counts, background, per_count):
    """Return the variance of net counts over an `expected_background`.

    Counts above zero add to it as far as they exceed the noise of the background: of N counts
    N^3 / (N^2 + background).
    """
    above = np.maximum(counts, 0.0)
    noise = background / np.maximum(background + np.square(above), 1e-300)
    return background + per_count * above * (1.0 - noise)

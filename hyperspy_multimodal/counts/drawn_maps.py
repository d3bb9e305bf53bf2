"""Simulated counts for a bootstrap."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DrawnMaps:
    """Gross counts, background and net totals of K elements, drawn at random.

    Parameters
    ----------
    counts, background : numpy.ndarray
        Gross counts and their expected background, shape (K, ny, nx).
    net, net_variance : numpy.ndarray
        Net counts, not clipped, and their variance, shape (K, ny, nx).
    totals : numpy.ndarray
        Net total of each element, shape (K,); NaN, for free, where it is not positive though
        there are counts.
    """

    counts: np.ndarray
    background: np.ndarray
    net: np.ndarray
    net_variance: np.ndarray
    totals: np.ndarray


def totals_to_keep(totals, counts):
    """Return net totals, NaN (unconstrained) where they are not positive but there are counts."""
    empty = counts.sum(axis=(1, 2)) <= 0
    return np.where(empty, 0.0, np.where(totals > 0, totals, np.nan))

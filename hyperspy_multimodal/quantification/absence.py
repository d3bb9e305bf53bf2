"""Tests of whether there is less of an element than a given amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from .detection import discoveries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .result import Composition

_QUANTILE = 1.645


def absence(counts, background, common_variance, per_count, least, least_error):
    """Return the probability of this few counts if there were ``least`` of the element.

    Parameters
    ----------
    counts : numpy.ndarray
        Net counts.
    background, common_variance, per_count
        As `detection` takes them.
    least, least_error : numpy.ndarray
        Net counts that an element as rare as is asked about would have, and their standard error.

    Returns
    -------
    numpy.ndarray
    """
    expected = background / per_count**2
    gross = np.maximum(counts / per_count + expected, 0.0)
    few = special.gammaincc(gross + 1.0, expected + np.maximum(least, 0.0) / per_count)
    variance = background + per_count * np.maximum(least, 0.0) + common_variance
    deviation = np.sqrt(variance + np.square(least_error))
    normal = stats.norm.sf((least - counts) / np.maximum(deviation, 1e-300))
    return np.where(np.isfinite(least) & (least > 0), np.maximum(few, normal), 1.0)


def odds(percent):
    """Return the ratio of a share in per cent to all else."""
    return percent / (100.0 - percent)


def states(there, less, limits, least):
    """Return what is known of an element.

    Parameters
    ----------
    there, less : numpy.ndarray of bool
        Whether counts say that it is there, and that there is less than ``least``; both can be.
    limits : numpy.ndarray
        Detection limit, in the unit of ``least``. Of an element that was not found it must not be
        above ``least``: else more than ``least`` could have been missed.
    least : float

    Returns
    -------
    numpy.ndarray of int8
        2 it is there; 1 it is there, but less than ``least``; -1 it was not found, and there is
        less than ``least``; 0 nobody can tell.
    """
    missing = less & (limits <= least)
    return np.where(there, np.where(less, 1, 2), np.where(missing, -1, 0)).astype(np.int8)


def region_states(found: Composition, least: float) -> NDArray:
    """Return whether elements are in regions, in the numbers of `states`.

    Both answers are at the false discovery rate of the composition. The limits of detection hold
    what else is needed: how many counts a per cent is, and the error of an element that is absent.

    Parameters
    ----------
    found : Composition
    least : float
        Per cent of ``found.units``.

    Returns
    -------
    numpy.ndarray of shape (R, K)
    """
    percent = found.atomic_percent if found.units == "atomic" else found.weight_percent
    with np.errstate(divide="ignore", invalid="ignore"):
        counts = found.detection_limit_counts * odds(least) / odds(found.detection_limits)
        per_count = np.where(found.counts != 0, percent / found.counts, 0.0)
        errors = np.nan_to_num(per_count) * found.counts_errors
        amounts = np.nansum(percent, axis=1, keepdims=True) - percent
        all_errors = np.sum(np.square(errors), axis=1, keepdims=True) - np.square(errors)
        relative = np.sqrt(np.maximum(all_errors, 0.0)) / amounts
    p_values = absence(
        found.counts,
        np.maximum(
            np.square(found.counts_errors) - found.per_count * np.maximum(found.counts, 0.0), 0.0
        ),
        np.square(found.detection_limit_counts / (2 * _QUANTILE)),
        found.per_count,
        counts,
        relative * counts,
    )
    p_values = np.where(np.isfinite(p_values), p_values, 1.0)
    less = discoveries(p_values, found.false_discovery_rate)
    return states(found.detected, less, found.detection_limits, least)

"""Checks of whether a region has a composition."""

from typing import NamedTuple

import numpy as np

from ..counts.absent import least_found

_SIGNIFICANT = 3.0  # standard errors
_NEGLIGIBLE = 0.01  # of the amounts of a region
_NOTHING = 1e-9  # counts


class Known(NamedTuple):
    """What is known of R regions and K elements.

    Attributes
    ----------
    remarks : list of str
        What limits the composition of each region, or why it has none; "" for nothing.
    has_composition : numpy.ndarray
        Bool, shape (R,).
    left_out : numpy.ndarray
        Elements that were not found and would make the sum of all unknown, bool, shape (R, K).
    """

    remarks: list
    has_composition: np.ndarray
    left_out: np.ndarray


def what_is_known(found, factors, measured):
    """Return of which elements regions have a composition, and why others have none.

    The amount of all elements together must exceed three standard errors (of noise, fit and
    factors), and no element may have counts that are negative by three standard errors and by more
    than a hundredth of all: then the background is wrong there. Elements that are
    not found (below three standard errors of noise, or two of all) are left out if the sum of all
    is not known with them, but is without them.

    Parameters
    ----------
    found : RegionCounts
    factors : Factors
    measured : Measured

    Returns
    -------
    Known
    """
    own = np.sqrt(np.diagonal(found.noise + found.common, axis1=1, axis2=2).clip(0))
    of_noise = np.sqrt(np.diagonal(found.noise, axis1=1, axis2=2).clip(0))
    every = np.ones(found.counts.shape, bool)
    has_sum = _has_sum(found, factors, measured, every)
    absent = _in_the_way(found, factors, measured, own, of_noise, has_sum)
    left_out = absent & ((~absent).sum(axis=1) > 1)[:, None]
    has_sum |= left_out.any(axis=1)
    amounts = np.where(left_out, 0.0, found.counts * factors.per_atom)
    much = amounts < -_NEGLIGIBLE * np.clip(amounts, 0, None).sum(axis=1, keepdims=True)
    wrong = much & (found.counts < -_SIGNIFICANT * own)
    # Without a sum that is known, counts that noise does not explain say why.
    wrong |= much & (found.counts < -_SIGNIFICANT * of_noise) & ~has_sum[:, None]
    wrong |= left_out & (found.counts < -_SIGNIFICANT * own)
    doubts = own * factors.per_atom
    largest = (doubts > 0) & (doubts == doubts.max(axis=1, keepdims=True))
    remarks = [
        _remark(
            measured.names, wrong[r], has_sum[r], absent[r], largest[r], found.counts[r], own[r]
        )
        for r in range(len(wrong))
    ]
    return Known(remarks, has_sum & ~wrong.any(axis=1), left_out)


def _in_the_way(found, factors, measured, errors, noise, has_sum):
    """Return the fewest absent elements without which the sum of the others is known, (R, K)."""
    doubts = np.where(found.counts < least_found(errors, noise), errors * factors.per_atom, -1.0)
    order = np.argsort(-doubts, axis=1, kind="stable")
    absent = np.zeros(doubts.shape, bool)
    open_ = ~has_sum
    for place in order.T:
        rows = np.flatnonzero(open_ & (np.take_along_axis(doubts, place[:, None], 1)[:, 0] >= 0))
        absent[rows, place[rows]] = True
        open_ &= ~_has_sum(found, factors, measured, ~absent)
    return absent & ~open_[:, None]


def _has_sum(found, factors, measured, included):
    """Return whether the amount of the elements that are included is known, shape (R,)."""
    counts = np.where(included, found.counts, 0.0)
    pairs = included[:, :, None] & included[:, None, :]
    noise, common = np.where(pairs, found.noise, 0.0), np.where(pairs, found.common, 0.0)
    amounts = counts * factors.per_atom
    kfactors = np.diag(np.square(factors.relative_errors))
    of_counts = (noise + common) * np.outer(factors.per_atom, factors.per_atom)
    of_factors = amounts[:, :, None] * kfactors * amounts[:, None, :]
    # unknown errors, NaN, say nothing against a sum
    error = np.nan_to_num(np.sqrt((of_counts + of_factors).sum(axis=(1, 2)).clip(0)))
    known = amounts.sum(axis=1) > np.maximum(_SIGNIFICANT * error, 1e-300)
    of_noise = np.nan_to_num(np.sqrt(noise.sum(axis=(1, 2)).clip(0)))
    least = _NOTHING * np.nan_to_num(measured.per_count).min()
    return known & (counts.sum(axis=1) > np.maximum(_SIGNIFICANT * of_noise, least))


def _remark(lines, wrong, has_sum, absent, largest, counts, errors):
    """Return the remark on a region; ``largest`` is the element whose error is."""

    def listed(which):
        return ", ".join(
            f"{lines[k]} {counts[k]:.0f} +- {errors[k]:.0f}" for k in np.flatnonzero(which)
        )

    if wrong.any():
        return (
            f"no composition: counts are negative ({listed(wrong)}, with all errors), so the "
            "background is wrong there"
        )
    if not has_sum:
        said = "no composition: the sum of all elements is below three of its standard errors"
        if absent.any():
            said += f", but not without {listed(absent)}: leave out what is not there"
        elif largest.any():
            said += f"; the largest is that of {listed(largest)}, with all errors"
        return said
    if absent.any():
        return f"without {listed(absent)}, which is not found beyond its errors"
    return ""

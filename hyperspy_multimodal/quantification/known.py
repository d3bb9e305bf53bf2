"""Checks of whether a region has a composition."""

from typing import NamedTuple

import numpy as np

from ..counts.absent import least_found
from .text_table import decimals

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
    factors), and no element may have counts that are negative by three standard errors (of noise
    and fit; of noise alone where the sum is not known) and by more than a hundredth of all: then
    the background is wrong there. Elements that are
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
    decided = decide(found, factors, measured)
    own, of_noise, has_sum, absent, left_out, wrong = decided
    significance = _significance(found, factors)
    doubts = own * factors.per_atom
    largest = (doubts > 0) & (doubts == doubts.max(axis=1, keepdims=True))
    remarks = []
    for r in range(len(wrong)):
        said = _InWords(measured.names, found.counts[r], own[r], of_noise[r])
        if wrong[r].any():
            remarks.append(said.negative(wrong[r]))
        elif not has_sum[r]:
            remarks.append(said.no_sum(significance[r], absent[r], largest[r]))
        else:
            remarks.append(said.without(absent[r]) if absent[r].any() else "")
    return Known(remarks, decided.has_composition, left_out)


class Decided(NamedTuple):
    """What decides whether R regions of K elements have a composition.

    Attributes
    ----------
    errors, noise : numpy.ndarray
        Standard errors of counts by noise and fit, and by noise alone, shape (R, K).
    has_sum : numpy.ndarray
        Whether the amount of all elements that are not left out is known, bool, shape (R,).
    absent, left_out, wrong : numpy.ndarray
        Elements that are in the way of it, that are left out, and that have negative counts, bool,
        shape (R, K).
    """

    errors: np.ndarray
    noise: np.ndarray
    has_sum: np.ndarray
    absent: np.ndarray
    left_out: np.ndarray
    wrong: np.ndarray

    @property
    def has_composition(self):
        """Whether each region has one, bool, (R,)."""
        return self.has_sum & ~self.wrong.any(axis=1)


def decide(found, factors, measured, negative=_SIGNIFICANT, of_sums=None):
    """Return what is `Decided` of regions; arguments as those of `what_is_known`.

    ``negative`` is the number of standard errors by which counts are below 0, and ``of_sums`` the
    `RegionCounts` with the errors of sums, by default ``found``.
    """
    of_sums = found if of_sums is None else of_sums
    own = np.sqrt(np.diagonal(found.noise + found.common, axis1=1, axis2=2).clip(0))
    of_noise = np.sqrt(np.diagonal(found.noise, axis1=1, axis2=2).clip(0))
    every = np.ones(found.counts.shape, bool)
    has_sum = _has_sum(of_sums, factors, measured, every)
    absent = _in_the_way(of_sums, factors, measured, own, of_noise, has_sum)
    left_out = absent & ((~absent).sum(axis=1) > 1)[:, None]
    has_sum |= left_out.any(axis=1)
    amounts = np.where(left_out, 0.0, found.counts * factors.per_atom)
    much = amounts < -_NEGLIGIBLE * np.clip(amounts, 0, None).sum(axis=1, keepdims=True)
    wrong = much & (found.counts < -negative * own)
    # Without a sum that is known, counts that noise does not explain say why.
    wrong |= much & (found.counts < -negative * of_noise) & ~has_sum[:, None]
    wrong |= left_out & (found.counts < -negative * own)
    return Decided(own, of_noise, has_sum, absent, left_out, wrong)


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
    noise = np.where(_pairs(included), found.noise, 0.0)
    of_noise = np.nan_to_num(np.sqrt(noise.sum(axis=(1, 2)).clip(0)))
    least = _NOTHING * np.nan_to_num(measured.per_count).min()
    enough = counts.sum(axis=1) > np.maximum(_SIGNIFICANT * of_noise, least)
    return enough & (_significance(found, factors, included) > _SIGNIFICANT)


def _significance(found, factors, included=True):
    """Return the amount of the elements that are included, over its standard error, (R,)."""
    included = np.broadcast_to(included, found.counts.shape)
    amounts = np.where(included, found.counts, 0.0) * factors.per_atom
    of_counts = np.where(_pairs(included), found.noise + found.common, 0.0)
    of_counts = of_counts * np.outer(factors.per_atom, factors.per_atom)
    kfactors = np.diag(np.square(factors.relative_errors))
    of_factors = amounts[:, :, None] * kfactors * amounts[:, None, :]
    # unknown errors, NaN, say nothing against a sum
    error = np.nan_to_num(np.sqrt((of_counts + of_factors).sum(axis=(1, 2)).clip(0)))
    total = amounts.sum(axis=1)
    known = np.divide(total, error, out=np.full_like(total, np.inf), where=error > 0)
    return np.where(total > 1e-300, known, np.minimum(known, 0.0))


def _pairs(included):
    return included[:, :, None] & included[:, None, :]


class _InWords(NamedTuple):
    """Remarks on a region, from counts of its lines, and their errors by noise and fit, (K,)."""

    lines: list
    counts: np.ndarray
    errors: np.ndarray
    noise: np.ndarray

    def _listed(self, which):
        return ", ".join(
            f"{self.lines[k]} {self.counts[k]:.{digits}f} +- {self.errors[k]:.{digits}f}"
            for k in np.flatnonzero(which)
            for digits in [decimals(self.errors[k])]
        )

    def negative(self, wrong):
        """Return that some counts are below 0."""
        by_all = wrong & (self.counts < -_SIGNIFICANT * self.errors)
        if by_all.any():
            listed = f"{self._listed(by_all)}, noise and fit"
        else:  # by noise alone: the error of the fit is the reason why there is no sum
            with_fit = self._listed(wrong)
            of_noise = self._replace(errors=self.noise)
            listed = f"{of_noise._listed(wrong)} by noise alone; {with_fit} with the fit"
        return f"no composition: counts are negative ({listed}), so the background is wrong there"

    def no_sum(self, significance, absent, largest):
        """Return that the sum is not known; ``largest`` is the element whose error is.

        Without those that are ``absent``, it is known of a single element.
        """
        said = "no composition: the amount of all elements together is "
        if significance > _SIGNIFICANT:
            said = "no composition: the counts of all elements together are below three standard "
            said += "errors of their noise"
        else:
            said += (
                f"{_floored(significance):.2f} of its standard errors (noise, fit and factors), "
            )
            said += "but must be three"
        if absent.any():
            said += f"; without {self._listed(absent)} (noise and fit), only one element would "
            said += "remain, so no ratio can be determined here"
        elif largest.any():
            said += f"; the largest error is that of {self._listed(largest)} counts (noise and fit)"
        return said

    def without(self, absent):
        """Return which elements are left out."""
        return (
            f"without {self._listed(absent)} (noise and fit), which is not found beyond its errors"
        )


def _floored(significance):
    """Return a number of standard errors that is not rounded up to what it should be."""
    return np.floor(100 * max(float(significance), 0.0)) / 100

"""Checks of whether a region has a composition."""

import numpy as np

_SIGNIFICANT = 3.0  # standard errors
_NEGLIGIBLE = 0.01  # of the amounts of a region
_NOTHING = 1e-9  # counts


def why_unknown(found, factors, measured):
    """Return why regions have no composition, "" where they have one.

    The amount of all elements together must exceed three standard errors (of noise, fit and
    factors), and no element may have counts that are negative by three standard errors and by more
    than a hundredth of all: then the background is wrong there.

    Parameters
    ----------
    found : RegionCounts
    factors : Factors
    measured : Measured

    Returns
    -------
    list of str
        One per region.
    """
    amounts = found.counts * factors.per_atom
    kfactors = np.diag(np.square(factors.relative_errors))
    of_counts = (found.noise + found.common) * np.outer(factors.per_atom, factors.per_atom)
    of_factors = amounts[:, :, None] * kfactors * amounts[:, None, :]
    error = np.sqrt((of_counts + of_factors).sum(axis=(1, 2)).clip(0))
    known = amounts.sum(axis=1) > np.maximum(_SIGNIFICANT * error, 1e-300)
    noise = np.sqrt(found.noise.sum(axis=(1, 2)).clip(0))
    least = _NOTHING * measured.per_count.min()
    known &= found.counts.sum(axis=1) > np.maximum(_SIGNIFICANT * noise, least)
    own = np.sqrt(np.diagonal(found.noise + found.common, axis1=1, axis2=2).clip(0))
    of_noise = np.sqrt(np.diagonal(found.noise, axis1=1, axis2=2).clip(0))
    much = amounts < -_NEGLIGIBLE * np.clip(amounts, 0, None).sum(axis=1, keepdims=True)
    wrong = much & (found.counts < -_SIGNIFICANT * own)
    # Without a sum that is known, counts that noise does not explain say why.
    wrong |= much & (found.counts < -_SIGNIFICANT * of_noise) & ~known[:, None]
    return [
        _reason(bad, has_sum, counts, errors, measured.names)
        for bad, has_sum, counts, errors in zip(wrong, known, found.counts, of_noise, strict=True)
    ]


def _reason(wrong, is_known, counts, errors, lines):
    if wrong.any():
        worst = ", ".join(
            f"{lines[k]} {counts[k]:.0f} +- {errors[k]:.0f}" for k in np.flatnonzero(wrong)
        )
        return f"no composition: counts are negative ({worst}), so the background is wrong there"
    if not is_known:
        return "no composition: the sum of all elements is below three of its standard errors"
    return ""

"""Maps that are fractions of a total, which differs from pixel to pixel and is not known."""

import numpy as np

from ..notes import Speaker
from ..written_numbers import plain

_logger = Speaker(__name__)

# Maps are shares if their sum varies by no more than this relative amount.
_SHARES = 1e-3
# Sums that are equal but for single precision, and standard errors by which pixels with the highest
# sum must be more than those with the next.
_EQUAL, _STANDARD_ERRORS = 1e-6, 3.0


def are_shares(arrays):
    """Return whether maps (K, ny, nx) are shares of a total: all of its parts, or some of them.

    All shares add up to a constant, except in empty pixels. Some of them add up to it where the
    others are 0, and to less elsewhere.
    """
    return len(arrays) > 1 and (_add_up(arrays.sum(axis=0)) or _reach_a_ceiling(arrays))


def warn_of_shares(arrays):
    """Warn if maps are shares of a total."""
    if not are_shares(arrays):
        return
    whole = arrays.sum(axis=0)
    everywhere = _add_up(whole[whole != 0])
    _logger.warning(
        "The maps add up to %s %s: they are fractions, not counts%s. Each map then contains the "
        "others with the opposite sign, which the HAADF model cannot describe, and sums over "
        "pixels are not amounts. Maps, errors and compositions may therefore be wrong. Leaving out "
        "a map does not help. Fuse the counts, and calculate fractions from the fused maps.",
        plain(whole.max()),
        "in every pixel" if everywhere else "in several pixels, and never to more",
        "" if everywhere else ", and a map of the rest is missing",
        kind="shares",
    )


def _add_up(whole):
    """Return whether sums are a positive constant."""
    return bool(whole.mean() > 0 and np.ptp(whole) <= _SHARES * whole.mean())


def _reach_a_ceiling(arrays):
    """Return whether the sum of maps has a highest value that many mixed pixels share.

    Values of sums become rarer the higher they are, also those of whole numbers. A single map may
    be saturated, and so may all in the same pixels: what counts are pixels that several maps share
    in different proportions.
    """
    whole = arrays.sum(axis=0)
    highest = whole.max()
    if not highest > 0:
        return False
    at_highest = whole >= highest * (1 - _EQUAL)
    mixed = at_highest & (arrays.max(axis=0) < highest * (1 - _SHARES))
    if not mixed.any() or np.ptp(arrays[:, mixed], axis=1).max() <= _SHARES * highest:
        return False
    others = whole[~at_highest & (whole > 0)]
    n_below = np.sum(others >= others.max() - _EQUAL * highest) if others.size else 0
    n_highest = mixed.sum()
    return bool(n_highest - n_below > _STANDARD_ERRORS * np.sqrt(n_highest + n_below))

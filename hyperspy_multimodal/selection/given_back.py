"""Fused maps that keep the significant structure of the counts."""

import numpy as np

from ..counts.contracts import Counts, Maps
from .lost_structure import Expectation, lost_structure, put_right

# Searches at most; each starts from what the one before gave back.
_ROUNDS = 8


def kept_structure(maps: Maps, fused, totals):
    """Find significant structure that fused maps have lost, and give it back to them.

    Total variation and HAADF are suspended in the windows that were found, for the sum over the
    window alone: what the counts have more or less there is spread evenly over it. The noise of
    single pixels does not come back. Adding the lost counts to those that are fused again, as in
    Bregman iterations, was tried: with the total variation that erased the structure it piles up
    in a few pixels.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    totals : numpy.ndarray
        Net totals that they keep, shape (K,), NaN where free.

    Returns
    -------
    kept : numpy.ndarray
        The maps; ``fused`` itself if nothing was lost.
    lost : list of Lost
        What was found, and given back.
    left : list of Lost
        What is still significantly wrong, as searches are limited.
    """
    expectation = Expectation(maps)
    kept, lost = fused, []
    left = lost_structure(expectation, kept)
    for _ in range(_ROUNDS):
        if not left:
            break
        lost += left
        kept = given_back(fused, maps, lost, totals)
        changed = {each.element for each in left}
        left = lost_structure(expectation, kept, lost, changed)
    return kept, lost, left


def given_back(fused, counts: Counts, lost, totals):
    """Return fused maps whose sums in windows are those of counts.

    Outside these windows an element is multiplied by what keeps its total, or is 0 if the windows
    alone hold more: totals include the noise of the whole scan.

    Parameters
    ----------
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    counts : Counts
        Measured or drawn maps.
    lost : list of Lost
        The windows.
    totals : numpy.ndarray
        Net totals to keep, shape (K,), NaN where free.
    """
    maps = np.array(fused)
    for i in {each.element for each in lost}:
        outside = np.ones(maps.shape[1:], bool)
        for each in lost:
            if each.element == i:
                put_right(maps[i], counts.net[i], each.pixels)
                outside[each.pixels] = False
        left = totals[i] - maps[i][~outside].sum(dtype=np.float64)
        before = maps[i][outside].sum(dtype=np.float64)
        if np.isfinite(left) and before > 0:
            maps[i][outside] *= max(left, 0.0) / before
    return maps

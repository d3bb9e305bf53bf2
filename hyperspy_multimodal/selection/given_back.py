"""Restore significant structure of the counts in fused maps."""

import numpy as np

from ..counts.contracts import Counts, Maps
from .brightness_sums import BRIGHTNESS, resharpened, wrong_brightness_sums
from .flattened import flattened_spots
from .lost_structure import Expectation, lost_structure

# Searches at most; each starts from what the one before gave back.
_ROUNDS = 8
# Sweeps over the windows at most, and the share of its sum, and counts, by which one may be off.
_SWEEPS, _CLOSE = 50, 1e-6


def kept_structure(maps: Maps, fused, totals, haadf=None):
    """Find significant structure that fused maps have lost, and restore it.

    Total variation and HAADF are suspended in the windows that were found, for the sum over the
    window alone: what the counts have more or less there is spread over it, with soft edges. The
    noise of single pixels does not come back, and no edges of windows show. Adding the lost counts
    to those that are fused again, as in Bregman iterations, was tried: with the total variation
    that erased the structure it piles up in a few pixels.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    totals : numpy.ndarray
        Net totals that they keep, shape (K,), NaN where free.
    haadf : numpy.ndarray, optional
        HAADF at the resolution of the maps, shape (ny, nx): sums over its dark, bright and
        brightest pixels are compared, too.

    Returns
    -------
    kept : numpy.ndarray
        The maps; ``fused`` itself if nothing was lost.
    lost : list of Lost
        The windows found and restored.
    left : list of Lost
        What is still significantly wrong, as searches are limited.
    """
    expectation = Expectation(maps)
    kept, lost = fused, []
    if haadf is not None:
        units = [expectation.search(i, each).unit for i, each in enumerate(fused)]
        lost = wrong_brightness_sums(maps, fused, haadf, totals, units)
        kept = given_back(fused, maps, lost, totals) if lost else fused
    spots = flattened_spots(expectation, kept)
    if spots:
        lost = lost + spots
        kept = given_back(fused, maps, lost, totals)
    left = lost_structure(expectation, kept)
    changed = set()
    for _ in range(_ROUNDS):
        new = [each for each in left if not _is_among(each, lost)]
        if not new:
            break
        lost += new
        kept = given_back(fused, maps, lost, totals)
        now = {each.element for each in left}
        changed |= now
        left = lost_structure(expectation, kept, lost, now, thoroughly=False)
        if all(_is_among(each, lost) for each in left):
            # Slanted and curved lines once more, at the end: they take most of the time.
            left = lost_structure(expectation, kept, lost, changed)
            changed = set()
    return kept, lost, left


def _is_among(one, lost):
    """Return whether a window was found before: it cannot be restored any better."""
    return any(
        each.element == one.element and np.array_equal(each.pixels, one.pixels) for each in lost
    )


def restored_windows(lost, left):
    """Return those of the lost windows that are not among what is left."""
    return [each for each in lost if not _is_among(each, left)]


def given_back(fused, counts: Counts, lost, totals):
    """Return fused maps whose sums in windows are those of counts, as far as they can be.

    What is added or taken has the shape of softened windows (`Windows.soft`), which reach a little
    over their edges. Sums over dark and bright pixels come first. Maps stay at least 0. Outside the
    windows an element is multiplied by what keeps its total, or is 0 if the windows alone hold
    more: totals include the noise of the whole scan.

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
        own = [each for each in lost if each.element == i]
        windows = [each for each in own if each.window.family != BRIGHTNESS]
        classes = [each.window for each in own if each.window.family == BRIGHTNESS]
        net, one = counts.net[i], fused[i]
        if classes:
            one = resharpened(one, net, classes)
        one = _with_sums_of(net, one, windows)
        outside = np.ones(one.shape, bool)
        for each in windows:
            outside[each.pixels] = False
        inside = np.where(outside, 0.0, one)
        left, before = totals[i] - inside.sum(), one[outside].sum()
        if np.isfinite(left) and before > 0:
            one[outside] *= max(left, 0.0) / before
        maps[i] = one
    return maps


def _with_sums_of(net, fused, windows):
    """Return a map whose sums in windows are those of net counts, or 0 where these are less.

    Softened windows reach into each other: Gauss-Seidel sweeps find the amount of each. Where a map
    would be negative, the window alone makes up for it: what it lacks must not be taken from its
    neighbourhood.
    """
    known = []
    for each in windows:
        region, weights = each.window.soft(each.place)
        whole = np.zeros(fused.shape)
        whole[region] = weights
        known.append((each.pixels, _wanted(net, fused, each), whole[each.pixels], region, weights))
    found = fused.astype(np.float64)
    for positive in (False, True):
        for _ in range(_SWEEPS):
            settled = True
            for pixels, wanted, inside, region, weights in known:
                lacking = wanted - found[pixels].sum()
                if abs(lacking) <= _CLOSE * max(wanted, 1.0):
                    continue
                settled = False
                if positive:
                    free = inside * ((found[pixels] > 0) | (lacking > 0))
                    found[pixels] = np.maximum(found[pixels] + lacking / free.sum() * free, 0.0)
                else:
                    found[region] += lacking / inside.sum() * weights
            if settled:
                break
        np.maximum(found, 0.0, out=found)
    return found


def _wanted(net, fused, window):
    """Return the sum that a map should have in a window.

    Where the map is 0, nothing can be taken from it. Net counts below 0 there, of a background that
    is too high, must not be taken from the rest of the window instead, which may be real.
    """
    counts, held = net[window.pixels], fused[window.pixels]
    wanted = max(counts.sum(dtype=np.float64), 0.0)
    surplus = held.sum(dtype=np.float64) - wanted
    if surplus <= 0:
        return wanted
    below = -min(counts[held <= 0].sum(dtype=np.float64), 0.0)
    return wanted + min(below, surplus)

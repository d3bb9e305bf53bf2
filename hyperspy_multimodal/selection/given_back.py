"""Restore significant structure of the counts in fused maps."""

import numpy as np

from ..counts.contracts import Counts, Maps
from .brightness_sums import BRIGHTNESS, resharpened, wrong_brightness_sums
from .flattened import flattened_spots
from .lost_structure import Expectation, lost_structure

# Maximum number of searches; each starts from the maps restored by the previous one.
_ROUNDS = 8
# Maximum number of sweeps over the windows, and the allowed errors of a sum, relative and in
# counts.
_SWEEPS, _CLOSE = 50, 1e-6


def kept_structure(maps: Maps, fused, totals, haadf=None, beyond=None):
    """Find significant structure that fused maps have lost, and restore it.

    Sums over dark and bright pixels of the HAADF come first, then spots that the maps show, then
    structure that they do not show. In a window, the sum of the map is set to that of the counts:
    the difference is spread over the window, with soft edges. The noise of single pixels is not
    restored, and the edges of windows are not visible. An alternative that was tested adds the lost
    counts to the counts and fuses again, as in Bregman iterations. The total variation that erased
    the structure then gathers them in a few pixels.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    totals : numpy.ndarray
        Net totals to keep, shape (K,), NaN where free.
    haadf : numpy.ndarray, optional
        HAADF at the resolution of the maps, shape (ny, nx), to compare sums over its dark, bright
        and brightest pixels, too.
    beyond : numpy.ndarray, optional
        From `variance_beyond`, if known.

    Returns
    -------
    kept : numpy.ndarray
        Restored maps, or ``fused`` itself if nothing was lost.
    lost : list of Lost
        Windows that were found and restored; also sums over dark, bright and brightest pixels,
        whose ``window`` is a `ByBrightness`.
    left : list of Lost
        Windows that are still significantly wrong, because searches are limited.
    """
    expectation = Expectation(maps, beyond)
    kept, lost, sharper = fused, [], {}
    if haadf is not None:
        units = expectation.units(fused)
        lost, sharper = wrong_brightness_sums(maps, fused, haadf, totals, units)
        kept = given_back(fused, maps, lost, totals, sharper) if lost else fused
    spots = flattened_spots(expectation, kept)
    if spots:
        lost = lost + spots
        kept = given_back(fused, maps, lost, totals, sharper)
    left = lost_structure(expectation, kept)
    changed = set()
    for _ in range(_ROUNDS):
        new = [each for each in left if not _is_among(each, lost)]
        if not new:
            break
        lost += new
        kept = given_back(fused, maps, lost, totals, sharper)
        now = {each.element for each in left}
        changed |= now
        left = lost_structure(expectation, kept, lost, now, thoroughly=False)
        if all(_is_among(each, lost) for each in left):
            # Search slanted and curved lines again only at the end: they take most of the time.
            left = lost_structure(expectation, kept, lost, changed)
            changed = set()
    return kept, lost, left


def _is_among(one, lost):
    """Return whether a window was found before, so that it cannot be restored any better."""
    return any(
        each.element == one.element and np.array_equal(each.pixels, one.pixels) for each in lost
    )


def restored_windows(lost, left):
    """Return the lost windows that are not among those left."""
    return [each for each in lost if not _is_among(each, left)]


def given_back(fused, counts: Counts, lost, totals, sharper=None):
    """Return fused maps whose sums in windows equal those of the counts, as far as possible.

    Corrections have the shape of softened windows (`Windows.soft`), which extend slightly beyond
    their edges. Sums over dark and bright pixels are corrected first. Maps remain >= 0. Outside the
    windows, a map is multiplied by the factor that keeps its total, or is 0 if the windows alone
    exceed the total, which includes the noise of the whole scan.

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
    sharper : dict, optional
        From `wrong_brightness_sums` for the same maps.
    """
    maps, sharper = np.array(fused), sharper or {}
    for i in {each.element for each in lost}:
        own = [each for each in lost if each.element == i]
        windows = [each for each in own if each.window.family != BRIGHTNESS]
        classes = [each.window for each in own if each.window.family == BRIGHTNESS]
        net, one = counts.net[i], fused[i]
        if classes:
            one = sharper[i] if i in sharper else resharpened(one, net, classes)
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
    """Return a map whose sums in windows equal those of net counts, or 0 where these are negative.

    Softened windows overlap, so Gauss-Seidel sweeps determine the amount for each. Where a map
    would become negative, only the window itself compensates: the difference must not be taken from
    its neighbourhood.
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
    """Return the desired sum of a map in a window.

    Where the map is 0, nothing can be subtracted. Net counts below 0 there, from a background that
    is too high, must not be subtracted from the rest of the window instead, which may be real.
    """
    counts, held = net[window.pixels], fused[window.pixels]
    wanted = max(counts.sum(dtype=np.float64), 0.0)
    surplus = held.sum(dtype=np.float64) - wanted
    if surplus <= 0:
        return wanted
    below = -min(counts[held <= 0].sum(dtype=np.float64), 0.0)
    return wanted + min(below, surplus)

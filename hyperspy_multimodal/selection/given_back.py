"""Restore significant structure of the counts in fused maps."""

import numpy as np

from ..counts.contracts import Counts, Maps
from .brightness_sums import BRIGHTNESS, resharpened, wrong_brightness_sums
from .dark_fifths import lacking_fifths, with_fifths
from .flattened import flattened_spots
from .lost_structure import Expectation, lost_structure
from .window_amounts import with_sums_of

# Maximum number of searches; each starts from the maps restored by the previous one.
_ROUNDS = 8
# A window is structure that the darkest pixels lack if it has this share of their significance.
_CLEARLY = 0.8


def kept_structure(maps: Maps, fused, totals, haadf=None, beyond=None):
    """Find significant structure that fused maps have lost, and restore it.

    Sums over dark and bright pixels of the HAADF come first, then fifths of the dark pixels, spots
    that the maps show, and structure that they do not show. In a window, the sum of the map is set
    to that of the counts (`with_sums_of`). The noise of single pixels is not restored, and the
    edges of windows are not visible. An alternative that was tested adds the lost
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
        and brightest pixels, and over fifths of the dark ones, too.
    beyond : numpy.ndarray, optional
        From `variance_beyond`, if known.

    Returns
    -------
    kept : numpy.ndarray
        Restored maps, or ``fused`` itself if nothing was lost.
    lost : list of Lost
        Windows that were found and restored; also sums over dark, bright and brightest pixels and
        fifths of the dark ones, whose ``window`` is a `ByBrightness`.
    left : list of Lost
        Windows that are still significantly wrong, because searches are limited, or lines that are
        parts of broader regions.
    """
    expectation = Expectation(maps, beyond)
    kept, lost, sharper = fused, [], {}

    def restored(new):
        """Return the maps with what is lost, after something new was found of some elements."""
        elements = {each.element for each in new}
        own = [each for each in lost if each.element in elements]
        chosen = np.isin(np.arange(len(fused)), list(elements))[:, None, None]
        if not new:
            return kept
        return np.where(chosen, given_back(fused, maps, own, totals, sharper), kept)

    if haadf is not None:
        units = expectation.units(fused)
        new, sharper = wrong_brightness_sums(maps, fused, haadf, totals, units)
        lost = lost + new
        kept = restored(new)
        new = _lacking(maps, expectation, kept, haadf, totals)
        lost = lost + new
        kept = restored(new)
    new = flattened_spots(expectation, kept)
    lost = lost + new
    kept = restored(new)
    left = lost_structure(expectation, kept)
    changed = set()
    for _ in range(_ROUNDS):
        new = [each for each in left if not _stays(each, lost)]
        if not new:
            break
        lost = lost + new
        kept = restored(new)
        now = {each.element for each in left}
        changed |= now
        left = lost_structure(expectation, kept, lost, now, thoroughly=False)
        if all(_stays(each, lost) for each in left):
            # Search slanted and curved lines again only at the end: they take most of the time.
            left = lost_structure(expectation, kept, lost, changed)
            changed = set()
    return kept, lost, left


def _lacking(maps, expectation, fused, haadf, totals):
    """Return fifths of the dark pixels of elements that lack counts there.

    Counts of structure that is dark must not be spread over other dark pixels.
    """
    fifths = lacking_fifths(maps, expectation, fused, haadf, totals)
    darkest = {each.element: each.significance for each in reversed(fifths)}
    structure = [
        each
        for each in lost_structure(expectation, fused, elements=darkest, thoroughly=False)
        if not each.is_part and each.significance > _CLEARLY * darkest[each.element]
    ]
    if not structure:
        return fifths
    return lacking_fifths(maps, expectation, fused, haadf, totals, structure)


def _is_among(one, lost):
    """Return whether a window was found before, so that it cannot be restored any better."""
    return any(
        each.element == one.element and np.array_equal(each.pixels, one.pixels) for each in lost
    )


def _stays(one, lost):
    """Return whether a window is not to be restored."""
    return one.is_part or _is_among(one, lost)


def restored_windows(lost, left):
    """Return the lost windows that are not among those left."""
    return [each for each in lost if not _is_among(each, left)]


def given_back(fused, counts: Counts, lost, totals, sharper=None):
    """Return fused maps whose sums in windows equal those of the counts, as far as possible.

    Corrections have the shape of softened windows (`Windows.soft`), which extend slightly beyond
    their edges. Sums by brightness are corrected first. Maps remain >= 0. Outside the
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
        by_brightness = [each.window for each in own if each.window.family == BRIGHTNESS]
        classes = [each for each in by_brightness if not each.is_fifth]
        fifths = [each for each in by_brightness if each.is_fifth]
        net, one = counts.net[i], fused[i]
        if classes:
            one = sharper[i] if i in sharper else resharpened(one, net, classes)
        if fifths:
            one = with_fifths(one, net, fifths)
        one = with_sums_of(net, counts.net_variance[i], one, windows)
        outside = np.ones(one.shape, bool)
        for each in windows:
            outside[each.pixels] = False
        inside = np.where(outside, 0.0, one)
        left, before = totals[i] - inside.sum(), one[outside].sum()
        if np.isfinite(left) and before > 0:
            one[outside] *= max(left, 0.0) / before
        maps[i] = one
    return maps

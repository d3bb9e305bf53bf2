"""Restore significant structure of the counts in fused maps."""

from dataclasses import replace

import numpy as np

from ..counts.contracts import Counts, Maps
from .band_sums import BRIGHTNESS, with_band_sums, wrong_ranges
from .brightness_bands import bands_of
from .flattened import flattened_spots
from .lost_structure import Expectation, lost_structure
from .window_amounts import with_sums_of

# Maximum number of searches; each starts from the maps restored by the previous one.
_ROUNDS = 8
# A window is structure of its own if it has this share of the significance of a range.
_CLEARLY = 0.8


def kept_structure(maps: Maps, fused, totals, haadf=None, beyond=None, elements=None):
    """Find significant structure that fused maps have lost, and restore it.

    Sums over ranges of brightness of the HAADF come first, then spots that the maps show, and
    structure that they do not show. In a window, the sum of the map is set
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
        HAADF at the resolution of the maps, shape (ny, nx), to compare sums over ranges of its
        brightness, too.
    beyond : numpy.ndarray, optional
        From `variance_beyond`, if known.
    elements : sequence of int, optional
        Maps to test, default all.

    Returns
    -------
    kept : numpy.ndarray
        Restored maps, or ``fused`` itself if nothing was lost.
    lost : list of Lost
        Windows that were found and restored; also ranges of brightness, whose ``window`` is a
        `Ranges`.
    left : list of Lost
        Windows and ranges that are still significantly wrong, because searches are limited, because
        no correction of a range makes the map better, or lines that are parts of broader regions.
    """
    expectation = Expectation(maps, beyond)
    kept, lost, bands, ready = fused, [], None, {}

    def restored(new):
        """Return the maps with what is lost, after something new was found of some elements."""
        elements = {each.element for each in new}
        own = [each for each in lost if each.element in elements]
        chosen = np.isin(np.arange(len(fused)), list(elements))[:, None, None]
        if not new:
            return kept
        return np.where(chosen, given_back(fused, maps, own, totals, ready), kept)

    elements = list(range(len(fused))) if elements is None else sorted(elements)
    if haadf is not None:
        bands, known = bands_of(haadf, maps.mask), [i for i in elements if np.isfinite(totals[i])]
        lost = _wrong_ranges(expectation, fused, bands, known)
        kept = restored(lost)
    new = flattened_spots(expectation, kept, elements)
    lost = lost + new
    kept = restored(new)
    left = lost_structure(expectation, kept, elements=elements)
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
    if bands is None:
        return kept, lost, left
    wrong = wrong_ranges(expectation, np.asarray(kept, np.float64), bands, known)
    failed = [i for i, each in ready.items() if np.array_equal(each, fused[i])]
    new = _apart_from_windows([each for each in wrong if each.element not in failed], lost)
    if new:
        again = {each.element for each in new}
        lost = [each for each in lost if not _is_among(each, new)] + new
        for i in again:
            ready.pop(i, None)
        kept = restored(new)
        others = lost_structure(expectation, kept, lost, again, thoroughly=False)
        left = left + [each for each in others if not _is_among(each, left)]
        wrong = wrong_ranges(expectation, np.asarray(kept, np.float64), bands, known)
    return kept, lost, left + wrong


def _wrong_ranges(expectation, fused, bands, elements):
    """Return ranges of brightness in which maps are wrong.

    Counts of structure must not be spread over other pixels of the same brightness.
    """
    fused = np.asarray(fused, np.float64)
    found = wrong_ranges(expectation, fused, bands, elements)
    lacking = {each.element: each.significance for each in found if each.significance > 0}
    structure = [
        each
        for each in lost_structure(expectation, fused, elements=lacking, thoroughly=False)
        if not each.is_part and each.significance > _CLEARLY * lacking[each.element]
    ]
    concerned = {each.element for each in structure}
    return [each for each in found if each.element not in concerned] + wrong_ranges(
        expectation, fused, bands, sorted(concerned), structure
    )


def _apart_from_windows(wrong, lost):
    """Return ranges to correct once more, without the pixels of windows that were restored.

    What was restored in windows was taken from elsewhere, or added there.
    """
    found = []
    for each in wrong:
        own = [other for other in lost if other.element == each.element]
        windows = [other for other in own if other.window.family != BRIGHTNESS]
        if windows or not own:
            earlier = [other for other in own if other.window.family == BRIGHTNESS]
            first = earlier[0] if earlier else each
            ranges = first.window.apart_from([other.pixels for other in windows])
            found.append(replace(first, window=ranges, pixels=ranges.pixels()))
    return found


def _is_among(one, lost):
    """Return whether a window was found before, so that it cannot be restored any better.

    All ranges of brightness of an element are restored together.
    """
    own = [each for each in lost if each.element == one.element]
    if one.window.family == BRIGHTNESS:
        return any(each.window.family == BRIGHTNESS for each in own)
    return any(np.array_equal(each.pixels, one.pixels) for each in own)


def _stays(one, lost):
    """Return whether a window is not to be restored."""
    return one.is_part or _is_among(one, lost)


def restored_windows(lost, left):
    """Return the lost windows and ranges that are not among those left."""
    return [each for each in lost if not _is_among(each, left)]


def given_back(fused, counts: Counts, lost, totals, ready=None):
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
    ready : dict, optional
        By element, the map with corrected ranges, if known; others are added.
    """
    maps, ready = np.array(fused), {} if ready is None else ready
    for i in {each.element for each in lost}:
        own = [each for each in lost if each.element == i]
        windows = [each for each in own if each.window.family != BRIGHTNESS]
        ranges = [each.window for each in own if each.window.family == BRIGHTNESS]
        net, variance = counts.net[i], counts.net_variance[i]
        if ranges and i not in ready:
            ready[i] = with_band_sums(fused[i], net, variance, *ranges)
        one = with_sums_of(net, variance, ready[i] if ranges else fused[i], windows)
        outside = np.ones(one.shape, bool)
        for each in windows:
            outside[each.pixels] = False
        inside = np.where(outside, 0.0, one)
        left, before = totals[i] - inside.sum(), one[outside].sum()
        if np.isfinite(left) and before > 0:
            one[outside] *= max(left, 0.0) / before
        maps[i] = one
    return maps

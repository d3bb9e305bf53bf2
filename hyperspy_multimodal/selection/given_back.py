"""Restore significant structure of the counts in fused maps."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from ..counts.contracts import Counts, Maps
from .band_sums import HIGHEST, nearer
from .broad_boxes import broad_differences
from .corrected_sums import corrected_sums
from .flattened import flattened_spots
from .lost_structure import Expectation, lost_structure
from .other_maps import OTHERS
from .window_amounts import with_sums_of
from .wrong_ranges import SUMS
from .wrong_sums import WrongSums

# Maximum number of searches; each starts from the maps restored by the previous one.
_ROUNDS = 8
# Standard deviation, in pixels, of the Gaussian that tells where counts are nearby.
_NEARBY = 4.0


def kept_structure(maps: Maps, fused, totals, haadf=None, beyond=None, elements=None, alone=None):
    """Find significant structure that fused maps have lost, and restore it.

    Sums over ranges of brightness of the HAADF come first, then sums over strips, where other maps
    are dark or bright, and over rings around bright regions. Those where other maps are dark or
    bright come before brightness if they correct a map better. Spots that the maps show follow, and
    structure that they do not show. In a window, the sum of the map is set to that of the counts,
    except for a small surplus (`with_sums_of`). The noise of single pixels is not restored, and the
    edges of windows are not visible. An alternative that was tested adds the lost counts to the
    counts and fuses again, as in Bregman iterations. The total variation that erased the structure
    then gathers them in a few pixels.

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
        brightness, over strips and over rings, too.
    beyond : numpy.ndarray, optional
        From `variance_beyond`, if known.
    elements : sequence of int, optional
        Maps to test, default all.
    alone : numpy.ndarray, optional
        Maps before they followed those of other elements, shape (K, ny, nx). They tell where other
        elements are: a map that follows an element is bright where the noise of that is high.

    Returns
    -------
    kept : numpy.ndarray
        Restored maps, or ``fused`` itself if nothing was lost.
    lost : list of Lost
        Windows that were found and restored; also ranges of brightness, of position, of brightness
        of another map, or of distance from bright regions, whose ``window`` is a `Ranges`.
    left : list of Lost
        Windows and ranges that are still significantly wrong, because searches are limited, because
        no correction of a range makes the map better, or lines that are parts of broader regions;
        and large boxes from `broad_differences`.
    """
    expectation = Expectation(maps, beyond)
    kept, lost, sums, ready = fused, [], None, {}

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
        fixed = np.flatnonzero(np.isfinite(totals))
        known = expectation, haadf, maps.mask
        sums = WrongSums(*known, fixed, elements, maps.names, alone)
        lost = _nearest(sums, fused, maps, totals, ready)
        kept = restored(lost)
        done = {each.element for each in lost if each.window.family == OTHERS}

        def corrected(new):
            return given_back(fused, maps, lost + new, totals, ready)

        for wrong in (
            lambda maps: sums.of_brightness(maps, done),
            lambda maps: sums.of_position(maps, corrected),
            lambda maps: sums.of_others(maps, corrected, set(elements) - done),
            lambda maps: sums.of_rings(maps, corrected),
        ):
            new = wrong(kept)
            lost = lost + new
            kept = restored(new)
        for i, known in ready.items():
            ready[i] = known.once_more(maps.net[i], maps.net_variance[i])
        kept = restored([each for each in lost if ready[each.element].late])
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
    if sums is None:
        return kept, lost, left + broad_differences(expectation, kept, elements)
    failed = [
        (each.element, each.window.family)
        for each in lost
        if each.window.family in SUMS and each.window not in ready[each.element].accepted
    ]
    wrong = sums.wrong(kept)
    new = [each for each in wrong if (each.element, each.window.family) not in failed]
    new = _apart_from_windows(new, lost)
    if new:
        # Ranges without the pixels of windows may correct less than the ranges before.
        before = kept, lost
        lost = [each for each in lost if not _is_among(each, new)] + new
        kept = restored(new)
        now = sums.wrong(kept)
        worse = [i for i in {each.element for each in new} if _squares(now, i) > _squares(wrong, i)]
        kept = np.where(np.isin(np.arange(len(fused)), worse)[:, None, None], before[0], kept)
        lost, wrong = (
            [each for each in new if each.element not in worse]
            + [each for each in old if each.element in worse]
            for new, old in ((lost, before[1]), (now, wrong))
        )
        again = {each.element for each in new} - set(worse)
        others = lost_structure(expectation, kept, lost, again, thoroughly=False)
        left = left + [each for each in others if not _is_among(each, left)]
    return kept, lost, left + wrong + broad_differences(expectation, kept, elements)


def _nearest(sums, fused, maps, totals, ready):
    """Return sums by brightness that are wrong, or of other maps where this corrects maps better.

    Counts that are missing in a shell, and too many in its core, are also too few and too many in
    pixels of a certain brightness, to which others belong as well. Once they are where they belong,
    sums by brightness are right. Adds corrected maps to ``ready``, see `given_back`.
    """
    there = 1.0 if maps.mask is None else ~maps.mask
    found = {each.element: each for each in sums.of_brightness(fused)}
    by_others = {}

    def corrected(new):
        return given_back(fused, maps, new, totals, by_others)

    others = sums.of_others(fused, corrected, set(found))
    if not others:
        return list(found.values())
    maps_by_others = corrected(others)
    maps_by_brightness = given_back(fused, maps, found.values(), totals, ready)
    rest = sums.of_brightness(maps_by_others, {each.element for each in others})
    for each in others:
        i = each.element
        better = nearer(maps_by_others[i], maps_by_brightness[i], maps.net[i], there) > 0
        if better and i not in {one.element for one in rest}:
            found[i], ready[i] = each, by_others[i]
    return list(found.values())


def _apart_from_windows(wrong, lost):
    """Return ranges to correct once more, without the pixels of windows that were restored.

    What was restored in windows was taken from elsewhere, or added there.
    """
    found = []
    for each in wrong:
        own = [other for other in lost if other.element == each.element]
        windows = [other for other in own if other.window.family not in SUMS]
        earlier = [other for other in own if other.window.family == each.window.family]
        if windows or not earlier:
            first = earlier[0] if earlier else each
            ranges = first.window.apart_from([other.pixels for other in windows])
            found.append(replace(first, window=ranges, pixels=ranges.pixels()))
    return found


def _squares(wrong, element):
    """Return the squared standard errors by which sums of a map are wrong."""
    return sum(each.significance**2 for each in wrong if each.element == element)


def _is_among(one, lost):
    """Return whether a window was found before, so that it cannot be restored any better.

    All ranges of brightness of an element are restored together, and all of its strips.
    """
    own = [each for each in lost if each.element == one.element]
    if one.window.family in SUMS:
        return any(each.window.family == one.window.family for each in own)
    return any(_are_same(each.pixels, one.pixels) for each in own)


def _are_same(pixels, others):
    """Return whether rows and columns are the same, without a look at those of another number."""
    return len(pixels[0]) == len(others[0]) and all(map(np.array_equal, pixels, others))


def _stays(one, lost):
    """Return whether a window is not to be restored."""
    return one.is_part or _is_among(one, lost)


def restored_windows(lost, left):
    """Return the lost windows and ranges that are not among those left."""
    return [each for each in lost if not _is_among(each, left)]


def given_back(fused, counts: Counts, lost, totals, ready=None):
    """Return fused maps whose sums in windows equal those of the counts, as far as possible.

    Corrections have the shape of softened windows (`Windows.soft`), which extend slightly beyond
    their edges. Sums by brightness and over strips are corrected first. Maps remain >= 0. Outside
    the windows, a map is multiplied by the factor that keeps its total, or is 0 if the windows
    alone exceed the total, which includes the noise of the whole scan. Where a factor would raise
    noise, the rest of the counts is added where counts are nearby.

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
        By element, the map with corrected ranges, if known; others are added. Of one fusion.
        Ranges that were corrected first are not corrected again.
    """
    maps, ready = np.array(fused), {} if ready is None else ready
    for i in {each.element for each in lost}:
        own = [each for each in lost if each.element == i]
        windows = [each for each in own if each.window.family not in SUMS]
        ranges = [each.window for each in own if each.window.family in SUMS]
        net, variance = counts.net[i], counts.net_variance[i]
        if ranges and (i not in ready or ready[i].ranges != ranges):
            ready[i] = corrected_sums(fused[i], net, variance, ranges, ready.get(i))
        one = with_sums_of(net, variance, ready[i].map if ranges else fused[i], windows)
        outside = np.ones(one.shape, bool)
        for each in windows:
            outside[each.pixels] = False
        inside = np.where(outside, 0.0, one)
        left = totals[i] - inside.sum()
        if np.isfinite(left):
            _fill(one, outside, max(left, 0.0), net)
        maps[i] = one
    return maps


def _fill(one, outside, wanted, net):
    """Give a map its sum outside windows, in place."""
    held = one[outside].sum()
    if not held > 0:
        return
    factor = wanted / held
    one[outside] *= min(factor, HIGHEST)
    if factor <= HIGHEST:
        return
    nearby = np.maximum(ndimage.gaussian_filter(net * outside, _NEARBY), 0.0)[outside]
    if nearby.sum() > 0:
        one[outside] += nearby * ((wanted - HIGHEST * held) / nearby.sum())

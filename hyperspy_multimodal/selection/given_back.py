"""Restore significant structure of the counts in fused maps."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ..counts.contracts import Counts, Maps
from .band_sums import HIGHEST, SUMS, with_band_sums, wrong_ranges
from .brightness_bands import bands_of
from .flattened import flattened_spots
from .lost_structure import Expectation, lost_structure
from .strips import strips_of
from .window_amounts import with_sums_of

# Maximum number of searches; each starts from the maps restored by the previous one.
_ROUNDS = 8
# A window is structure of its own if it has this share of the significance of a range.
_CLEARLY = 0.8
# And one of which more than this share remains wrong after a strip was corrected.
_OWN = 0.5
# Standard deviation, in pixels, of the Gaussian that tells where counts are nearby.
_NEARBY = 4.0


def kept_structure(maps: Maps, fused, totals, haadf=None, beyond=None, elements=None):
    """Find significant structure that fused maps have lost, and restore it.

    Sums over ranges of brightness of the HAADF come first, then sums over strips, spots that the
    maps show, and structure that they do not show. In a window, the sum of the map is set to that
    of the counts (`with_sums_of`). The noise of single pixels is not restored, and the edges of
    windows are not visible. An alternative that was tested adds the lost
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
        brightness and over strips, too.
    beyond : numpy.ndarray, optional
        From `variance_beyond`, if known.
    elements : sequence of int, optional
        Maps to test, default all.

    Returns
    -------
    kept : numpy.ndarray
        Restored maps, or ``fused`` itself if nothing was lost.
    lost : list of Lost
        Windows that were found and restored; also ranges of brightness or position, whose
        ``window`` is a `Ranges`.
    left : list of Lost
        Windows and ranges that are still significantly wrong, because searches are limited, because
        no correction of a range makes the map better, or lines that are parts of broader regions.
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
        sums = _Sums(expectation, haadf, maps.mask, np.flatnonzero(np.isfinite(totals)), elements)
        lost = sums.of_brightness(fused)
        kept = restored(lost)
        new = sums.of_position(kept, lambda new: given_back(fused, maps, lost + new, totals))
        lost = lost + new
        kept = restored(new)
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
        return kept, lost, left
    failed = [
        (i, each.family)
        for i, known in ready.items()
        for each in known.ranges
        if each not in known.accepted
    ]
    new = [each for each in sums.wrong(kept) if (each.element, each.window.family) not in failed]
    new = _apart_from_windows(new, lost)
    if new:
        again = {each.element for each in new}
        lost = [each for each in lost if not _is_among(each, new)] + new
        kept = restored(new)
        others = lost_structure(expectation, kept, lost, again, thoroughly=False)
        left = left + [each for each in others if not _is_among(each, left)]
    return kept, lost, left + sums.wrong(kept)


class _Sums:
    """Sums over ranges of brightness, and over strips, in which maps are wrong.

    Counts of structure must not be spread over other pixels of the same brightness, or strip.

    Parameters
    ----------
    expectation : Expectation
        Expectation of the measured maps.
    haadf : numpy.ndarray
        HAADF at the resolution of the maps, shape (ny, nx).
    mask : numpy.ndarray or None
        Pixels to leave out.
    of_fixed_total, elements : sequence of int
        Maps whose totals are kept, and maps to test: those that are both are compared.
    """

    def __init__(self, expectation, haadf, mask, of_fixed_total, elements):
        self._expectation = expectation
        self._bands, self._strips = bands_of(haadf, mask), strips_of(haadf.shape, mask)
        self._elements = sorted(set(elements) & set(of_fixed_total.tolist()))

    def of_brightness(self, fused):
        """Return wrong ranges of brightness, apart from structure.

        That is what is nearly as significant as a range.
        """
        fused = np.asarray(fused, np.float64)
        found = self._wrong(fused, self._bands, self._elements)
        lacking = {each.element: each.significance for each in found if each.significance > 0}
        structure = [
            each
            for each in self._structure(fused, lacking)
            if each.significance > _CLEARLY * lacking[each.element]
        ]
        return self._apart_from(structure, found, fused, self._bands)

    def of_position(self, fused, corrected):
        """Return wrong strips, apart from structure.

        That are windows of which most remains wrong after ``corrected``, a function of what is
        found, has corrected strips: particles that are lost add up in a strip, but lie in few of
        its pixels.
        """
        fused = np.asarray(fused, np.float64)
        found = self._wrong(fused, self._strips, self._elements)
        if not found:
            return found
        smooth, concerned = corrected(found), {each.element for each in found}
        structure = [
            each
            for each in self._structure(fused, concerned)
            if (each.counts - smooth[each.element][each.pixels].sum()) / (each.counts - each.fused)
            > _OWN
        ]
        return self._apart_from(structure, found, fused, self._strips)

    def wrong(self, fused):
        """Return wrong ranges of brightness and strips."""
        fused = np.asarray(fused, np.float64)
        return [
            each
            for some in (self._bands, self._strips)
            for each in self._wrong(fused, some, self._elements)
        ]

    def _wrong(self, fused, partitions, elements, apart_from=()):
        tests = len(self._bands) + len(self._strips)
        return wrong_ranges(self._expectation, fused, partitions, elements, apart_from, tests)

    def _structure(self, maps, elements):
        """Return windows in which maps are wrong, except parts of broader regions."""
        found = lost_structure(self._expectation, maps, elements=elements, thoroughly=False)
        return [each for each in found if not each.is_part]

    def _apart_from(self, structure, found, fused, partitions):
        """Return what was found, without the pixels of structure."""
        concerned = sorted({each.element for each in structure})
        others = [each for each in found if each.element not in concerned]
        return others + self._wrong(fused, partitions, concerned, structure)


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


def _is_among(one, lost):
    """Return whether a window was found before, so that it cannot be restored any better.

    All ranges of brightness of an element are restored together, and all of its strips.
    """
    own = [each for each in lost if each.element == one.element]
    if one.window.family in SUMS:
        return any(each.window.family == one.window.family for each in own)
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
    """
    maps, ready = np.array(fused), {} if ready is None else ready
    for i in {each.element for each in lost}:
        own = [each for each in lost if each.element == i]
        windows = [each for each in own if each.window.family not in SUMS]
        ranges = [each.window for name in SUMS for each in own if each.window.family == name]
        net, variance = counts.net[i], counts.net_variance[i]
        if ranges and (i not in ready or ready[i].ranges != ranges):
            ready[i] = _corrected(fused[i], net, variance, ranges)
        one = with_sums_of(net, variance, ready[i].map if ranges else fused[i], windows)
        outside = np.ones(one.shape, bool)
        for each in windows:
            outside[each.pixels] = False
        inside = np.where(outside, 0.0, one)
        left = totals[i] - inside.sum()
        if np.isfinite(left) and outside.any():
            _fill(one, outside, max(left, 0.0), net)
        maps[i] = one
    return maps


def _fill(one, outside, wanted, net):
    """Give a map its sum outside windows, in place."""
    held = one[outside].sum()
    factor = min(wanted / held, HIGHEST) if held > 0 else 1.0
    one[outside] *= factor
    nearby = np.maximum(ndimage.gaussian_filter(net * outside, _NEARBY), 0.0)[outside]
    if held > 0 and nearby.sum() > 0:
        one[outside] += nearby * (max(wanted - factor * held, 0.0) / nearby.sum())


@dataclass(frozen=True)
class _Corrected:
    """A map with corrected ranges, all of them, and those whose correction was accepted."""

    map: np.ndarray
    ranges: list
    accepted: list


def _corrected(fused, net, variance, ranges):
    """Return the `_Corrected` map: ranges are corrected one after the other, with those before."""
    found, accepted = fused, []
    for each in ranges:
        new = with_band_sums(found, net, variance, *accepted, each)
        if not np.array_equal(new, found):
            found, accepted = new, [*accepted, each]
    return _Corrected(found, ranges, accepted)

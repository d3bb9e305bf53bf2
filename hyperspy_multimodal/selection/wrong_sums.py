"""Sums over many pixels in which fused maps differ from their counts, apart from structure."""

import numpy as np

from .brightness_bands import bands_of
from .lost_structure import lost_structure
from .other_maps import of_other_maps
from .rings import rings_of
from .strips import strips_of
from .wrong_ranges import wrong_ranges

# A window is structure of its own if it has this share of the significance of a range.
_CLEARLY = 0.8
# And one of which more than this share remains wrong after a range was corrected.
_OWN = 0.5


class WrongSums:
    """Sums over ranges of brightness, strips and rings, and beside other maps, that are wrong.

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
    names : sequence of str
        Lines or edges.
    alone : numpy.ndarray, optional
        Fused maps that tell where other elements are, shape (K, ny, nx). Default: those to test.
    """

    def __init__(self, expectation, haadf, mask, of_fixed_total, elements, names, alone=None):
        self._expectation, self._mask, self._names = expectation, mask, names
        self._alone, self._haadf, self._rings = alone, haadf, None
        self._others = None if alone is None else of_other_maps(alone, names, mask)
        self._bands, self._strips = bands_of(haadf, mask), strips_of(haadf.shape, mask)
        self._elements = sorted(set(elements) & set(of_fixed_total.tolist()))

    def of_brightness(self, fused, elements=None):
        """Return wrong ranges of brightness, apart from structure, of all or some elements.

        That is what is nearly as significant as a range.
        """
        fused = np.asarray(fused, np.float64)
        found = self._wrong(fused, self._bands, self._among(elements))
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
        structure = self._not_corrected(fused, found, corrected)
        return self._apart_from(structure, found, fused, self._strips)

    def of_others(self, fused, corrected, elements=None):
        """Return dark or bright pixels of other maps in which maps are wrong; see `of_position`."""
        fused = np.asarray(fused, np.float64)
        found = self._beside(fused, self._among(elements))
        structure = self._not_corrected(fused, found, corrected)
        concerned = {each.element for each in structure}
        others = [each for each in found if each.element not in concerned]
        return others + self._beside(fused, sorted(concerned), structure)

    def of_rings(self, fused, corrected):
        """Return rings around bright regions in which maps are wrong; see `of_position`."""
        fused = np.asarray(fused, np.float64)
        found = self._around(fused, self._elements)
        structure = self._not_corrected(fused, found, corrected)
        concerned = {each.element for each in structure}
        others = [each for each in found if each.element not in concerned]
        return others + self._around(fused, sorted(concerned), structure)

    def _among(self, elements):
        return self._elements if elements is None else sorted(set(elements) & set(self._elements))

    def _beside(self, fused, elements, apart_from=()):
        found, others = [], self._others
        if others is None and elements:
            others = of_other_maps(fused, self._names, self._mask)
        for i in elements:
            if parts := [each for k, each in others.items() if k != i]:
                found += wrong_ranges(self._expectation, fused, parts, [i], apart_from)
        return found

    def _around(self, fused, elements, apart_from=()):
        rings = self._rings
        if rings is None or self._alone is None:
            others = fused if self._alone is None else self._alone
            rings = self._rings = rings_of(self._haadf, others, self._names, self._mask)
        found = []
        for i in elements:
            parts = [each for other, each in rings.items() if other != i]
            if parts:
                found += wrong_ranges(self._expectation, fused, parts, [i], apart_from)
        return found

    def _not_corrected(self, fused, found, corrected):
        """Return windows of which most remains wrong after what is found was corrected."""
        if not found:
            return []
        smooth, concerned = corrected(found), {each.element for each in found}
        return [
            each
            for each in self._structure(fused, concerned)
            if (each.counts - smooth[each.element][each.pixels].sum()) / (each.counts - each.fused)
            > _OWN
        ]

    def wrong(self, fused):
        """Return wrong ranges of brightness, strips, pixels of other maps, and rings."""
        fused = np.asarray(fused, np.float64)
        found = [
            each
            for some in (self._bands, self._strips)
            for each in self._wrong(fused, some, self._elements)
        ]
        found += self._beside(fused, self._elements)
        return found + self._around(fused, self._elements)

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

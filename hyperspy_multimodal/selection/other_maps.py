"""Dark and bright pixels of the maps of other elements."""

import numpy as np

from .brightness import otsu
from .partitions import Partition

#: Family of ranges of brightness of another map.
OTHERS = "other map"


class OfOtherMap(Partition):
    """Pixels in which the map of another element is dark, and those in which it is bright.

    Otsu's threshold separates them. A core and its shell, or two phases, may be equally bright in
    the HAADF, and lie side by side in all strips. Corrections are factors: counts that are added
    where another element is not would be added to vacuum, too.

    Parameters
    ----------
    other : numpy.ndarray
        Fused map of the other element, shape (ny, nx).
    name : str
        Its line or edge.
    mask : numpy.ndarray, optional
        Pixels to leave out, bool, shape (ny, nx).
    """

    family, adds_up, least = OTHERS, 1.0, 4.0

    def __init__(self, other, name, mask=None):
        self.mask, self._name = mask, name
        brightness = np.asarray(other, np.float64)
        seen = brightness if mask is None else brightness[~mask]
        is_bright = brightness > otsu(seen)
        self.size = np.unique(is_bright if mask is None else is_bright[~mask]).size
        self.numbers = np.where(is_bright & (self.size > 1), np.uint16(1), np.uint16(0))
        if mask is not None:
            self.numbers[mask] = self.size
        self.pixels = self.sums(np.ones(other.shape))
        self._interpolates(brightness, self.sums(brightness) / np.maximum(self.pixels, 1))
        self.main, self.broad = [(0, 0), (1, 1)], np.eye(2, dtype=bool)
        self.added = np.zeros((self.size, 0))

    def name(self, first, last):
        """Return where parts ``first`` to ``last`` are, in words."""
        return f"the {('dark', 'bright')[last]} pixels of the map of {self._name}"


def of_other_maps(fused, names, mask=None):
    """Return the `OfOtherMap` of each element whose map is not the same everywhere.

    Parameters
    ----------
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    names : sequence of str
        Lines or edges.
    mask : numpy.ndarray, optional
        Pixels to leave out, bool, shape (ny, nx).

    Returns
    -------
    dict
        By number of the element; for another element than this.
    """
    maps = (OfOtherMap(each, name, mask) for each, name in zip(fused, names, strict=True))
    return {number: each for number, each in enumerate(maps) if each.size > 1}

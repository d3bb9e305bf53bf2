"""Large boxes in which a fused map has more or fewer counts than were measured."""

import math
from itertools import product

import numpy as np
from scipy import special

from .lost_structure import FALSE_ALARMS, Lost
from .scan_windows import Boxes
from .significance import errors_of, spread_of

#: Family of these windows, whose sums are not restored.
BROAD = "broad"
# Sides, in pixels, of which one is larger than those of windows that are restored. A scan is at
# least twice as large, and boxes overlap by half.
_SIDES, _RESTORED = (16, 24, 32, 48, 64), 16
# Smallest difference that matters, as a share of the counts of a box, and of the level of the map,
# because errors of many counts are small: fusion moves a few per cent, also into dark regions.
_SHARE, _SHARE_OF_LEVEL = 0.05, 0.02
_TINY = 1e-30


class BroadBoxes(Boxes):
    """Boxes of the size of particles."""

    family = BROAD

    @property
    def name(self):
        return f"box of {self.size[0]} x {self.size[1]}"


def broad_differences(expectation, maps, elements):
    """Return the large boxes in which maps are significantly wrong, none of which overlap.

    Whole particles are larger than windows whose sums are restored, and smaller than strips and
    ranges of brightness. Box-shaped corrections of this size would be visible.

    Parameters
    ----------
    expectation : Expectation
        Of the measured maps.
    maps : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    elements : sequence of int
        Maps to test.

    Returns
    -------
    list of Lost
        The most significant ones come first, for each element.
    """
    shape = maps.shape[1:]
    sizes = [
        size
        for size in product(_SIDES, _SIDES)
        if max(size) > _RESTORED and all(2 * a <= b for a, b in zip(size, shape, strict=True))
    ]
    found = []
    for i in elements if sizes else ():
        fused = np.asarray(maps[i], np.float64)
        tables = [_summed(each) for each in expectation.images(i, fused)]
        unit = expectation.unit(i, fused)
        # averaged over counts instead of pixels: the level where the element is
        level = np.square(fused).sum() / max(fused.sum(), _TINY)
        wrong = []
        for size in sizes:
            corners = tuple(map(_starts, shape, size))
            sums = [_sums(each, size, corners) for each in tables]
            errors = errors_of(*sums[:3], unit, spread_of(sums))
            least = _SHARE * (np.maximum(*sums[:2]) - sums[2])
            least = np.maximum(least, _SHARE_OF_LEVEL * level * math.prod(size))
            differs = np.abs(sums[0] - sums[1]) > least
            chance = FALSE_ALARMS / (2 * len(maps) * len(sizes) * errors.size)
            for row, col in np.argwhere(differs & (np.abs(errors) > -special.ndtri(chance))):
                wrong.append((float(errors[row, col]), size, corners[0][row], corners[1][col]))
        found += _apart(expectation, fused, i, wrong)
    return found


def _apart(expectation, fused, element, wrong):
    """Return the most significant boxes as `Lost`, none of which overlap."""
    taken, found = np.zeros(fused.shape, bool), []
    for errors, size, row, col in sorted(wrong, key=lambda each: -abs(each[0])):
        box = BroadBoxes(fused.shape, size)
        place = int(np.ravel_multi_index((row, col), box.places))
        pixels = box.pixels(place)
        if taken[pixels].any():
            continue
        taken[pixels] = True
        inside = tuple(each[expectation.there[pixels]] for each in pixels)
        sums = (float(each[inside].sum()) for each in (expectation.net[element], fused))
        found.append(Lost(element, box, place, inside, errors, *sums))
    return found


def _starts(length, side):
    """Return the first rows or columns of boxes that overlap by half, up to the end of a scan."""
    return np.unique([*range(0, length - side + 1, side // 2), length - side])


def _summed(image):
    """Return the sums of an image above and left of each corner of its pixels."""
    return np.pad(image.cumsum(axis=0, dtype=float).cumsum(axis=1), ((1, 0), (1, 0)))


def _sums(summed, size, corners):
    """Return the sums over boxes with these first rows and columns, from those of `_summed`."""
    first, last = corners, tuple(a + b for a, b in zip(corners, size, strict=True))
    return (
        summed[np.ix_(*last)]
        - summed[np.ix_(first[0], last[1])]
        - summed[np.ix_(last[0], first[1])]
        + summed[np.ix_(*first)]
    )

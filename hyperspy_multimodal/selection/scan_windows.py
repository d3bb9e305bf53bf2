"""Boxes, discs and lines of many sizes in a scan, and the sums of maps in them."""

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby

import numpy as np
from scipy import ndimage

from .slanted_windows import slanted_windows
from .windows import Windows

# Sides of boxes and diameters of discs; lengths of lines, doubled up to the size of the scan, and
# their widths.
_BOXES, _DISCS = (1, 2, 4, 8, 16), (8, 16)
# Sides of boxes that are not square, shorter and longer. Longer ones are lines.
_OBLONG, _ELONGATED = ((4, 8), (8, 16)), 2
_SHORTEST, _WIDTHS = 8, (1, 2, 4)
# Outer diameters of rings, and their width.
_RINGS, _RING_WIDTH = tuple(range(10, 34, 2)), 2


@dataclass(frozen=True)
class Boxes(Windows):
    """Boxes of some rows and columns."""

    shape: tuple
    size: tuple

    @property
    def name(self):
        return f"{'box' if self.is_compact else 'line'} of {self.size[0]} x {self.size[1]}"

    @property
    def family(self):
        return "compact" if max(self.size) <= _ELONGATED * min(self.size) else "lines"

    def planned(self, plan):
        return plan.pixels() if self.size == (1, 1) else plan.box(*self.size)

    def sums(self, runs):
        return runs.box(*self.size)

    def line(self, place):
        rows, cols = self.pixels(place)
        there = np.zeros(self.shape, bool)
        if self.size[0] > self.size[1]:
            there[:, np.unique(cols)] = True
        else:
            there[np.unique(rows)] = True
        return there

    @cached_property
    def _pixels(self):
        rows, cols = np.indices(self.size)
        return rows.ravel(), cols.ravel()


@dataclass(frozen=True)
class Discs(Windows):
    """Discs of an even diameter."""

    shape: tuple
    diameter: int
    family = "compact"

    @property
    def name(self):
        return f"disc of {self.diameter}"

    @property
    def size(self):
        return self.diameter, self.diameter

    @cached_property
    def _widths(self):
        """Pixels in each row."""
        height = np.arange(self.diameter) - (self.diameter - 1) / 2
        half = np.sqrt((self.diameter / 2) ** 2 - height**2)
        return 2 * np.rint(half).astype(int)

    def planned(self, plan):
        def parts():
            return [(plan.box(*size), *further, 1) for size, *further in self._boxes]

        return plan.sum_of(("disc", self.diameter), self.size, parts)

    def sums(self, runs):
        return runs.remembered(("disc", self.diameter), lambda: self._sums(runs))

    def _sums(self, runs):
        rows, cols = self.places
        return sum(
            runs.box(*size)[..., row : row + rows, left : left + cols]
            for size, row, left in self._boxes
        )

    @property
    def _boxes(self):
        """Rows of the same width: their size, and rows and columns by which they are further on."""
        boxes, row = [], 0
        for width, same in groupby(self._widths.tolist()):
            height = len(list(same))
            boxes.append(((height, width), row, (self.diameter - width) // 2))
            row += height
        return boxes

    @cached_property
    def _pixels(self):
        col = np.arange(self.diameter)
        left = (self.diameter - self._widths[:, None]) // 2
        return np.nonzero((col >= left) & (col < self.diameter - left))


@dataclass(frozen=True)
class Rings(Windows):
    """Discs without a disc in the middle."""

    shape: tuple
    diameter: int
    family = "rings"
    width = _RING_WIDTH

    @property
    def name(self):
        return f"ring of {self.diameter}"

    @property
    def size(self):
        return self.diameter, self.diameter

    @property
    def _discs(self):
        inner = self.diameter - 2 * self.width
        return Discs(self.shape, self.diameter), Discs(self.shape, inner)

    def planned(self, plan):
        def parts():
            outer, inner = (each.planned(plan) for each in self._discs)
            return [(outer, 0, 0, 1), (inner, self.width, self.width, -1)]

        return plan.sum_of(("ring", self.diameter), self.size, parts)

    def sums(self, runs):
        outer, inner = (each.sums(runs) for each in self._discs)
        rows, cols = self.places
        width = self.width
        return outer - inner[..., width : width + rows, width : width + cols]

    @cached_property
    def _pixels(self):
        there = np.zeros(self.size, int)
        outer, inner = (each.pixels(0) for each in self._discs)
        there[outer] = 1
        there[inner[0] + self.width, inner[1] + self.width] = 0
        return np.nonzero(there)

    def line(self, place):
        there = np.zeros(self.shape, bool)
        there[self.pixels(place)] = True
        return ndimage.binary_dilation(there)


@dataclass(frozen=True)
class Diagonals(Windows):
    """A diagonal, and lines of pixels above it, below it, or both, each a pixel shorter."""

    shape: tuple
    length: int
    rising: bool
    above: bool
    below: bool
    family = "diagonals"

    @property
    def name(self):
        return f"diagonal of {1 + self.above + self.below} x {self.length}"

    @property
    def size(self):
        return self.length, self.length

    @property
    def width(self):
        return (1 + self.above + self.below) / np.sqrt(2)

    @property
    def frame(self):
        return self.rising, False

    def planned(self, plan):
        def run(length):
            if length == 1:
                return plan.box(1, 1)
            return plan.run_of(("diagonal", length), (length, length), length, (1, 1), run)

        def parts():
            beside = run(self.length - 1)
            places = [(0, 1)] * self.above + [(1, 0)] * self.below
            return [(run(self.length), 0, 0, 1), *((beside, *place, 1) for place in places)]

        return plan.sum_of(self, self.size, parts)

    def sums(self, runs):
        rows, cols = self.places
        sums = runs.diagonal(self.length, self.rising)
        beside = runs.diagonal(self.length - 1, self.rising)
        if self.above:
            sums = sums + beside[..., :rows, 1 : cols + 1]
        if self.below:
            sums = sums + beside[..., 1 : rows + 1, :cols]
        return sums[..., ::-1, :] if self.rising else sums

    def line(self, place):
        sign = 1 if self.rising else -1
        rows, cols = self.pixels(place)
        y, x = np.indices(self.shape)
        return np.isin(y + sign * x, np.unique(rows + sign * cols))

    @cached_property
    def _pixels(self):
        whole, short = np.arange(self.length), np.arange(self.length - 1)
        rows, cols = [whole], [whole]
        if self.above:
            rows, cols = [*rows, short], [*cols, short + 1]
        if self.below:
            rows, cols = [*rows, short + 1], [*cols, short]
        rows, cols = np.concatenate(rows), np.concatenate(cols)
        return (self.length - 1 - rows if self.rising else rows), cols


@cache
def windows_over(shape):
    """Return the kinds of windows that fit in a scan (rows, columns)."""
    ny, nx = shape
    found = [Boxes(shape, (side, side)) for side in _BOXES]
    found += [Boxes(shape, size) for sides in _OBLONG for size in (sides, sides[::-1])]
    found += [Discs(shape, diameter) for diameter in _DISCS]
    found += [Rings(shape, diameter) for diameter in _RINGS]
    lengths = [_SHORTEST]
    while 2 * lengths[-1] <= max(shape):
        lengths.append(2 * lengths[-1])
    lines = [(width, length) for width in _WIDTHS for length in dict.fromkeys([*lengths, nx])]
    lines += [(length, width) for width in _WIDTHS for length in dict.fromkeys([*lengths, ny])]
    found += [Boxes(shape, size) for size in lines if size[0] != size[1]]
    found += [
        Diagonals(shape, length, rising, above, below)
        for length in lengths
        for rising in (False, True)
        for above, below in ((True, False), (False, True), (True, True))
    ]
    unique = dict.fromkeys(each for each in found if each.size[0] <= ny and each.size[1] <= nx)
    return (*unique, *slanted_windows(shape))

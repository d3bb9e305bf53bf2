"""Boxes, discs and lines over a scan, of many sizes, and the sums of maps in them."""

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby

import numpy as np
from scipy import ndimage

# Sides of boxes and diameters of discs; lengths of lines, doubled up to the size of the scan, and
# their widths.
_BOXES, _DISCS = (1, 2, 4, 8, 16), (8, 16)
_SHORTEST, _WIDTHS = 8, (1, 2, 4)
# Standard deviations of the Gaussian that softens windows, in widths of the window: of boxes and
# discs, and of lines; and how many of them it reaches.
_SOFT, _SOFT_LINE, _TRUNCATED = 1 / 6, 1 / 4, 3.0


class Windows:
    """Windows of one kind, at all places where they lie in the scan.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of the scan.
    size : tuple of int
        Rows and columns of a window.
    name : str
        What they look like.
    family : str
        "compact", "lines" (along rows or columns), or "diagonals".
    """

    @property
    def is_compact(self):
        """Whether they are no lines."""
        return self.family == "compact"

    @property
    def places(self):
        """Rows and columns of places."""
        return tuple(n - size + 1 for n, size in zip(self.shape, self.size, strict=True))

    def sums(self, runs):
        """Return the sums of maps in each window, shape (..., *places), of their `Runs`."""
        raise NotImplementedError

    def pixels(self, place):
        """Return rows and columns of the pixels of a window, by the number of its place."""
        row, col = np.unravel_index(place, self.places)
        return row + self._pixels[0], col + self._pixels[1]

    @property
    def width(self):
        """Pixels across; of lines, not along them."""
        return min(self.size)

    def soft(self, place):
        """Return a window without hard edges, by the number of its place.

        The window is smoothed by a Gaussian of a sixth of its width, or of a quarter if it is a
        line. Nothing is lost over the edges of the scan.

        Returns
        -------
        region : tuple of slice
            Rows and columns that it reaches.
        weights : numpy.ndarray
            From 0 to 1, in this region.
        """
        sigma = (_SOFT if self.is_compact else _SOFT_LINE) * self.width
        spill = int(_TRUNCATED * sigma + 0.5)
        pixels = self.pixels(place)
        starts = [max(each.min() - spill, 0) for each in pixels]
        ends = [min(each.max() + spill + 1, n) for each, n in zip(pixels, self.shape, strict=True)]
        window = np.zeros([end - start for start, end in zip(starts, ends, strict=True)])
        window[tuple(each - start for each, start in zip(pixels, starts, strict=True))] = 1.0
        weights = ndimage.gaussian_filter(window, sigma, truncate=_TRUNCATED, mode="reflect")
        return tuple(map(slice, starts, ends)), weights

    def line(self, place):
        """Return which pixels lie on the line of a window, from side to side; bool, (ny, nx)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Boxes(Windows):
    """Some rows and columns."""

    shape: tuple
    size: tuple

    @property
    def name(self):
        return f"{'box' if self.is_compact else 'line'} of {self.size[0]} x {self.size[1]}"

    @property
    def family(self):
        return "compact" if self.size[0] == self.size[1] else "lines"

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

    def sums(self, runs):
        rows, cols = self.places
        sums, row = 0.0, 0
        for width, same in groupby(self._widths):
            left, height = (self.diameter - width) // 2, len(list(same))
            sums = sums + runs.box(height, width)[..., row : row + rows, left : left + cols]
            row += height
        return sums

    @cached_property
    def _pixels(self):
        col = np.arange(self.diameter)
        left = (self.diameter - self._widths[:, None]) // 2
        return np.nonzero((col >= left) & (col < self.diameter - left))


@dataclass(frozen=True)
class Diagonals(Windows):
    """A diagonal, and pixels above it, below it, or both, of which each line is a pixel shorter."""

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
    """Return the kinds of windows that a scan (rows, columns) has room for."""
    ny, nx = shape
    found = [Boxes(shape, (side, side)) for side in _BOXES]
    found += [Discs(shape, diameter) for diameter in _DISCS]
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
    return tuple(unique)


class Runs:
    """Sums of maps over runs of pixels, from those over shorter runs, each worked out once.

    Parameters
    ----------
    maps : numpy.ndarray
        Shape (..., ny, nx).
    """

    def __init__(self, maps):
        self._maps = maps
        self._known = {}

    def box(self, rows, cols):
        """Return sums over boxes, at all places where they lie inside."""
        if cols > 1:
            return self._of(("box", rows, cols), lambda half: self.box(rows, half), cols, (0, 1))
        return self._of(("box", rows, 1), lambda half: self.box(half, 1), rows, (1, 0))

    def diagonal(self, length, rising):
        """Return sums over diagonals; rows count from the last one on where they rise."""
        if length == 1:
            return self._maps[..., ::-1, :] if rising else self._maps
        return self._of((rising, length), lambda half: self.diagonal(half, rising), length, (1, 1))

    def _of(self, key, shorter, length, step):
        """Return sums over runs of pixels along a step (rows, columns)."""
        if length == 1:
            return self._maps
        if key not in self._known:
            # A run is its first and its last half, which share a pixel if its length is odd.
            on = length // 2
            half = shorter(length - on)
            first = tuple(slice(0, -on if each else None) for each in step)
            last = tuple(slice(on * each, None) for each in step)
            sums = half[(..., *first)] + half[(..., *last)]
            if length % 2:
                shared = zip(step, sums.shape[-2:], strict=True)
                sums -= shorter(1)[(..., *(slice(on * each, on * each + n) for each, n in shared))]
            self._known[key] = sums
        return self._known[key]

"""Lines at any angle in a scan, and their sums."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .windows import Windows

# Lengths along the closer axis, doubled, and widths in pixels along the other axis.
_LENGTHS, _WIDTHS = (8, 16, 32, 64), (2, 4)


def _is_looked_for(length, rise, across):
    """Return whether a line is one of the windows.

    The ends of lines at neighbouring angles differ by the width, so a line in between misses at
    most half of the width there.
    """
    return length in _LENGTHS and rise % across == 0 and 0 < rise < length - 1


@dataclass(frozen=True)
class Slanted(Windows):
    """Lines of one length, angle and width.

    A line consists of its first and its last half, each with half of its rise, down to single
    pixels (approximate discrete Radon transform; Goetz and Druckmueller 1996, Brady 1998).

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of the scan.
    length : int
        Number of columns that it crosses, or of rows if it is steep.
    rise : int
        Number of rows by which the last pixel lies below the first, or of columns to its right if
        it is steep.
    across : int
        Pixels in each column, or in each row if it is steep.
    steep : bool
        Whether it is closer to the columns.
    rising : bool
        Whether it rises from left to right; ``rise`` is then counted upwards.
    """

    shape: tuple
    length: int
    rise: int
    across: int
    steep: bool
    rising: bool
    family = "slanted lines"

    @property
    def name(self):
        # Counterclockwise from the rows.
        angle = np.rad2deg(np.arctan2(self.rise, self.length - 1))
        angle = 90 - angle if self.steep else angle
        angle = angle if self.rising else -angle
        length = np.hypot(self.length, self.rise)
        return f"line of {self.width:.1f} x {length:.0f} at {angle:+.0f} degrees"

    @property
    def size(self):
        size = self.rise + self.across, self.length
        return size[::-1] if self.steep else size

    @property
    def width(self):
        return self.across * np.cos(np.arctan2(self.rise, self.length - 1))

    @property
    def frame(self):
        return self.rising, self.steep

    @property
    def alike(self):
        return self.family, self.frame, self.across

    def planned(self, plan):
        def line(length, rise):
            if length == 1:
                return plan.box(self.across, 1)
            size = rise + self.across, length
            return plan.sum_of(("slanted", length, rise), size, lambda: halves(length, rise))

        def halves(length, rise):
            half = line(length // 2, rise // 2)
            return [(half, 0, 0, 1), (half, (rise + 1) // 2, length // 2, 1)]

        return line(self.length, self.rise)

    def sums(self, runs):
        sums = runs.slanted(self.length, self.rise, (self.steep, self.rising, self.across))
        sums = np.swapaxes(sums, -1, -2) if self.steep else sums
        return sums[..., ::-1, :] if self.rising else sums

    def line(self, place):
        rows, cols = self.pixels(place)
        y, x = np.indices(self.shape)
        y, x = y - rows.mean(), x - cols.mean()
        slope = self.rise / (self.length - 1) * (-1 if self.rising else 1)
        off = x - slope * y if self.steep else y - slope * x
        there = np.abs(off) <= (self.across + 1) / 2
        there[rows, cols] = True
        return there

    @cached_property
    def _pixels(self):
        along = np.repeat(np.arange(self.length), self.across)
        beside = np.repeat(_offsets(self.length, self.rise), self.across)
        beside = beside + np.tile(np.arange(self.across), self.length)
        rows, cols = (along, beside) if self.steep else (beside, along)
        return (self.size[0] - 1 - rows if self.rising else rows), cols


def slanted_windows(shape):
    """Return lines at all angles between rows, diagonals and columns that fit in a scan.

    Each kind follows the kind of half its length.
    """
    found = []

    def add(length, rise, *way):
        if length > max(_LENGTHS):
            return
        window = Slanted(shape, length, rise, *way)
        if window.size[0] > shape[0] or window.size[1] > shape[1]:
            return
        if _is_looked_for(length, rise, way[0]):
            found.append(window)
        for further in (2 * rise, 2 * rise + 1):
            add(2 * length, further, *way)

    for across in _WIDTHS:
        for steep in (False, True):
            for rising in (False, True):
                add(1, 0, across, steep, rising)
    return found


def _offsets(length, rise):
    """Return the offset of each pixel of a line from the first."""
    if length == 1:
        return np.zeros(1, int)
    half = _offsets(length // 2, rise // 2)
    return np.concatenate([half, half + (rise + 1) // 2])

"""Strips of rows and of columns of a scan."""

import numpy as np

from .partitions import Partition

#: Family of ranges of strips.
POSITION = "position"
# Maximum number of strips, and minimum number of rows or columns of each.
_STRIPS, _BROAD = 8, 8


class Strips(Partition):
    """Strips of rows, or of columns, that are equally broad.

    Corrections by position are factors: counts that are missing where a map is 0 belong to
    structure, which must not be spread over a strip.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the scan.
    axis : int
        0 for strips of rows, 1 for strips of columns.
    mask : numpy.ndarray, optional
        Pixels to leave out, bool, shape (ny, nx).

    Attributes
    ----------
    limits : numpy.ndarray
        First row or column of each strip, and their number.
    """

    family, adds_up = POSITION, 1.0

    def __init__(self, shape, axis, mask=None):
        self.mask, self.axis, length = mask, axis, shape[axis]
        self.size = max(min(_STRIPS, length // _BROAD), 1)
        self.limits = np.arange(self.size + 1) * length // self.size
        places = np.arange(length)
        along = np.searchsorted(self.limits[1:-1], places, side="right").astype(np.uint16)
        self._whole = self.numbers = _across(along, shape, axis)
        if mask is not None:
            self.numbers = np.where(mask, np.uint16(self.size), self.numbers)
        self._interpolates(places, (self.limits[:-1] + self.limits[1:] - 1) / 2)
        if self.size > 1:
            self._along = along, self._left, self._step
            self._left, self._step = (_across(x, shape, axis) for x in (self._left, self._step))
        self.pixels = self.sums(np.ones(shape))
        half = self.size // 2
        self.main = [(0, half - 1), (half, self.size - 1)]
        self.broad = np.stack([np.arange(self.size) < half, np.arange(self.size) >= half])
        self.added = np.zeros((self.size, 0))

    def sums(self, image):
        """Return the sums of an image (ny, nx) over the strips."""
        if self.numbers is not self._whole:
            return super().sums(image)
        return np.add.reduceat(image.sum(axis=1 - self.axis), self.limits[:-1])

    def _weigh(self, means):
        if self.numbers is not self._whole:
            super()._weigh(means)
        elif means.any():
            numbers, left, step = self._along
            step = self._weighted(left, step, means)
            self._along = numbers, left, step
            self._step = _across(step, self.numbers.shape, self.axis)

    def interpolated(self, values):
        """Return an image that has given values at the nodes, and lies between them elsewhere."""
        if self.numbers is not self._whole:
            return super().interpolated(values)
        along = self._between(*self._along[1:], values)
        return _across(along, self.numbers.shape, self.axis)

    def products(self, image):
        """Return sums of an image times each hat function of `interpolated`, (strips, hats)."""
        if self.numbers is not self._whole:
            return super().products(image)
        return self._products(*self._along, image.sum(axis=1 - self.axis))

    def name(self, first, last):
        """Return where strips ``first`` to ``last`` are, in words."""
        what = ("rows", "columns")[self.axis]
        return f"{what} {self.limits[first]} to {self.limits[last + 1] - 1}"


def strips_of(shape, mask=None):
    """Return `Strips` of rows and of columns, where the scan is broad enough."""
    return [strips for axis in (0, 1) if (strips := Strips(shape, axis, mask)).size > 1]


def _across(along, shape, axis):
    """Return an image of what is known of each row, or of each column."""
    return np.broadcast_to(along[:, None] if axis == 0 else along, shape)

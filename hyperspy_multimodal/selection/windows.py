"""Base of all kinds of windows in a scan."""

from functools import cached_property

import numpy as np
from scipy import ndimage

# Standard deviations of the Gaussian that softens windows, in widths of the window, for boxes and
# discs and for lines, and its cut-off in standard deviations. A box of a few pixels is softened by
# so many at least, unless it is a single pixel.
_SOFT, _SOFT_LINE, _TRUNCATED, _LEAST_SOFT = 1 / 6, 1 / 4, 3.0, 0.6
# Number of pixels that are summed at a time.
_ROOM = 500_000


def overlap(shape, by):
    """Return where places have another at a distance of rows and columns, and where that is.

    Both are tuples of slices, empty if the distance exceeds the shape.
    """
    steps = [(min(max(d, -n), n), n) for d, n in zip(by, shape, strict=True)]
    to = tuple(slice(max(-d, 0), n - max(d, 0)) for d, n in steps)
    of = tuple(slice(max(d, 0), n - max(-d, 0)) for d, n in steps)
    return to, of


class Windows:
    """Windows of one kind, at all places inside the scan.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of the scan.
    size : tuple of int
        Rows and columns of a window.
    name : str
        Description of the windows.
    family : str
        "compact", "lines" (along rows or columns), "diagonals", "slanted lines", "rings", or
        "chains".
    """

    @property
    def is_compact(self):
        """Whether they are compact, that is, not lines."""
        return self.family == "compact"

    @property
    def is_quick(self):
        """Whether their sums are computed quickly."""
        return self.family in ("compact", "lines", "diagonals")

    @property
    def frame(self):
        """Whether a `SumPlan` flips the scan upside down, and whether it then transposes it."""
        return False, False

    @property
    def alike(self):
        """What all windows of one `SumPlan` have in common."""
        return self.family, self.frame

    @cached_property
    def places(self):
        """Number of rows and columns of places."""
        return tuple(n - size + 1 for n, size in zip(self.shape, self.size, strict=True))

    def planned(self, plan):
        """Return the number of the sum in a `SumPlan`, to which its parts are added."""
        raise NotImplementedError

    def sums(self, runs):
        """Return the sums of maps in each window, shape (..., *places), from their `Runs`."""
        raise NotImplementedError

    def sums_at(self, places, images):
        """Return the sums of images (ny, nx) in some windows, one array for each image."""
        rows, cols = np.unravel_index(places, self.places)
        within = np.ravel_multi_index(self._pixels, self.shape)
        starts = rows * self.shape[1] + cols
        found = [np.empty(len(starts)) for _ in images]
        pieces = 1 + starts.size * within.size // _ROOM
        for some in np.array_split(np.arange(starts.size), pieces):
            indices = starts[some, None] + within
            for sums, image in zip(found, images, strict=True):
                sums[some] = image.ravel()[indices].sum(axis=1)
        return found

    def pixels(self, place, some=slice(None)):
        """Return rows and columns of pixels of a window, all or some, by the number of a place."""
        row, col = np.unravel_index(place, self.places)
        rows, cols = self._pixels
        return row + rows[some], col + cols[some]

    @property
    def width(self):
        """Width in pixels; for lines, across them."""
        return min(self.size)

    def soft(self, place):
        """Return a softened window, by the number of its place.

        The window is smoothed by a Gaussian of a sixth of its width, or of a quarter if it is a
        line, but of 0.6 pixels at least unless it is a line or a single pixel. Nothing is lost
        beyond the edges of the scan.

        Returns
        -------
        region : tuple of slice
            Rows and columns that it covers.
        weights : numpy.ndarray
            Weights from 0 to 1 in this region.
        """
        sigma = (_SOFT if self.is_compact else _SOFT_LINE) * self.width
        if self.is_compact and self.width > 1:
            sigma = max(sigma, _LEAST_SOFT)
        spill = int(_TRUNCATED * sigma + 0.5)
        pixels = self.pixels(place)
        starts = [max(each.min() - spill, 0) for each in pixels]
        ends = [min(each.max() + spill + 1, n) for each, n in zip(pixels, self.shape, strict=True)]
        window = np.zeros([end - start for start, end in zip(starts, ends, strict=True)])
        window[tuple(each - start for each, start in zip(pixels, starts, strict=True))] = 1.0
        weights = ndimage.gaussian_filter(window, sigma, truncate=_TRUNCATED, mode="reflect")
        return tuple(map(slice, starts, ends)), weights

    def line(self, place):
        """Return the pixels on the line of a window, across the whole scan; bool, (ny, nx)."""
        raise NotImplementedError

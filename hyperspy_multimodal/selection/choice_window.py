"""Part of a large scan that is used to choose free parameters."""

import numpy as np

from ..counts.contracts import Maps

#: Pixels along each side of that part.
SIDE = 512
# Scans of more pixels than this are large.
_LARGE = 1.5 * SIDE**2
# Maps are compared by means over blocks with sides of this many pixels.
_BLOCK = 16


def part_to_choose_on(maps: Maps):
    """Return the part of a large scan with the most structure in its maps.

    Parameters
    ----------
    maps : Maps
        Measured maps.

    Returns
    -------
    tuple of slice or None
        Rows and columns, at most 512 of each, or None for the whole scan if it has hardly more
        pixels.
    """
    _, ny, nx = maps.net.shape
    if ny * nx <= _LARGE:
        return None
    means = np.stack([_block_means(each) for each in maps.net])
    spread = means.std(axis=(1, 2))
    means = means[spread > 0] / spread[spread > 0, None, None]
    places = [
        (slice(top, top + SIDE), slice(left, left + SIDE))
        for top in _starts(ny)
        for left in _starts(nx)
    ]

    def structure(place):
        rows, cols = (slice(each.start // _BLOCK, -(-each.stop // _BLOCK)) for each in place)
        return float(means[:, rows, cols].var(axis=(1, 2)).sum())

    rows, cols = max(places, key=structure)
    return slice(rows.start, min(rows.stop, ny)), slice(cols.start, min(cols.stop, nx))


def _starts(n):
    """Return the starts of windows, half a window apart, with the last window at the end."""
    last = max(n - SIDE, 0)
    return sorted({*range(0, last, SIDE // 2), last})


def _block_means(image):
    for axis in (0, 1):
        starts = np.arange(0, image.shape[axis], _BLOCK)
        sizes = np.diff(starts, append=image.shape[axis])
        sums = np.add.reduceat(image, starts, axis=axis, dtype=np.float64)
        image = sums / np.expand_dims(sizes, 1 - axis)
    return image

"""Counts of square blocks of pixels, and how large blocks have to be."""

import numpy as np

from .absence import odds
from .detection import detection
from .found_regions import is_there

_FEWEST_ACROSS = 4  # blocks on the shorter side of a scan
_MARGIN = 2.0  # many blocks are tested together, which raises limits


def summed(image, size):
    """Return the sums of an image over blocks; those at the right and lower rim may be smaller.

    Parameters
    ----------
    image : numpy.ndarray
        Shape (ny, nx).
    size : int
        Pixels on a side.

    Returns
    -------
    numpy.ndarray
        Shape (ceil(ny / size), ceil(nx / size)).
    """
    rows, columns = (np.arange(0, length, size) for length in image.shape)
    return np.add.reduceat(np.add.reduceat(image.astype(float), rows, axis=0), columns, axis=1)


def spread(blocks, size, shape):
    """Return the image (ny, nx) in which each pixel has the value of its block."""
    repeated = np.repeat(np.repeat(blocks, size, axis=0), size, axis=1)
    return repeated[: shape[0], : shape[1]]


def chosen_size(measured, factors, line, least):
    """Return the size of blocks in which ``least`` per cent of an element would mostly be found.

    It is the smallest in which ``least`` per cent of the element, or what there is of it, make
    twice as many counts as the detection limit, in the median of the specimen.

    Parameters
    ----------
    measured : Measured
    factors : numpy.ndarray
        Shape (K,).
    line : int
    least : float

    Returns
    -------
    int
        At most a quarter of the shorter side of the scan.
    """
    there = is_there(measured)
    largest = max(min(there.shape) // _FEWEST_ACROSS, 1)
    if not there.any():
        return largest
    amounts = factors[:, None] * np.clip(measured.fused[:, there], 0, None)
    others = np.median(amounts.sum(axis=0) - amounts[line])
    own = np.median(amounts[line])
    counts = max(odds(least) * others, own) / factors[line]  # a pixel
    per_count = measured.per_count[line]
    by_itself = per_count * np.maximum(measured.net[line][there], 0.0)
    background = max(np.mean(measured.variance[line][there] - by_itself), 0.0)
    for size in range(1, largest):
        limit, _ = detection(0.0, background * size**2, 0.0, per_count)
        if _MARGIN * limit <= counts * size**2:
            return size
    return largest

"""Compare lines that a map lacks, and single dark pixels, with the pixels beside them."""

import numpy as np
from scipy import ndimage

from .significance import errors_of, spread_of

# Gap between a line and the pixels beside it, in line widths, because the blur of the line extends
# into it; and the extent of those pixels, in line widths, with a minimum in pixels.
_GAP, _BESIDE, _LEAST_BESIDE = 1, 2, 4
# Pixels beside a line are used if the map there is at most this factor times its maximum in the
# line, because maps may follow single counts.
_ALIKE = 2.0
# Standard errors by which the counts of a line must exceed those expected from its surroundings.
_ALONE = 4.0
# Standard errors by which the counts of the pixels around a dark one must be below its map.
_AGREE = 3.0


def is_part(window, pixels, images, unit, there):
    """Return whether a line that a map lacks is only a part of a broader region.

    If a map lacks counts in a whole region, so do all lines in it, some of them significantly by
    chance. A separate line lacks more counts than the pixels beside it.

    Parameters
    ----------
    window : Windows
        Kind of window.
    pixels : tuple of numpy.ndarray
        Rows and columns of its pixels that are not masked.
    images : sequence of numpy.ndarray
        From `Expectation.images`: gross counts, those that the map predicts, the background and
        more, each of shape (ny, nx).
    unit : float
        Standard error of a window, relative to the Poisson error.
    there : numpy.ndarray
        Pixels that are not masked, bool, shape (ny, nx).
    """
    gap = _GAP * window.width
    reach = gap + max(_BESIDE * window.width, _LEAST_BESIDE)
    spill = int(np.ceil(reach))
    region = tuple(
        slice(max(each.min() - spill, 0), min(each.max() + spill + 1, n))
        for each, n in zip(pixels, there.shape, strict=True)
    )
    line = np.zeros(there.shape, bool)
    line[pixels] = True
    line, there, *images = (each[region] for each in (line, there, *images))
    measured, expected, background = images[:3]
    distance = ndimage.distance_transform_edt(~line)
    held = expected - background
    beside = there & (distance > gap) & (distance <= reach) & (held <= _ALIKE * held[line].max())
    if beside.sum() < line.sum():  # too few to tell
        return False
    also = max((measured - expected)[beside].mean(), 0.0) * line.sum()
    sums = [each[line].sum(keepdims=True) for each in images]
    counts, level, behind = sums[:3]
    return bool(errors_of(counts, level + also, behind, unit, spread_of(sums))[0] < _ALONE)


def is_dark_alone(pixels, images, unit, there):
    """Return whether a single pixel lacks counts, but the pixels around it do not.

    It is then the opposite of a hot pixel, and no structure of the specimen. If the counts around
    it are also below the value of the map in the pixel, the map has a spot that is not there.

    Parameters
    ----------
    pixels : tuple of numpy.ndarray
        Row and column of the pixel.
    images, unit, there
        As for `is_part`.
    """
    row, col = (int(each[0]) for each in pixels)
    region = tuple(slice(max(each - 1, 0), each + 2) for each in (row, col))
    around = there[region].copy()
    around[row - region[0].start, col - region[1].start] = False
    if not around.any():
        return False
    sums = [each[region][around].sum(keepdims=True) for each in images]
    background = sums[2]
    held = images[1][row, col] - images[2][row, col]
    level = background + held * around.sum()
    return bool(errors_of(sums[0], level, background, unit, spread_of(sums))[0] > -_AGREE)

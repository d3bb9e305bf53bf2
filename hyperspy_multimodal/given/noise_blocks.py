"""Blocks of 2 x 2 pixels: mean, squared difference, and surroundings, by level of brightness."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .noise_moments import Levels

#: Number of levels of brightness, and minimum number of blocks of pixels in each.
LEVELS, LEAST_BLOCKS = 24, 60
# Half-width, in pixels, of the square around a block whose mean is the level of the block.
_AROUND = 3
# Share of the blocks of a level, those with the gentlest slopes.
_FLAT = 0.5
# Share of squares below the quantile from which their mean is estimated, and this quantile of chi
# squared.
_QUANTILE, _CHI_SQUARED = 0.7, 1.0741942
# With fewer counts than this, the quantile cannot be used, because squares do not follow chi
# squared.
_FEW_COUNTS = 10.0
# If no level has more than this, slopes are noise. All blocks are then used, with the variance of
# their pixels, and the level is a polynomial of the surroundings.
_FEWEST_COUNTS, _DEGREE = 0.3, 2
#: Overlapping blocks share pixels: this many of them count as one.
SHARED = 2.5


class BlocksByLevel(NamedTuple):
    """Blocks of each level of brightness: moments, their number, and pixels at 0."""

    around: np.ndarray
    mean: np.ndarray
    mean_square: np.ndarray
    zeros: np.ndarray
    variance: np.ndarray
    quantile: np.ndarray
    blocks: np.ndarray


def blocks_of(image, gap=0):
    """Return means, squared differences, surroundings, slopes and shares of 0 of 2 x 2 blocks.

    The surroundings begin at a distance of ``gap`` pixels.
    """
    a, b, c, d = image[:-1, :-1], image[1:, :-1], image[:-1, 1:], image[1:, 1:]
    level, square = (a + b + c + d) / 4, np.square((a - b - c + d) / 2)
    reach = _AROUND + gap
    size = 2 * reach + 2
    ring = np.ones((size, size))
    ring[_AROUND:-_AROUND, _AROUND:-_AROUND] = 0
    inside = np.ones_like(level)
    places = np.arange(size) - (size - 1) / 2

    def averaged(kernel):
        # of the pixels around a block, which begins at this pixel of the kernel
        padded = np.pad(image, reach, mode="symmetric")
        return ndimage.correlate(padded, kernel, mode="constant")[
            size // 2 : size // 2 + inside.shape[0], size // 2 : size // 2 + inside.shape[1]
        ]

    around = averaged(ring / ring.sum())
    steep = [averaged(ring * axis / np.sum(ring * axis**2))
             for axis in (places[:, None] + 0 * ring, places + 0 * ring)]  # fmt: skip
    zero = (image == 0).astype(float)
    zeros = (zero[:-1, :-1] + zero[1:, :-1] + zero[:-1, 1:] + zero[1:, 1:]) / 4
    return tuple(each.ravel() for each in (level, square, around, np.hypot(*steep), zeros))


def by_level(pixel, level, square, around, slope, zeros):
    """Return blocks of gentle slopes by level, and all blocks; ``pixel`` is the first of each."""
    order = np.argsort(around, kind="stable")
    flat, whole = [], []
    for part in np.array_split(order, max(min(LEVELS, level.size // LEAST_BLOCKS), 1)):
        gentle = part[slope[part] <= np.quantile(slope[part], _FLAT)]
        for rows, blocks, values in ((flat, gentle, level), (whole, part, pixel)):
            means = (each[blocks].mean() for each in (around, values, square, zeros))
            quantile = np.quantile(square[blocks], _QUANTILE) / _CHI_SQUARED
            rows.append((*means, values[blocks].var(), quantile, len(blocks)))
    return tuple(BlocksByLevel(*np.array(rows).T) for rows in (flat, whole))


def levels_of(flat, whole, counts, sharing=None):
    """Return the moments to use for levels with given expected counts.

    ``sharing`` is the variance of the sum of many pixels over that of their differences, of
    filtered maps, where neighbours share counts.
    """
    if sharing is None and counts.max() < _FEWEST_COUNTS and len(np.unique(whole.around)) > _DEGREE:
        # the level varies less than its error, so a curve through all levels is more accurate
        mean = np.polynomial.Polynomial.fit(whole.around, whole.mean, _DEGREE)(whole.around)
        return Levels(mean, whole.variance, whole.blocks, whole.blocks, whole.mean - mean)
    # a quantile excludes edges
    is_few = (counts * (sharing or 1.0) < _FEW_COUNTS) | ~(flat.quantile > 0)
    variance = np.where(is_few, flat.mean_square, flat.quantile)
    return Levels(flat.mean, variance, flat.blocks, flat.blocks / SHARED)

"""How much an estimated gain differs between parts of the scan, and with a floor that varies."""

import numpy as np

from .noise_blocks import LEAST_BLOCKS, SHARED, by_level, levels_of
from .noise_moments import near_gain

# Parts of the scan along each side, which are left out in turn.
_PARTS = 3


def spread_of_gain(image, blocks, gain, floor, clipped, sharing=None):
    """Return the standard error of the gain from the differences between parts of the scan.

    It is that of the jackknife: each part is left out in turn. It contains what the errors of the
    moments do not, such as a background that varies over the scan. It is infinite if only one part
    has any signal.
    """
    ny, nx = np.subtract(image.shape, 1)
    rows, columns = (np.arange(n) * _PARTS // max(n, 1) for n in (ny, nx))
    part = (rows[:, None] * _PARTS + columns).ravel()
    if np.bincount(part, minlength=_PARTS**2).min() < LEAST_BLOCKS:
        return 0.0
    order = np.argsort(blocks[2], kind="stable")  # by the surroundings: sorted once for all parts
    pixel, part = image[:-1, :-1].ravel()[order], part[order]
    blocks = [each[order] for each in blocks]
    gains = []
    for left_out in range(_PARTS**2):
        kept = part != left_out
        flat, whole = by_level(pixel[kept], *(each[kept] for each in blocks))
        if flat.mean.max() <= 0 or not flat.mean_square.any():
            return np.inf  # one part has all the signal
        levels = levels_of(flat, whole, flat.mean / gain, sharing)
        gains.append(near_gain(levels, floor, gain, clipped))
    return float(np.sqrt((len(gains) - 1) * np.var(gains)))


def change_by_position(shape, blocks, gain, floor):
    """Return by which share the gain changes if the floor may vary linearly over the scan.

    A background that was subtracted leaves such a floor. If it is higher where the map is brighter,
    it increases the gain. Changes within their standard error do not count.
    """
    _, square, around, slope, _ = blocks
    rows, columns = (each.ravel() for each in np.indices(np.subtract(shape, 1)))
    gentle = slope <= np.median(slope)
    level = np.maximum(around[gentle], 0.0)
    weight = 1 / (gain * level + floor)
    terms = np.array([level, np.ones_like(level), rows[gentle], columns[gentle]]) * weight
    found, slopes, variances = square[gentle] * weight, [], []
    for used in (terms[:2], terms):
        inverse = np.linalg.pinv(used @ used.T, hermitian=True)
        solved = inverse @ (used @ found)
        left = found - solved @ used
        slopes.append(solved[0])
        variances.append(inverse[0, 0] * np.mean(left**2) * SHARED)
    error = np.sqrt(max(variances[1] - variances[0], 0.0))
    change = max(abs(slopes[1] - slopes[0]) - error, 0.0)
    return float(change / max(slopes[0], error, 1e-9 * gain))

"""Whether maps contain the same everywhere in vacuum, as a uniform background does."""

import numpy as np
from scipy import special

from ..selection.normalised_haadf import SMOOTHING, smoothed

# Parts of vacuum with equal numbers of pixels by brightness of the HAADF, and parts of the scan
# along each side.
_LEVELS, _SIDES = 4, 3
# Variance of the smallest part, in counts, from which on the noise of its sum is nearly Gaussian.
_MANY = 25.0
# Standard errors of a Gaussian that are as unlikely as the differences of all parts.
_STANDARD_ERRORS = 4.0


def uneven_vacuum(net, variance, haadf, vacuum):
    """Return how much maps differ in parts of vacuum from their mean there, shape (K,).

    It is the largest difference of a part, in counts per pixel, or 0 if parts do not differ
    significantly.

    Pixels in vacuum are divided by the brightness of the HAADF, and by position. If the background
    is uniform, chi-squared of the means over the parts exceeds the limit by chance with a
    probability of 0.006 %. This is tested for both divisions and each map.

    Parameters
    ----------
    net, variance : numpy.ndarray
        Maps in counts, and the variance of their noise, shape (K, ny, nx).
    haadf : numpy.ndarray
        HAADF image, shape (ny, nx).
    vacuum : numpy.ndarray
        Pixels in vacuum, bool, shape (ny, nx).
    """
    chance = 2 * special.ndtr(-_STANDARD_ERRORS)
    net, variance = net[:, vacuum], variance[:, vacuum]
    # If neighbours are correlated, the variance of pixels is less than that of sums, per pixel.
    noise = np.maximum(net.var(axis=1, ddof=1), variance.mean(axis=1))
    away = np.zeros((2, len(net)))
    for row, parts in zip(away, (_by_brightness(haadf, vacuum), _by_position(vacuum)), strict=True):
        pixels = np.bincount(parts)
        for i in np.flatnonzero(noise > 0):
            used = pixels * noise[i] > _MANY
            inside = used[parts]
            if used.sum() < 2:
                continue
            sums = np.bincount(parts, net[i], pixels.size)[used]
            off = sums / pixels[used] - net[i][inside].mean()
            squares = np.sum(np.square(off) * pixels[used]) / noise[i]
            if special.chdtrc(used.sum() - 1, squares) < chance:
                row[i] = np.abs(off).max()
    return away.max(axis=0)


def _by_brightness(haadf, vacuum):
    """Return the part of each pixel in vacuum by the rank of its brightness."""
    brightness = smoothed(np.asarray(haadf, np.float64), SMOOTHING)[vacuum]
    ranks = np.empty(brightness.size, np.intp)
    ranks[np.argsort(brightness, kind="stable")] = np.arange(brightness.size)
    return ranks * _LEVELS // brightness.size


def _by_position(vacuum):
    """Return the part of the scan of each pixel in vacuum."""
    rows, cols = (np.arange(length) * min(_SIDES, length) // length for length in vacuum.shape)
    return (rows[:, None] * _SIDES + cols)[vacuum]

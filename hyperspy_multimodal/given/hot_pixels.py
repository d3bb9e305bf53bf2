"""Hot pixels of maps: single pixels, or pairs of them, far above all others."""

import numpy as np
from scipy import ndimage

# A hot pixel is this many times as bright as its third brightest neighbour, including itself, so
# that pairs are found, and as a quantile of the pixels that are not 0.
_TIMES, _BRIGHTEST, _PAIR = 5.0, 0.995, -3
# The quantile lies below this share of all pixels as well, so that hot pixels do not determine it
# where most pixels are 0, but not below the median.
_SHARE = 2e-3
_AROUND = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)


def hot_pixels(image):
    """Return which pixels of a map are hot, shape (ny, nx).

    Parameters
    ----------
    image : numpy.ndarray
        Shape (ny, nx).

    Returns
    -------
    numpy.ndarray of bool
    """
    values = image[image != 0]
    if not values.size:
        return np.zeros(image.shape, bool)
    share = min(max(1 - _BRIGHTEST, _SHARE * image.size / values.size), 0.5)
    high = float(np.quantile(values, 1 - share))
    if high <= 0:
        return np.zeros(image.shape, bool)
    beside = ndimage.rank_filter(image, _PAIR, size=3)
    return image > _TIMES * np.maximum(beside, high)


def without_hot_pixels(image):
    """Return a map in which hot pixels have the median of their neighbours, and their number.

    Parameters
    ----------
    image : numpy.ndarray
        Shape (ny, nx).

    Returns
    -------
    image : numpy.ndarray
    number : int
    """
    hot = hot_pixels(image)
    number = int(hot.sum())
    if number:
        # one of the values, so that whole numbers remain whole
        beside = ndimage.rank_filter(image, _AROUND.sum() // 2 - 1, footprint=_AROUND)
        image = np.where(hot, beside, image)
    return image, number

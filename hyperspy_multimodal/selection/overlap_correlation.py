"""Correlation of two images over their overlap, as a function of the shift between them.

D. Padfield, IEEE Trans. Image Process. 21, 2706 (2012), doi:10.1109/TIP.2011.2181402.
"""

import numpy as np
from scipy import fft, ndimage

# Share of the largest variance below which an overlap is flat.
_FLAT = 1e-6


def correlations(image, reference, largest):
    """Return correlations of two images over their overlap, for shifts of whole pixels.

    Unlike a circular correlation, it does not compare opposite borders of the scan.

    Parameters
    ----------
    image, reference : numpy.ndarray
        Channels of the image that is moved, and of the other one, shape (C, ny, nx). Each channel
        has its own mean; the variances of all channels are added.
    largest : tuple of int
        Largest shift in pixels (y, x).

    Returns
    -------
    numpy.ndarray
        Correlations for shifts of -largest to largest, shape (2 ly + 1, 2 lx + 1).
    """
    size = [
        fft.next_fast_len(n + most, real=True)
        for n, most in zip(image.shape[1:], largest, strict=True)
    ]
    rows, cols = (np.arange(-most, most + 1) % n for n, most in zip(size, largest, strict=True))

    def transformed(a):
        return fft.rfft2(a, size)

    def products(a, b):
        """Return sums of a * b over the overlap, for all shifts, from the transforms of both."""
        return fft.irfft2(np.conj(a) * b, size)[np.ix_(rows, cols)]

    one = transformed(np.ones(image.shape[1:]))
    pixels = products(one, one)
    covariance = variance = other = 0.0
    for a, b in zip(_centred(image), _centred(reference), strict=True):
        fa, fb = transformed(a), transformed(b)
        of_a, of_b = products(fa, one), products(one, fb)
        covariance = covariance + products(fa, fb) - of_a * of_b / pixels
        variance = variance + products(transformed(a * a), one) - of_a**2 / pixels
        other = other + products(one, transformed(b * b)) - of_b**2 / pixels
    flat = (variance <= _FLAT * variance.max()) | (other <= _FLAT * other.max())
    variances = np.where(flat, 1.0, variance * other)
    return np.where(flat, 0.0, covariance / np.sqrt(variances))


def maxima(correlation):
    """Return shifts of the local maxima to a fraction of a pixel, and their heights.

    Parameters
    ----------
    correlation : numpy.ndarray
        From `correlations`.

    Returns
    -------
    shifts : numpy.ndarray
        Pixels (y, x), shape (N, 2).
    heights : numpy.ndarray
        Heights of the maxima of parabolas through the nearest pixels, shape (N,).
    """
    inner = np.zeros(correlation.shape, bool)
    inner[1:-1, 1:-1] = True
    top = (correlation == ndimage.maximum_filter(correlation, 3)) & inner
    places = np.argwhere(top & (correlation > 0))
    shifts, heights = places - np.array(correlation.shape) // 2.0, []
    for number, (row, column) in enumerate(places):
        near = correlation[row - 1 : row + 2, column - 1 : column + 2]
        slope = np.array([near[2, 1] - near[0, 1], near[1, 2] - near[1, 0]]) / 2
        mixed = (near[2, 2] - near[2, 0] - near[0, 2] + near[0, 0]) / 4
        bend = np.array(
            [
                [near[2, 1] + near[0, 1] - 2 * near[1, 1], mixed],
                [mixed, near[1, 2] + near[1, 0] - 2 * near[1, 1]],
            ]
        )
        step = np.clip(-np.linalg.pinv(bend) @ slope, -0.5, 0.5)
        shifts[number] += step
        heights.append(near[1, 1] + slope @ step / 2)
    return shifts, np.array(heights)


def _centred(image):
    return image - image.mean(axis=(1, 2), keepdims=True)

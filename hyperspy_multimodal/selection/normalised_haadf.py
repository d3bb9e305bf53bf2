"""Properties of the HAADF image: scale, noise, blur and directions."""

import numpy as np
from scipy import ndimage

from ..fusion.directions import directions_of

_PERCENTILES = (0.5, 99.5)
# Median absolute value of a normal distribution of unit variance.
_MEDIAN_DEVIATION = 0.6745
# Slope, in ranges of the HAADF per pixel, above which a pixel counts as an edge, and the number of
# standard deviations of the slope's noise that must not count as one.
_EDGE, _NOISE_IN_SLOPE = 0.02, 2.0
_GUIDE_SMOOTHING = 1.0
#: Smoothing, in pixels, of maps and HAADF where they are compared.
SMOOTHING = 1.5


def normalise_haadf(haadf):
    """Scale a HAADF image to [0, 1], by its 0.5th and 99.5th percentiles.

    Parameters
    ----------
    haadf : numpy.ndarray
        HAADF image, shape (ny, nx), not constant.

    Returns
    -------
    haadf : numpy.ndarray
        (h - low) / (high - low), float64; not clipped.
    lowest_offset : float
        Pedestal that corresponds to zero measured intensity, or to its lowest value if negative.
    """
    haadf = np.asarray(haadf, dtype=np.float64)
    low, high = np.percentile(haadf, _PERCENTILES)
    if not high > low:
        low, high = haadf.min(), haadf.max()
    return (haadf - low) / (high - low), (min(haadf.min(), 0.0) - low) / (high - low)


def smoothed(images, width):
    """Return images (..., ny, nx) convolved with a Gaussian of ``width`` pixels, 0 for none."""
    if width == 0:
        return images
    widths = (0,) * (images.ndim - 2) + (width, width)
    return ndimage.gaussian_filter(images, widths, mode="nearest")


def noise_of(image):
    """Return the standard deviation of the white noise of an image.

    It is estimated from differences of diagonal neighbours in blocks of 2 x 2 pixels, in which
    slopes and most edges cancel. The median ignores the remaining edges.
    """
    if min(image.shape) < 2:
        return 0.0
    diagonal = (image[:-1, :-1] - image[1:, :-1] - image[:-1, 1:] + image[1:, 1:]) / 2
    return float(np.median(np.abs(diagonal)) / _MEDIAN_DEVIATION)


def guide_directions(haadf, blur):
    r"""Return directions across the edges of a HAADF, for directional total variation.

    Parameters
    ----------
    haadf : numpy.ndarray
        HAADF normalised to about [0, 1], not blurred, shape (ny, nx).
    blur : float
        Blur of the HAADF model in pixels.

    Returns
    -------
    tuple of numpy.ndarray
        As `hyperspy_multimodal.fusion.directions.directions_of`, of the blurred image, with
        :math:`\eta` the root of 0.02 squared and twice the slope's noise squared.
    """
    # noise of the slope of an image smoothed by a Gaussian of width s: sigma / (sqrt(8 pi) s^2)
    width = np.hypot(blur, _GUIDE_SMOOTHING)
    span = np.ptp(smoothed(haadf, width))  # to which the directions' image is scaled
    slope = noise_of(haadf) / (np.sqrt(8 * np.pi) * width**2) / (span if span > 0 else 1.0)
    threshold = float(np.hypot(_EDGE, _NOISE_IN_SLOPE * slope))
    return directions_of(smoothed(haadf, blur), threshold)

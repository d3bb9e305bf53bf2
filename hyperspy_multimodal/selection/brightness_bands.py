"""Bands of brightness of the HAADF."""

from copy import copy

import numpy as np

from .brightness import otsu
from .normalised_haadf import noise_of, smoothed

# Blurs of the HAADF in pixels: the brightness of a pixel, and that of its neighbourhood.
_BLURS = (0.0, 1.5)
# Maximum number of bands of the dark and of the bright pixels, minimum number of pixels in a band,
# and its minimum width in standard deviations of the noise of the HAADF.
_BANDS, _PIXELS, _NOISE = 8, 64, 3.0


class Bands:
    """Bands of brightness of the HAADF.

    Otsu's threshold separates dark from bright pixels. Both are divided by brightness into bands
    with the same number of pixels. Bands that are narrower than the noise of the HAADF are merged.

    Parameters
    ----------
    haadf : numpy.ndarray
        HAADF at the resolution of the maps, shape (ny, nx).
    mask : numpy.ndarray, optional
        Pixels to leave out, bool, shape (ny, nx).
    blur : float
        Blur of the HAADF in pixels. Default none.

    Attributes
    ----------
    numbers : numpy.ndarray
        Band of each pixel, from dark to bright, shape (ny, nx); `size` where masked.
    pixels : numpy.ndarray
        Number of pixels of each band.
    nodes : numpy.ndarray
        Mean brightness of each band, increasing.
    dark : int
        Number of bands of dark pixels.
    quantiles : numpy.ndarray
        Fraction of the pixels that are darker than each limit of the bands, from 0 to 1.
    """

    def __init__(self, haadf, mask=None, blur=0.0):
        self.mask, self.blur, noise = mask, blur, noise_of(haadf)
        brightness = smoothed(np.asarray(haadf, np.float64), blur)
        if blur:
            noise /= np.sqrt(4 * np.pi) * blur
        values = np.sort(brightness, axis=None) if mask is None else np.sort(brightness[~mask])
        threshold = otsu(values)
        limits = _limits(values, threshold, _NOISE * noise)
        self.dark = int((limits <= threshold).sum()) + 1
        self.size = len(limits) + 1
        below = np.searchsorted(values, limits) / max(values.size, 1)
        self.quantiles = np.array([0.0, *below, 1.0])
        self.numbers = np.searchsorted(limits, brightness, side="right")
        if mask is not None:
            self.numbers[mask] = self.size
        self.pixels = self.sums(np.ones(haadf.shape))
        self.nodes = self.sums(brightness) / np.maximum(self.pixels, 1)
        if self.size > 1:
            left = np.searchsorted(self.nodes[1:-1], brightness, side="right")
            step = (brightness - self.nodes[left]) / np.diff(self.nodes)[left]
            self._left, self._step = left, np.clip(step, 0.0, 1.0)

    def within(self, there):
        """Return the same bands without the pixels that are not ``there``, bool, (ny, nx)."""
        if np.all(there | (self.numbers == self.size)):
            return self
        found = copy(self)
        found.numbers = np.where(there, self.numbers, self.size)
        found.pixels = found.sums(np.ones(there.shape))
        return found

    def sums(self, image):
        """Return the sums of an image (ny, nx) over the bands."""
        return self._sums(self.numbers, image, self.size)

    def range_sums(self, image, first, last):
        """Return the sums of an image (ny, nx) over bands ``first`` to ``last``, two arrays."""
        below = np.concatenate([[0.0], np.cumsum(self.sums(image))])
        return below[last + 1] - below[first]

    def interpolated(self, values):
        """Return an image that has given values where the HAADF has the brightness of a node."""
        return values[self._left] + self._step * np.diff(values)[self._left]

    def products(self, image):
        """Return sums of an image times each hat function of `interpolated`, (bands, hats)."""
        cells = self.numbers * self.size + self._left
        of_right = image * self._step
        found = self._sums(cells, image - of_right, self.size**2).reshape(self.size, -1)
        found[:, 1:] += self._sums(cells, of_right, self.size**2).reshape(self.size, -1)[:, :-1]
        return found

    def inside(self, first, last):
        """Return which pixels are in bands ``first`` to ``last``, bool, shape (ny, nx)."""
        return (self.numbers >= first) & (self.numbers <= last)

    @staticmethod
    def _sums(numbers, image, size):
        """Return the sums of an image over pixels with the same number, less than ``size``."""
        return np.bincount(numbers.ravel(), image.ravel(), size)[:size]


def bands_of(haadf, mask=None):
    """Return the `Bands` by the brightness of pixels, and by that of their neighbourhood.

    Gaps between particles are as dark as a film that is far from them, but not equally in both.
    Where all pixels that are not masked are equally bright, there is nothing to compare.
    """
    return [bands for each in _BLURS if (bands := Bands(haadf, mask, each)).size > 1]


def _limits(values, threshold, width):
    """Return limits between bands of sorted values, at least ``width`` apart."""
    parts = np.split(values, [np.searchsorted(values, threshold, side="right")])
    if not all(each.size for each in parts):
        return np.zeros(0)
    wanted = [[], [threshold], []]
    for found, part in zip(wanted[::2], parts, strict=True):
        n = min(_BANDS, part.size // _PIXELS)
        found += np.quantile(part, np.arange(1, n) / n).tolist() if n else []
    low, high = values[0], values[-1]
    limits = [threshold]
    for each in reversed(wanted[0]):
        if limits[0] - each >= width and each - low >= width:
            limits.insert(0, each)
    for each in wanted[2]:
        if each - limits[-1] >= width and high - each >= width:
            limits.append(each)
    # Values may be equal.
    places = np.unique(np.searchsorted(values, limits, side="right"))
    return values[places[(places > 0) & (places < values.size)]]

"""Bands of brightness of the HAADF."""

import numpy as np

from .brightness import otsu
from .normalised_haadf import noise_of, smoothed
from .partitions import Partition

#: Family of ranges of brightness.
BRIGHTNESS = "brightness"
# Blurs of the HAADF in pixels: the brightness of a pixel, and that of its neighbourhood.
_BLURS = (0.0, 1.5)
# Maximum number of bands of the dark and of the bright pixels, minimum number of pixels in a band,
# and its minimum width in standard deviations of the noise of the HAADF.
_BANDS, _PIXELS, _NOISE = 8, 64, 3.0


class Bands(Partition):
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
    dark : int
        Number of bands of dark pixels.
    quantiles : numpy.ndarray
        Fraction of the pixels that are darker than each limit of the bands, from 0 to 1.
    """

    family, adds_up = BRIGHTNESS, 0.5

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
        self.numbers = np.searchsorted(limits, brightness, side="right").astype(np.uint16)
        if mask is not None:
            self.numbers[mask] = self.size
        self.pixels = self.sums(np.ones(haadf.shape))
        self._interpolates(brightness, self.sums(brightness) / np.maximum(self.pixels, 1))
        # Broad sums: over dark, bright and brightest pixels.
        each, brightest = np.arange(self.size), (self.dark + self.size) // 2
        self.main = [(0, self.dark - 1), (self.dark, self.size - 1)]
        self.broad = np.stack([each < self.dark, each >= self.dark, each >= brightest])
        # Added counts do not increase with brightness: they are sums of what is added up to a band.
        self.added = np.triu(np.ones((self.size, self.size)))

    def name(self, first, last):
        """Return where bands ``first`` to ``last`` are, in words."""
        low, high = 100 * self.quantiles[[first, last + 1]]
        blurred = f" of the HAADF blurred by {self.blur:g} pixels" if self.blur else ""
        if first == 0:
            return f"the darkest {high:.0f} % of the pixels{blurred}"
        if last == self.size - 1:
            return f"the brightest {100 - low:.0f} % of the pixels{blurred}"
        return f"the pixels of percentiles {low:.0f} to {high:.0f}{blurred or ' of the HAADF'}"


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

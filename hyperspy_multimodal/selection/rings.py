"""Rings around what is bright in the HAADF, or in the map of another element."""

import numpy as np
from scipy import ndimage

from .brightness import otsu
from .partitions import Partition

#: Family of ranges of distance from bright regions.
DISTANCE = "distance"
# Outer limit of the ring next to an outline, in pixels; each further ring is as broad as all nearer
# ones. Minimum number of pixels of a ring.
_NEAREST, _PIXELS = 2.5, 64


class Rings(Partition):
    """Rings along the outlines of bright regions, inside and outside.

    Otsu's threshold separates bright from dark pixels. Counts that are smeared out beside particles
    are missing far from them or inside, so that the sums over all dark pixels, over strips and over
    pixels of the same brightness may be right. Corrections are factors: counts that are added to a
    ring would be added to vacuum, too.

    Parameters
    ----------
    image : numpy.ndarray
        HAADF, or fused map of another element, shape (ny, nx).
    shown : str
        What the image is, in words.
    mask : numpy.ndarray, optional
        Pixels to leave out, bool, shape (ny, nx).

    Attributes
    ----------
    limits : numpy.ndarray
        Distances between rings in pixels, negative inside bright regions.
    """

    family, adds_up, least = DISTANCE, 1.0, 4.0

    def __init__(self, image, shown, mask=None):
        self.mask, self._shown = mask, shown
        there = np.ones(image.shape, bool) if mask is None else ~mask
        distances = _distances(np.asarray(image, np.float64), there)
        self.limits = _limits(distances[there])
        self.size = len(self.limits) + 1
        numbers = np.searchsorted(self.limits, distances)
        self.numbers = np.where(there, numbers, self.size).astype(np.uint16)
        self.pixels = self.sums(np.ones(image.shape))
        self._interpolates(distances, self.sums(distances) / np.maximum(self.pixels, 1))
        inside = int(np.searchsorted(self.limits, 0.0)) + 1
        self.main = [(0, inside - 1), (inside, self.size - 1)]
        each = np.arange(self.size)
        self.broad = np.stack([each < inside, each >= inside])
        self.added = np.zeros((self.size, 0))

    def name(self, first, last):
        """Return where rings ``first`` to ``last`` are, in words."""
        low, high = np.array([-np.inf, *self.limits, np.inf])[[first, last + 1]]
        if low < 0 < high:
            sides = _side("up to", -low, "inside"), _side("up to", high, "outside")
            # "up to 5 pixels inside and outside" could be 5 pixels outside, too.
            where = " and ".join(sides[::-1] if np.isinf(high) else sides)
        elif high > 0:
            where = _between(low, high, "outside")
        else:
            where = _between(-high, -low, "inside")
        return f"the pixels {where} the bright regions of {self._shown}"


def rings_of(haadf, fused, names, mask=None):
    """Return the `Rings` of the HAADF and of all fused maps that have bright regions.

    Parameters
    ----------
    haadf : numpy.ndarray
        HAADF at the resolution of the maps, shape (ny, nx).
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    names : sequence of str
        Lines or edges.
    mask : numpy.ndarray, optional
        Pixels to leave out, bool, shape (ny, nx).

    Returns
    -------
    dict
        By element; None for the HAADF.
    """
    images = {None: (haadf, "the HAADF")}
    for i, (one, name) in enumerate(zip(fused, names, strict=True)):
        images[i] = one, f"the map of {name}"
    found = {i: Rings(*image, mask) for i, image in images.items()}
    return {i: rings for i, rings in found.items() if rings.size > 1}


def _distances(brightness, there):
    """Return distances from the nearest dark or bright pixel, negative for bright ones.

    They are 0 everywhere if all pixels are equally bright.
    """
    bright = there & (brightness > otsu(brightness[there]))
    dark = there & ~bright
    if not bright.any() or not dark.any():
        return np.zeros(brightness.shape)
    from_dark, from_bright = (ndimage.distance_transform_edt(~each) for each in (dark, bright))
    return np.where(bright, -from_dark, from_bright)


def _limits(distances):
    """Return the limits between rings that have enough pixels each, increasing."""
    if not distances.any():
        return np.zeros(0)
    limits = [0.0]
    for sign in (-1.0, 1.0):
        side = np.sort(np.abs(distances[np.sign(distances) == sign]))
        limit, nearer = _NEAREST, 0
        while side.size - (within := int(np.searchsorted(side, limit))) >= _PIXELS:
            if within - nearer >= _PIXELS:
                limits.append(sign * limit)
                nearer = within
            limit *= 2
    return np.sort(limits)


def _between(near, far, side):
    if near == 0:
        return _side("up to", far, side)
    return _side("more than", near, side) if np.isinf(far) else f"{near:g} to {far:g} pixels {side}"


def _side(how, distance, side):
    return side if np.isinf(distance) else f"{how} {distance:g} pixels {side}"

"""Maps in which some pixels have no data."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import ndimage

from .contracts import Maps, Reading

# Background, in typical bright values of a map, that drowns what a masked pixel would say: its
# counts weigh a thirtieth of those of a bright pixel.
_DROWNED = 30.0
# Widths, in pixels, of the neighbourhoods that fill masked pixels.
_WIDTHS = (1.5, 4.0, 12.0, 40.0)


@dataclass(frozen=True)
class MaskedMaps:
    """Maps whose masked pixels are ignored.

    Counts and background of a masked pixel are equal and large, so that all values are about
    equally likely. Its net counts, where needed, are the mean of its neighbours. All other
    attributes are those of the maps.

    Parameters
    ----------
    maps : Maps
        Measured maps, without counts in masked pixels.
    mask : numpy.ndarray
        True where pixels have no data, bool, shape (ny, nx).
    """

    maps: Maps
    mask: np.ndarray

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.maps, name)

    @cached_property
    def _level(self):
        """Background of masked pixels, (K,)."""
        if self.mask.all():  # as in a part of a scan
            return np.full(len(self.maps.counts), _DROWNED)
        bright = np.array([np.percentile(each[~self.mask], 99) for each in self.maps.counts])
        return _DROWNED * np.maximum(bright, 1.0)

    def _drowned(self, maps):
        return np.where(self.mask, self._level[:, None, None], maps)

    @cached_property
    def counts(self):
        """Gross counts, shape (K, ny, nx)."""
        return self._drowned(self.maps.counts)

    @cached_property
    def background(self):
        """Expected background, shape (K, ny, nx)."""
        return self._drowned(self.maps.background)

    @cached_property
    def net(self):
        """Net counts, shape (K, ny, nx)."""
        return self._filled(self.maps.net)

    @cached_property
    def net_variance(self):
        """Variance of the net counts, shape (K, ny, nx)."""
        return self._filled(self.maps.net_variance)

    @cached_property
    def totals(self):
        """Net totals, (K,), masked pixels as their neighbours; NaN, for free, if not positive."""
        whole = self.net.sum(axis=(1, 2), dtype=np.float64)
        return np.where(np.isfinite(self.maps.totals), np.where(whole > 0, whole, 0.0), np.nan)

    @property
    def settled(self):
        """The same maps without the data needed only to split or draw counts."""
        return replace(self, maps=self.maps.settled)

    def cropped(self, rows, cols):
        """Return the maps of a part of the scan."""
        return MaskedMaps(self.maps.cropped(rows, cols), self.mask[rows, cols])

    def halves(self, splits, seed):
        """Return independent halves of the counts, as pairs of masked maps."""
        return [
            (replace(self, maps=first), replace(self, maps=second))
            for first, second in self.maps.halves(splits, seed)
        ]

    def drawn(self, truth, generator):
        """Return simulated counts outside the mask."""
        drawn = self.maps.drawn(truth, generator)
        return replace(
            drawn, counts=self._drowned(drawn.counts), background=self._drowned(drawn.background)
        )

    def _filled(self, maps):
        """Return maps with the mean of the nearest neighbours in masked pixels."""
        there = (~self.mask).astype(float)
        known = np.where(self.mask, 0.0, maps)
        filled = np.broadcast_to(
            known.sum(axis=(1, 2), keepdims=True) / max(there.sum(), 1.0), known.shape
        )
        for width in _WIDTHS[::-1]:
            share = ndimage.gaussian_filter(there, width, mode="nearest")
            local = ndimage.gaussian_filter(known, (0, width, width), mode="nearest")
            enough = share > 0.05
            filled = np.where(enough, local / np.where(enough, share, 1.0), filled)
        return np.where(self.mask, filled, maps)


def masked_maps(maps: Maps, mask) -> Maps:
    """Return maps whose masked pixels are ignored.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    mask : numpy.ndarray or None
        From `checked_mask`.
    """
    return maps if mask is None else MaskedMaps(maps, mask)


def whole_mask(mask, reading: Reading):
    """Return a mask with the scan positions left out in reading, or None if there are none.

    Parameters
    ----------
    mask : numpy.ndarray or None
        From `checked_mask`.
    reading : Reading
        What was read.
    """
    if mask is None or reading.mask is None:
        return reading.mask if mask is None else mask
    return mask | reading.mask

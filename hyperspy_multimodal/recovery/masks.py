"""Maps without the scan positions that are left out."""

from ..counts.contracts import Maps, Reading
from ..counts.masked_maps import MaskedMaps


def masked_maps(maps: Maps, mask) -> Maps:
    """Return maps in which masked pixels have no say.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    mask : numpy.ndarray or None
        From `checked_mask`.
    """
    return maps if mask is None else MaskedMaps(maps, mask)


def whole_mask(mask, reading: Reading):
    """Return a mask with the scan positions that were left out on reading, None if there are none.

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

"""Maps without the scan positions that are left out."""

from ..counts.masked_maps import MaskedMaps


def masked_maps(maps, mask):
    """Return maps in which masked pixels have no say.

    Parameters
    ----------
    maps : ElementMaps or FittedMaps
        Measured maps.
    mask : numpy.ndarray or None
        From `checked_mask`.
    """
    return maps if mask is None else MaskedMaps(maps, mask)


def whole_mask(mask, reading):
    """Return a mask with the scan positions that were left out on reading, None if there are none.

    Parameters
    ----------
    mask : numpy.ndarray or None
        From `checked_mask`.
    reading : Reading, SpectrumFit, EdgeMeasurement, EdgeFit or PartialReading
        What was read.
    """
    left_out = getattr(reading, "mask", None)
    if mask is None or left_out is None:
        return left_out if mask is None else mask
    return mask | left_out

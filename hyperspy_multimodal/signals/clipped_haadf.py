"""HAADF images that the detector cut off at either end of its range."""

import numpy as np

from ..notes import Speaker

_logger = Speaker(__name__)

# One above the largest number of common detectors, and how many pixels at that are too many.
_ENDS = tuple(2**bits for bits in (8, 10, 12, 14, 15, 16))
_SATURATED = 0.005
# Share of pixels at the lowest value that are too many, and how many times as many as at any other.
_BLACK, _PILED_UP = 0.05, 10.0
# Values in between that an image has at least, unless it counts few electrons.
_SEVERAL = 10


def warn_of_clipping(array):
    """Say if many pixels of an image of whole numbers are at either end of its range.

    Parameters
    ----------
    array : numpy.ndarray
        Image, shape (ny, nx), as the detector recorded it; of other numbers, nothing is said.
    """
    if array.dtype.kind not in "ui":
        return
    values, counts = np.unique(array, return_counts=True)
    highest, bright = int(values[-1]), counts[-1] / array.size
    if highest + 1 in _ENDS and bright > _SATURATED:
        _logger.warning(
            "%.1f %% of the HAADF's pixels are at %d, the end of a detector's range, so it is "
            "probably saturated. At these pixels, it is darker than it should be, and maps that "
            "follow it may be too dark as well. Record the HAADF at a lower gain, or compare with "
            "regulariser='isotropic', which ignores its edges. Where its brightness is used "
            "(`uses_brightness`), compare with weights of 0, too.",
            100 * bright,
            highest,
            kind="saturated HAADF",
        )
    dark, between = counts[0] / array.size, counts[1:-1]
    if len(between) >= _SEVERAL and dark > _BLACK and counts[0] > _PILED_UP * between.max():
        _logger.warning(
            "%.1f %% of the HAADF's pixels are at %d, its lowest value, so it is probably clipped "
            "at black. There, it shows no differences, such as those between a thin film and "
            "vacuum, and maps that follow it may miss them. Record the HAADF with a higher offset, "
            "or compare with regulariser='isotropic'. Where its brightness is used "
            "(`uses_brightness`), compare with weights of 0, too.",
            100 * dark,
            int(values[0]),
            kind="clipped HAADF",
        )

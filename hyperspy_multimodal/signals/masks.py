"""Masks of scan positions as in HyperSpy: True is left out."""

import dask.array as da
import numpy as np
from hyperspy.signal import BaseSignal

from ..notes import Speaker

_logger = Speaker(__name__)

_SMALLEST_SHARE, _LARGE_SHARE = 0.05, 0.3


def checked_mask(mask, shape):
    """Return a mask as a bool array (ny, nx), or None, or say what is wrong with it.

    Parameters
    ----------
    mask : None, BaseSignal or array_like
        As given.
    shape : tuple of int
        Rows and columns of the scan.
    """
    if mask is None:
        return None
    array = mask.data if isinstance(mask, BaseSignal) else mask
    array = np.asarray(array.compute() if hasattr(array, "compute") else array)
    if array.dtype.kind in "ui" and np.isin(array, (0, 1)).all():
        array = array.astype(bool)
    if array.dtype != bool:
        raise TypeError(
            "navigation_mask must contain True (left out) and False, but its data type is "
            f"{array.dtype}. Make such a mask with a comparison, for example haadf.data > 60000."
        )
    if array.shape != tuple(shape):
        raise ValueError(
            f"navigation_mask must have the shape of the scan, {tuple(shape)} (rows, columns), but "
            f"has the shape {array.shape}."
        )
    left = 1 - array.mean()
    if left < _SMALLEST_SHARE:
        raise ValueError(
            f"navigation_mask leaves only {100 * left:.1f} % of the scan, which is too little to "
            "fuse. True means left out; for the opposite pass ~mask."
        )
    if not array.any():
        _logger.warning(
            "navigation_mask leaves out no scan position, because the mask is False everywhere.",
            kind="to do",
        )
        return None
    if left < 1 - _LARGE_SHARE:
        _logger.warning(
            "navigation_mask leaves out %.0f %% of the scan. Do not mask scan positions only "
            "because they have no counts: vacuum has none. If the mask is inverted, pass ~mask.",
            100 * (1 - left),
            kind="to do",
        )
    return array


def without_masked(signal, mask):
    """Return a signal without counts where the mask is True, lazily; the signal if there is none.

    Parameters
    ----------
    signal : BaseSignal
        Spectrum image.
    mask : numpy.ndarray or None
        From `checked_mask`.
    """
    if mask is None:
        return signal
    result = signal.as_lazy()
    mask = np.expand_dims(mask, signal.axes_manager.signal_axes[0].index_in_array)
    result.data = da.where(mask, signal.data.dtype.type(0), result.data)
    return result

"""HAADF images as people have them: masked, profiles along a line, images in a list."""

import numpy as np
from hyperspy.signal import BaseSignal
from scipy.ndimage import distance_transform_edt


def tidied_haadf(haadf, shape, is_line=False, of_stack=False):
    """Return a HAADF image without masked pixels, a profile as a row, and its mask or None.

    Parameters
    ----------
    haadf : object
        As given.
    shape : tuple of int
        Rows and columns of the scan.
    is_line, of_stack : bool
        Whether the scan is a line of spectra, or a stack of several.
    """
    is_signal = isinstance(haadf, BaseSignal)
    data = haadf.data if is_signal else haadf
    if (
        not of_stack
        and isinstance(haadf, (list, tuple))
        and len(haadf) == 1
        and isinstance(haadf[0], BaseSignal)
    ):
        return tidied_haadf(haadf[0], shape, is_line)
    if is_line and not isinstance(data, (str, bytes, dict)) and data is not None:
        data = _profile(data, shape[1])
        is_signal = False
    elif not hasattr(data, "ndim"):
        return haadf, None
    elif is_signal and data.ndim > 2 and data.shape[0] == 1 and haadf.axes_manager._max_index == 0:
        data, is_signal = data.reshape(data.shape[-2:]), False
    elif not is_signal and data.ndim > 2 and set(data.shape[:-2]) == {1}:
        data = data.reshape(data.shape[-2:])
    if not isinstance(data, np.ma.MaskedArray):
        unchanged = data is (haadf.data if isinstance(haadf, BaseSignal) else haadf)
        return (haadf if unchanged else data), None
    mask = np.ma.getmaskarray(data)
    filled = _from_neighbours(data, mask)
    if is_signal:
        filled = haadf._deepcopy_with_new_data(filled)
    return filled, (_on_grid(mask, shape) if mask.any() else None)


def _profile(data, size):
    """Return the HAADF along a line of spectra as an array of one row."""
    array = np.asanyarray(data.compute() if hasattr(data, "compute") else data)
    if array.size != size or max(array.shape, default=0) != size:
        raise ValueError(
            f"The spectra lie along a line of {size} scan positions, so that haadf must be the "
            f"HAADF along it, {size} values, but has the shape {array.shape}. Take both with the "
            "same ROI, such as line = hs.roi.Line2DROI(...), line(s) and line(haadf)."
        )
    return array.reshape(1, size)


def _from_neighbours(data, mask):
    """Return an array whose masked pixels have the value of the nearest that is not."""
    if not mask.any():
        return np.asarray(data)
    if mask.all():
        raise ValueError("All pixels of haadf are masked.")
    places = distance_transform_edt(mask, return_distances=False, return_indices=True)
    return np.asarray(data)[tuple(places)]


def _on_grid(mask, shape):
    """Return the mask of a HAADF image over the scan: True where any of its pixels is masked."""
    if mask.ndim != 2 or mask.shape == shape:
        return mask
    rows, columns = (own / other for own, other in zip(mask.shape, shape, strict=True))
    if not (rows.is_integer() and columns.is_integer()):
        raise ValueError(
            f"haadf is masked and has {mask.shape} pixels, the scan {shape}. Average it over the "
            "pixels of the scan first, or leave scan positions out with `navigation_mask`."
        )
    blocks = mask.reshape(shape[0], int(rows), shape[1], int(columns))
    return np.asarray(blocks.any(axis=(1, 3)))

"""HAADF images in other forms: masked, profiles along a line, images in a list."""

from typing import NamedTuple

import numpy as np
from hyperspy.signal import BaseSignal
from scipy.ndimage import distance_transform_edt


class ScanGrid(NamedTuple):
    """The positions of a scan.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns; of a stack those of its images.
    axes : tuple of DataAxis
        Axes (x, y).
    is_line, is_stack : bool
        Whether it is a line of spectra, made into one row, or a stack of several scans.
    """

    shape: tuple
    axes: tuple
    is_line: bool = False
    is_stack: bool = False


def tidied_haadf(haadf, grid):
    """Return a HAADF image without masked pixels, a profile as a row, and its mask or None.

    Parameters
    ----------
    haadf : object
        As given. Anything that is not an image is returned unchanged, to be refused later.
    grid : ScanGrid
        The scan.

    Returns
    -------
    haadf : object
        Image, profile as a row, stack or list of images.
    mask : numpy.ndarray or None
        True where scan positions are to be left out, shape (ny, nx) or, of a stack, with its axes.
    """
    if isinstance(haadf, (list, tuple)) and any(isinstance(e, BaseSignal) for e in haadf):
        return _from_list(haadf, grid)
    is_signal = isinstance(haadf, BaseSignal)
    data = haadf.data if is_signal else haadf
    if not is_signal and not hasattr(data, "ndim") and not (grid.is_line and np.iterable(data)):
        return haadf, None
    if isinstance(data, (str, bytes, dict)):
        return haadf, None
    if hasattr(data, "compute") and isinstance(getattr(data, "_meta", None), np.ma.MaskedArray):
        data = data.compute()
    if grid.is_line:
        haadf, is_signal = _profile(data, grid.shape[1]), False
        data = haadf
    elif is_signal and haadf.axes_manager.navigation_dimension and data.ndim > 2:
        if haadf.axes_manager.signal_dimension == 2 and haadf.axes_manager._max_index == 0:
            haadf = haadf.inav[(0,) * haadf.axes_manager.navigation_dimension]
            data = data.reshape(data.shape[-2:])
    elif not is_signal and data.ndim > 2 and set(data.shape[:-2]) == {1} and not grid.is_stack:
        haadf = data = data.reshape(data.shape[-2:])
    if not isinstance(data, np.ma.MaskedArray):
        return haadf, None
    mask = np.ma.getmaskarray(data)
    filled = _from_neighbours(data, mask)
    clean = haadf._deepcopy_with_new_data(filled) if is_signal else filled
    if is_signal and clean._lazy:
        clean._lazy = False
        clean._assign_subclass()
    if not mask.any():
        return clean, None
    if mask.ndim > 2:
        return clean, mask
    from .haadf_image import mask_on_scan

    return clean, mask_on_scan(mask, haadf if is_signal else None, grid.shape, grid.axes)


def _from_list(images, grid):
    """Return the only image of a list, or of a stack a list of images, and their masks."""
    if not grid.is_stack:
        if len(images) == 1:
            return tidied_haadf(images[0], grid)
        listed = "".join(f"\n  {number}: {each}" for number, each in enumerate(images))
        raise ValueError(
            f"haadf must be one image, but a list of {len(images)} was given. Pass the one that is "
            f"the HAADF image of the scan, such as the first of{listed}"
        )
    found = [tidied_haadf(each, grid._replace(is_stack=False)) for each in images]
    masks = [mask for _, mask in found]
    if all(mask is None for mask in masks):
        return [image for image, _ in found], None
    nothing = np.zeros(grid.shape, bool)
    stacked = np.stack([nothing if mask is None else mask for mask in masks])
    return [image for image, _ in found], stacked


def _profile(data, size):
    """Return the HAADF along a line of spectra as an array of one row."""
    array = np.asanyarray(data.compute() if hasattr(data, "compute") else data)
    if array.size != size or max(array.shape, default=0) != size:
        raise ValueError(
            f"The spectra lie along a line of {size} scan positions, so haadf must be the HAADF "
            f"along that line, {size} values, but has the shape {array.shape}. Cut both with the "
            "same ROI, for example line = hs.roi.Line2DROI(...), line(s) and line(haadf)."
        )
    return array.reshape(1, size)


def _from_neighbours(data, mask):
    """Return images whose masked pixels have the value of the nearest that is not."""
    values = np.array(data)
    for place in np.ndindex(mask.shape[:-2]):
        own = mask[place]
        if own.all():
            raise ValueError(
                "haadf must contain an image, but all its pixels are masked. Check its mask."
            )
        if own.any():
            nearest = distance_transform_edt(own, return_distances=False, return_indices=True)
            values[place] = values[place][tuple(nearest)]
    return values

"""Regions given by users: ROIs, masks and label images."""

import logging
from collections.abc import Mapping

import numpy as np
from hyperspy.roi import BasePointROI, BaseROI, Line2DROI
from hyperspy.signals import BaseSignal

from .roi_extent import extent, sticks_out

_logger = logging.getLogger(__name__)

#: Stands for the whole scan, as the one region of this name.
WHOLE, SCAN = "whole", "scan"


def given_regions(regions, like):
    """Return the names and pixels of regions, after checks.

    Parameters
    ----------
    regions : "whole", BaseROI, array_like, BaseSignal, dict or list
        One region (a ROI or a mask), a list of regions, a dictionary of regions by name, or a label
        image. "whole" is the whole scan.
    like : BaseSignal
        A map, for axes and shape.

    Returns
    -------
    names : list of str
    masks : numpy.ndarray
        Bool, shape (R, ny, nx).
    """
    if isinstance(regions, str) and regions == WHOLE:
        return [SCAN], np.ones((1, *like.data.shape), bool)
    if isinstance(regions, (list, tuple)) and _are_regions(regions):
        regions = {str(number): each for number, each in enumerate(regions, 1)}
    elif isinstance(regions, BaseROI):
        regions = {"region": regions}
    elif not isinstance(regions, Mapping) and np.ndim(_array(regions)) == 2:
        if _array(regions).dtype.kind in "ui":
            return _labelled(_array(regions), like.data.shape)
        regions = {"region": regions}
    if not isinstance(regions, Mapping) or not regions:
        raise TypeError(
            "regions must be None or 'auto' (to find regions), 'whole' (the whole scan), a ROI, a "
            "mask (True: inside), a label image of integers, or several ROIs or masks in a "
            "dictionary or list, but "
            f"{regions!r} was given."
        )
    masks = {str(name): _mask(str(name), each, like) for name, each in regions.items()}
    return list(masks), np.array(list(masks.values()))


def _are_regions(given):
    """Return whether a list holds regions, rather than the rows of one image."""
    return all(isinstance(each, BaseROI) or np.ndim(_array(each)) == 2 for each in given)


def _array(region):
    return np.asarray(region.data if isinstance(region, BaseSignal) else region)


def _labelled(labels, shape):
    if labels.shape != shape:
        raise ValueError(
            f"regions must have the shape of the maps, {shape}, but the label image has the shape "
            f"{labels.shape}."
        )
    present = [int(label) for label in np.unique(labels) if label > 0]
    if not present:
        raise ValueError("regions must have a label > 0, but the label image contains none.")
    return [str(label) for label in present], np.array([labels == label for label in present])


def _mask(name, region, like):
    """Return the pixels of a ROI or mask."""
    if isinstance(region, BaseROI):
        mask = _inside(name, region, like)
    else:
        mask = _array(region)
        if mask.dtype != bool:
            raise TypeError(
                f"Region {name!r} must be a ROI or a mask of True (inside) and False, but "
                f"{type(region).__name__} of {mask.dtype} was given."
            )
        if mask.shape != like.data.shape:
            raise ValueError(
                f"Region {name!r} must have the shape of the maps, {like.data.shape}, but has the "
                f"shape {mask.shape}."
            )
    if not mask.any():
        where = f" ROIs use the units of the axes: {extent(like)}."
        raise ValueError(
            f"Region {name!r} must contain a pixel, but contains none of the maps."
            + (where if isinstance(region, BaseROI) else "")
        )
    if isinstance(region, BaseROI) and sticks_out(region, like):
        _logger.warning(
            "A part of the region %r lies outside the maps and is left out. ROIs use the "
            "units of the axes: %s.",
            *(name, extent(like)),
        )
    return mask


def _inside(name, roi, like):
    """Return the pixels that a ROI takes out of a map."""
    numbers = np.arange(like.data.size, dtype=float).reshape(like.data.shape)
    if isinstance(roi, (BasePointROI, Line2DROI)):
        raise TypeError(
            f"Region {name!r} must be a ROI with an area, such as RectangularROI, CircleROI and "
            f"PolygonROI, but {roi!r} was given."
        )
    try:
        taken = roi(like._deepcopy_with_new_data(numbers)).data
    except ValueError:  # none of it lies in the map
        return np.zeros(like.data.shape, bool)
    mask = np.zeros(like.data.size, bool)
    mask[np.asarray(taken)[np.isfinite(taken)].astype(int)] = True
    return mask.reshape(like.data.shape)

"""The HAADF image that belongs to a spectrum image, checked."""

import logging
from collections.abc import Mapping

import numpy as np
from hyperspy.signal import BaseSignal
from hyperspy.signals import Signal2D

from ..notes import Speaker
from .clipped_haadf import warn_of_clipping
from .fields import calibrations, field_ratio, in_units, pixels_away, same_field
from .keywords import HAADF_NEEDED

_logger = Speaker(__name__)

# Lengths of two fields that differ by no more than this share are the same.
_SAME_FIELD = 0.02
# Of images with a whole multiple of the scan's pixels, calibrations may differ by this share.
_LIKE_FIELD = 0.15


def haadf_array(haadf, signal):
    """Return the HAADF as a float64 array over the scan of ``signal``.

    Parameters
    ----------
    haadf : Signal2D, BaseSignal or array_like
        One number a scan position, as signal or as navigation dimensions.
    signal : BaseSignal
        Spectrum image with two navigation axes.

    Returns
    -------
    numpy.ndarray
        Shape (ny, nx).

    Raises
    ------
    TypeError
        If ``haadf`` holds no real numbers.
    ValueError
        If its shape or calibration is not that of the scan, or it is not finite, or constant.
    """
    return image_array(haadf, scan_shape(signal), signal.axes_manager.navigation_axes)


def image_array(haadf, shape, scan_axes):
    """As `haadf_array`, over a scan of a shape (ny, nx) with axes (x, y)."""
    if isinstance(haadf, BaseSignal):
        axes = _image_axes(haadf)
        _check_order(axes, scan_axes)
        array = haadf.data
    elif isinstance(haadf, (str, bytes, Mapping)) or haadf is None:
        raise TypeError(
            "haadf must be a HAADF image, as Signal2D, BaseSignal or array of the shape "
            f"{shape} (rows, columns), but {haadf!r} was given. {HAADF_NEEDED}"
        )
    else:
        array = haadf
    if hasattr(array, "compute"):
        array = array.compute()
    array = np.asarray(array)
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"haadf must contain real numbers, but its data type is {array.dtype}. Pass the "
            "detector intensities, not a colour image or complex data."
        )
    axes = axes if isinstance(haadf, BaseSignal) else None
    if array.shape != shape:
        array = _on_scan_grid(array, shape, axes, scan_axes)
    elif axes is not None:
        _warn_of_other_calibration(axes, scan_axes)
    bad = ~np.isfinite(array)
    if bad.any():
        raise ValueError(
            f"haadf must be finite, but {int(bad.sum())} of its {array.size} pixels are NaN or "
            "infinite. Leave them out with numpy.ma.masked_invalid(haadf)."
        )
    if array.min() == array.max():
        raise ValueError(
            f"haadf must be the HAADF image of the scan, but is constant ({array.flat[0]:g} "
            "everywhere). Check that it is the right image."
        )
    warn_of_clipping(array)
    return array.astype(np.float64)


def covers_scan(image, signal):
    """Return whether an image, of more pixels than the scan, is taken for the same field."""
    manager = signal.axes_manager
    try:
        axes = _image_axes(image)
    except ValueError:
        return False
    shape = manager.navigation_shape[::-1]
    if len(shape) != 2 or len(axes) != 2:
        return False
    factors = [own.size / other for own, other in zip(axes, shape[::-1], strict=True)]
    ratios = [field_ratio(*pair) for pair in zip(axes, manager.navigation_axes, strict=True)]
    alike = factors[0] == factors[1] and float(factors[0]).is_integer()
    if min(factors) < 1:
        return False
    if None in ratios:
        return alike
    return np.allclose(ratios, 1, rtol=_LIKE_FIELD if alike else _SAME_FIELD)


def mask_on_scan(mask, image, shape, scan_axes):
    """Return the mask of an image over the scan: True where any of its pixels is masked.

    Parameters
    ----------
    mask : numpy.ndarray
        True where a pixel of the image is masked.
    image : BaseSignal or None
        The image, if it is a signal: its axes tell where it lies.
    shape, scan_axes
        As in `image_array`.
    """
    if mask.ndim != 2 or mask.shape == tuple(shape):
        return mask
    axes = None if image is None else _image_axes(image)
    return _on_scan_grid(mask.astype(float), tuple(shape), axes, scan_axes, quiet=True) > 0


def scan_shape(signal):
    """Return (ny, nx) of a spectrum image, or say why it is none."""
    manager = signal.axes_manager
    if manager.signal_dimension != 1:
        raise ValueError(
            "multimodal_fusion needs one spectrum at each scan position, but this signal has "
            f"{manager.signal_dimension} signal dimensions. Use s.transpose(signal_axes=1)."
        )
    if not manager.signal_axes[0].is_uniform:
        raise ValueError(
            "multimodal_fusion needs a uniform energy axis, but the axis of this signal is not "
            "uniform. Use s.interpolate_on_axis."
        )
    if manager.navigation_dimension != 2:
        what = {0: "a single spectrum", 1: "a line of spectra"}.get(
            manager.navigation_dimension, f"{manager.navigation_dimension} navigation axes"
        )
        raise ValueError(
            "multimodal_fusion needs a map of spectra, with two navigation axes (x, y), but this "
            f"signal contains {what}. Expected dimensions such as (64, 64|2048), not "
            f"{manager.navigation_shape}|{manager.signal_shape}."
        )
    return manager.navigation_shape[::-1]


def _image_axes(haadf):
    """Return the axes (x, y) of an image, or say why it is none."""
    axes = haadf.axes_manager.signal_axes or haadf.axes_manager.navigation_axes
    if len(axes) != 2 or (haadf.axes_manager.signal_axes and haadf.axes_manager._max_index):
        raise ValueError(
            "haadf must be one image, with two dimensions, but its dimensions are "
            f"{haadf.axes_manager.navigation_shape}|{haadf.axes_manager.signal_shape}. Sum or "
            "index a HAADF stack first. The spectrum image itself is not a HAADF image."
        )
    return axes


def _check_order(axes, scan):
    """Refuse an image of transposed axes."""
    names, wanted = [axis.name for axis in axes], [axis.name for axis in scan]
    if names == wanted[::-1] and names[0] != names[1] and all(isinstance(n, str) for n in names):
        raise ValueError(
            f"haadf has the axes {names}, but the scan has {wanted}: rows and columns are "
            "swapped. Use haadf.transpose(signal_axes=[1, 0])."
        )


def _warn_of_other_calibration(axes, scan):
    """Say if an image of as many pixels as the scan is calibrated otherwise."""
    if not all(same_field(*pair) in (True, None) for pair in zip(axes, scan, strict=True)):
        _logger.warning(
            "haadf has as many pixels as the scan, but a different calibration (%s). It is assumed "
            "to show the same field of view, pixel by pixel. Check that it belongs to this "
            "scan. The maps have the calibration of the spectra.",
            calibrations(axes, scan),
            kind="doubtful field",
        )
        return
    away = [pixels_away(*pair) for pair in zip(axes, scan, strict=True)]
    if None not in away and any(away):
        _logger.warning(
            "According to their axes, haadf and spectra are %d, %d pixels (x, y) apart. They "
            "are assumed to show the same field of view, pixel by pixel. If they are different "
            "parts of one scan, crop both to the same part.",
            *away,
            kind="doubtful field",
        )


def _on_scan_grid(array, shape, axes, scan_axes, quiet=False):
    """Return a finer image over the same field, averaged over the pixels of the scan.

    Parameters
    ----------
    array : numpy.ndarray
        Image.
    shape : tuple of int
        Rows and columns of the scan.
    axes : tuple of DataAxis or None
        Axes (x, y) of the image, if it is a signal.
    scan_axes : tuple of DataAxis
        Axes (x, y) of the scan.
    quiet : bool
        Whether to say nothing. Default False.
    """
    level = logging.DEBUG if quiet else logging.INFO
    if array.ndim != 2:
        raise ValueError(_wrong_shape(array.shape, shape, axes is not None))
    finer = [own / other for own, other in zip(array.shape, shape, strict=True)]
    pairs = [] if axes is None else list(zip(axes, scan_axes, strict=True))
    ratios = [field_ratio(*pair) for pair in pairs]
    comparable = bool(pairs) and None not in ratios
    calibrated = comparable and all(same_field(*pair) for pair in pairs)
    whole = min(finer) >= 1 and all(float(factor).is_integer() for factor in finer)
    alike = whole and finer[0] == finer[1]
    if comparable and not calibrated:
        part = _part_of_scan(array, pairs, shape, level)
        if part is not None:
            return part
        alike = alike and np.allclose(ratios, 1, rtol=_LIKE_FIELD)
        if min(finer) >= 1 and not alike:
            raise ValueError(
                "haadf covers a different field of view from the scan "
                f"({calibrations(axes, scan_axes)}). {_how_to_crop(pairs)} If a calibration is "
                "wrong, correct its scale."
            )
    if min(finer) < 1 or not (calibrated or alike):
        message = _wrong_shape(array.shape, shape, axes is not None)
        if pairs:
            message += f" Calibrations, {calibrations(axes, scan_axes)}."
        raise ValueError(message)
    _logger.log(
        level,
        "haadf has %d x %d pixels and the scan %d x %d: haadf is averaged over the pixels of "
        "the scan, %s.",
        *array.shape,
        *shape,
        "which cover the same field" if calibrated else "taken to be the same field",
    )
    if whole:
        rows, columns = (int(factor) for factor in finer)
        return array.reshape(shape[0], rows, shape[1], columns).mean(axis=(1, 3))
    image = Signal2D(array.astype(float)).rebin(new_shape=shape[::-1])
    return image.data / np.prod(finer)


def _how_to_crop(pairs):
    """Say how to crop an image to the scan, with numbers if it has pixels of the same size."""
    starts = [_start_on(own, other) for own, other in pairs]
    if any(start is None or abs(start) > 0.1 for start in starts):
        return "Crop it to the scan with haadf.isig[left:right, top:bottom]."
    columns, rows = (other.size for _, other in pairs)
    # its place would be known from offsets that differ, see `_part_of_scan`
    return (
        "Its pixels have the same size, but the offsets of the axes are equal, which may mean that "
        "the spectra start in the same corner, or that offsets were not recorded. If they start "
        "there, as after roi(s) with a ROI at the origin, crop the HAADF in the same way: "
        f"roi(haadf) or haadf.isig[:{columns}, :{rows}]."
    )


def _start_on(own, other):
    """Return on which pixel of an image a scan starts, None if its pixels have another size."""
    unit = in_units(other.units, own.units)
    if not np.isclose(other.scale * unit, own.scale, rtol=_SAME_FIELD / own.size):
        return None
    return (other.offset * unit - own.offset) / own.scale


def _part_of_scan(array, pairs, shape, level):
    """Return the part of an image that a part of its scan covers, by offsets; None if it is none.

    Offsets that are equal say nothing: they are 0 as a rule, also in the middle of an image.
    """
    starts = []
    for (own, other), size in zip(pairs, shape[::-1], strict=True):
        start = _start_on(own, other)
        if start is None:
            return None
        if abs(start - round(start)) > 0.1 or not 0 <= round(start) <= own.size - size:
            return None
        starts.append(round(start))
    if not any(starts):
        return None
    columns, rows = (
        slice(start, start + size) for start, size in zip(starts, shape[::-1], strict=True)
    )
    _logger.log(
        level,
        "haadf is larger than the scan. It is cropped to its rows %d to %d and columns %d to "
        "%d, where the spectra lie according to their axes.",
        *(number for part in (rows, columns) for number in (part.start, part.stop - 1)),
    )
    return array[rows, columns]


def _wrong_shape(given, expected, is_signal):
    message = (
        f"haadf must have the shape of the scan, {expected} (rows, columns), but has the shape "
        f"{given}."
    )
    if len(given) == 1 and given[0] == np.prod(expected):
        return f"{message} If it contains the image row by row, pass haadf.reshape{expected}."
    if len(given) == 2 and given == expected[::-1]:
        remedy = "haadf.transpose(signal_axes=[1, 0])" if is_signal else "haadf.T"
        return f"{message} Rows and columns seem to be swapped: try {remedy}."
    message += " Pass the HAADF image that was recorded with this spectrum image."
    if len(given) == 2 and min(np.subtract(given, expected)) >= 0:
        message += " If the spectra were cropped, crop the image to the same part."
    return message

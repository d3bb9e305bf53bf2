"""The HAADF image that belongs to a spectrum image, checked."""

import numpy as np
import pint
from hyperspy.signal import BaseSignal


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
        _check_field(haadf, scan_axes)
        array = haadf.data
    elif isinstance(haadf, (str, bytes, dict)) or haadf is None:
        raise TypeError(
            "haadf must be a HAADF image, as Signal2D, BaseSignal or array of the shape "
            f"{shape} (rows, columns), but {haadf!r} was given."
        )
    else:
        array = haadf
    if hasattr(array, "compute"):
        array = array.compute()
    array = np.asarray(array)
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"haadf must hold real numbers, but its data type is {array.dtype}. Give the "
            "intensities of the detector, not a colour image or complex data."
        )
    if array.shape != shape:
        raise ValueError(_wrong_shape(array.shape, shape, isinstance(haadf, BaseSignal)))
    bad = ~np.isfinite(array)
    if bad.any():
        raise ValueError(
            f"haadf must be finite, but {int(bad.sum())} of its {array.size} pixels are NaN or "
            "infinite. Replace them first, for example with numpy.nan_to_num."
        )
    if array.min() == array.max():
        raise ValueError(
            f"haadf is constant ({array.flat[0]:g} everywhere), so it tells nothing about the "
            "specimen. Expected the HAADF image of the scan."
        )
    return array.astype(np.float64)


def scan_shape(signal):
    """Return (ny, nx) of a spectrum image, or say why it is none."""
    manager = signal.axes_manager
    if manager.signal_dimension != 1:
        raise ValueError(
            "multimodal_fusion needs one spectrum at each scan position, but this signal has "
            f"{manager.signal_dimension} signal dimensions. See s.transpose(signal_axes=1)."
        )
    if not manager.signal_axes[0].is_uniform:
        raise ValueError(
            "multimodal_fusion needs a uniform energy axis, but that of this signal is not. See "
            "s.interpolate_on_axis."
        )
    if manager.navigation_dimension != 2:
        what = {0: "a single spectrum", 1: "a line of spectra"}.get(
            manager.navigation_dimension, f"{manager.navigation_dimension} navigation axes"
        )
        raise ValueError(
            "multimodal_fusion needs a map of spectra, with two navigation axes (x, y), but this "
            f"signal holds {what}. Expected dimensions such as (64, 64|2048), not "
            f"{manager.navigation_shape}|{manager.signal_shape}."
        )
    return manager.navigation_shape[::-1]


def _check_field(haadf, scan):
    """Refuse an image whose pixels are not those of the scan."""
    axes = haadf.axes_manager.signal_axes or haadf.axes_manager.navigation_axes
    if len(axes) != 2 or (haadf.axes_manager.signal_axes and haadf.axes_manager._max_index):
        raise ValueError(
            "haadf must be one image, with two dimensions, but its dimensions are "
            f"{haadf.axes_manager.navigation_shape}|{haadf.axes_manager.signal_shape}. A HAADF "
            "stack has to be summed or indexed first; the spectrum image itself is no HAADF."
        )
    names, wanted = [axis.name for axis in axes], [axis.name for axis in scan]
    if names == wanted[::-1] and names[0] != names[1] and all(isinstance(n, str) for n in names):
        raise ValueError(
            f"haadf has the axes {names}, the scan {wanted}: rows and columns are exchanged. Try "
            "haadf.transpose(signal_axes=[1, 0])."
        )
    for own, other in zip(axes, scan, strict=True):
        if own.size != other.size or not (own.is_uniform and other.is_uniform):
            continue
        try:
            scale = own.scale * _in_units(own.units, other.units)
        except (TypeError, ValueError):
            continue
        if not np.isclose(scale, other.scale, rtol=0.02):
            raise ValueError(
                f"haadf covers another field than the scan: its {own.name} axis has "
                f"{own.scale:g} {own.units} a pixel, the scan's {other.name} axis {other.scale:g} "
                f"{other.units}. If the calibration is wrong, correct the scale of one of them; "
                "otherwise give the image of this scan."
            )


def _in_units(units, other):
    """Return the length of one of ``units`` in ``other``; ValueError where it is not defined."""
    if not isinstance(units, str) or not isinstance(other, str):
        raise ValueError("not calibrated")
    try:
        return pint.get_application_registry().Quantity(1, units).to(other).magnitude
    except Exception as error:
        raise ValueError("not comparable") from error


def _wrong_shape(given, expected, is_signal):
    message = (
        f"haadf must have the shape of the scan, {expected} (rows, columns), but has the shape "
        f"{given}."
    )
    if len(given) == 2 and given == expected[::-1]:
        remedy = "haadf.transpose(signal_axes=[1, 0])" if is_signal else "haadf.T"
        return f"{message} Rows and columns seem to be exchanged: try {remedy}."
    return message + " Give the HAADF image that was recorded with this spectrum image."

"""EELS backgrounds of another shape than a power law, fitted to the summed spectrum."""

import numpy as np
from hyperspy.signals import Signal1D

#: The shape that `power_law` fits pixel by pixel.
POWER_LAW = "PowerLaw"
_SHAPES = (
    POWER_LAW,
    "Doniach",
    "Exponential",
    "Gaussian",
    "Lorentzian",
    "Offset",
    "Polynomial",
    "SkewNormal",
    "SplitVoigt",
    "Voigt",
)


def checked_background_type(given):
    """Return the name of a background's shape, or say which there are.

    Parameters
    ----------
    given : str
        A type of ``Signal1D.remove_background``, in any case, with spaces or without.
    """
    for name in _SHAPES:
        if isinstance(given, str) and given.replace(" ", "").lower() == name.lower():
            return name
    raise ValueError(
        f"`background_type` must be one of {', '.join(map(repr, _SHAPES))}, but {given!r} was "
        "given."
    )


def shape_ratio(name, total, axis, side, window, background_type):
    """Return the background in a window for each count before the edge.

    Parameters and errors are those of `fitted_shape`.

    Returns
    -------
    float
    """
    fitted = fitted_shape(name, total, axis, side, window, background_type)
    return float(fitted[slice(*window)].sum() / fitted[slice(*side)].sum())


def fitted_shape(name, total, axis, side, window, background_type):
    """Return the background by channel, shape (C,), 0 outside the windows and between them.

    The background is fitted to the sum of all spectra before the edge by HyperSpy's
    ``remove_background``, least squares included.

    Parameters
    ----------
    name : str
        Edge, for messages.
    total : numpy.ndarray
        Sum of all spectra, shape (C,).
    axis : UniformDataAxis
        Energy axis.
    side, window : tuple of (int, int)
        Channels [start, stop) before the edge, and of its window.
    background_type : str
        From `checked_background_type`.

    Raises
    ------
    ValueError
        If the fit fails, or is not positive in both ranges of channels.
    """
    first, last = min(side[0], window[0]), max(side[1], window[1])
    scale = max(total[side[0] : side[1]].mean(), 1e-30)
    spectrum = Signal1D(total[first:last] / scale)
    energy = spectrum.axes_manager.signal_axes[0]
    energy.offset = axis.low_value + first * axis.scale
    energy.scale = axis.scale
    # the last of these is the start of the channel after
    limits = [energy.offset + (channel - first) * axis.scale for channel in side]
    fitted = np.full(last - first, np.nan)
    try:
        rest = spectrum.remove_background(
            tuple(limits), background_type, fast=False, show_progressbar=False
        )
        fitted = spectrum.data - rest.data
    except (RuntimeError, ValueError, np.linalg.LinAlgError) as error:
        raise ValueError(_FAILED.format(background_type, name)) from error
    before, under = (fitted[start - first : stop - first] for start, stop in (side, window))
    if not (np.isfinite(fitted).all() and before.sum() > 0 and under.min() >= 0):
        raise ValueError(_FAILED.format(background_type, name))
    found = np.zeros(len(total))
    found[first:last] = scale * fitted
    return found


_FAILED = (
    "A background of the type {!r} does not describe the spectra before {}: its fit fails, or "
    "falls below 0 under the edge. Use background_type='PowerLaw', or pass other "
    "`background_windows`."
)

"""Windows on the energy axis that a user gives."""

import numpy as np


def axis_range(axis):
    """Return the energies from the first to the last channel, for messages.

    Parameters
    ----------
    axis : DataAxis
        Energy axis.

    Returns
    -------
    str
    """
    return f"{axis.low_value:g} to {axis.high_value:g} {axis.units}"


def window_array(argument, signal, names, given, columns, otherwise, kind):
    """Return windows that a user gives as an array, or say what is wrong with them.

    Parameters
    ----------
    argument : str
        Name of the argument.
    signal : BaseSignal
        Spectrum image.
    names : list of str
        Lines or edges, one per row.
    given : array_like
        Limits left < right in units of the energy axis.
    columns : int
        Limits in a row: 2 for one window, 4 for two.
    otherwise : str
        What the argument may be instead of an array, such as "'auto', None, or ".
    kind : str
        What the names are: "line" or "edge".

    Returns
    -------
    numpy.ndarray
        Shape (K, columns), float64.
    """
    expected = (
        f"{argument} must be {otherwise}an array of shape ({len(names)}, {columns}) with one row "
        f"per {kind}, in the order {names}, of window limits (left < right) in units of the "
        "energy axis"
    )
    try:
        array = np.array(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{expected}, but {given!r} was given.") from error
    if array.shape != (len(names), columns):
        raise ValueError(f"{expected}, but the shape {array.shape} was given.")
    if not np.isfinite(array).all() or (array[:, ::2] >= array[:, 1::2]).any():
        raise ValueError(f"{expected}, but {array.tolist()} was given.")
    axis = signal.axes_manager.signal_axes[0]
    low, high = axis.low_value - axis.scale / 2, axis.high_value + axis.scale / 2
    rounding = 1e-6 * axis.scale
    if array.min() < low - rounding or array.max() > high + rounding:
        raise ValueError(
            f"{argument} must lie on the energy axis, {axis_range(axis)}, but {array.tolist()} was "
            "given."
        )
    return array

"""Convert data and axes of spectrum images to the standard form for fusion."""

import dask
import dask.array as da
import numpy as np
from hyperspy.signal import BaseSignal

# Units of energy as written by various programs, in lower case.
_UNITS = {"kev": "keV", "ev": "eV", "kiloelectronvolt": "keV", "electronvolt": "eV"}


# Names of axes over several scans, and units of axes of one scan.
_FRAMES = frozenset(
    "time t frame frames stack stack_element slice slices tilt z index cycle".split()
)
_LENGTHS = frozenset(("m", "mm", "um", "µm", "μm", "nm", "pm", "Å", "A", "1/nm"))


def _unit(units):
    """Return "keV" or "eV" for all spellings of these units, or None for other units."""
    return _UNITS.get(str(units).strip().lower())


def check_numbers(signal):
    kind = signal.data.dtype.kind
    if kind not in "buif":
        raise TypeError(
            "The spectra must contain counts, as real numbers, but their data type is "
            f"{signal.data.dtype}. Convert them first, for example with s.change_dtype('float32')."
        )


def check_units(signal):
    """Refuse X-ray spectra whose energies may be in keV or eV."""
    axes = signal.axes_manager.signal_axes
    kind = signal.metadata.get_item("Signal.signal_type", "")
    if kind.startswith("EDS") and len(axes) == 1 and _unit(axes[0].units) is None:
        raise ValueError(
            "The energy axis of EDS spectra must be in keV or eV, but its units are "
            f"{axes[0].units}. It has {axes[0].size} channels of {axes[0].scale:g} from "
            f"{axes[0].offset:g}. Set its units, for example with s.axes_manager[-1].units = "
            "'keV', and its scale and offset likewise."
        )


def rebuilt(signal, data=None, axes=None, metadata=None):
    """Return a signal of the same class over other data, axes or metadata."""
    if metadata is None:
        metadata = signal.metadata.deepcopy().as_dictionary()
    if axes is None:
        axes = [axis.get_axis_dictionary() for axis in signal.axes_manager._axes]
    result = type(signal)(
        signal.data if data is None else data,
        axes=axes,
        metadata=metadata,
        original_metadata=signal.original_metadata.as_dictionary(),
    )
    result.tmp_parameters.add_dictionary(signal.tmp_parameters.as_dictionary())
    for name in ("elements", "subshells"):  # of EELS
        if isinstance(getattr(signal, name, None), set):
            getattr(result, name).update(getattr(signal, name))
    return result


def ascending(signal, metadata=None):
    """Return a signal with ascending energies in known units."""
    energies = signal.axes_manager.signal_axes
    if len(energies) != 1 or not energies[0].is_uniform:
        return signal if metadata is None else rebuilt(signal, metadata=metadata)
    axes = [axis.get_axis_dictionary() for axis in signal.axes_manager._axes]
    place = energies[0].index_in_array
    axis, data = axes[place], signal.data
    unit = _unit(axis["units"]) or axis["units"]
    if unit == axis["units"] and axis["scale"] >= 0 and metadata is None:
        return signal
    axis["units"] = unit
    if axis["scale"] < 0:
        axis["offset"] += axis["scale"] * (axis["size"] - 1)
        axis["scale"] = -axis["scale"]
        data = data[(slice(None),) * place + (slice(None, None, -1),)]
        data = data if signal._lazy else np.asanyarray(data)
    return rebuilt(signal, data, axes, metadata)


def without_data_masks(signal):
    """Return a signal without masked arrays, and a mask of scan positions or None.

    Channels that are masked everywhere, at an end of the axis, are cropped.
    """
    data = signal.data
    if isinstance(data, np.ma.MaskedArray):
        array, whole = np, np.ma
    elif isinstance(getattr(data, "_meta", None), np.ma.MaskedArray):
        array, whole = da, da.ma
    else:
        return signal, None
    mask = whole.getmaskarray(data)
    place = signal.axes_manager.signal_axes[0].index_in_array
    others = tuple(axis for axis in range(mask.ndim) if axis != place)
    [everywhere] = dask.compute(mask.all(axis=others))
    shape = [1] * mask.ndim
    shape[place] = -1
    [positions] = dask.compute((mask & ~everywhere.reshape(shape)).any(axis=place))
    result = rebuilt(signal, whole.filled(data, 0))
    if everywhere.all():
        raise ValueError(
            "The spectra must contain data, but all are masked. Check the mask, s.data.mask."
        )
    if everywhere.any():
        used = np.flatnonzero(~everywhere)
        if everywhere[used[0] : used[-1]].any():
            raise ValueError(
                "Channels in the middle of the energy axis are masked at all scan positions. Only "
                "those at its ends can be left out: crop the axis with s.isig[first:last]."
            )
        result = result.isig[int(used[0]) : int(used[-1]) + 1]
    return result, (positions if array.any(positions) else None)


def as_row(signal):
    """Return a line of spectra as a map of one row."""
    [along] = signal.axes_manager.navigation_axes
    row = {"size": 1, "name": "row", "offset": 0.0, "scale": 1.0, "navigate": True}
    if along.is_uniform:
        row.update(scale=along.scale, units=along.units)
    axes = [axis.get_axis_dictionary() for axis in signal.axes_manager._axes]
    return rebuilt(signal, signal.data[None], [row, *axes])


def scan_first(signal, haadf):
    """Return an order of navigation axes that has those of the scan first; None if they are.

    The scan's are those named x and y (or as the axes of the HAADF are); else those that are no
    frames, by name or units; else those of the HAADF's shape, if no others have it.
    """
    manager = signal.axes_manager
    if manager.signal_dimension != 1 or manager.navigation_dimension <= 2:
        return None
    axes = manager.navigation_axes
    pair = _by_name(axes, haadf) or _by_kind(axes) or _by_shape(axes, haadf)
    if pair is None or pair == (0, 1):
        return None
    return (*pair, *(place for place in range(len(axes)) if place not in pair))


def _by_name(axes, haadf):
    names = [axis.name.lower() if isinstance(axis.name, str) else None for axis in axes]
    wanted = [("x", "y"), ("width", "height")]
    if isinstance(haadf, BaseSignal):
        own = haadf.axes_manager.signal_axes or haadf.axes_manager.navigation_axes
        if len(own) == 2 and all(isinstance(axis.name, str) for axis in own):
            wanted.insert(0, tuple(axis.name.lower() for axis in own))
    for pair in wanted:
        if all(names.count(name) == 1 for name in pair):
            return tuple(names.index(name) for name in pair)
    return None


def _by_kind(axes):
    """Return the only two axes that are no frames by name, or lengths by their units."""
    for found in (
        [n for n, axis in enumerate(axes) if str(axis.name).lower() not in _FRAMES],
        [n for n, axis in enumerate(axes) if str(axis.units).strip() in _LENGTHS],
    ):
        if len(found) == 2:
            return tuple(found)
    return None


def _by_shape(axes, haadf):
    shape = tuple(getattr(haadf.data if isinstance(haadf, BaseSignal) else haadf, "shape", ()))
    pairs = [(i, j) for i in range(len(axes)) for j in range(i + 1, len(axes))]
    found = [(i, j) for i, j in pairs if (axes[j].size, axes[i].size) == shape]
    return found[0] if len(found) == 1 else None


def in_order(array, order):
    """Return an array over navigation axes, in array order, with these in another order."""
    n_axes = len(order)
    return array.transpose([n_axes - 1 - place for place in order[::-1]])


def either(mask, other):
    """Return what is True in either of two masks, one of which may be of all slices."""
    smaller, larger = sorted((np.asarray(mask), np.asarray(other)), key=np.ndim)
    return larger | smaller if larger.shape[-2:] == smaller.shape[-2:] else mask

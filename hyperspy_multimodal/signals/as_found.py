"""Spectrum images and HAADF images as people have them, brought to the one form that is fused.

That form: plain numbers, energies that ascend, the two axes of the scan before others, and metadata
as HyperSpy writes them. Results go back to the axes and metadata that were given.

eXSpy imports this module while it is being imported itself: other imports wait for the first call.
"""

import functools
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tidied:
    """A spectrum image in the one form, and the way back.

    Attributes
    ----------
    signal : BaseSignal
        The spectrum image; the one that was given if nothing had to be changed.
    given : BaseSignal
        The one that was given.
    mask : numpy.ndarray or None
        True where masked data leave out a scan position.
    is_line : bool
        Whether a line of spectra was made into one row.
    order : tuple of int or None
        Places of the navigation axes in those that were given, if these were put into another
        order.
    assumed : dict of str to float
        What was taken for values that the metadata lack.
    """

    signal: object
    given: object
    mask: object = None
    is_line: bool = False
    order: tuple | None = None
    assumed: dict = field(default_factory=dict)

    def mask_of(self, navigation_mask):
        """Return the mask that a user gives, in the one form and with that of the data."""
        import numpy as np
        from hyperspy.signal import BaseSignal

        if navigation_mask is None:
            return self.mask
        array = navigation_mask
        array = array.data if isinstance(array, BaseSignal) else array
        array = np.asarray(array.compute() if hasattr(array, "compute") else array)
        if self.is_line and array.ndim == 1:
            array = array[None]
        if self.order is not None and array.ndim == len(self.order):
            array = _in_order(array, self.order)
        if self.mask is None or array.dtype != bool:
            return array
        return _either(array, self.mask)

    def restored(self, results):
        """Return what a fusion gave, with axes and metadata of the signal that was given."""
        if self.signal is self.given and not self.is_line and self.order is None:
            return results
        if isinstance(results, tuple):
            maps, output = results
            output = {name: self._restored_output(name, each) for name, each in output.items()}
            return [self._restored_map(each) for each in maps], output
        return [self._restored_map(each) for each in results]

    def _restored_map(self, result):
        metadata = result.metadata
        if self.is_line:
            result = result.inav[:, 0]
            metadata = result.metadata
            errors = metadata.get_item("Multimodal_fusion.standard_deviation", None)
            if errors is not None:
                metadata.set_item("Multimodal_fusion.standard_deviation", errors[0])
        if self.order is not None:
            back = [self.order.index(place) for place in range(len(self.order))]
            result = result.transpose(navigation_axes=back)
            metadata = result.metadata
        if metadata.has_item("Acquisition_instrument"):
            del metadata.Acquisition_instrument
        instrument = self.given.metadata.get_item("Acquisition_instrument", None)
        if instrument is not None:
            metadata.add_dictionary({"Acquisition_instrument": instrument.as_dictionary()})
        if self.assumed and metadata.has_item("Multimodal_fusion"):
            metadata.set_item("Multimodal_fusion.assumed", dict(self.assumed))
        return result

    def _restored_output(self, name, value):
        if name in ("raw_maps", "standard_deviations"):
            return [self._restored_map(each) for each in value]
        if name in ("haadf", "modelled_haadf", "haadf_residual") and self.is_line:
            return value.isig[:, 0]
        return value


def as_found(method):
    """Make a fusion take spectra and HAADF images in whatever form they come."""

    @functools.wraps(method)
    def fused(self, haadf, *args, **kwargs):
        spectra = tidied(self, haadf)
        haadf, own = tidied_haadf(haadf, spectra)
        mask = spectra.mask_of(kwargs.get("navigation_mask"))
        if own is not None:
            mask = own if mask is None else _either(mask, own)
        kwargs["navigation_mask"] = mask
        return spectra.restored(method(spectra.signal, haadf, *args, **kwargs))

    return fused


def tidied(signal, haadf=None):
    """Return a `Tidied` spectrum image, which holds the signal itself if nothing is to be changed.

    Parameters
    ----------
    signal : EDSSpectrum or EELSSpectrum
        Spectrum image, eager or lazy, or a line of spectra. It is not changed.
    haadf : object, optional
        HAADF image as given: it tells which axes are those of the scan.

    Raises
    ------
    TypeError, ValueError
        If the data are no real numbers, or channels in the middle of the axis are masked.
    """
    from .found_metadata import tidied_metadata

    _check_numbers(signal)
    result, is_line = signal, False
    metadata, assumed = tidied_metadata(signal)
    if metadata is not None:
        result = _rebuilt(result, metadata=metadata)
    result, masked = _filled(_ascending(result))
    manager = result.axes_manager
    if manager.signal_dimension == 1 and manager.navigation_dimension == 1:
        result, is_line = _as_row(result), True
        masked = None if masked is None else masked[None]
    order = _scan_first(result, haadf)
    if order is not None:
        result = result.transpose(navigation_axes=list(order))
        masked = None if masked is None else _in_order(masked, order)
    return Tidied(result, signal, masked, is_line, order, assumed)


def tidied_haadf(haadf, spectra):
    """Return a HAADF image without masked pixels, a profile as a row, and its mask or None.

    Parameters
    ----------
    haadf : object
        As given.
    spectra : Tidied
        Spectrum image.
    """
    import numpy as np
    from hyperspy.signal import BaseSignal

    is_signal = isinstance(haadf, BaseSignal)
    data = haadf.data if is_signal else haadf
    if isinstance(haadf, (list, tuple)) and len(haadf) == 1 and isinstance(haadf[0], BaseSignal):
        return tidied_haadf(haadf[0], spectra)
    if spectra.is_line and not isinstance(data, (str, bytes, dict)) and data is not None:
        data = _profile(data, spectra.signal.axes_manager.navigation_shape[0])
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
    return filled, (_on_grid(mask, spectra) if mask.any() else None)


def _check_numbers(signal):
    kind = signal.data.dtype.kind
    if kind not in "buif":
        raise TypeError(
            "The spectra must hold counts, as real numbers, but their data type is "
            f"{signal.data.dtype}. Convert them first, for example with s.change_dtype('float32')."
        )


def _rebuilt(signal, data=None, axes=None, metadata=None):
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


def _ascending(signal):
    """Return a signal whose energies ascend."""
    import numpy as np

    energies = signal.axes_manager.signal_axes
    if len(energies) != 1 or not energies[0].is_uniform or energies[0].scale >= 0:
        return signal
    axes = [axis.get_axis_dictionary() for axis in signal.axes_manager._axes]
    place = energies[0].index_in_array
    axis = axes[place]
    axis["offset"] += axis["scale"] * (axis["size"] - 1)
    axis["scale"] = -axis["scale"]
    flipped = signal.data[(slice(None),) * place + (slice(None, None, -1),)]
    return _rebuilt(signal, flipped if signal._lazy else np.asanyarray(flipped), axes)


def _filled(signal):
    """Return a signal of plain numbers, and True where a scan position was masked, or None.

    Channels that are masked everywhere, at an end of the axis, are cropped.
    """
    import dask
    import dask.array as da
    import numpy as np

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
    result = _rebuilt(signal, whole.filled(data, 0))
    if everywhere.all():
        raise ValueError("All data of the spectra are masked.")
    if everywhere.any():
        used = np.flatnonzero(~everywhere)
        if everywhere[used[0] : used[-1]].any():
            raise ValueError(
                "Channels in the middle of the energy axis are masked at all scan positions. Only "
                "those at its ends can be left out: crop the axis with s.isig[first:last]."
            )
        result = result.isig[int(used[0]) : int(used[-1]) + 1]
    return result, (positions if array.any(positions) else None)


def _as_row(signal):
    """Return a line of spectra as a map of one row."""
    [along] = signal.axes_manager.navigation_axes
    row = {"size": 1, "name": "row", "offset": 0.0, "scale": 1.0, "navigate": True}
    if along.is_uniform:
        row.update(scale=along.scale, units=along.units)
    axes = [axis.get_axis_dictionary() for axis in signal.axes_manager._axes]
    return _rebuilt(signal, signal.data[None], [row, *axes])


def _profile(data, size):
    """Return the HAADF along a line of spectra as an array of one row."""
    import numpy as np

    array = np.asanyarray(data.compute() if hasattr(data, "compute") else data)
    if array.size != size or max(array.shape, default=0) != size:
        raise ValueError(
            f"The spectra lie along a line of {size} scan positions, so that haadf must be the "
            f"HAADF along it, {size} values, but has the shape {array.shape}. Take both with the "
            "same ROI, such as line = hs.roi.Line2DROI(...), line(s) and line(haadf)."
        )
    return array.reshape(1, size)


def _scan_first(signal, haadf):
    """Return an order of navigation axes that has those of the scan first; None if they are."""
    from hyperspy.signal import BaseSignal

    manager = signal.axes_manager
    if manager.signal_dimension != 1 or manager.navigation_dimension <= 2:
        return None
    axes = manager.navigation_axes
    names = [axis.name.lower() if isinstance(axis.name, str) else None for axis in axes]
    pair = [names.index(name) for name in ("x", "y") if names.count(name) == 1]
    if len(pair) < 2 and getattr(haadf, "data", haadf) is not None:
        array = haadf.data if isinstance(haadf, BaseSignal) else haadf
        shape = getattr(array, "shape", ())
        found = [
            (i, j)
            for i in range(len(axes))
            for j in range(i + 1, len(axes))
            if (axes[j].size, axes[i].size) == tuple(shape)
        ]
        pair = list(found[0]) if len(found) == 1 else []
    pair = sorted(pair)
    if len(pair) < 2 or pair == [0, 1]:
        return None
    return (*pair, *(place for place in range(len(axes)) if place not in pair))


def _in_order(array, order):
    """Return an array over navigation axes, in array order, with these in another order."""
    n_axes = len(order)
    return array.transpose([n_axes - 1 - place for place in order[::-1]])


def _from_neighbours(data, mask):
    """Return an array whose masked pixels have the value of the nearest that is not."""
    import numpy as np
    from scipy.ndimage import distance_transform_edt

    if not mask.any():
        return np.asarray(data)
    if mask.all():
        raise ValueError("All pixels of haadf are masked.")
    places = distance_transform_edt(mask, return_distances=False, return_indices=True)
    return np.asarray(data)[tuple(places)]


def _on_grid(mask, spectra):
    """Return the mask of a HAADF image over the scan: True where any of its pixels is masked."""
    import numpy as np

    shape = spectra.signal.axes_manager.navigation_shape[1::-1]
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


def _either(mask, other):
    """Return what is True in either of two masks, one of which may be of all slices."""
    import numpy as np

    smaller, larger = sorted((np.asarray(mask), np.asarray(other)), key=np.ndim)
    return larger | smaller if larger.shape[-2:] == smaller.shape[-2:] else mask

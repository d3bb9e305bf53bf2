"""Maps in all accepted forms (signals, stacks, dictionaries, arrays), and their elements."""

from dataclasses import dataclass, replace

import numpy as np
from hyperspy.signal import BaseSignal

from ..names import known_element, known_name, texts_in
from ..signals.masks import checked_mask
from ..signals.records import record_of_map
from .map_names import NAMING, labels_of, line_in_metadata, names_of, texts_of
from .maps_argument import check_elements_first, check_no_file

_FORMS = (
    "a list of maps, a dictionary such as {'Ti': map}, or a stack with the elements first; maps "
    "are signals or arrays"
)


@dataclass(frozen=True)
class MapInput:
    """Maps of K elements over one scan.

    Attributes
    ----------
    names : list of str
        Elements, X-ray lines or edges, such as "Ti", "Ti_Ka" or "Ti_L3".
    arrays : numpy.ndarray
        Shape (K, ny, nx), float64.
    signals : list of BaseSignal or None
        The signals, or None for arrays.
    axes : list of dict
        The two axes of the scan, in array order.
    mask : numpy.ndarray or None
        True where a pixel is left out, shape (ny, nx).
    """

    names: list
    arrays: np.ndarray
    signals: list
    axes: list
    mask: np.ndarray | None

    @property
    def template(self):
        """An empty signal over the scan, with its axes as navigation axes."""
        axes = [{**axis, "navigate": True} for axis in self.axes]
        return BaseSignal(np.zeros(self.arrays.shape[1:]), axes=axes)

    @property
    def lines(self):
        """Line or edge of each map from its metadata, otherwise its name."""
        return [
            name if signal is None else line_in_metadata(signal) or name
            for signal, name in zip(self.signals, self.names, strict=True)
        ]

    def without(self, mask):
        """Return a copy that also leaves out the pixels of a mask."""
        mask = mask if self.mask is None else mask | self.mask
        return replace(self, arrays=np.where(mask, 0.0, self.arrays), mask=mask)

    def like_input(self, arrays, suffix, record=None):
        """Return arrays (K, ny, nx) as signals like those of the input."""
        own = [record and record_of_map(record, number) for number in range(len(self.names))]
        return [
            _like(signal, array, name, self.axes, suffix, known)
            for signal, array, name, known in zip(
                self.signals, arrays, self.names, own, strict=True
            )
        ]


def read_maps(maps, elements, navigation_mask=None):
    """Return maps as a `MapInput`, or raise an error.

    Parameters
    ----------
    maps, elements, navigation_mask
        As in `fuse_maps`.
    """
    check_no_file(maps)
    keys = None
    n_elements = None if elements is None else len(texts_in(elements))
    if isinstance(maps, dict):
        keys, maps = list(maps), list(maps.values())
    elif isinstance(maps, BaseSignal):
        if maps.axes_manager.signal_dimension == 1 and maps.axes_manager.navigation_dimension == 2:
            raise TypeError(
                f"maps must be {_FORMS}, but spectra were given: {maps}. Spectra are fused with "
                "s.multimodal_fusion(haadf). If the last axis is that of elements, pass "
                "maps.transpose(signal_axes=[0, 1])."
            )
        check_elements_first(maps.data.shape, n_elements)
        maps = _unstacked(maps)
    elif isinstance(maps, np.ndarray) and maps.ndim in (2, 3):
        check_elements_first(maps.shape, n_elements)
        maps = list(maps) if maps.ndim == 3 else [maps]
    elif isinstance(maps, (str, bytes)) or not np.iterable(maps):
        raise TypeError(f"maps must be {_FORMS}, but {maps!r} was given.")
    maps = list(maps)
    if not maps:
        raise ValueError(f"maps must be {_FORMS}, but none was given.")
    if elements is not None and keys is not None:
        raise ValueError(
            "elements must be None for a dictionary of maps, because its keys name them, but "
            f"{elements!r} was given: leave `elements` out."
        )
    signals = [each if isinstance(each, BaseSignal) else None for each in maps]
    labels = labels_of(signals, keys if elements is None else elements)
    arrays = [_array(each, label) for each, label in zip(maps, labels, strict=True)]
    mask = checked_mask(navigation_mask, arrays[0].shape)
    for each, array in zip(maps, arrays, strict=True):
        data = each.data if isinstance(each, BaseSignal) else each
        if np.ma.is_masked(data) and array.shape == arrays[0].shape:
            own = np.ma.getmaskarray(data)
            mask = own if mask is None else mask | own
    arrays = [_finite(array, label, mask) for array, label in zip(arrays, labels, strict=True)]
    shapes = {}
    for label, array in zip(labels, arrays, strict=True):
        shapes.setdefault(array.shape, []).append(label)
    if len(shapes) > 1:
        given = "; ".join(f"{shape}: {', '.join(those)}" for shape, those in shapes.items())
        raise ValueError(f"All maps must have the same shape, but they have {given}.")
    if min(arrays[0].shape) < 2:
        raise ValueError(
            f"Maps must be at least 2 pixels high and wide, but have the shape {arrays[0].shape}."
        )
    names = names_of(signals, keys if elements is None else elements, len(maps))
    axes = _axes(signals, arrays[0].shape)
    return MapInput(names, np.stack(arrays), signals, axes, mask)


def _unstacked(signal):
    """Return the maps of a stack, or the only one of a signal."""
    if signal.data.ndim == 2:
        return [signal]
    if signal.data.ndim != 3:
        raise ValueError(
            "A stack of maps must have three dimensions, the elements first in the array, but the "
            f"signal has {signal.data.ndim}: {signal.axes_manager.navigation_shape}|"
            f"{signal.axes_manager.signal_shape}."
        )
    axes = signal.axes_manager._axes[1:]
    parts = []
    for data in signal.data:
        dictionaries = [{**axis.get_axis_dictionary(), "navigate": False} for axis in axes]
        part = BaseSignal(data, axes=dictionaries).as_signal2D((0, 1))
        part.metadata.add_dictionary(signal.metadata.as_dictionary())
        part.metadata.General.title = ""
        # metadata that name all elements do not identify the maps
        for item in ("elements", "xray_lines", "edges"):
            if part.metadata.has_item(f"Sample.{item}"):
                delattr(part.metadata.Sample, item)
        parts.append(part)
    return parts


def _array(each, label):
    data = each.data if isinstance(each, BaseSignal) else each
    data = np.asarray(data.compute() if hasattr(data, "compute") else data)
    if data.dtype.kind not in "buif":
        raise TypeError(f"{label} must contain real numbers, but its data type is {data.dtype}.")
    if data.ndim != 2:
        raise ValueError(
            f"{label} must have two dimensions, but has the shape {data.shape}. To fuse a "
            "spectrum image, use s.multimodal_fusion(haadf)."
        )
    return data.astype(np.float64)


def _finite(data, label, mask):
    """Return a map with 0 where it is masked, and refuse a map that is not finite elsewhere."""
    if mask is not None and data.shape == mask.shape:
        data = np.where(mask, 0.0, data)
    bad = int((~np.isfinite(data)).sum())
    if bad:
        raise ValueError(
            f"{label} must be finite, but {bad} of its {data.size} pixels are NaN or "
            "infinite. Leave them out with navigation_mask=numpy.isnan(...)."
        )
    return data


def _axes(signals, shape):
    """Return the axes of the first signal, in array order, and refuse signals with other axes."""
    found = [_scan_axes(signal) for signal in signals if signal is not None]
    if not found:
        return [{"size": size, "name": name} for size, name in zip(shape, "yx", strict=True)]
    names = [[axis["name"] for axis in axes] for axes in found]
    for each in names[1:]:
        if each == names[0][::-1] and each[0] != each[1] and all(isinstance(n, str) for n in each):
            raise ValueError(
                f"The axes of the maps are {names[0]} in one map and {each} in another: some maps "
                "are transposed. Bring them to one order, for example with "
                "m.transpose(signal_axes=[1, 0])."
            )
    return found[0]


def _scan_axes(signal):
    axes = signal.axes_manager.navigation_axes or signal.axes_manager.signal_axes
    return [axis.get_axis_dictionary() for axis in axes[::-1]]


def _like(signal, array, name, axes, suffix, record):
    if signal is None:
        result = BaseSignal(array, axes=[{**a, "navigate": False} for a in axes]).as_signal2D(
            (0, 1)
        )
        result.metadata.set_item("Sample.elements", [name.split("_")[0]])
        title = name
    else:
        result = signal._deepcopy_with_new_data(array)
        if result._lazy:
            result = signal.deepcopy()
            result.data = array
            result._lazy = False
            result._assign_subclass()
        title = signal.metadata.General.title or name
    result.metadata.General.title = title + suffix
    if all(len(texts_of(result, item)) != 1 for item in NAMING):
        # titles of raw maps and of errors say more than the element
        result.metadata.set_item("Sample.elements", [name.split("_")[0]])
    if line_in_metadata(result) is None and name != known_element(name):
        for item, kind in (("edges", "edge"), ("xray_lines", "X-ray line")):
            if known_name(name, kind) == name:
                result.metadata.set_item(f"Sample.{item}", [name])
                break
    if result.metadata.has_item("Signal.Noise_properties"):
        del result.metadata.Signal.Noise_properties
    if record is not None:
        result.metadata.add_dictionary({"Multimodal_fusion": record})
    return result

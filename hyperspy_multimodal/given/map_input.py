"""Maps in all accepted forms (signals, stacks, dictionaries, arrays), and their elements."""

import logging
import re
from dataclasses import dataclass, replace

import numpy as np
from hyperspy.signal import BaseSignal

from ..names import known_element, known_name, texts_in
from ..signals.masks import checked_mask
from ..signals.records import record_of_map
from .maps_argument import check_no_file

_logger = logging.getLogger(__name__)

_FORMS = (
    "a list of maps, a dictionary such as {'Ti': map}, or a stack with the elements first; maps "
    "are signals or arrays"
)
# What may name a map in ``metadata.Sample``, and comes before its title.
_NAMING = ("xray_lines", "edges", "elements")
# Words in a title that do not name an element.
_WORDS = frozenset(
    "map maps element elemental image eds edx edxs eels haadf fused raw counts intensity line "
    "edge x ray kev ev signal of parameter component".split()
)
# Symbols that are also words count only if they stand alone.
_ENGLISH = frozenset(("As", "At", "Be", "He", "I", "In", "No"))
# Lines and edges: K, La, Lα1, M45.
_SHELL = re.compile(r"[KLMN](?:[abαβ]?\d{0,2})")
_SYMBOL_AND_SHELL = re.compile(r"([A-Z][a-z]?)([KLMN][abαβ]?\d{0,2})")


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
            name if signal is None else _line_in_metadata(signal) or name
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
    if isinstance(maps, dict):
        keys, maps = list(maps), list(maps.values())
    elif isinstance(maps, BaseSignal):
        if maps.axes_manager.signal_dimension == 1 and maps.axes_manager.navigation_dimension == 2:
            raise TypeError(
                f"maps must be {_FORMS}, but spectra were given: {maps}. Spectra are fused with "
                "s.multimodal_fusion(haadf)."
            )
        maps = _unstacked(maps)
    elif isinstance(maps, np.ndarray) and maps.ndim in (2, 3):
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
    labels = _labels(signals, keys if elements is None else elements)
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
    names = _names(signals, keys if elements is None else elements, len(maps))
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


def _labels(signals, given):
    """Return what messages call each map: by its element or line if that is known."""
    from exspy.material import elements as known

    named = texts_in(given) if given is not None else []
    if len(named) != len(signals):
        named = [_name_of(signal, known, says=False) for signal in signals]
    return [
        f"Map {number}" if name is None else f"Map {number} ({name})"
        for number, name in enumerate(named)
    ]


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


def _names(signals, given, n_maps):
    """Return one element, line or edge per map, as given, or from metadata or titles."""
    from exspy.material import elements as known

    if given is not None:
        texts = texts_in(given)
        if len(texts) != n_maps:
            raise ValueError(f"elements must name {n_maps} maps, one each, but {texts} was given.")
        names = [_known(text) for text in texts]
        for number, (name, signal) in enumerate(zip(names, signals, strict=True)):
            own = _name_of(signal, known)
            if own is not None and own.split("_")[0] != name.split("_")[0]:
                raise ValueError(
                    f"Map {number} is of {own} by its metadata or title, but `elements` or a key "
                    f"names it {name}. Pass names in the order of the maps, or leave them out."
                )
    else:
        names = [_name_of(signal, known) for signal in signals]
        unknown = [number for number, name in enumerate(names) if name is None]
        if unknown:
            raise ValueError(
                f"The elements of the maps {unknown} are neither in their metadata nor in their "
                "titles. Pass elements=['Ti', ...], one per map."
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"Each map must show a different element or line, but {repeated} repeat.")
    return names


def _known(text):
    """Return the standard name of an element, line or edge, or raise an error."""
    if isinstance(text, str):
        name = known_name(text, "edge") or known_name(text, "X-ray line")
        if name is not None:
            return name
        if text.split("_")[0] == known_element(text.split("_")[0]):
            return text
    raise ValueError(
        "elements must be chemical symbols or lines, such as 'Ti' or 'Ti_Ka', but "
        f"{text!r} was given."
    )


def _texts_of(signal, item):
    found = signal.metadata.get_item(f"Sample.{item}", None)
    return [] if found is None else texts_in(found)


def _name_of(signal, known, says=True):
    if signal is None:
        return None
    for item in _NAMING:
        found = _texts_of(signal, item)
        if len(found) == 1:
            return str(found[0])
    element = element_in_title(signal.metadata.General.title or "", known)
    if element is not None and says:
        _logger.info("Map %r is taken to be %s.", signal.metadata.General.title, element)
    return element


def _line_in_metadata(signal):
    """Return the line or edge in the metadata of a map if there is exactly one, otherwise None."""
    for item in _NAMING[:2]:
        found = _texts_of(signal, item)
        if len(found) == 1:
            return str(found[0])
    return None


def element_in_title(title, known):
    """Return the element in a title with no other content, such as "Ti", "Ti map" or "Ti Ka"."""
    words = [word for word in re.split(r"[\s_\-:;,.()\[\]|]+", title) if word]
    words = [word for word in words if word.lower() not in _WORDS]
    if len(words) == 2 and _SHELL.fullmatch(words[1]):
        words = words[:1]
    if len(words) != 1:
        return None
    joined = _SYMBOL_AND_SHELL.fullmatch(words[0])
    symbols = set(known.keys())
    symbol = joined[1] if joined and words[0] not in symbols else words[0]
    if symbol in _ENGLISH and title.strip() not in (symbol, f"{symbol} map"):
        return None
    return symbol if symbol in symbols else None


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
    if all(len(_texts_of(result, item)) != 1 for item in _NAMING):
        # titles of raw maps and of errors say more than the element
        result.metadata.set_item("Sample.elements", [name.split("_")[0]])
    if _line_in_metadata(result) is None and name != known_element(name):
        for item, kind in (("edges", "edge"), ("xray_lines", "X-ray line")):
            if known_name(name, kind) == name:
                result.metadata.set_item(f"Sample.{item}", [name])
                break
    if result.metadata.has_item("Signal.Noise_properties"):
        del result.metadata.Signal.Noise_properties
    if record is not None:
        result.metadata.add_dictionary({"Multimodal_fusion": record})
    return result

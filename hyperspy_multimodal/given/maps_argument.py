"""`multimodal_fusion` of given maps instead of spectra.

eXSpy imports this module during its own import, so other imports are deferred to the first call.
"""

import functools
from collections.abc import Mapping

#: Arguments of the methods that specify how spectra are read.
READING = (
    "xray_lines",
    "edges",
    "map_method",
    "integration_windows",
    "background_windows",
    "background_type",
    "extra_lines",
    "slices",
)


def or_given_maps(method):
    """Make a fusion method for spectra fuse ``maps`` instead, if given."""

    @functools.wraps(method)
    def fused(self, haadf, *args, **kwargs):
        maps = kwargs.pop("maps", None)
        if maps is None:
            return method(self, haadf, *args, **kwargs)
        from ..checks import checked_flag

        if checked_flag("lazy_output", kwargs.pop("lazy_output", None), None):
            raise ValueError(
                "lazy_output=True applies to spectra only, but `maps` were given, which are "
                "fused at once."
            )
        if kwargs.get("slices") == "each":
            del kwargs["slices"]
        wrong = [name for name in READING if name in kwargs]
        if wrong:
            raise ValueError(
                f"{wrong[0]} says how spectra are read, but `maps` were given instead of "
                "spectra. Leave out one of the two."
            )
        from .fuse_maps import fuse_maps

        return fuse_maps(_of_scan(maps, self), haadf, *args, **kwargs)

    return fused


def check_no_file(maps):
    """Refuse an open file, or another mapping of several arrays that is no dictionary.

    It usually contains more than maps.
    """
    if isinstance(maps, Mapping) and not isinstance(maps, dict):
        names = [str(each) for each in maps]
        raise TypeError(
            f"maps must be signals or arrays, but {type(maps).__name__} of {names} was given. "
            "Pass the arrays of the maps in a dictionary with the elements as keys, such as "
            "{'Ti': file['Ti'][()]}, without the HAADF."
        )


def check_elements_first(shape, n_elements=None, scan=None):
    """Refuse a stack of maps whose elements lie along the last axis.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    n_elements : int, optional
        Number of elements, if known.
    scan : tuple of int, optional
        Shape of the scan, if known. If neither is known, the axis of the elements is taken to be
        the shortest.
    """
    if len(shape) != 3:
        return
    if scan is not None:
        is_last = tuple(shape[1:]) != tuple(scan) == tuple(shape[:2])
    elif n_elements is not None:
        is_last = shape[0] != n_elements == shape[2]
    else:
        is_last = shape[2] < min(shape[:2])
    if is_last:
        raise ValueError(
            f"maps must have the shape (elements, rows, columns), but {shape} was given. Move the "
            "elements to the first axis, for example with numpy.moveaxis(array, -1, 0)."
        )


def _of_scan(maps, signal):
    """Return maps over the scan of ``signal``; arrays get its axes and metadata."""
    import numpy as np
    from hyperspy.signal import BaseSignal

    from ..signals.haadf_image import scan_shape

    check_no_file(maps)
    if not (isinstance(maps, (BaseSignal, dict)) or np.iterable(maps)):
        return maps  # refused by `fuse_maps`
    shape = scan_shape(signal)
    if isinstance(maps, BaseSignal):
        check_elements_first(maps.data.shape, scan=shape)
        _check_shape("maps have", maps.data.shape[-2:], shape)
        return maps
    if isinstance(maps, np.ndarray):
        check_elements_first(maps.shape, scan=shape)
    named = maps if isinstance(maps, dict) else dict(enumerate(maps))
    for name, each in named.items():
        data = each.data if isinstance(each, BaseSignal) else each
        _check_shape(f"Map {name!r} has", np.shape(data), shape)
    if isinstance(maps, dict):
        return {name: _as_signal(each, name, signal) for name, each in maps.items()}
    if not all(isinstance(each, BaseSignal) for each in named.values()):
        raise ValueError(
            "maps must say which elements they show, but arrays without names were given. Pass a "
            "dictionary, such as maps={'Ti': array}."
        )
    return list(named.values())


def _check_shape(what, given, shape):
    if tuple(given) != tuple(shape):
        raise ValueError(
            f"{what} the shape {tuple(given)}, but the scan of the signal {tuple(shape)} (rows, "
            "columns). Pass maps of this scan."
        )


def _as_signal(each, name, signal):
    import numpy as np
    from hyperspy.signal import BaseSignal

    from ..signals.native import element_map

    if isinstance(each, BaseSignal):
        return each
    element = str(name).split("_")[0]
    # a copy, as a result may be the array itself
    return element_map(signal, np.array(each), element, ("elements", [element]), str(name))

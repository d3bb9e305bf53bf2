"""Fusion of stacks of spectrum images, slice by slice: tilt series, time series, frames.

eXSpy imports this module during its own import, so other imports are deferred to the first call.
"""

import functools

from .records import common_record

#: Whether parameters are chosen for each slice, or all slices use those of the middle one.
SHARING = ("each", "shared")


def over_slices(method):
    """Make a fusion of maps of spectra fuse each slice of a stack of them."""

    @functools.wraps(method)
    def fused(self, haadf, *args, **kwargs):
        manager = self.axes_manager
        slices = kwargs.get("slices", "each")
        if slices not in SHARING:
            raise ValueError(f"slices must be 'each' or 'shared', but {slices!r} was given.")
        if manager.navigation_dimension <= 2 or manager.signal_dimension != 1:
            return method(self, haadf, *args, **kwargs)
        return _fuse_slices(self, haadf, functools.partial(method, **kwargs), args, kwargs)

    return fused


def _fuse_slices(signal, haadf, method, args, kwargs):
    import numpy as np
    from hyperspy.external.progressbar import progressbar

    from ..checks import checked_flag
    from ..notes import gathered_so_far
    from ..recovery.parameters import shows_progress
    from ..recovery.summary import one_of_several
    from .scan import is_lazy_output

    lazy = is_lazy_output(kwargs.get("lazy_output"), signal)
    if lazy and kwargs.get("slices") == "shared":
        raise ValueError(
            "slices='shared' uses the parameters of one slice for all, so that slice must be "
            "computed first. Pass lazy_output=False, or slices='each'."
        )
    places = list(np.ndindex(signal.data.shape[:-3]))
    images = [_haadf_of(haadf, signal, place) for place in places]
    show = shows_progress(kwargs.get("show_progressbar"))
    full_output = checked_flag("full_output", kwargs.get("full_output", False))
    quiet = {"show_progressbar": False, "full_output": True}
    names = ("gamma", "lambdas")
    given = {**dict(zip(names, args, strict=False)), **quiet}
    outputs, fused = [None] * len(places), [None] * len(places)
    order = list(range(len(places)))
    if kwargs.get("slices") == "shared":
        middle = len(places) // 2
        order = [middle, *(number for number in order if number != middle)]
    said = list(gathered_so_far() or [])
    for number in progressbar(order, desc="Slices", unit=" slice", disable=not show, leave=True):
        given["navigation_mask"] = _of_slice(kwargs.get("navigation_mask"), places[number])
        part = signal.inav[(slice(None), slice(None), *places[number][::-1])]
        with one_of_several(said):
            fused[number], outputs[number] = method(part, images[number], **given)
        if not full_output:
            outputs[number].pop("draws", None)  # to save memory
        if kwargs.get("slices") == "shared" and number == order[0]:
            given.update(_shared(outputs[number]))
    maps = [_stacked(signal, each) for each in zip(*fused, strict=True)]
    if not full_output:
        return maps
    raw = [_stacked(signal, e) for e in zip(*(o["raw_maps"] for o in outputs), strict=True)]
    return maps, {"raw_maps": raw, "slices": outputs}


def _of_slice(mask, place):
    """Return the mask of a slice: its own, or the one that all share."""
    import numpy as np
    from hyperspy.signal import BaseSignal

    array = mask.data if isinstance(mask, BaseSignal) else mask
    if array is None or np.ndim(array) <= 2:
        return mask
    part = np.asarray(array)[place]
    return part if part.any() else None


def _shared(output):
    """Return arguments that give other slices the parameters that one chose."""

    shared = {
        "gamma": output["gamma"],
        "lambdas": (output["lambda_1"], output["lambda_2"]),
        "regulariser": output["regularisers"],
        "haadf_blur": output["haadf_blur"],
    }
    if not output["uses_brightness"]:
        shared["weights"] = [0.0] * len(output["weights"])
    return shared


def _haadf_of(haadf, signal, place):
    """Return the HAADF image of a slice: its own, or the one that all share."""
    import numpy as np
    from hyperspy.signal import BaseSignal

    extra = signal.data.shape[:-3]
    if isinstance(haadf, BaseSignal):
        size = haadf.data.ndim
        if size == 2:
            return haadf
        if haadf.data.shape[: len(extra)] == extra and size == 2 + len(extra):
            manager = haadf.axes_manager
            if manager.signal_dimension == 2:
                return haadf.inav[place[::-1]]
            if manager.navigation_dimension == size:
                return haadf.inav[(slice(None), slice(None), *place[::-1])]
        shape = haadf.data.shape
    else:
        if isinstance(haadf, (str, bytes, dict)) or haadf is None:
            return haadf  # refused by the fusion of the slice
        if isinstance(haadf, (list, tuple)) and all(isinstance(e, BaseSignal) for e in haadf):
            if len(extra) == 1 and len(haadf) == extra[0]:
                return haadf[place[0]]
            raise ValueError(
                f"haadf is a list of {len(haadf)} images, but the stack has {extra} slices. Pass "
                "one image for all, or one for each."
            )
        shape = np.shape(haadf)
        if len(shape) == 2:
            return haadf
        if shape[: len(extra)] == extra and len(shape) == 2 + len(extra):
            return haadf[place]
    raise ValueError(
        f"haadf must be one image {signal.data.shape[-3:-1]} for all slices, or a stack of one for "
        f"each, {signal.data.shape[:-1]} in array order, but has the shape {shape}."
    )


def _stacked(signal, maps):
    """Return the maps of one line or edge as a stack with the navigation axes of ``signal``."""
    import dask.array as da
    import numpy as np
    from hyperspy.signal import BaseSignal

    from .records import record_task, set_record_task

    axes = [axis.get_axis_dictionary() for axis in signal.axes_manager.navigation_axes[::-1]]
    lazy = any(each._lazy for each in maps)
    stack = da.stack if lazy else np.stack
    data = stack([each.data for each in maps]).reshape(signal.data.shape[:-1])
    result = BaseSignal(
        data,
        axes=[{**axis, "navigate": True} for axis in axes],
        metadata=maps[0].metadata.deepcopy().as_dictionary(),
        original_metadata=signal.original_metadata.deepcopy().as_dictionary(),
    )
    if lazy:
        result = result.as_lazy()
        tasks = [record_task(each) for each in maps]
        if all(task is not None for task in tasks):
            set_record_task(result, tasks)
    records = [each.metadata.get_item("Multimodal_fusion", None) for each in maps]
    if records[0] is not None:
        del result.metadata.Multimodal_fusion
        result.metadata.add_dictionary(
            {"Multimodal_fusion": common_record([each.as_dictionary() for each in records])}
        )
    return result

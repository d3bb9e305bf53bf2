"""What can be drawn at all: errors that say what to give instead."""

import numpy as np
from hyperspy.signal import BaseSignal

from ..signals.haadf_image import image_array
from .panels import map_axes, map_name


def check_maps(maps, caller):
    """Raise an error that says what to do if ``maps`` are no list of two-dimensional maps.

    Lazy maps are refused: each panel would read and fuse them again.
    """
    if not isinstance(maps, (list, tuple)) or len(maps) == 0:
        raise ValueError(
            f"{caller} needs a list with at least one map, as multimodal_fusion returns, but "
            f"{'an empty list' if isinstance(maps, (list, tuple)) else type(maps).__name__} was "
            "given."
        )
    for each in maps:
        if not isinstance(each, BaseSignal):
            raise TypeError(
                f"{caller} draws signals, for their axes and names, but the list contains "
                f"{type(each).__name__}. With full_output=True multimodal_fusion returns "
                "(maps, output): pass maps."
            )
        if each._lazy:
            raise ValueError(
                f"{caller} draws maps in memory, but {map_name(each)} is lazy. Compute all maps "
                "together first: maps = hyperspy_multimodal.compute_maps(maps)."
            )
        if each.data.ndim != 2 or len(map_axes(each)) != 2:
            raise ValueError(
                f"{caller} draws maps with two axes of the scan, but {map_name(each)} is {each!r}, "
                f"with the shape {each.data.shape}. Of a stack, draw one slice: "
                "[m.inav[..., 0] for m in maps]."
            )
        if each.data.shape != maps[0].data.shape:
            raise ValueError(
                f"{caller} draws maps of one scan, but they have the shapes "
                f"{maps[0].data.shape} and {each.data.shape}."
            )


def check_pairs(maps, raw_maps, caller):
    """Raise an error unless ``maps`` and ``raw_maps`` are as many maps of the same scan."""
    lists = all(isinstance(each, (list, tuple)) for each in (maps, raw_maps))
    if lists and (not maps or len(maps) != len(raw_maps)):
        raise ValueError(
            f"{caller} needs at least one fused map and one raw map for each, but {len(maps)} "
            f"fused and {len(raw_maps)} raw maps were given."
        )
    check_maps(maps, caller)
    check_maps(raw_maps, caller)
    check_maps([*maps, *raw_maps], caller)


def check_output(output, names, caller):
    """Raise an error if ``output`` is no ``full_output`` that holds ``names`` in memory."""
    if not isinstance(output, dict):
        raise TypeError(
            f"{caller} needs the dictionary that multimodal_fusion returns with full_output=True, "
            f"but {type(output).__name__} was given."
        )
    if "slices" in output:
        raise ValueError(
            f"{caller} draws one fusion, but this is the output of a stack: pass it that of one "
            "slice, output['slices'][0]."
        )
    missing = [name for name in names if name not in output]
    if missing:
        raise ValueError(
            f"{caller} needs {', '.join(missing)}, which this output does not contain. The "
            "output of a lazy fusion contains only its images: fuse with lazy_output=False, "
            "full_output=True."
        )
    lazy = [name for name in names if getattr(output[name], "_lazy", False)]
    if lazy:
        raise ValueError(
            f"{caller} draws what is in memory, but {', '.join(lazy)} are lazy. Compute them "
            f"together first: names = {lazy!r}; output.update(zip(names, "
            "hyperspy_multimodal.compute_maps([output[name] for name in names])))."
        )


def check_found(found, kind, caller):
    """Raise an error unless ``found`` is what a function of the quantification returns."""
    if not isinstance(found, kind):
        maker = {"Composition": "composition", "DetectionMap": "detection_map"}[kind.__name__]
        raise TypeError(
            f"{caller} needs what {maker} returns, a {kind.__name__}, but {type(found).__name__} "
            "was given."
        )


def checked_image(haadf, signal, caller):
    """Return a HAADF as an array (rows, columns) over the scan of ``signal``, finer if it is.

    What a fusion refuses is refused, such as an image of another field. Of an image of the whole
    scan the part is returned that maps of a part of it cover.
    """
    image = np.asarray(haadf.data if isinstance(haadf, BaseSignal) else haadf)
    shape = signal.data.shape
    if image.ndim != 2 or image.dtype.kind not in "buif":
        raise ValueError(
            f"{caller} needs one HAADF image of real numbers over the maps, (rows, columns) = "
            f"{shape} or finer, but {type(haadf).__name__} of {image.dtype} with the shape "
            f"{image.shape} was given."
        )
    pixels = np.arange(image.size, dtype=float).reshape(image.shape)
    if isinstance(haadf, BaseSignal):
        pixels = haadf._deepcopy_with_new_data(pixels)
    try:
        shown = image_array(pixels, shape, map_axes(signal))
    except ValueError as error:
        raise ValueError(f"{caller}: {error}") from None
    first, last = shown[0, 0], shown[-1, -1]
    is_part = last - first == (shape[0] - 1) * image.shape[1] + shape[1] - 1
    return image.flat[shown.astype(int)] if is_part else image

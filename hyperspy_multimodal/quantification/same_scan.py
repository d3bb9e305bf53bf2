"""Whether maps and output are of one scan."""

import numpy as np

_NUMBERS = ("offset", "gamma")  # of a fusion; hardly any two scans have the same ones
_TOLERANCE = 1e-6


def check_same_scan(maps, raw_maps, output):
    """Refuse maps that are not of the scan that the output describes.

    Axes must agree, and so must the numbers of the fusion in the metadata of the maps.

    Parameters
    ----------
    maps, raw_maps : list of BaseSignal
    output : dict
        Of the fusion that gave the raw maps.

    Raises
    ------
    ValueError
    """
    (sizes, own), (other_sizes, other) = (_axes(each[0]) for each in (maps, raw_maps))
    if sizes == other_sizes and not np.allclose(own, other, rtol=1e-4):
        raise ValueError(
            "output must be of the same scan as the maps, but the axes (offset and scale) of its "
            f"raw maps are {other}, and those of the maps {own}. Pass the output of the call that "
            "gave the maps."
        )
    record = maps[0].metadata.get_item("Multimodal_fusion", None)
    for name in _NUMBERS:
        recorded = None if record is None else record.get_item(name, None)
        stated = output.get(name)
        if not all(isinstance(each, (int, float, np.number)) for each in (recorded, stated)):
            continue
        if not np.isclose(recorded, stated, rtol=_TOLERANCE, atol=1e-12):
            raise ValueError(
                f"output must be of the fusion that gave the maps, but its {name} is "
                f"{stated:.8g}, and that of the maps {recorded:.8g}. Pass the output of the call "
                "that gave the maps."
            )


def _axes(signal):
    """Return the sizes of the axes, and offsets and scales."""
    axes = [axis for axis in signal.axes_manager._axes if hasattr(axis, "scale")]
    return [axis.size for axis in axes], [[float(a.offset), float(a.scale)] for a in axes]

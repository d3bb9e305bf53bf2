"""What of the detector image the fusion used for each map, in the words of a picture."""

from .panels import map_title

_SAID = {
    "brightness": "used",
    "brightness and edges": "used",
    "edges": "edges only",
    "none": "left out",
}


def use_of_image(maps):
    """Return what was used of the image: a suffix of its title, and a list if it differs by map.

    Parameters
    ----------
    maps : list of BaseSignal
        Fused maps. Those without a record say nothing.

    Returns
    -------
    suffix : str
        Such as " (edges only)"; empty if brightness is used, or if the use differs by map.
    uses : list of (str, list of str)
        Each use with the names of its maps; empty if it is the same for all of them.
    """
    names = {}
    for each in maps:
        use = each.metadata.get_item("Multimodal_fusion.haadf_use", None)
        if isinstance(use, str) and use in _SAID:  # slices of a stack have a list
            names.setdefault(_SAID[use], []).append(map_title(each))
    if len(names) > 1:
        ordered = [use for use in dict.fromkeys(_SAID.values()) if use in names]
        return "", [(use, names[use]) for use in ordered]
    [use] = names or ["used"]
    return ("" if use == "used" else f" ({use})"), []

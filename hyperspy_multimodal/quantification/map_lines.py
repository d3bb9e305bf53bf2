"""Lines, edges or elements of maps, from their metadata."""

from hyperspy.signal import BaseSignal

from ..names import not_in_tables

_ITEMS = {"line": "xray_lines", "edge": "edges", "element": "elements"}
_KINDS = {"line": "X-ray line", "edge": "edge"}


def checked_names(maps, is_ratio):
    """Return whether maps are of lines, edges or elements, and of which, or say what is wrong.

    Parameters
    ----------
    maps : list of BaseSignal
    is_ratio : bool
        Whether elements are compared, which needs the line or edge of each map.

    Returns
    -------
    kind : "line", "edge" or "element"
        "element" if the line or edge of no map is known.
    names : list of str
    """
    if isinstance(maps, BaseSignal) or not isinstance(maps, (list, tuple)) or not maps:
        raise TypeError(
            "maps must be a list of maps, as multimodal_fusion returns it, but "
            f"{'an empty list' if isinstance(maps, (list, tuple)) else type(maps).__name__} was "
            "given."
        )
    names, kinds = [], []
    for each in maps:
        if not isinstance(each, BaseSignal):
            raise TypeError(
                "maps must contain signals, as multimodal_fusion returns them, but "
                f"{type(each).__name__} was given. With full_output=True it returns (maps, output)."
            )
        if each._lazy:
            raise ValueError(
                "maps must be in memory, but lazy ones were given. Fuse with lazy_output=False, "
                "full_output=True."
            )
        kind, found = named(each)
        if len(found) != 1 or each.data.ndim != 2:
            raise ValueError(
                f"maps must be of one X-ray line or edge and two axes each, but one has {found} "
                f"and the shape {each.data.shape}. For a stack, pass the maps and the output of "
                "one slice."
            )
        names.append(found[0])
        kinds.append(kind)
    if is_ratio:
        _check_ratio(names, kinds)
    of_spectra = set(kinds) - {"element"}
    if len(of_spectra) > 1:
        raise ValueError(
            f"maps must be either all of X-ray lines or all of edges, but {names} were given. "
            "Take them from one fusion."
        )
    return of_spectra.pop() if of_spectra else "element", names


def _check_ratio(names, kinds):
    """Refuse maps whose elements cannot be compared."""
    unnamed = [k for k, kind in enumerate(kinds) if kind == "element"]
    if unnamed:
        raise ValueError(
            "maps must be named after their X-ray line or edge, but those of "
            f"{', '.join(names[k] for k in unnamed)} are not. Name each of them, without fusing "
            f"again: maps[{unnamed[0]}].metadata.Sample.xray_lines = ['Ti_Ka'], or "
            f"maps[{unnamed[0]}].metadata.Sample.edges = ['Ti_L3'] for EELS."
        )
    if len(names) < 2:
        raise ValueError(
            f"maps must be of two elements or more, but {names} alone was given, whose "
            "composition is always 100 %. Pass the maps of all elements."
        )
    if len({name.split("_")[0] for name in names}) < len(names):
        raise ValueError(
            f"maps must be of one line or edge per element, but {names} were given. Leave out "
            "the others."
        )


def named(signal):
    """Return whether a map is of lines, edges or elements, and of which."""
    found = {
        kind: [str(each) for each in signal.metadata.get_item(f"Sample.{item}", None) or []]
        for kind, item in _ITEMS.items()
    }
    kind = "edge" if found["edge"] else "line"
    if not found[kind] and len(found["element"]) == 1:
        kind = "element"
    return kind, found[kind]


def recorded_name(name, recorded):
    """Return the name under which a map was fused: its element if its line was not known then."""
    element = name.split("_")[0]
    return element if name not in recorded and element in recorded else name


def with_lines(names, kind, noise, raw):
    """Return the `raw_noise` and the raw maps with lines that maps were given after the fusion.

    Parameters
    ----------
    names : list of str
        Of the maps.
    kind : "line", "edge" or "element"
    noise : dict
        From `raw_noise`, of given maps if their lines were not known.
    raw : dict of str to numpy.ndarray
        Maps by name.
    """
    new = {recorded_name(name, raw): name for name in names}
    for old, name in new.items():
        if old != name and not_in_tables(name, [_KINDS[kind]]):
            raise ValueError(not_in_tables(name, [_KINDS[kind]]))
    if all(old == name for old, name in new.items()):
        return noise, raw

    def renamed(found):
        return {new.get(name, name): value for name, value in found.items()}

    # covariances of given maps are not known
    noise = {
        item: renamed(value) if isinstance(value, dict) else value for item, value in noise.items()
    }
    return noise, renamed(raw)

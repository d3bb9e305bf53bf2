"""EELS edges: their onsets, and which of them to measure."""

from ..counts.windows import axis_range
from ..names import checked_names
from ..notes import Speaker
from ..physics.edges import edge_onsets, onset_energy

_logger = Speaker(__name__)


def listed_elements(signal):
    """Return the elements of an EELS signal as a set: those of its metadata, if it lists any.

    Otherwise those that eXSpy keeps beside the metadata.
    """
    listed = signal.metadata.get_item("Sample.elements", None)
    return set(signal.elements if listed is None or not len(listed) else listed)


def onsets_on_axis(signal, names):
    """Return the edges to map, and the other major edges on the axis, with their onsets in eV.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, which is not read.
    names : list of str
        Edges to map.

    Returns
    -------
    dict of str to float
        Edges to map, then those of all elements that are listed or mapped, by their onsets.
    """
    axis = signal.axes_manager.signal_axes[0]
    unit = 1e3 if axis.units == "keV" else 1.0
    low, high = (unit * each for each in (axis.low_value, axis.high_value))
    others = {
        edge: onset
        for element in sorted(listed_elements(signal) | {name.split("_")[0] for name in names})
        for edge, onset in edge_onsets(element, only_major=True).items()
        if low < onset < high and edge not in names
    }
    ordered = dict(sorted(others.items(), key=lambda item: item[1]))
    return {name: onset_energy(name) for name in names} | ordered


def select_edges(signal, edges, fits, quiet=False):
    """Return the edges to measure, after a check of their names.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image.
    edges : None or list of str
        Edges, or None: of each element of the signal, the major edge of lowest onset that fits, in
        the order of their onsets.
    fits : callable
        Whether the windows of an edge fit on the energy axis, from its onset in eV.
    quiet : bool
        Whether not to say which elements are left out. Default False.

    Returns
    -------
    list of str
    """
    axis = signal.axes_manager.signal_axes[0]
    if edges is not None:
        return _checked_edges(axis, edges, fits)
    elements = sorted(listed_elements(signal))
    if not elements:
        raise ValueError(
            "The signal has no elements in metadata.Sample. Add them, for example with "
            "s.add_elements(('Cu', 'Zn')), or pass edges=['Cu_L3', 'Zn_L3']."
        )
    selected = []
    for element in elements:
        edge = _major_edge(element, fits)
        if edge is not None:
            selected.append(edge)
        elif not quiet:
            _logger.warning(
                "%s is left out: none of its major edges lies on the energy axis, %s, with room "
                "for its windows.",
                element,
                axis_range(axis),
                kind="no map",
            )
    if not selected:
        raise ValueError(
            f"None of the elements {elements} has a major edge on the energy axis, "
            f"{axis_range(axis)}, with room for its windows. Pass `edges` and their windows."
        )
    return sorted(selected, key=onset_energy)


def _major_edge(element, fits):
    """Return the major edge of lowest onset that fits, None if there is none."""
    onsets = {k: v for k, v in edge_onsets(element, only_major=True).items() if fits(v)}
    # Of subshells with one onset the last: it holds more electrons (M5 before M4).
    return min(sorted(onsets, reverse=True), key=onsets.get) if onsets else None


def _checked_edges(axis, edges, fits):
    edges = checked_names("edges", edges, "edge", ["Cu_L3", "Zn_L3"])
    if not edges:
        raise ValueError(
            "edges must name at least one edge such as 'Cu_L3', or be None, but [] was given."
        )
    taken = []
    for edge in edges:
        element = edge.split("_")[0]
        onsets = edge_onsets(element)
        possible = [name for name, onset in onsets.items() if fits(onset)]
        if edge == element:
            edge = _major_edge(element, fits) or edge
        taken.append(edge)
        if edge not in onsets:
            raise ValueError(
                f"Unknown edge {edge!r}: on this energy axis, {axis_range(axis)}, {element} has "
                f"{f'the edges {possible}' if possible else 'no edge'}."
            )
        if edge not in possible:
            raise ValueError(
                f"{edge} has its onset at {onsets[edge]:g} eV, where the energy axis, "
                f"{axis_range(axis)}, has no room for its windows. For {element}, it has room "
                f"for {possible or 'no edge'}."
            )
    repeated = sorted({edge for edge in taken if taken.count(edge) > 1})
    if repeated:
        raise ValueError(f"edges must name each edge once, but repeats {repeated}.")
    return taken

"""EELS edges: their onsets, and which of them to measure."""

import logging

from .names import checked_names
from .windows import axis_range

_logger = logging.getLogger(__name__)


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
    # eXSpy keeps them in a set, whose order changes from run to run.
    elements = {*signal.elements, *(signal.metadata.get_item("Sample.elements", None) or [])}
    elements = sorted(elements)
    if not elements:
        raise ValueError(
            "The signal has no elements: its metadata.Sample names none. Add them, for example "
            "with s.add_elements(('Cu', 'Zn')), or give edges=['Cu_L3', 'Zn_L3']."
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
            )
    if not selected:
        raise ValueError(
            f"None of the elements {elements} has a major edge on the energy axis, "
            f"{axis_range(axis)}, with room for its windows. Give `edges`, and the windows."
        )
    return sorted(selected, key=onset_energy)


def onset_energy(edge):
    """Return the onset of an edge.

    Parameters
    ----------
    edge : str
        Edge, such as "Cu_L3".

    Returns
    -------
    float
        Energy in eV.
    """
    return edge_onsets(edge.split("_")[0])[edge]


def edge_onsets(element, only_major=False):
    """Return the onsets of all edges of an element.

    Parameters
    ----------
    element : str
        Chemical symbol.
    only_major : bool
        Whether to leave out the edges that eXSpy calls minor. Default False.

    Returns
    -------
    dict of str to float
        Energies in eV by edge.
    """
    from exspy.material import elements as database

    properties = database[element].Atomic_properties.as_dictionary()
    return {
        f"{element}_{subshell}": float(edge["onset_energy (eV)"])
        for subshell, edge in properties.get("Binding_energies", {}).items()
        # Names that end in "a" repeat another subshell.
        if subshell[-1] != "a" and (edge["relevance"] == "Major" or not only_major)
    }


def _major_edge(element, fits):
    """Return the major edge of lowest onset that fits, None if there is none."""
    onsets = {k: v for k, v in edge_onsets(element, only_major=True).items() if fits(v)}
    # Of subshells with one onset the last: it holds more electrons (M5 before M4).
    return min(sorted(onsets, reverse=True), key=onsets.get) if onsets else None


def _checked_edges(axis, edges, fits):
    edges = checked_names("edges", edges, "edge", ["Cu_L3", "Zn_L3"])
    if not edges:
        raise ValueError("edges is empty. Expected at least one edge such as 'Cu_L3', or None.")
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
                f"{edge} has its onset at {onsets[edge]:g} eV: the energy axis, "
                f"{axis_range(axis)}, holds no room for its windows. Of {element} it has room for "
                f"{possible or 'no edge'}."
            )
    repeated = sorted({edge for edge in taken if taken.count(edge) > 1})
    if repeated:
        raise ValueError(f"edges must name each edge once, but repeats {repeated}.")
    return taken

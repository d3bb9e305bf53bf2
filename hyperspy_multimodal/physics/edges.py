"""Onsets of core-loss edges, as eXSpy tabulates them."""

from functools import cache


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
    return {edge: onset for edge, onset, is_major in _edges(element) if is_major or not only_major}


@cache
def all_edges(only_major=False):
    """Return edge and onset in eV of all edges of all elements, a tuple of pairs."""
    from exspy.material import elements as database

    return tuple(
        pair
        for element in database.keys()
        if "Binding_energies" in database[element].Atomic_properties
        for pair in edge_onsets(element, only_major).items()
    )


@cache
def _edges(element):
    """Return name and onset of each edge, and whether it is major."""
    from exspy.material import elements as database

    properties = database[element].Atomic_properties.as_dictionary()
    return [
        (
            f"{element}_{subshell}",
            float(edge["onset_energy (eV)"]),
            edge["relevance"] == "Major",
        )
        for subshell, edge in properties.get("Binding_energies", {}).items()
        if subshell[-1] != "a"  # these repeat another subshell
    ]

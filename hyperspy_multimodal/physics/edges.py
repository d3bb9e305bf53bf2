"""Onsets of core-loss edges, as eXSpy tabulates them."""


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

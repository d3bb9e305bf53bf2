"""Hydrogenic cross-sections of K and L shells."""

from functools import lru_cache

# Of the first energy: edges from further below add to the power law alone.
_FAR_BELOW = 0.5


# Subshells of which there are hydrogenic cross-sections.
_SUBSHELLS = ("K", "L1", "L2", "L3")


def edge_subshells(edge, onsets, energies):
    """Return the K and L shells of an edge's element that shape a spectrum.

    These are shells of which eXSpy has hydrogenic cross-sections, with an onset that lies on the
    axis or not far below.

    Parameters
    ----------
    edge : str
        Edge that names the map, such as "Cu_L3".
    onsets : dict of str to float
        Onsets in eV of the edges of its element.
    energies : tuple of (float, float)
        First and last energy in eV.

    Returns
    -------
    list of str
        Edges that name them, one a shell, such as ["Cu_L3"].

    Raises
    ------
    ValueError
        If the named edge itself is in none of them: then there is no shape for it.
    """
    found = {
        name: hydrogenic_shell(name, onsets)
        for name, onset in onsets.items()
        if _FAR_BELOW * energies[0] < onset < energies[1]
    }
    if found.get(edge) is None:
        raise ValueError(
            f"map_method='fit' knows the shapes of the edges K, L1, L2 and L3 only, but {edge} is "
            "to be mapped. Use map_method='windows'."
        )
    return list(dict.fromkeys(filter(None, found.values())))


def hydrogenic_shell(edge, onsets):
    """Return the edge that names the shell of another, None if it has no hydrogenic cross-section.

    eXSpy has one cross-section for the whole L shell, which begins at L3 and steps up at L1, and
    gives it under each of the names L1, L2 and L3. Hence it has to be taken once, as L3.

    Parameters
    ----------
    edge : str
        Edge, such as "Cu_L2".
    onsets : dict of str to float
        Onsets in eV of the edges of its element.

    Returns
    -------
    str or None
        Such as "Cu_L3".
    """
    element, subshell = edge.split("_")
    shell = edge if subshell == "K" else f"{element}_L3"
    return shell if subshell in _SUBSHELLS and shell in onsets else None


def hydrogenic_edges(subshells, instrument):
    """Return functions of the energy in eV, the hydrogenic cross-sections of edges [1]_.

    Parameters
    ----------
    subshells : list of str
        Edges of K or L shells, such as "Cu_L3". L1, L2 and L3 are one and the same: the L shell.
    instrument : dict
        ``beam_energy`` in keV, ``convergence_angle`` and ``collection_angle`` in mrad.

    References
    ----------
    .. [1] R. F. Egerton, Electron Energy-Loss Spectroscopy in the Electron Microscope, 3rd ed.,
           Springer (2011), appendix B; as eXSpy has it.
    """
    angles = instrument["convergence_angle"], instrument["collection_angle"]
    return [_hydrogenic_edge(name, instrument["beam_energy"], *angles) for name in subshells]


@lru_cache(maxsize=64)
def _hydrogenic_edge(name, beam_energy, convergence_angle, collection_angle):
    """Return the function of an edge, which eXSpy integrates over angles at first."""
    from exspy.components import EELSCLEdge

    edge = EELSCLEdge(name, GOS="hydrogenic")
    edge.set_microscope_parameters(
        E0=beam_energy, alpha=convergence_angle, beta=collection_angle, energy_scale=1.0
    )
    return edge.function

"""Core-loss spectra: hydrogenic edges over a power law, fitted to the summed spectrum."""

from dataclasses import dataclass, field

import numpy as np
from scipy import optimize

_EXPONENTS = 1.0, 6.0
# Onsets may lie this far from the tables, in eV and in channels, whichever is more.
_SHIFT, _SHIFT_CHANNELS = 5.0, 1.0
#: Subshells of which there are hydrogenic cross-sections.
SUBSHELLS = ("K", "L1", "L2", "L3")
# Of the first energy: edges from further below add to the power law alone.
_FAR_BELOW = 0.5


@dataclass(frozen=True)
class CoreLossFit:
    """What the fit of a summed core-loss spectrum found.

    Attributes
    ----------
    exponent : float
        r of the background A E^-r.
    shift : float
        How far the edges lie above the tables, in eV.
    edges : numpy.ndarray
        Spectra of the elements per atom, up to a common factor, shape (K, C).
    power_law : numpy.ndarray
        E^-r, shape (C,).
    fitted, observed : numpy.ndarray
        Counts by channel, shape (C,).
    used : numpy.ndarray
        Which channels were fitted, bool, shape (C,).
    """

    exponent: float
    shift: float
    edges: np.ndarray
    power_law: np.ndarray
    fitted: np.ndarray
    observed: np.ndarray = field(repr=False)
    used: np.ndarray = field(repr=False)


def edge_subshells(edge, onsets, energies):
    """Return the K and L subshells of an edge's element that shape a spectrum.

    These are subshells of which eXSpy has hydrogenic cross-sections, with an onset that lies on the
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

    Raises
    ------
    ValueError
        If the named edge itself is none of them: then there is no shape for it.
    """
    found = [
        name
        for name, onset in onsets.items()
        if name.split("_")[1] in SUBSHELLS and _FAR_BELOW * energies[0] < onset < energies[1]
    ]
    if edge not in found:
        raise ValueError(
            f"map_method='fit' knows the shapes of the edges K, L1, L2 and L3 only, but {edge} is "
            "to be mapped. Use map_method='windows'."
        )
    return found


def hydrogenic_edges(subshells, instrument):
    """Return functions of the energy in eV, the hydrogenic cross-sections of edges [1]_.

    Parameters
    ----------
    subshells : list of str
        Edges of K or L shells, such as "Cu_L3".
    instrument : dict
        ``beam_energy`` in keV, ``convergence_angle`` and ``collection_angle`` in mrad.

    References
    ----------
    .. [1] R. F. Egerton, Electron Energy-Loss Spectroscopy in the Electron Microscope, 3rd ed.,
           Springer (2011), appendix B; as eXSpy has it.
    """
    from exspy.components import EELSCLEdge

    functions = []
    for name in subshells:
        edge = EELSCLEdge(name, GOS="hydrogenic")
        edge.set_microscope_parameters(
            E0=instrument["beam_energy"],
            alpha=instrument["convergence_angle"],
            beta=instrument["collection_angle"],
            energy_scale=1.0,
        )
        functions.append(edge.function)
    return functions


def fit_core_loss(observed, energy, edges, used):
    """Fit a summed spectrum by edges over a power law.

    Weighted least squares over amplitudes >= 0, an exponent and a common shift of the edges.

    Parameters
    ----------
    observed : numpy.ndarray
        Summed spectrum, shape (C,).
    energy : numpy.ndarray
        Energies of the channels in eV, shape (C,).
    edges : list of list of callable
        Functions of the energy, one list an element.
    used : numpy.ndarray
        Channels to fit, bool, shape (C,).

    Returns
    -------
    CoreLossFit
    """
    root = 1 / np.sqrt(np.maximum(observed[used], 1.0))
    missing = observed[used] * root

    def shapes(parameters):
        exponent, shift = parameters
        moved = [sum(function(energy - shift) for function in element) for element in edges]
        law = (np.maximum(energy, 1.0) / energy[used][0]) ** -exponent
        design = np.array([*moved, law])
        heights = np.maximum(design[:, used].max(axis=1, keepdims=True), np.finfo(float).tiny)
        return design / heights, heights[:, 0]

    def misfit(parameters):
        design, _ = shapes(parameters)
        return optimize.nnls((design[:, used] * root).T, missing)[1]

    farthest = max(_SHIFT, _SHIFT_CHANNELS * float(energy[1] - energy[0]))
    # No gradient: onsets jump from channel to channel.
    starts = [(misfit((exponent, 0.0)), exponent) for exponent in np.linspace(*_EXPONENTS, 26)]
    found = optimize.minimize(
        misfit,
        (min(starts)[1], 0.0),
        method="Nelder-Mead",
        bounds=(_EXPONENTS, (-farthest, farthest)),
        options={"initial_simplex": [(min(starts)[1] + a, b * farthest / 2) for a, b in
                                     ((0, 0), (0.2, 0), (0, 1))], "xatol": 1e-3},
    ).x  # fmt: skip
    design, heights = shapes(found)
    amplitudes, _ = optimize.nnls((design[:, used] * root).T, missing)
    return CoreLossFit(
        exponent=float(found[0]),
        shift=float(found[1]),
        edges=design[:-1] * heights[:-1, None],
        power_law=design[-1],
        fitted=amplitudes @ design,
        observed=observed,
        used=used,
    )

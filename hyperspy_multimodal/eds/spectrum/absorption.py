"""Absorption edges: where the continuum steps down."""

import numpy as np
from scipy.special import ndtr

from ...physics.edges import edge_onsets
from ...physics.lines import element_lines
from .detector import LEAST_ENERGY

# Elements of detector and window: light shield and contact, dead layer.
_WINDOW_ELEMENTS = ("Al", "Si")
# Shells, and the energies in keV below which their edges are lost between lines.
_LOWEST_OF_SHELL = {"K": 0.5, "L3": 1.0, "M5": 1.5}
# An edge is fitted if a relative step of this size would be seen at this many standard errors.
_STEP, _SEEN = 0.25, 2.0


def absorption_edges(elements, highest):
    """Return energies at which elements of the specimen and of the detector begin to absorb.

    Parameters
    ----------
    elements : sequence of str
        Elements of the specimen; aluminium and silicon of window and detector are added.
    highest : float
        Highest energy of interest in keV.

    Returns
    -------
    list of float
        Energies of K, L3 and M5 edges in keV, rising.

    Examples
    --------
    >>> from hyperspy_multimodal.eds.spectrum.absorption import absorption_edges
    >>> [round(energy, 2) for energy in absorption_edges(["Fe"], 10)]
    [1.56, 1.84, 7.11]
    """
    found = []
    for element in dict.fromkeys([*elements, *_WINDOW_ELEMENTS]):
        for shell, lowest in _LOWEST_OF_SHELL.items():
            energy = shell_energy(element, shell)
            if energy is not None and lowest < energy < highest:
                found.append(energy)
    return sorted(found)


def visible_edges(fit, elements):
    """Return absorption edges of elements whose step could be seen in a spectrum.

    Parameters
    ----------
    fit : SumFit
        With the continuum.
    elements : sequence of str
        Elements of the specimen.

    Returns
    -------
    tuple of float
        In keV.
    """
    centres = fit.detector.centres
    visible = []
    for edge in absorption_edges(elements, float(centres[fit.used][-1])):
        place, width = float(fit.detector.position(edge)), float(fit.detector.width(edge))
        above = (centres > place) & (centres < place + width)
        under = float(fit.continuum[above].sum())
        apart = all(abs(edge - other) > width / 2 for other in visible)
        if _STEP * under > _SEEN * np.sqrt(under) and apart:
            visible.append(edge)
    return tuple(visible)


def shell_energy(element, shell):
    """Return the binding energy of a shell in keV, None where the database lacks it.

    Where it lacks that of a K or an L3 shell, the highest K line stands for it, which lies 1 %
    below, or Lb2.
    """
    onset = edge_onsets(element).get(f"{element}_{shell}")
    if onset is not None:
        return onset / 1e3
    lines = {line.name: line.energy for line in element_lines(element, 0.0, np.inf)}
    if shell == "L3":
        return lines.get(f"{element}_Lb2")
    own = [energy for name, energy in lines.items() if name.startswith(f"{element}_K")]
    return 1.01 * max(own) if own and shell == "K" else None


def edge_steps(detector, edges):
    """Return how each edge lowers the continuum, relative to its depth, (edges, C).

    Nothing below the edge, all just above it, then falling with the third power of the energy, as
    absorption does.

    Parameters
    ----------
    detector : Detector
        Channels, calibration and resolution.
    edges : sequence of float
        Energies in keV.

    Returns
    -------
    numpy.ndarray
        Between 0 and 1.
    """
    edges = np.asarray(edges, dtype=float).reshape(-1, 1)
    places = detector.position(edges)
    energy = np.maximum(detector.centres, LEAST_ENERGY)
    step = ndtr((detector.centres - places) / detector.sigma(edges))
    return step * np.minimum(places / energy, 1.0) ** 3

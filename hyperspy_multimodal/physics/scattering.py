"""HAADF intensity of the atoms per count."""

import numpy as np

from ..names import atomic_numbers
from .edges import edge_onsets
from .hydrogenic import hydrogenic_edges, hydrogenic_shell
from .lines import element_lines
from .microscope import USUAL_BEAM_ENERGY, beam_energy_of, microscope_of
from .yields import xrays_per_atom

#: HAADF intensity per atom goes with Z to about this power.
Z_EXPONENT = 1.7
_STEP = 0.5  # eV


def xray_scattering(signal, lines, windows):
    """Return HAADF intensity for each X-ray count, Z^1.7 times atoms, up to a common factor.

    Parameters
    ----------
    signal : EDSSpectrum
        Spectrum image.
    lines : list of str
        X-ray lines.
    windows : numpy.ndarray
        Integration windows that hold the counts, shape (K, 2), in units of the energy axis.

    Returns
    -------
    numpy.ndarray
        Shape (K,), largest 1.
    """
    unit = 1e-3 if signal.axes_manager.signal_axes[0].units == "eV" else 1.0
    energy = beam_energy_of(signal)
    yields = [
        xrays_per_atom(line, energy, unit * window)
        for line, window in zip(lines, np.asarray(windows), strict=True)
    ]
    return _of_yields(lines, np.array(yields))


def edge_scattering(signal, edges, windows):
    """Return HAADF intensity for each electron at an edge, as `xray_scattering`.

    Electrons per atom are the hydrogenic cross-section of the edge's whole shell in the integration
    window, without white lines. Where the metadata lack beam energy or angles, or an edge is of
    another shell than K and L, each electron stands for as many atoms.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image.
    edges : list of str
        Edges, such as "Cu_L3".
    windows : numpy.ndarray
        Integration windows, shape (K, 2), in units of the energy axis.

    Returns
    -------
    numpy.ndarray
        Shape (K,), largest 1.
    """
    yields = edge_cross_sections(edges, windows_in_ev(signal, windows), microscope_of(signal))
    known = yields is not None and np.all(yields > 0)
    return _of_yields(edges, yields if known else np.ones(len(edges)))


def windows_in_ev(signal, windows):
    """Return windows in eV that are in the units of a signal's energy axis."""
    unit = 1e3 if signal.axes_manager.signal_axes[0].units == "keV" else 1.0
    return unit * np.asarray(windows, dtype=float)


def edge_cross_sections(edges, windows, microscope):
    """Return hydrogenic cross-sections of edges in windows, without white lines.

    Parameters
    ----------
    edges : list of str
        Edges, such as "Cu_L3".
    windows : numpy.ndarray
        In eV, shape (K, 2), one per edge.
    microscope : dict
        From `microscope_of`.

    Returns
    -------
    numpy.ndarray or None
        In barns, shape (K,); None where beam energy or angles are not known, or an edge is of
        another shell than K and L.
    """
    shells = [hydrogenic_shell(edge, edge_onsets(edge.split("_")[0])) for edge in edges]
    if not (all(microscope.values()) and all(shells)):
        return None
    sections = []
    for function, (left, right) in zip(hydrogenic_edges(shells, microscope), windows, strict=True):
        limits = np.linspace(left, right, max(int(np.ceil((right - left) / _STEP)), 1) + 1)
        middles = (limits[1:] + limits[:-1]) / 2
        sections.append(max((function(middles) * np.diff(limits)).sum(), 0.0))
    return np.array(sections)


def map_scattering(names):
    """Return HAADF intensity for each count of maps whose spectra are not known.

    Where all are named by K, L and M lines, a count stands for the atoms that an X-ray of the line
    does at 200 keV; otherwise for one atom.

    Parameters
    ----------
    names : list of str
        Elements, lines or edges.

    Returns
    -------
    numpy.ndarray
        Shape (K,), largest 1.
    """
    yields = np.ones(len(names))
    found = [_line(name) for name in names]
    if all(found):
        yields = [
            xrays_per_atom(line.name, USUAL_BEAM_ENERGY, (line.energy, line.energy))
            for line in found
        ]
    return _of_yields(names, np.array(yields))


def _line(name):
    """Return the X-ray line of that name, None if there is none."""
    lines = element_lines(name.split("_")[0], 0.0, np.inf) if "_" in name else []
    return next((line for line in lines if line.name == name), None)


def _of_yields(names, yields):
    scattering = np.array(atomic_numbers(names)) ** Z_EXPONENT / yields
    return scattering / scattering.max()

"""Counts of other elements in windows of X-ray lines, according to tables."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from ..physics.lines import element_lines
from ..physics.peak_widths import FIORI_NEWBURY_SLOPE, FWHM_PER_SIGMA, MN_KA
from ..physics.yields import xrays_per_atom

#: Resolution assumed for an unknown detector, in eV at Mn Ka.
USUAL_RESOLUTION = 130.0
_NARROWEST = 30.0  # eV
_LEAST_SHARE = 1e-6  # of an element's X-rays, in its own window


class CrossTalk(NamedTuple):
    """Counts of other elements in windows, for each count in their own, shape (K, K).

    Rows are the windows, columns the elements; the diagonals are 0.

    Attributes
    ----------
    inside, beside : numpy.ndarray
        In the integration windows, and where the background is measured.
    """

    inside: np.ndarray
    beside: np.ndarray

    def counts(self, ratios, totals):
        """Return what each element adds to the net totals of the others, (K, K).

        Parameters
        ----------
        ratios : numpy.ndarray
            Background in each window for each count beside it, shape (K,).
        totals : numpy.ndarray
            Net totals, shape (K,).
        """
        return (self.inside - ratios[:, None] * self.beside) * np.maximum(totals, 0.0)


def cross_talk(names, windows, sides, *, resolution, beam_energy):
    """Return the `CrossTalk` of X-ray lines, from tables of energies, weights and yields.

    Parameters
    ----------
    names : list of str
        X-ray lines.
    windows : numpy.ndarray
        Integration windows in keV, shape (K, 2).
    sides : numpy.ndarray or None
        Background windows in keV, shape (K, 4).
    resolution : float
        Of the detector in eV, at Mn Ka.
    beam_energy : float
        In keV.
    """
    inside, beside = np.zeros((2, len(names), len(names)))
    for j, name in enumerate(names):
        energies, xrays = _spectrum(name.split("_")[0], beam_energy)
        squared = resolution**2 + FIORI_NEWBURY_SLOPE * (energies - MN_KA)
        sigma = 1e-3 * np.sqrt(np.maximum(squared, _NARROWEST**2)) / FWHM_PER_SIGMA

        def held(left, right, energies=energies, xrays=xrays, sigma=sigma):
            upper, lower = (ndtr((limit - energies) / sigma) for limit in (right, left))
            return float(xrays @ (upper - lower))

        own = max(held(*windows[j]), _LEAST_SHARE * xrays.sum())
        for k in range(len(names)):
            if k != j:
                inside[k, j] = held(*windows[k]) / own
                if sides is not None:
                    beside[k, j] = (held(*sides[k][:2]) + held(*sides[k][2:])) / own
    return CrossTalk(inside, beside)


def _spectrum(element, beam_energy):
    """Return energies in keV and relative numbers of X-rays of an element's lines."""
    lines = element_lines(element, 0.0, beam_energy)
    energies, xrays = [], []
    for family in dict.fromkeys(line.family for line in lines):
        own = [line for line in lines if line.family == family]
        strongest = max(own, key=lambda line: line.weight)
        total = xrays_per_atom(strongest.name, beam_energy, (0.0, beam_energy))
        weights = np.array([line.weight for line in own])
        energies += [line.energy for line in own]
        xrays += list(total * weights / weights.sum())
    return np.array(energies), np.array(xrays)

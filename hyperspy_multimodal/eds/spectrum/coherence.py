"""Candidate elements of a peak: those whose other lines are in the spectrum, too."""

from dataclasses import replace

import numpy as np

from ...physics.lines import RARE_ELEMENTS, all_elements, element_lines, is_excited
from .priors import expected_counts

# How near a line has to be to the peak: of its FWHM, and in keV at least.
_NEAR, _LEAST_NEAR = 0.3, 0.015
# What other lines have to hold at least, of what tables and cross-sections say: strong and weak
# lines of the same family, and lines of another one, whose cross-sections are known to a factor.
_SAME_FAMILY, _WEAK_LINES, _OTHER_FAMILY = 0.5, 0.2, 0.1
_STRONG = 0.3
# keV; windows and the specimen absorb what lies below, so that it need not be there.
_LOW = 1.0  # keV
_TOLD = 0.08  # of the peak: fewer counts prove nothing
_DEVIATIONS = 3.0
_MOST = 3


def coherent_elements(fit, energy, counts, beam_energy):
    """Return up to three candidate lines for a peak, the likeliest first.

    A line is offered only if all strong lines of its element that would be seen elsewhere are
    there.

    Parameters
    ----------
    fit : SumFit
        Fit of the summed spectrum, with the peak among its lines.
    energy : float
        Of the peak, in keV.
    counts : float
        Counts in the peak.
    beam_energy : float
        Energy of the electrons in keV.

    Returns
    -------
    list of str
        Names such as "Ti_Ka".
    """
    width = max(_NEAR * float(fit.detector.width(energy)), _LEAST_NEAR)
    used = fit.detector.centres[fit.used]
    high = min(float(used[-1]), beam_energy)
    found = []
    for element in all_elements():
        lines = element_lines(element, float(used[0]), high)
        for line in lines:
            heads = line.name.split("_")[1] in ("Ka", "La", "Ma")
            if not heads or abs(line.energy - energy) > width:
                continue
            if not is_excited(line, beam_energy):
                continue
            if not others_are_there(fit, line, counts, lines, beam_energy):
                continue
            rarity = {"K": 0, "L": 1, "M": 2}.get(line.family, 3) + 3 * (element in RARE_ELEMENTS)
            found.append((rarity, abs(line.energy - energy), line.name))
    return [name for _, _, name in sorted(found)[:_MOST]]


def others_are_there(fit, line, counts, lines, beam_energy):
    """Return whether the other lines of an element may be present, if one of them is.

    Parameters
    ----------
    fit : SumFit
        Fit of the summed spectrum.
    line : Line
        The line that seems to be there.
    counts : float
        Its counts.
    lines : list of Line
        All lines of the element on the axis.
    beam_energy : float
        Energy of the electrons in keV.

    Returns
    -------
    bool
        False if a line that would be seen has far too few counts in the observed spectrum.
    """
    main = expected_counts(line, beam_energy)
    heads = {}
    for other in lines:
        if other.family not in heads or other.weight > heads[other.family].weight:
            heads[other.family] = other
    for other in lines:
        if other.name == line.name or other.energy < _LOW < line.energy:
            continue
        if other.family == line.family:
            predicted = counts * other.weight / line.weight
            least = _SAME_FAMILY if other.weight > _STRONG else _WEAK_LINES
        else:
            if other is not heads[other.family] or not main > 0:
                continue
            if not is_excited(other, beam_energy):
                continue
            predicted = counts * expected_counts(other, beam_energy) / main
            least = _OTHER_FAMILY
        if predicted < _TOLD * counts:
            continue
        there, error = _observed(fit, other.energy)
        if there + _DEVIATIONS * error < least * predicted:
            return False
    return True


def _observed(fit, energy):
    """Return counts over the continuum in a peak at an energy, and their error."""
    peak = replace(fit.detector, escape=0.0, tail=0.0, shelf=0.0).shapes([energy])[0]
    shape = np.where(fit.used, peak, 0.0)
    norm = float((shape**2).sum())
    if not norm > 0:
        return np.inf, 0.0
    counts = float(shape @ (fit.observed - fit.continuum)) / norm
    variance = float(shape**2 @ np.maximum(fit.observed, 0.1)) / norm**2
    return counts, float(np.sqrt(variance))

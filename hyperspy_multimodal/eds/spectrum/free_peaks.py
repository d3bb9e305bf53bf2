"""Peaks of the summed spectrum that no line of named or instrument elements explains."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ...physics.lines import Line, element_lines
from ...written_numbers import plain
from .coherence import coherent_elements
from .instrument import SIGNIFICANT

# No free peak lies within this many FWHM of a line that is present, that is, of one with more than
# the inverse of this share of the peak's counts.
_NEAR, _WEAKER = 1.5, 5.0
# Within this many FWHM of the strongest line of a family of a named element there is never one.
_AT = 0.5
#: More peaks than this mean that the model is wrong.
MOST = 12
# Peaks within this many keV of the sum of two of the strongest lines may be sum peaks.
_AT_SUM, _SUMMED = 0.05, 4
# A sum peak holds at most this share of the counts of the weaker of its lines.
_MOST_SUMMED = 0.06
_LEAST_EXPECTED = 0.05
# Residuals are looked at where, smoothed by this many keV, they exceed this many standard errors.
_BLUR, _SUSPECT = 0.03, 2.5
# Errors of what is under a peak, as shares of continuum and of lines: edges, tails.
_CONTINUUM_ERROR, _TAIL_ERROR = 0.03, 0.1


@dataclass(frozen=True)
class UnassignedPeak:
    """Peak that belongs neither to a listed element nor to an element of the instrument.

    Attributes
    ----------
    energy : float
        Energy in keV, as fitted.
    counts : float
        Counts in the peak of the summed spectrum.
    significance : float
        Counts divided by their error, which includes the misfit of the model.
    candidates : list of str
        Lines that could explain the peak, of elements whose other lines are consistent with the
        spectrum.
    """

    energy: float
    counts: float
    significance: float
    candidates: list

    def __str__(self):
        names = " or ".join(self.candidates) + "?" if self.candidates else "no element fits"
        return f"{self.energy:.2f} keV ({plain(self.counts)} counts: {names})"


def highest_residual(fit):
    """Return energy and significance of the highest residual peak far from all lines.

    Parameters
    ----------
    fit : SumFit

    Returns
    -------
    tuple of (float, float) or None
        Energy in keV on the calibrated axis, and counts over error; None if no peak is significant.
    """
    centres = fit.detector.centres
    places = np.flatnonzero(_suspect(fit))
    if not len(places):
        return None
    amplitude, error = matched(fit, centres[places], on_axis=True)
    significance = amplitude / error
    allowed = amplitude > _WEAKER * strongest_near(fit, centres[places])
    significance = np.where(allowed, significance, -np.inf)
    best = int(np.argmax(significance))
    if significance[best] <= SIGNIFICANT:
        return None
    energy = (centres[places[best]] - fit.detector.offset) / (1 + fit.detector.gain)
    return float(energy), float(significance[best])


def _suspect(fit):
    """Return channels where the smoothed residual is more than noise, (C,)."""
    expected = np.where(fit.used, np.maximum(fit.fitted, _LEAST_EXPECTED), 0.0)
    residual = np.where(fit.used, fit.observed - fit.fitted, 0.0)
    sigma = _BLUR / fit.detector.channel
    noise = np.sqrt(ndimage.gaussian_filter1d(expected, sigma) / max(3.5 * sigma, 1.0))
    return fit.used & (ndimage.gaussian_filter1d(residual, sigma) > _SUSPECT * noise)


def strongest_near(fit, places):
    """Return counts of the strongest line within 1.5 FWHM of places on the axis, (n,)."""
    counts = np.zeros(len(places))
    energies = np.array([line.energy for line in fit.lines])
    widths = fit.detector.width(energies) * np.sqrt(1 + np.maximum(fit.widths, 0))
    for line, place, width, own in zip(fit.lines, fit.places, widths, fit.amplitudes, strict=True):
        away = np.abs(places - place)
        counts[away <= _NEAR * width] = np.maximum(counts[away <= _NEAR * width], own)
        if line.element and line.weight >= 1.0:
            # whatever it holds so far: what lies here is its own
            counts[away <= _AT * width] = np.inf
    return counts


def matched(fit, energies, on_axis=False):
    """Return counts of a peak at given energies in the residual, and their errors.

    Parameters
    ----------
    fit : SumFit
    energies : numpy.ndarray
        Energies in keV: calibrated, or places on the axis of the signal.
    on_axis : bool
        Whether they are places on the axis. Default False.

    Returns
    -------
    counts, errors : numpy.ndarray
        Shape (n,). Errors hold noise, edges of the continuum and tails of lines.
    """
    energies = np.asarray(energies, dtype=float)
    if on_axis:
        energies = (energies - fit.detector.offset) / (1 + fit.detector.gain)
    expected = np.where(fit.used, np.maximum(fit.fitted, _LEAST_EXPECTED), np.inf)
    residual = np.where(fit.used, fit.observed - fit.fitted, 0.0)
    peaks = replace(fit.detector, escape=0.0, tail=0.0, shelf=0.0).shapes(energies)
    shapes = np.where(fit.used, peaks, 0.0)
    information = np.maximum((shapes**2 / expected).sum(axis=1), 1e-300)
    counts = (shapes * (residual / expected)).sum(axis=1) / information
    lines = np.maximum(fit.fitted - fit.continuum, 0.0)
    # under the peak, in as many channels as it is wide
    channels = 1 / np.maximum((shapes**2).sum(axis=1), 1e-300)
    under = (shapes @ np.where(fit.used, fit.continuum, 0.0)) * channels
    tails = (shapes @ np.where(fit.used, lines, 0.0)) * channels
    # of few counts, the error is that of the peak itself
    variance = 1 / information + np.maximum(counts, 0)
    variance += (_CONTINUUM_ERROR * under) ** 2 + (_TAIL_ERROR * tails) ** 2
    return counts, np.sqrt(variance)


def is_sum_of_lines(fit, energy, counts=0.0):
    """Return whether a peak can be the sum of two X-rays of the strongest lines.

    Parameters
    ----------
    fit : SumFit
    energy : float
        In keV.
    counts : float, default 0
        Of the peak. Sums of lines too weak for it are left out.
    """
    strongest = np.argsort(fit.amplitudes)[::-1][:_SUMMED]
    energies = np.array([fit.lines[i].energy for i in strongest])
    sums = np.add.outer(energies, energies)
    most = _MOST_SUMMED * np.minimum.outer(*2 * [fit.amplitudes[strongest]])
    return bool(np.any((np.abs(sums - energy) < _AT_SUM) & (most > counts)))


def free_lines(fit, energy, beam_energy):
    """Return the lines of a new peak, which are of no element.

    If an element fits, its family of lines goes with the peak, such as Kb with Ka; its other
    families do not, as it is only a guess.

    Parameters
    ----------
    fit : SumFit
        A fit without the peak.
    energy : float
        Of the peak, in keV.
    beam_energy : float
        In keV.

    Returns
    -------
    list of Line
        The first names the peak.
    """
    name = f"{energy:.2f} keV"
    counts = float(matched(fit, [energy])[0][0])
    names = coherent_elements(fit, energy, counts, beam_energy)
    lines = [Line(name, "", name, energy, 1.0)]
    if names:
        element, subshell = names[0].split("_")
        last = float(fit.detector.centres[fit.used][-1])
        family = [
            line
            for line in element_lines(element, 0.0, min(last, beam_energy))
            if line.family == subshell[0]
        ]
        head = next(line for line in family if line.name == names[0])
        lines += [
            Line(f"{name}: {other.name}", "", name, energy + other.energy - head.energy,
                 other.weight / head.weight)
            for other in family
            if other.name != head.name and other.weight < head.weight
        ]  # fmt: skip
    return lines


def described(fit, found, beam_energy):
    """Return the `UnassignedPeak` of each free line of a fit, by rising energy.

    Parameters
    ----------
    fit : SumFit
        The last fit, with the free lines.
    found : dict of str to float
        By name of the line, its significance when it was found.
    beam_energy : float
        In keV.
    """
    peaks = []
    for i, line in enumerate(fit.lines):
        if line.element or line.name != line.family:
            continue
        energy = line.energy + fit.shifts[i] / (1 + fit.detector.gain)
        names = coherent_elements(fit, float(energy), float(fit.amplitudes[i]), beam_energy)
        peaks.append(
            UnassignedPeak(float(energy), float(fit.amplitudes[i]), found[line.name], names)
        )
    return sorted(peaks, key=lambda peak: peak.energy)

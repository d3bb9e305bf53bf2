"""Peaks of the summed spectrum that no line of the named elements explains."""

from dataclasses import dataclass

import numpy as np

from .lines import Line, candidates, element_lines
from .sum_fit import fit_sum_spectrum

#: A residual this many standard errors high is a peak.
SIGNIFICANT = 5.0
# Within this many FWHM of a line, a residual smaller than this share of it is the line's own tail.
_NEAR, _TAIL = 1.5, 0.02
_MOST = 12
# Departure from table weights, in their errors, that asks for another element, and the error of
# weights that shows where it lies.
_STRAINED, _HELD_FAST = 4.0, 0.02
_LEAST_EXPECTED = 0.05


@dataclass(frozen=True)
class UnassignedPeak:
    """A peak that is no line of the named elements.

    Attributes
    ----------
    energy : float
        Energy in keV.
    counts : float
        Counts of the summed spectrum in the peak.
    significance : float
        Its height in standard errors when it was found.
    candidates : list of str
        Lines that it may be.
    """

    energy: float
    counts: float
    significance: float
    candidates: list

    def __str__(self):
        names = " or ".join(self.candidates) + "?" if self.candidates else "no line is near"
        return f"{self.energy:.2f} keV ({self.counts:.3g} counts: {names})"


def explained_fit(observed, detector, lines, beam_energy, used, refine=True, pile_up=False):
    """Fit a summed spectrum, with a line of its own for each peak that remains unexplained.

    The most significant residual is given a line, and all are fitted again, until no residual
    exceeds five standard errors, also where a strong departure from the table weights of a family
    could hide it. Without these lines, the counts of an element that nobody has
    named would go to its neighbours and to the continuum.

    Parameters
    ----------
    observed, detector, lines, beam_energy, used, refine, pile_up
        As in `fit_sum_spectrum`.

    Returns
    -------
    fit : SumFit
        The ``lines`` of unassigned peaks have an empty element.
    peaks : list of UnassignedPeak
    """
    lines, found = list(lines), []
    fit = fit_sum_spectrum(observed, detector, lines, beam_energy, used, refine, pile_up)
    while len(found) < _MOST:
        peak = _highest_residual(fit)
        if peak is None and fit.strain > _STRAINED:
            # Lines far from their weights may carry another element's counts: hold them fast.
            held = fit_sum_spectrum(
                observed, detector, lines, beam_energy, used, refine, pile_up, _HELD_FAST
            )
            peak = _highest_residual(held)
        if peak is None:
            break
        energy, significance = peak
        found.append((energy, significance))
        lines.append(Line(f"{energy:.2f} keV", "", str(len(found)), energy, 1.0))
        fit = fit_sum_spectrum(observed, detector, lines, beam_energy, used, refine, pile_up)
    # What another peak has explained since, or the fit has turned to nothing, is none.
    kept = [
        area > SIGNIFICANT * np.sqrt(area) for area in fit.amplitudes[len(lines) - len(found) :]
    ]
    if not all(kept):
        lines = lines[: len(lines) - len(found)] + [
            line for line, keep in zip(lines[len(lines) - len(found) :], kept, strict=True) if keep
        ]
        found = [each for each, keep in zip(found, kept, strict=True) if keep]
        fit = fit_sum_spectrum(observed, detector, lines, beam_energy, used, refine, pile_up)
    counts = fit.amplitudes[len(lines) - len(found) :]
    widths = [max(0.3 * float(fit.detector.width(energy)), 0.02) for energy, _ in found]
    heads = [
        candidates(energy, width, beam_energy)
        for (energy, _), width in zip(found, widths, strict=True)
    ]
    # what a stronger peak may be has other lines, too
    elements = [names[0].split("_")[0] for names in heads if names]
    peaks = [
        UnassignedPeak(
            energy,
            float(area),
            significance,
            [*_lines_of(elements, names, energy, width), *names],
        )
        for (energy, significance), area, names, width in zip(
            found, counts, heads, widths, strict=True
        )
    ]
    return fit, sorted(peaks, key=lambda peak: peak.energy)


def _lines_of(elements, names, energy, width):
    """Return lines near an energy of elements that other peaks may be."""
    near = (
        line.name
        for element in dict.fromkeys(elements)
        for line in element_lines(element, energy - width, energy + width)
        if line.weight > 0.02
    )
    return [name for name in near if name not in names]


def _highest_residual(fit):
    """Return energy and significance of the highest residual peak, None if none is significant."""
    centres = fit.detector.centres
    expected = np.where(fit.used, np.maximum(fit.fitted, _LEAST_EXPECTED), 1.0)
    residual = np.where(fit.used, fit.observed - fit.fitted, 0.0)
    channel = centres[1] - centres[0]
    places = np.flatnonzero(fit.used)
    shapes = fit.detector.shapes(centres[places])
    shapes = np.where(fit.used, shapes, 0.0)
    # the best amplitude of a peak there, and its error
    information = (shapes**2 / expected).sum(axis=1)
    amplitude = (shapes * (residual / expected)).sum(axis=1) / information
    error = 1 / np.sqrt(information)
    # of few counts, the error is that of the peak itself
    significance = amplitude / np.sqrt(error**2 + np.maximum(amplitude, 0))
    allowed = significance > SIGNIFICANT
    for line, counts in zip(fit.lines, fit.amplitudes, strict=True):
        apart = np.abs(centres[places] - fit.detector.position(line.energy))
        near = apart < _NEAR * fit.detector.width(line.energy)
        allowed &= ~(near & (amplitude < _TAIL * counts))
        allowed &= apart > channel if line.element == "" else True
    if not allowed.any():
        return None
    best = np.argmax(np.where(allowed, significance, -np.inf))
    energy = (centres[places[best]] - fit.detector.offset) / (1 + fit.detector.gain)
    return float(energy), float(significance[best])

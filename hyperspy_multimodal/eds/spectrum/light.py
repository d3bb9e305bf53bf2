"""Unlisted light elements, whose only line the continuum can take for its own."""

from dataclasses import dataclass, replace

import numpy as np

from .instrument import FARTHEST, Evidence, least_significance, stands_apart
from .priors import shift_error
from .sum_fit import fit_sum_spectrum
from .total_errors import continuum_error

#: Elements with a single line.
LIGHT_ELEMENTS = ("Be", "B", "C", "N", "O", "F")
# Weighted squares by which such a line must improve a fit whose continuum can bend instead.
_BETTER = 50.0
# A free peak within this many FWHM of the line is the line.
_AT = 0.5
_VISIBLE = 1.0  # count


@dataclass(frozen=True)
class Displaced:
    """A family of lines whose counts change if an unlisted light element is fitted.

    Attributes
    ----------
    element : str
        The light element.
    head : tuple of (str, str)
        Element and family of the lines.
    before, after : float
        Counts of the family without and with the element.
    """

    element: str
    head: tuple
    before: float
    after: float

    @property
    def share(self):
        """The change as a share of the counts with the element."""
        return abs(self.after - self.before) / max(self.after, 1.0)

    def concerns(self, name):
        """Return whether a line such as "C_Ka" is of the family."""
        element, subshell = name.split("_")
        return self.head == (element, subshell[0])


def find_light(search):
    """Add light elements that a fit needs although its continuum can bend.

    Each is compared by a fit with it and one without it. The residual of the latter alone does not
    show such an element: the continuum, and the light lines beside it, make up for it.

    Parameters
    ----------
    search : _Search
        Its fit, free peaks and elements are changed.

    Returns
    -------
    list of Displaced
        Families of named elements whose counts change by more than their error.
    """
    displaced = []
    while True:
        fits = {}
        tried = [_tried(search, element, fits) for element in LIGHT_ELEMENTS]
        tried = [each for each in tried if each is not None]
        if not tried:
            return displaced
        best, fit, free = max(tried, key=lambda each: each[0].better)
        displaced += _displaced(best.element, search.named, search.fit, fit)
        search.shown.append(best)
        search.free, search.fit = free, fit
        search.setting = replace(search.setting, lines=search.lines_of(search.elements))


def _tried(search, element, fits):
    """Return the `Evidence` for an element, the fit with it and its free peaks, None if absent.

    ``fits`` holds fits without the element, by the names of their free peaks.
    """
    lines = search.lines_of([element])
    if element in search.elements or not lines or not _is_apart(search.fit, lines[0]):
        return None
    line, detector = lines[0], search.fit.detector
    free = {
        name: peak
        for name, peak in search.free.items()
        if abs(peak[1][0].energy - line.energy) > _AT * float(detector.width(line.energy))
    }
    setting = search.with_free(search.setting, free)
    if tuple(free) not in fits:
        fits[tuple(free)] = fit_sum_spectrum(setting, search.fit)
    without = fits[tuple(free)]
    fit = fit_sum_spectrum(replace(setting, lines=[*setting.lines, line]), without)
    better = without.chi_squared - fit.chi_squared
    counts, error = float(fit.amplitudes[-1]), _error(fit, line)
    is_far = abs(fit.shifts[-1]) > FARTHEST * shift_error(line)
    if better < _BETTER or is_far or counts < least_significance("C") * error:
        return None
    return Evidence(element, line.name, counts, error, better), fit, free


def _error(fit, line):
    """Return the error of the counts of the last line, with that of the continuum under it."""
    centres = fit.detector.centres
    near = np.abs(centres - fit.places[-1]) < float(fit.detector.width(line.energy))
    under = float(fit.continuum[near & fit.used].sum())
    return float(np.hypot(fit.errors[-1], continuum_error(line.energy) * under))


def _is_apart(fit, line):
    """Return whether a line is far from the lines of elements that are seen."""
    seen = [
        each
        for each, counts in zip(fit.lines, fit.amplitudes, strict=True)
        if each.element and counts > _VISIBLE
    ]
    return stands_apart(line.energy, seen, fit.detector)


def _displaced(element, named, before, after):
    """Return families of named elements that change by more than their error."""
    keys = dict.fromkeys((line.element, line.family) for line in before.lines)
    found = []
    for key in keys:
        if key[0] not in named:
            continue
        (old, _), (new, error) = (_family(fit, key) for fit in (before, after))
        if abs(new - old) > error:
            found.append(Displaced(element, key, old, new))
    return found


def _family(fit, key):
    """Return the counts of a family and their error."""
    own = np.array([(line.element, line.family) == key for line in fit.lines])
    variance = float(fit.covariance[own][:, own].sum())
    return float(fit.amplitudes[own].sum()), max(variance, 0.0) ** 0.5

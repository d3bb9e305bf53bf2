"""Elements that the instrument contributes, and the evidence for them."""

from dataclasses import dataclass

import numpy as np

from ...physics.lines import element_lines
from .priors import LOW_ENERGY, shift_error

#: Elements that may be in any spectrum, and where they come from.
INSTRUMENT_ELEMENTS = {
    "C": "support film, contamination",
    "O": "surface oxide (specimen, grid, membrane)",
    "Al": "holder, detector contact and light shield, grids",
    "Si": "membranes, pump oil, detector dead layer",
    "Cl": "preparation residues",
    "Cr": "steel (pole pieces, holder)",
    "Mn": "steel (pole pieces, holder)",
    "Fe": "steel and iron (pole pieces, holder)",
    "Co": "pole pieces",
    "Ni": "grids, holder",
    "Cu": "grids, holder, half-grids",
    "Zn": "brass (holder, screws)",
    "Ga": "focused ion beam",
    "Zr": "detector collimator",
    "Mo": "grids, apertures, collimator",
    "Ag": "silver paint, contacts",
    "Sn": "solder, bronze (holder)",
    "Ta": "collimator, holder clips",
    "W": "ion-beam probes and deposits, collimator",
    "Pt": "ion-beam deposits, apertures",
    "Au": "grids, coatings",
    "Pb": "detector shield",
}
#: Elements that are common in specimens: when none is named, these are tried beside the others.
COMMON_ELEMENTS = (
    "F Na Mg P S K Ca Sc Ti V Ge As Se Sr Y Nb Ru Pd In Te Ba La Ce Nd Gd Hf Bi".split()
)
# A line shows an element if it stands alone: this many FWHM from the strongest lines of named
# elements, and from their weaker ones. Light elements have but one line, and are everywhere.
_FROM_STRONGEST, _FROM_OTHERS = 1.5, 1.0
_LIGHT, _LIGHT_FROM = ("C", "O"), 0.75
# Below this energy in keV, lines of L shells are all that low beam energies show.
_SOFT = 1.2
_STRONG, _WEAK = 0.3, 0.05
#: An element is there if one of its lines exceeds its error by this factor. Light elements are
#: likely, and if they are left out, the continuum takes their counts, and more of those nearby.
SIGNIFICANT, _LIGHT_SIGNIFICANT = 5.0, 3.0
# Errors of what is under a line, as shares of it: continuum, and other peaks.
_UNDER, _BESIDE = 0.03, 0.05
#: A line that deviates from its energy by more errors does not belong to the element.
FARTHEST = 3.8


@dataclass(frozen=True)
class Evidence:
    """Evidence for an element.

    Attributes
    ----------
    element : str
        Chemical symbol.
    line : str
        The line that shows it best.
    counts, error : float
        Counts of that line, and their error, with what the model does not describe.
    better : float
        Weighted squares by which a fit with the element is better than one without it, if they were
        compared. Default 0.
    """

    element: str
    line: str
    counts: float
    error: float
    better: float = 0.0

    @property
    def significance(self):
        """Counts over their error."""
        return self.counts / max(self.error, 1e-300)


def candidates_beside(named, detector, used, beam_energy, elements=tuple(INSTRUMENT_ELEMENTS)):
    """Return elements of which some line stands apart from those of named elements.

    Parameters
    ----------
    named : sequence of str
        Named elements.
    detector : Detector
        Channels and widths.
    used : numpy.ndarray
        Channels that are fitted, bool, shape (C,).
    beam_energy : float
        In keV.
    elements : sequence of str
        Elements that may be there; by default those of the instrument.

    Returns
    -------
    dict of str to list of str
        By element, its lines that stand apart.
    """
    low, high = detector.centres[used][[0, -1]]
    high = min(high, beam_energy)
    own = [line for element in named for line in element_lines(element, low, high)]
    # low families of elements that have others are bound by those, and cannot hide carbon
    others = {line.element for line in own if line.energy > LOW_ENERGY}
    needed = [line for line in own if line.energy > LOW_ENERGY or line.element not in others]
    found = {}
    for element in elements:
        if element in named:
            continue
        light = element in _LIGHT
        from_lines = needed if light else own
        lines = [
            line.name
            for line in element_lines(element, low, high)
            if line.weight >= _STRONG
            and stands_apart(line.energy, from_lines, detector, is_light=light)
        ]
        if lines:
            found[element] = lines
    return found


def stands_apart(energy, lines, detector, is_light=False):
    """Return whether an energy is far from lines: from strong ones by more than from weak ones."""
    width = float(detector.width(energy))
    strongest, others = _FROM_STRONGEST, _FROM_OTHERS
    if energy < _SOFT:
        strongest = others
    if is_light:
        strongest = others = _LIGHT_FROM
    return all(
        abs(line.energy - energy) > width * (strongest if line.weight >= _STRONG else others)
        for line in lines
        if line.weight >= _WEAK
    )


def least_significance(element):
    """Return the standard errors from which on an element counts as there."""
    return _LIGHT_SIGNIFICANT if element in _LIGHT else SIGNIFICANT


def evidence(fit, element, apart):
    """Return the `Evidence` for an element in a fit, None if it has no line that shows it.

    A line shows an element if it stands apart from those of named ones, and lies where it should.

    Parameters
    ----------
    fit : SumFit
        A fit with the lines of the element.
    element : str
        Chemical symbol.
    apart : list of str
        Its lines that stand apart from others.
    """
    shapes, places = fit.line_shapes, fit.places
    lines = fit.fitted - fit.continuum - fit.pile_up
    best = None
    for i, line in enumerate(fit.lines):
        if line.element != element or line.name not in apart:
            continue
        if abs(fit.shifts[i]) > FARTHEST * shift_error(line):
            continue
        near = np.abs(fit.detector.centres - places[i]) < float(fit.detector.width(line.energy))
        near &= fit.used
        others = np.maximum(lines - fit.amplitudes[i] * shapes[i], 0.0)[near].sum()
        smooth = fit.continuum[near].sum()
        counts = float(fit.amplitudes[i])
        # of few counts, the error is that of the counts themselves
        variance = max(fit.least_errors[i] ** 2, counts)
        variance += (_UNDER * smooth) ** 2 + (_BESIDE * others) ** 2
        shown = Evidence(element, line.name, counts, float(np.sqrt(variance)))
        if best is None or shown.significance > best.significance:
            best = shown
    return best

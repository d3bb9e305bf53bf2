"""Elements that may be hidden under the lines of named ones."""

from dataclasses import replace

from ...physics.lines import RARE_ELEMENTS
from .coherence import coherent_elements
from .covered import covered_elements
from .explanation import HiddenElement
from .instrument import SIGNIFICANT
from .priors import LOW_ENERGY
from .sum_fit import fit_sum_spectrum

# Departure from table weights above and below 1 keV, in their errors, and counts, that ask for
# another element.
_STRAINED, _LOW_STRAINED, _LEAST_COUNTS = 2.5, 4.0, 50.0
# Weighted squares by which a hidden element must improve the fit; how many are tried.
_BETTER, _MOST = 100.0, 3


def hidden_elements(fit, setting, named, beneath):
    """Return lines of named elements whose counts may be another element's.

    Parameters
    ----------
    fit : SumFit
        The fit of named elements and of those with lines apart from theirs.
    setting : Setting
        What was fitted.
    named : sequence of str
        Named elements.
    beneath : dict of str to list of Line
        Lines of likely elements that have none apart from those of named ones, by element.

    Returns
    -------
    list of HiddenElement
        At most one for each line, with the likeliest candidate first.
    """
    found = _strained(fit, named, setting.beam_energy)
    for element, lines in list(beneath.items())[:_MOST]:
        better = _better_with(fit, setting, named, element, lines)
        if better is not None:
            others = found[better.line].candidates if better.line in found else []
            others = [name for name in others if name not in better.candidates]
            found[better.line] = replace(better, candidates=[*better.candidates, *others])
    for each in covered_elements(fit, setting, named):
        known = found.get(each.line)
        if known is None:
            found[each.line] = each
        elif each.is_shown:
            # what the line loses to all lines of the other element
            names = dict.fromkeys([*known.candidates, *each.candidates])
            found[each.line] = replace(each, candidates=list(names))
    return list(found.values())


def _strained(fit, named, beam_energy):
    """Return lines that are too strong for the rest of their family, by the least excess."""
    found = {}
    unlikely = {*named, *RARE_ELEMENTS}
    for strain in sorted(fit.strains, key=lambda strain: strain.excess):
        head = strain.head
        least = _STRAINED if head.energy > LOW_ENERGY else _LOW_STRAINED
        weak = strain.size < least or strain.excess < _LEAST_COUNTS
        if weak or head.element not in named:
            continue
        names = coherent_elements(fit, head.energy, strain.excess, beam_energy)
        names = [name for name in names if name.split("_")[0] not in unlikely]
        if names:
            found.setdefault(head.name, HiddenElement(head.name, strain.excess, names))
    return found


def _better_with(fit, setting, named, element, lines):
    """Return an element as hidden under the nearest named line if the fit is far better with it."""
    other = fit_sum_spectrum(replace(setting, lines=[*setting.lines, *lines]), fit)
    if fit.chi_squared - other.chi_squared < _BETTER:
        return None
    own = [i for i, line in enumerate(other.lines) if line.element == element]
    best = max(own, key=lambda i: other.amplitudes[i])
    counts, place = float(other.amplitudes[best]), other.places[best]
    if counts < max(_LEAST_COUNTS, SIGNIFICANT * other.errors[best]):
        return None
    near = [
        (abs(there - place), line.name)
        for line, there in zip(other.lines, other.places, strict=True)
        if line.element in named and line.weight >= 1.0
    ]
    return HiddenElement(min(near)[1], counts, [other.lines[best].name]) if near else None

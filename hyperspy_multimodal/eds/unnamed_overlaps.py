"""Counts under mapped lines that belong to unnamed elements."""

from typing import NamedTuple

# A line of the instrument is relevant if it has this share of the counts under a mapped line.
_OVERLAPPING = 0.05


class Overlap(NamedTuple):
    """Counts under a mapped line that belong to an element of the instrument.

    Attributes
    ----------
    element, line : str
        The element, and the mapped line.
    counts, error, total : float
        Counts that it takes, their error, and all counts there. They are counts in the window of
        the mapped line, as those of its map, whose total is ``total`` less ``counts``.
    evidence : str
        The line that shows the element.
    """

    element: str
    line: str
    counts: float
    error: float
    total: float
    evidence: str


def overlaps(explanation, names, totals):
    """Return an `Overlap` for each mapped line under which an unnamed element holds many counts.

    Parameters
    ----------
    explanation : Explanation
    names : sequence of str
        Mapped lines.
    totals : sequence of float
        Totals of their maps: counts in their windows.
    """
    fit = explanation.fit
    spectra = explanation.attribution.lines.sum(axis=1)
    unnamed = {each.element: each for each in explanation.unnamed}
    found = {}
    for i, line in enumerate(fit.lines):
        if line.element not in unnamed or not spectra[i] > 0:
            continue
        width = float(fit.detector.width(line.energy))
        for k, other in enumerate(fit.lines):
            if other.name in names and abs(fit.places[i] - fit.places[k]) < width:
                key = line.element, other.name
                counts, variance = found.get(key, (0.0, 0.0))
                found[key] = counts + spectra[i], variance + fit.errors[i] ** 2
    counts_of = {line.name: own for line, own in zip(fit.lines, spectra, strict=True)}
    total_of = dict(zip(names, map(float, totals), strict=True))
    result = []
    for (element, name), (counts, variance) in found.items():
        if counts > _OVERLAPPING * explanation.counts_of(name.split("_")[0]):
            own, in_window = float(counts_of[name]), max(total_of[name], 0.0)
            # both lines have nearly the same shape
            share = min(in_window / own, 1.0) if own > 0 and in_window > 0 else 1.0
            counts, error = share * float(counts), share * float(max(variance, 0.0) ** 0.5)
            evidence = unnamed[element].line
            result.append(Overlap(element, name, counts, error, counts + in_window, evidence))
    return result

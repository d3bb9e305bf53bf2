"""Elements suggested by a summed spectrum."""

from typing import NamedTuple

from ...written_numbers import plain
from .coherence import coherent_elements
from .explain import explain
from .instrument import COMMON_ELEMENTS, INSTRUMENT_ELEMENTS
from .light import LIGHT_ELEMENTS

_MOST = 20
_VISIBLE = 5.0  # errors
# Weighted squares by which an element may fit worse, and still be the likelier one.
_AS_WELL = 10.0


class SuggestedElement(NamedTuple):
    """Element suggested by a spectrum.

    Attributes
    ----------
    element : str
        Chemical symbol.
    lines : list of str
        Detected lines, strongest first.
    counts : float
        Counts of these lines.
    error : float
        Standard error of the counts of the strongest line, including the misfit of the model.
    others : list of str
        Other elements, or their lines, that could explain the same peaks.
    from_instrument : str
        Usual source of the element in the instrument, if its signal may come from there; otherwise
        empty.
    """

    element: str
    lines: list
    counts: float
    error: float
    others: list
    from_instrument: str

    def __str__(self):
        text = f"{self.element}: {plain(self.counts)} counts ({', '.join(self.lines)})"
        if self.others:
            text += f"; or {', '.join(self.others)}"
        return f"{text}; may be from {self.from_instrument}" if self.from_instrument else text


def suggest(observed, used, nominal, beam_energy):
    """Return the elements that explain a summed spectrum, the strongest first.

    The energy axis is found with all common elements. Then the strongest peak that elements of the
    instrument leave is given to the element whose other lines fit best, and all is fitted again,
    until no peak is left that some element explains. Where only L or M lines of an element are
    seen, an element with a K line there takes its place if it fits as well, as S does for Mo.

    Parameters
    ----------
    observed, used, nominal, beam_energy
        As in `explain`.

    Returns
    -------
    elements : list of SuggestedElement
    explanation : Explanation
        The last one, with peaks that no element explains.
    """
    common = [*INSTRUMENT_ELEMENTS, *COMMON_ELEMENTS]
    first = explain(observed, used, nominal, [], beam_energy, candidates=common)
    calibrated = first.fit.detector

    def explained(named):
        known = [element for element in INSTRUMENT_ELEMENTS if element not in replaced]
        return explain(observed, used, calibrated, named, beam_energy, candidates=known)

    replaced, others = set(), {}
    found_anew = {*INSTRUMENT_ELEMENTS, *LIGHT_ELEMENTS}
    named = [each.element for each in first.unnamed if each.element not in found_anew]
    explanation = explained(named)
    while len(named) < _MOST:
        fitting = [
            peak
            for peak in sorted(explanation.peaks, key=lambda peak: -peak.counts)
            if peak.candidates and peak.candidates[0].split("_")[0] not in named
        ]
        if not fitting:
            break
        line, *rest = fitting[0].candidates
        named.append(line.split("_")[0])
        others[named[-1]] = rest
        explanation = explained(named)
    for element in [*named, *(each.element for each in explanation.unnamed)]:
        for other in _with_k_line(explanation, element, beam_energy):
            replaced.add(element)
            instead = [*(each for each in named if each != element), other]
            tried = explained(instead)
            fits = tried.fit.chi_squared <= explanation.fit.chi_squared + _AS_WELL
            if fits and len(tried.peaks) <= len(explanation.peaks):
                named, explanation = instead, tried
                others[other] = [element]
                break
            replaced.discard(element)
    found = [_described(explanation, element, others.get(element, [])) for element in named]
    found += [_described(explanation, each.element, []) for each in explanation.unnamed]
    found = [each for each in found if each.lines]
    return sorted(found, key=lambda each: -each.counts), explanation


def _with_k_line(explanation, element, beam_energy):
    """Return elements whose K line may be what seems to be an L or M line of an element."""
    fit = explanation.fit
    own = [i for i, line in enumerate(fit.lines) if line.element == element]
    if not own:
        return []
    counts = explanation.attribution.lines.sum(axis=1)
    seen = [i for i in own if counts[i] > _VISIBLE * max(fit.least_errors[i], counts[i] ** 0.5)]
    if not seen or any(fit.lines[i].family == "K" for i in seen):
        return []
    strongest = max(seen, key=lambda i: counts[i])
    energy = fit.lines[strongest].energy
    names = coherent_elements(fit, energy, float(counts[strongest]), beam_energy)
    present = {line.element for line in fit.lines}
    return [
        name.split("_")[0]
        for name in names
        if name.endswith("_Ka") and name.split("_")[0] not in present
    ]


def _described(explanation, element, others):
    fit = explanation.fit
    own = [i for i, line in enumerate(fit.lines) if line.element == element]
    counts = explanation.attribution.lines.sum(axis=1)
    compared = {each.line for each in explanation.unnamed if each.better > _VISIBLE**2}
    seen = [
        i
        for i in own
        if (
            counts[i] > _VISIBLE * max(fit.least_errors[i], counts[i] ** 0.5)
            or fit.lines[i].name in compared
        )
        and fit.lines[i].name.split("_")[1] in ("Ka", "Kb", "La", "Lb1", "Ma", "Mb")
    ]
    seen.sort(key=lambda i: -counts[i])
    return SuggestedElement(
        element,
        [fit.lines[i].name for i in seen],
        float(sum(counts[i] for i in seen)),
        float(fit.errors[seen[0]]) if seen else 0.0,
        list(others),
        INSTRUMENT_ELEMENTS.get(element, ""),
    )

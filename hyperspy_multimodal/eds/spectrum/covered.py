"""Unlisted elements whose only lines lie under those of listed elements."""

from dataclasses import replace

from ...physics.lines import RARE_ELEMENTS, all_elements, element_lines, is_excited
from .coherence import others_are_there
from .explanation import HiddenElement
from .instrument import SIGNIFICANT
from .sum_fit import fit_sum_spectrum

#: Elements that may be on any specimen: grids, substrates, coats, the ion beam, steel, brass.
LIKELY_ELEMENTS = frozenset("Al Si Cr Fe Co Ni Cu Zn Ga Mo Pd W Ir Pt Au".split())
# A line may lie under another if it is within this many of its FWHM.
_UNDER = 0.6
# Weighted squares by which another element betters the fit where it is there, above and below an
# energy in keV under which the continuum is known badly.
_BETTER, _LOW_BETTER, _LOW = 12.0, 50.0, 0.9
# Share of a line that is reported if it belongs to another element; that other lines must allow
# for; that may belong to another element if the fit indicates it; and if it does not.
_LEAST_SHARE, _ALLOWED, _OPEN, _WIDE_OPEN = 0.05, 0.1, 0.2, 0.5
# Standard errors with which a fit indicates an element: one in twelve does by chance.
_POINTS = 1.4
# Candidates that are tried, the likeliest first; of weighted squares, that make none the likeliest.
_MOST, _ALIKE = 8, 9.0


def covered_elements(fit, setting, named):
    """Return lines of named elements that may hide elements without any other line.

    If an element has other visible lines, these are searched for first; elements that the spectrum
    excludes are no candidates. The others, such as Ir M under P K at 10 kV, are judged by the shape
    of the peak alone: the spectrum is fitted with and without them. An element is shown if the fit
    is far better with it. It is left open if up to a fifth of the line may belong to it, within two
    standard errors, and the fit points at it, or if up to half may. Only likely elements are left
    open.

    Parameters
    ----------
    fit : SumFit
        The fit of named elements, of others that are seen, and of free peaks.
    setting : Setting
        What was fitted.
    named : sequence of str
        Named elements.

    Returns
    -------
    list of HiddenElement
        At most one for each line.
    """
    tried = {}
    candidates = _candidates(fit, setting, named)[:_MOST]
    if candidates:
        # a calibration that was found without the element may have given way to it
        setting = replace(setting, known=None)
        fit = fit_sum_spectrum(setting, fit)
    for lines, index in candidates:
        with_it = fit_sum_spectrum(replace(setting, lines=[*setting.lines, *lines]), fit)
        found = _compared(fit, with_it, lines[0], index, setting.beam_energy)
        if found is not None:
            tried.setdefault(fit.lines[index].name, []).append(found)
    return [_best(each) for each in tried.values()]


def _candidates(fit, setting, named):
    """Return lines of elements, the strongest first, and the line of the fit they may lie under."""
    used = fit.detector.centres[fit.used]
    low, high = float(used[0]), min(float(used[-1]), setting.beam_energy)
    heads = [
        i
        for i, line in enumerate(fit.lines)
        if line.element in named
        and line.weight >= 1.0
        and fit.amplitudes[i] > SIGNIFICANT * fit.least_errors[i]
    ]
    known = {line.element for line in fit.lines} | RARE_ELEMENTS
    found = []
    for element in all_elements():
        if element in known or not heads:
            continue
        lines = element_lines(element, low, high)
        lines = [line for line in lines if is_excited(line, setting.beam_energy)]
        for line in (line for line in lines if line.weight >= 1.0):
            place = fit.detector.position(line.energy)
            index = min(heads, key=lambda i: abs(fit.places[i] - place))
            away = abs(fit.places[index] - place) / float(fit.detector.width(line.energy))
            counts = _ALLOWED * float(fit.amplitudes[index])
            if away < _UNDER and others_are_there(fit, line, counts, lines, setting.beam_energy):
                rest = [other for other in lines if other is not line]
                found.append((element not in LIKELY_ELEMENTS, away, [line, *rest], index))
    return [each[2:] for each in sorted(found, key=lambda each: each[:2])]


def _compared(fit, with_it, line, index, beam_energy):
    """Return the improvement of the fit by an element, and it as hidden; None if there is none."""
    head = fit.lines[index]
    own = [(each.element, each.family) == (head.element, head.family) for each in with_it.lines]
    before = [(each.element, each.family) == (head.element, head.family) for each in fit.lines]
    total = float(fit.amplitudes[before].sum())
    lost = max(total - float(with_it.amplitudes[own].sum()), 0.0)
    more = _variance(with_it, own) - _variance(fit, before)
    better = fit.chi_squared - with_it.chi_squared
    hidden = HiddenElement(head.name, lost, [line.name], max(more, 0.0) ** 0.5)
    lines = [each for each in with_it.lines if each.element == line.element]
    if better > (_BETTER if head.energy > _LOW else _LOW_BETTER):
        counts = float(with_it.amplitudes[with_it.lines.index(line)])
        there = others_are_there(fit, line, counts, lines, beam_energy)
        return (better, hidden) if there and lost > _LEAST_SHARE * total else None
    points = lost > _POINTS * hidden.error
    is_open = hidden.most > (_OPEN if points else _WIDE_OPEN) * total
    if not is_open or head.energy < _LOW or line.element not in LIKELY_ELEMENTS:
        return None
    if not others_are_there(fit, line, _OPEN * total, lines, beam_energy):
        return None
    return better, replace(hidden, is_shown=False)


def _variance(fit, own):
    return float(fit.covariance[own][:, own].sum())


def _best(tried):
    """Return the likeliest of several elements, with others that are equally likely."""
    tried = sorted(tried, key=lambda each: -each[0])
    alike = [hidden for better, hidden in tried if better > tried[0][0] - _ALIKE]
    shown = [hidden for hidden in alike if hidden.is_shown] or alike
    candidates = [name for hidden in shown for name in hidden.candidates]
    return replace(shown[0], candidates=candidates)

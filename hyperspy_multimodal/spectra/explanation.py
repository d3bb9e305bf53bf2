"""The summed spectrum explained: named elements, those of the instrument, peaks of neither."""

from dataclasses import dataclass, field, replace

import numpy as np

from .absorption import absorption_edges
from .attribution import Attribution, attribute
from .calibration import search_axis
from .coherence import coherent_elements, others_are_there
from .free_peaks import MOST, described, free_lines, highest_residual
from .instrument import SIGNIFICANT, candidates_beside, evidence
from .lines import element_lines
from .priors import expected_counts
from .sum_fit import SumFit, fit_sum_spectrum
from .sum_model import Setting

# An edge of the continuum is fitted where a step of this share would be seen, in standard errors.
_STEP, _SEEN = 0.25, 2.0
# Sum peaks are allowed for if they explain this much of the weighted squares.
_PILE_UP_GAIN = 25.0
_PILE_UP_COUNTS = 1e4
# Times that what is not there is dropped, and the rest fitted again.
_ROUNDS = 3
# Departure from table weights, in their errors, and counts, that ask for another element.
_STRAINED, _LEAST_HIDDEN = 4.0, 50.0
# A family of lines is of another element if it exceeds what cross-sections say by this factor, and
# by so many errors.
_FOREIGN, _CERTAIN = 5.0, 5.0


@dataclass(frozen=True)
class HiddenElement:
    """A line of a named element with more counts than the rest of its family lets expect.

    Attributes
    ----------
    line : str
        The line.
    counts : float
        Its counts beyond those.
    candidates : list of str
        Lines that may lie under it.
    """

    line: str
    counts: float
    candidates: list


@dataclass(frozen=True)
class Explanation:
    """What a summed spectrum holds.

    Attributes
    ----------
    fit : SumFit
        The fit.
    attribution : Attribution
        Whose the counts are that the fit does not describe.
    instrument : list of Evidence
        Elements that nobody named, on the evidence of their own lines.
    peaks : list of UnassignedPeak
        Peaks of no element.
    hidden : list of HiddenElement
        Lines of named elements under which others may lie.
    beam_energy : float
        In keV.
    pile_up : bool
        Whether sum peaks were fitted.
    """

    fit: SumFit
    attribution: Attribution = field(repr=False)
    instrument: list
    peaks: list
    hidden: list
    beam_energy: float
    pile_up: bool = False

    @property
    def has_wrong_model(self):
        """Whether so much is unexplained that the elements or the axis must be wrong."""
        return len(self.peaks) >= MOST

    @property
    def instrument_elements(self):
        """Counts of all lines of each element of the instrument, by symbol."""
        return {each.element: self.counts_of(each.element) for each in self.instrument}

    def foreign_families(self, element, family):
        """Return families of an element that hold counts of others, judged by one of its families.

        These have more than five times, and five errors more than, what cross-sections say.
        """
        fit, beam_energy = self.fit, self.beam_energy
        heads, counts, errors = {}, {}, {}
        for i, line in enumerate(fit.lines):
            if line.element != element:
                continue
            if line.family not in heads or line.weight > heads[line.family].weight:
                heads[line.family], counts[line.family] = line, fit.amplitudes[i]
                errors[line.family] = fit.errors[i]
        if family not in heads:
            return []
        main = expected_counts(heads[family], beam_energy)
        found = []
        for other, head in heads.items():
            if other == family or not main > 0:
                continue
            ratio = expected_counts(head, beam_energy) / main
            most = _FOREIGN * ratio * (counts[family] + _CERTAIN * errors[family])
            if counts[other] - _CERTAIN * errors[other] > most:
                found.append(other)
        return found

    def counts_of(self, element):
        """Return the counts of all lines of an element."""
        own = [line.element == element for line in self.fit.lines]
        return float(self.attribution.lines[np.array(own, bool)].sum())


def explain(observed, used, nominal, named, beam_energy, *, refine=True, pile_up=None, search=True):
    """Explain a summed spectrum by named elements, those of the instrument, and other peaks.

    The energy axis is found first, with all elements that may be there. Elements of the instrument
    stay on the evidence of lines that stand apart from those of named elements. A peak beyond
    1.5 FWHM of all lines gets a line of its own, whose energy is fitted.

    Parameters
    ----------
    observed : numpy.ndarray
        Summed spectrum, counts, shape (C,).
    used : numpy.ndarray
        Channels to fit, bool, shape (C,).
    nominal : Detector
        The detector as the signal describes it.
    named : list of str
        Named elements.
    beam_energy : float
        Energy of the electrons in keV.
    refine : bool
        Whether the calibration is fitted. Default True.
    pile_up : bool or None
        Whether there are sum peaks; None (default) finds out.
    search : bool
        Whether elements of the instrument are looked for. Default True.

    Returns
    -------
    Explanation
    """
    low, high = nominal.centres[used][[0, -1]]
    high = min(high, beam_energy)

    def lines_of(elements):
        return [line for each in elements for line in element_lines(each, low, high)]

    apart = candidates_beside(named, nominal, used, beam_energy) if search else {}
    setting = Setting(
        observed, used, nominal, lines_of([*named, *apart]), beam_energy, pile_up=bool(pile_up),
        refine=refine,
    )  # fmt: skip
    fit = _calibrated(setting)
    setting = replace(setting, known=fit.detector)
    shown = _shown(fit, apart, lines_of, beam_energy)
    for _ in range(2):
        elements = [*named, *(each.element for each in shown)]
        edges = _visible_edges(fit, elements)
        if edges == fit.edges:
            break
        setting = replace(setting, edges=edges)
        fit = fit_sum_spectrum(setting, fit)
        shown = _shown(fit, apart, lines_of, beam_energy)
    setting = replace(setting, lines=lines_of([*named, *(each.element for each in shown)]))
    # other peaks are looked for while the calibration is held, so that none can drag it
    free = _free_peaks(replace(setting, hold=True, robust=True), fit)
    fit = fit_sum_spectrum(_with(setting, free), fit)
    if pile_up is None:
        setting, fit = _with_pile_up(setting, fit, free)
    fit, free, kept = _settled(
        setting,
        fit,
        free,
        shown,
        lambda fit, elements: _shown(
            fit, {element: apart[element] for element in elements}, lines_of, beam_energy
        ),
        lines_of,
        named,
    )
    return Explanation(
        fit=fit,
        attribution=attribute(fit),
        instrument=kept,
        peaks=described(fit, {name: peak[0] for name, peak in free.items()}, beam_energy),
        hidden=_hidden(fit, named, beam_energy),
        beam_energy=beam_energy,
        pile_up=setting.pile_up,
    )


def _calibrated(setting):
    """Return the best of the fits from where the axis may lie."""
    if not setting.refine:
        return fit_sum_spectrum(setting)
    starts = search_axis(
        setting.observed, setting.used, setting.nominal, setting.lines, setting.beam_energy
    )
    fits = [fit_sum_spectrum(setting, start) for start in starts]
    return min(fits, key=lambda fit: fit.chi_squared)


def _shown(fit, apart, lines_of, beam_energy):
    """Return the evidence for the elements of which all lines that would be seen are there."""
    found = []
    for element, names in apart.items():
        best = evidence(fit, element, names)
        if best is None or best.significance <= SIGNIFICANT:
            continue
        lines = lines_of([element])
        line = next(line for line in lines if line.name == best.line)
        if others_are_there(fit, line, best.counts, lines, beam_energy):
            found.append(best)
    return found


def _hidden(fit, named, beam_energy):
    """Return lines under which another element may lie: too strong for the rest of their family."""
    found = {}
    for strain in fit.strains:
        head = strain.head
        if strain.size < _STRAINED or strain.excess < _LEAST_HIDDEN or head.element not in named:
            continue
        names = coherent_elements(fit, head.energy, strain.excess, beam_energy)
        names = [name for name in names if name.split("_")[0] not in named]
        if names:
            found.setdefault(head.name, HiddenElement(head.name, strain.excess, names))
    return list(found.values())


def _visible_edges(fit, elements):
    """Return absorption edges of elements where their step could be seen."""
    centres = fit.detector.centres
    visible = []
    for edge in absorption_edges(elements, float(centres[fit.used][-1])):
        place, width = float(fit.detector.position(edge)), float(fit.detector.width(edge))
        above = (centres > place) & (centres < place + width)
        under = float(fit.continuum[above].sum())
        apart = all(abs(edge - other) > width / 2 for other in visible)
        if _STEP * under > _SEEN * np.sqrt(under) and apart:
            visible.append(edge)
    return tuple(visible)


def _with_pile_up(setting, fit, free):
    if setting.observed[setting.used].sum() < _PILE_UP_COUNTS:
        return setting, fit
    piled = replace(setting, pile_up=True)
    other = fit_sum_spectrum(_with(piled, free), fit)
    if fit.chi_squared - other.chi_squared > _PILE_UP_GAIN:
        return piled, other
    return setting, fit


def _free_peaks(setting, fit, free=None):
    """Return peaks as long as there are significant ones: by name, significance and lines."""
    found = dict(free or {})
    fit = fit_sum_spectrum(_with(setting, found), fit)
    while len(found) < MOST:
        peak = highest_residual(fit)
        if peak is None:
            break
        lines = free_lines(fit, peak[0], setting.beam_energy)
        if lines[0].name in found:
            break
        found[lines[0].name] = peak[1], lines
        fit = fit_sum_spectrum(_with(setting, found), fit)
    return found


def _settled(setting, fit, free, shown, shown_in, lines_of, named):
    """Return the last fit, its free peaks and the evidence, after what is not there was dropped.

    What the first fits left may be explained by other peaks and the calibration since.
    """
    free = _free_peaks(replace(setting, hold=True, robust=True), fit, free)
    for _ in range(_ROUNDS):
        counts = dict(zip((line.name for line in fit.lines), fit.amplitudes, strict=True))
        errors = dict(zip((line.name for line in fit.lines), fit.least_errors, strict=True))
        kept_free = {
            name: peak
            for name, peak in free.items()
            if name not in counts or counts[name] > SIGNIFICANT * errors[name]
        }
        kept = shown_in(fit, [each.element for each in shown])
        settled = len(kept) == len(shown) and all(name in counts for name in kept_free)
        if settled and len(kept_free) == len(free):
            break
        free, shown = kept_free, kept
        setting = replace(setting, lines=lines_of([*named, *(each.element for each in shown)]))
        fit = fit_sum_spectrum(_with(setting, free), fit)
    return fit, free, shown


def _with(setting, free):
    """Return the setting with the lines of free peaks."""
    lines = [line for _, own in free.values() for line in own]
    return replace(setting, lines=[*setting.lines, *lines])

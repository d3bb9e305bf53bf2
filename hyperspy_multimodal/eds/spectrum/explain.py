"""Explanation of a summed spectrum: energy axis, elements present, and other peaks."""

from dataclasses import replace

from ...blas import one_blas_thread
from ...physics.lines import RARE_ELEMENTS, all_elements, element_lines
from .absorption import visible_edges
from .attribution import attribute
from .calibration import axis_beyond, axis_score, elements_beside, search_axis
from .coherence import coherent_elements, others_are_there
from .explanation import Explanation
from .free_peaks import MOST, described, free_lines, highest_residual, is_sum_of_lines, matched
from .hidden import hidden_elements
from .instrument import (
    INSTRUMENT_ELEMENTS,
    SIGNIFICANT,
    Evidence,
    candidates_beside,
    evidence,
    least_significance,
)
from .light import find_light
from .sum_fit import best_sum_fit, fit_sum_spectrum
from .sum_model import Setting

# Share by which lines may lie worse on peaks after the fit than before.
_DRAGGED = 0.15
# Sum peaks are allowed for if they explain this much of the weighted squares.
_PILE_UP_GAIN = 25.0
_PILE_UP_COUNTS = 1e4
# Number of times that absent elements are dropped and the rest is fitted again.
_ROUNDS = 3
# Elements whose lines have fewer standard errors are not considered any further.
_HINT = 2.0
# A peak that is attributed to an element has at least this many standard errors.
_CERTAIN = 10.0
_SETTLED = 12  # iterations of the axis


def explain(
    observed,
    used,
    nominal,
    named,
    beam_energy,
    *,
    refine=True,
    pile_up=None,
    candidates=tuple(INSTRUMENT_ELEMENTS),
):
    """Explain a summed spectrum by named elements, those of the instrument, and other peaks.

    The energy axis is determined first, with named elements, those of the instrument, and others
    whose lines explain the remaining peaks. It is then kept fixed. Unnamed elements are kept if
    lines that are separate from those of named elements show them. A peak more than 1.5 FWHM from
    all lines gets a separate line with a fitted energy.

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
        Whether there are sum peaks. None (default) decides from the spectrum.
    candidates : sequence of str
        Elements that are likely to be there without being named; by default those of the
        instrument. If it is empty, no others are looked for either.

    Returns
    -------
    Explanation
    """
    with one_blas_thread():
        return _explain(observed, used, nominal, named, beam_energy, refine, pile_up, candidates)


def _explain(observed, used, nominal, named, beam_energy, refine, pile_up, candidates):
    apart = candidates_beside(named, nominal, used, beam_energy, candidates)
    search = _Search(observed, used, nominal, named, beam_energy, refine, pile_up, apart)
    search.calibrate()
    search.find_elements()
    search.find_peaks()
    search.find_pile_up()
    search.name_peaks()
    search.settle()
    displaced = find_light(search) if search.apart else []
    fit, setting = search.fit, search.with_free(search.setting)
    beneath = {element: search.lines_of([element]) for element in search.beneath}
    significances = {name: significance for name, (significance, _) in search.free.items()}
    return Explanation(
        fit=fit,
        attribution=attribute(fit),
        unnamed=search.shown,
        peaks=described(fit, significances, beam_energy),
        hidden=hidden_elements(fit, setting, named, beneath),
        beam_energy=beam_energy,
        pile_up=setting.pile_up,
        far_axis=axis_beyond(fit, setting, named, search.lines_of([*named, *search.apart])),
        displaced=displaced,
    )


class _Search:
    """State of the search: the current fit, the elements with evidence, and the free peaks.

    ``free`` holds, by name, the significance and the lines of each free peak.
    """

    def __init__(self, observed, used, nominal, named, beam_energy, refine, pile_up, apart):
        low, high = nominal.centres[used][[0, -1]]
        self.limits = low, min(high, beam_energy)
        self.named, self.apart, self.pile_up = named, apart, pile_up
        lines = self.lines_of([*named, *apart])
        self.setting = Setting(
            observed, used, nominal, lines, beam_energy, pile_up=bool(pile_up), refine=refine
        )
        self.fit, self.shown, self.free, self.beneath = None, [], {}, []

    def lines_of(self, elements):
        """Return all lines of elements on the axis."""
        return [line for each in elements for line in element_lines(each, *self.limits)]

    def lines_apart(self, elements):
        """Return lines of elements that stand apart from those of named ones, by element."""
        setting = self.setting
        return candidates_beside(
            self.named, setting.nominal, setting.used, setting.beam_energy, elements
        )

    def calibrate(self):
        """Fit all possible elements from several positions of the axis, and keep the best fit."""
        setting = self.setting
        starts = [setting.nominal]
        if setting.refine:
            starts = search_axis(
                setting.observed, setting.used, setting.nominal, setting.lines, setting.beam_energy
            )
            if self.apart:
                self.add_others(starts[0])
        # what the lines do not explain is left alone, so that it cannot drag the axis
        robust = replace(self.setting, robust=True)
        self.fit = best_sum_fit(robust, starts, _SETTLED)
        if setting.refine and self.is_dragged(starts[0]):
            # by a peak near a line of an element of which nothing else is there
            coherent = (each.element for each in self.with_evidence(self.apart))
            other = best_sum_fit(replace(robust, sure=(*self.named, *coherent)), starts, _SETTLED)
            scores = [self.axis_score(each.detector) for each in (self.fit, other)]
            self.fit = self.fit if scores[0] <= scores[1] else other
        self.setting = replace(self.setting, known=self.fit.detector)

    def axis_score(self, detector):
        setting = self.setting
        return axis_score(
            setting.observed, setting.used, detector, setting.lines, setting.beam_energy
        )

    def is_dragged(self, start):
        """Return whether the fit has left an axis with which lines lay on peaks."""
        scores = self.axis_score(self.fit.detector), self.axis_score(start)
        return scores[0] > (1 + _DRAGGED) * scores[1]

    def add_others(self, calibrated):
        """Consider elements, beyond the named and likely ones, whose lines lie on peaks."""
        setting = self.setting
        possible = [
            element
            for element in all_elements()
            if element not in self.named and element not in RARE_ELEMENTS
        ]
        seen = elements_beside(
            setting.observed,
            setting.used,
            calibrated,
            self.lines_of(self.named),
            setting.beam_energy,
            self.lines_of(possible),
        )
        elements = [element for element in seen if element not in self.apart]
        more = self.lines_apart(elements)
        self.apart = {**self.apart, **more}
        self.beneath = [element for element in elements if element not in more]
        self.setting = replace(setting, lines=self.lines_of([*self.named, *self.apart]))

    def find_elements(self):
        """Keep the elements that are there, with the absorption edges of the continuum."""
        self.shown = self.with_evidence(self.apart)
        # what shows nothing at all stays out of what follows
        likely = [each.element for each in self.with_evidence(self.apart, _HINT)]
        self.setting = replace(self.setting, lines=self.lines_of([*self.named, *likely]))
        for _ in range(2):
            edges = visible_edges(self.fit, self.elements)
            if edges == self.fit.edges:
                break
            self.setting = replace(self.setting, edges=edges)
            self.fit = fit_sum_spectrum(replace(self.setting, robust=True), self.fit)
            self.shown = self.with_evidence(likely)
        self.setting = replace(self.setting, lines=self.lines_of(self.elements))

    @property
    def elements(self):
        """Named ones, and others that are there."""
        return list(dict.fromkeys([*self.named, *(each.element for each in self.shown)]))

    def with_evidence(self, elements, least=None):
        """Return the evidence for elements all of whose visible lines are present.

        Above ``least`` standard errors, by default as many as show the element.
        """
        found = []
        for element in elements:
            best = evidence(self.fit, element, self.apart[element])
            enough = least_significance(element) if least is None else least
            if best is None or best.significance <= enough:
                continue
            lines = self.lines_of([element])
            line = next(line for line in lines if line.name == best.line)
            is_sum = is_sum_of_lines(self.fit, line.energy, best.counts)
            if is_sum and element not in INSTRUMENT_ELEMENTS:
                continue
            beam_energy = self.setting.beam_energy
            if others_are_there(self.fit, line, best.counts, lines, beam_energy):
                found.append(best)
        return found

    def find_peaks(self):
        """Find free peaks with a fixed calibration, so that they cannot distort it; then fit all.

        A peak that can be of an element of the instrument is given to it.
        """
        self.free = self.more_peaks()
        for name, (significance, lines) in list(self.free.items()):
            energy = lines[0].energy
            counts = float(matched(self.fit, [energy])[0][0])
            likely = coherent_elements(self.fit, energy, counts, self.setting.beam_energy)
            element = likely[0].split("_")[0] if likely else ""
            if likely and likely[0] in self.apart.get(element, []):
                del self.free[name]
                self.shown.append(Evidence(element, likely[0], counts, counts / significance))
        self.setting = replace(self.setting, lines=self.lines_of(self.elements))
        self.fit = fit_sum_spectrum(self.with_free(self.setting), self.fit)

    def more_peaks(self):
        """Return free peaks as long as there are significant ones."""
        setting = replace(self.setting, hold=True, robust=True)
        found = dict(self.free)
        fit = fit_sum_spectrum(self.with_free(setting, found), self.fit)
        while len(found) < MOST:
            peak = highest_residual(fit)
            if peak is None:
                break
            lines = free_lines(fit, peak[0], setting.beam_energy)
            if lines[0].name in found:
                break
            found[lines[0].name] = peak[1], lines
            fit = fit_sum_spectrum(self.with_free(setting, found), fit)
        return found

    def with_free(self, setting, free=None):
        """Return a setting with the lines of free peaks."""
        free = self.free if free is None else free
        lines = [line for _, own in free.values() for line in own]
        return replace(setting, lines=[*setting.lines, *lines])

    def find_pile_up(self):
        """Include sum peaks if they explain much, or explain apparent peaks and elements."""
        counts = self.setting.observed[self.setting.used].sum()
        if self.pile_up is not None or counts < _PILE_UP_COUNTS:
            return
        free = {
            name: peak
            for name, peak in self.free.items()
            if not is_sum_of_lines(self.fit, peak[1][0].energy)
        }
        energies = {line.name: line.energy for line in self.fit.lines}
        shown = [
            each
            for each in self.shown
            if not is_sum_of_lines(self.fit, energies.get(each.line, 0.0))
        ]
        elements = [*self.named, *(each.element for each in shown)]
        piled = replace(self.setting, pile_up=True, lines=self.lines_of(elements))
        other = fit_sum_spectrum(self.with_free(piled, free), self.fit)
        spared = len(self.free) - len(free) + len(self.shown) - len(shown)
        if self.fit.chi_squared - other.chi_squared > _PILE_UP_GAIN * (1 - spared):
            self.setting, self.fit, self.free, self.shown = piled, other, free, shown

    def name_peaks(self):
        """Assign strong peaks to elements if they can be the K line of only one element."""
        if not self.apart:
            return
        known = len(self.shown)
        amplitudes = {
            line.name: (line.energy, counts)
            for line, counts in zip(self.fit.lines, self.fit.amplitudes, strict=True)
        }
        for name, (significance, _) in list(self.free.items()):
            energy, counts = amplitudes.get(name, (0.0, 0.0))
            likely = coherent_elements(self.fit, energy, float(counts), self.setting.beam_energy)
            if significance < _CERTAIN or len(likely) != 1 or not likely[0].endswith("_Ka"):
                continue
            element = likely[0].split("_")[0]
            self.apart.update(self.lines_apart([element]))
            if likely[0] in self.apart.get(element, []) and element not in self.elements:
                del self.free[name]
                self.shown.append(Evidence(element, likely[0], counts, counts / significance))
        if len(self.shown) > known:
            self.setting = replace(self.setting, lines=self.lines_of(self.elements))
            self.fit = fit_sum_spectrum(self.with_free(self.setting), self.fit)

    def settle(self):
        """Drop elements that other peaks and the calibration have made unnecessary."""
        self.free = self.more_peaks()
        for _ in range(_ROUNDS):
            names = [line.name for line in self.fit.lines]
            counts = dict(zip(names, self.fit.amplitudes, strict=True))
            errors = dict(zip(names, self.fit.least_errors, strict=True))
            free = {
                name: peak
                for name, peak in self.free.items()
                if name not in counts or counts[name] > SIGNIFICANT * errors[name]
            }
            shown = self.with_evidence(dict.fromkeys(each.element for each in self.shown))
            is_new = any(name not in counts for name in free)
            if not is_new and len(shown) == len(self.shown) and len(free) == len(self.free):
                break
            lost = len(shown) < len(self.shown)
            self.free, self.shown = free, shown
            self.setting = replace(self.setting, lines=self.lines_of(self.elements))
            self.fit = fit_sum_spectrum(self.with_free(self.setting), self.fit)
            if lost:
                # what was taken for an element is a peak again
                self.free = self.more_peaks()
                self.fit = fit_sum_spectrum(self.with_free(self.setting), self.fit)

"""Search for offset and gain of the energy axis with all lines that may be present."""

from dataclasses import replace

import numpy as np

from .continuum import continuum_shapes
from .detector import window_transmission
from .least_squares import non_negative

#: Offsets in keV and gains that are searched, around what the signal says.
OFFSETS = np.arange(-0.10, 0.101, 0.025)
GAINS = np.arange(-0.015, 0.0151, 0.005)
_REFINED = 4  # places around which a grid twice as fine is searched
# How far off axes usually are, as standard deviations.
_OFFSET_ERROR, _GAIN_ERROR = 0.03, 0.005
# Peaks are described to this share: all strong lines count alike, however many counts they have.
_MISFIT = 0.1
_BIN = 0.02  # keV
_STARTS = 3
# Squares of what is above the fit, in a channel, saturate here; fits are reweighted so often.
_SATURATED, _REWEIGHTED = 16.0, 3
# Share that another family must explain to be added; how many are added and tried at most.
_EXPLAINED, _MOST_OTHERS, _TRIED = 50.0, 16, 6
# Calibrations whose weighted squares exceed the least by more than this share of it, and than
# this, are none.
_WORSE, _AT_LEAST = 0.1, 25.0
_APART = 0.03  # keV, of axes that are different
# However far the axis is moved, it does not count more than this.
_MOST_HELD = 40.0
# Where an axis is looked for that is farther off, and how much better it has to fit there.
_FAR_OFFSETS, _FAR_GAINS = np.arange(-0.3, 0.301, 0.025), np.arange(-0.06, 0.0601, 0.005)
_FAR_BETTER = 0.6
# What makes an axis doubtful: a misfit, and peaks of more than this share of all counts of lines
# within this many keV of a named line that is missing.
_ODD_MISFIT, _STRONG_PEAK, _DISPLACED = 0.12, 0.05, 0.4


def search_axis(observed, used, nominal, lines, beam_energy):
    """Return up to three detectors with the best calibrations, the best first.

    For each offset and gain of a grid, and of one twice as fine around the best, lines, with table
    weights in each family, and a continuum are fitted to the spectrum, on channels of 20 eV.

    Parameters
    ----------
    observed : numpy.ndarray
        Summed spectrum, counts, shape (C,).
    used : numpy.ndarray
        Channels to use, bool, shape (C,).
    nominal : Detector
        The detector as the signal describes it.
    lines : list of Line
        Lines of all elements that may be there.
    beam_energy : float
        In keV.

    Returns
    -------
    list of Detector
    """
    search = _Search(observed, used, nominal, lines, beam_energy)
    scores = search.refined(OFFSETS, GAINS)
    limit = max((1 + _WORSE) * min(scores.values()), min(scores.values()) + _AT_LEAST)
    found = []
    for offset, gain in sorted(scores, key=scores.get):
        if len(found) == _STARTS or scores[offset, gain] > limit:
            break
        far = all(
            max(abs(offset - other.offset), 4 * abs(gain - other.gain)) >= _APART for other in found
        )
        if far:
            found.append(replace(nominal, offset=offset, gain=gain))
    return found


def axis_score(observed, used, calibrated, lines, beam_energy):
    """Return the cost of `search_axis` for a given calibration.

    Parameters
    ----------
    observed, used, lines, beam_energy
        As in `search_axis`.
    calibrated : Detector
        With the axis in question.

    Returns
    -------
    float
    """
    search = _Search(observed, used, calibrated, lines, beam_energy)
    scores = {}
    search.add_scores(scores, [(calibrated.offset, calibrated.gain)])
    return next(iter(scores.values()))


def elements_beside(observed, used, calibrated, lines, beam_energy, others):
    """Return elements that explain much of the residual of given lines, the best first.

    Families of lines are added one by one, the one that explains most first.

    Parameters
    ----------
    observed, used, lines, beam_energy
        As in `search_axis`.
    calibrated : Detector
        With an axis that `search_axis` found.
    others : list of Line
        Lines of other elements.

    Returns
    -------
    list of str
        Symbols.
    """
    search = _Search(observed, used, calibrated, lines, beam_energy)
    more = _Search(observed, used, calibrated, others, beam_energy)
    place = calibrated.offset, calibrated.gain
    found = search.families_beside(more.shapes(*place), *place)
    elements = list(dict.fromkeys((line.element, line.family) for line in others))
    return list(dict.fromkeys(elements[family][0] for family in found))


def looks_odd(fit, named):
    """Return whether the axis of a fit is doubtful.

    It is if the fit is bad, if it ends at a limit, or if a named element is absent beside a strong
    peak that is not its own.

    Parameters
    ----------
    fit : SumFit
    named : sequence of str
        Named elements.
    """
    if fit.misfit > _ODD_MISFIT or fit.at_limits:
        return True
    least = _STRONG_PEAK * float(fit.amplitudes.sum())
    rows = list(zip(fit.lines, fit.places, fit.amplitudes, fit.errors, strict=True))
    strong = [
        place for line, place, counts, _ in rows if line.element not in named and counts > least
    ]
    return any(
        abs(place - other) < _DISPLACED
        for line, place, counts, error in rows
        if line.element in named and line.weight >= 1.0 and counts < 3 * error
        for other in strong
    )


def axis_beyond(fit, setting, named, lines):
    """Return the `far_axis` of a fit that looks odd, None of others."""
    if not (setting.refine and looks_odd(fit, named)):
        return None
    return far_axis(setting.observed, setting.used, setting.nominal, lines, setting.beam_energy)


def far_axis(observed, used, nominal, lines, beam_energy):
    """Return an offset and a gain outside the range of `search_axis`, if they fit far better.

    Parameters
    ----------
    observed, used, nominal, lines, beam_energy
        As in `search_axis`.

    Returns
    -------
    tuple of (float, float) or None
        Offset in keV and gain; None if the best lies within the usual range.
    """
    search = _Search(observed, used, nominal, lines, beam_energy)
    near = min(search.refined(OFFSETS, GAINS).values())
    far = search.refined(_FAR_OFFSETS, _FAR_GAINS)
    best = min(far, key=far.get)
    return None if far[best] > _FAR_BETTER * near else best


class _Search:
    """Agreement of lines and peaks, for any offset and gain.

    Peaks that no line explains cost the same wherever the axis lies, so that they cannot drag it.
    """

    def __init__(self, observed, used, nominal, lines, beam_energy):
        self.counts, self.weights, self.coarse = _rebinned(observed, used, nominal)
        self.energies = np.array([line.energy for line in lines])
        self.families, self.shares = _families(lines, self.energies)
        self.number = int(self.families.max(initial=-1)) + 1
        self.smooth = continuum_shapes(self.coarse, beam_energy, self.weights > 0)
        self._likely = None  # what was above 0 on the axis before

    def refined(self, offsets, gains):
        """Return scores by offset and gain: of a grid, and of a finer one where those are best."""
        scores = {}
        self.add_scores(scores, [(offset, gain) for offset in offsets for gain in gains])
        steps = [(grid[1] - grid[0]) / 2 for grid in (offsets, gains)]
        for offset, gain in sorted(scores, key=scores.get)[:_REFINED]:
            around = [
                (offset + i * steps[0], gain + k * steps[1]) for i in (-1, 0, 1) for k in (-1, 0, 1)
            ]
            self.add_scores(scores, around)
        return scores

    def add_scores(self, scores, places):
        """Add weighted squares of what is left, and of how far the axis is moved."""
        for offset, gain in places:
            place = round(float(offset), 6), round(float(gain), 6)
            if place not in scores:
                held = (offset / _OFFSET_ERROR) ** 2 + (gain / _GAIN_ERROR) ** 2
                found = _robust(self.design(*place), self.counts, self.weights, self._likely)
                score, *_, self._likely = found
                scores[place] = score + min(held, _MOST_HELD)

    def shapes(self, offset, gain):
        """Return shapes of families of lines on a moved axis, (families, bins)."""
        moved = replace(self.coarse, offset=offset, gain=gain)
        return moved.summed(self.energies, self.shares, self.families, self.number)

    def design(self, offset, gain):
        """Return shapes of families and of the continuum on a moved axis, (n, bins)."""
        return np.vstack([self.shapes(offset, gain), self.smooth])

    def families_beside(self, more, offset, gain):
        """Return which other families, with shapes (n, bins), explain what is left, best first."""
        design = self.design(offset, gain)
        score, weights, left, above = _robust(design, self.counts, self.weights)
        found = []
        while len(found) < _MOST_OTHERS:
            gained = np.maximum(more @ (weights * left), 0) ** 2 / (more**2 @ weights + 1e-300)
            gained[found] = 0.0
            likely = np.argsort(gained, kind="stable")[::-1][:_TRIED]
            designs = [np.vstack([design, more[i]]) for i in likely]
            above = np.append(above, True)
            tried = [_robust(each, self.counts, self.weights, above) for each in designs]
            best = int(np.argmin([each[0] for each in tried]))
            if not tried[best][0] < score - _EXPLAINED:
                break
            score, weights, left, above = tried[best]
            design = designs[best]
            found.append(int(likely[best]))
        return found


def _rebinned(observed, used, nominal):
    number = max(1, round(_BIN / nominal.channel))
    first = int(np.argmax(used))
    last = int(len(used) - np.argmax(used[::-1]))
    # beyond the last tenth of a per mille of the counts there are no lines to calibrate on
    held = np.cumsum(np.where(used, observed, 0.0)[first:last])
    if held[-1] > 0:
        last = first + int(np.searchsorted(held, (1 - 1e-4) * held[-1])) + 1
    bins = max((last - first) // number, 1)
    span = slice(first, first + bins * number)
    counts = np.where(used, observed, 0.0)[span].reshape(bins, -1).sum(axis=1)
    whole = used[span].reshape(bins, -1).all(axis=1)
    smooth = np.convolve(counts, np.ones(3) / 3, "same")
    variance = np.maximum(smooth, 0.3) + (_MISFIT * smooth) ** 2
    edges = nominal.edges[first : first + bins * number + 1 : number]
    return counts, np.where(whole, 1 / variance, 0.0), replace(nominal, edges=edges)


def _families(lines, energies):
    """Return the family of each line, and its share of the family's counts, (lines,) each."""
    keys = list(dict.fromkeys((line.element, line.family) for line in lines))
    families = np.array([keys.index((line.element, line.family)) for line in lines], int)
    transmission = np.maximum(window_transmission(energies), 1e-3)
    shares = np.array([line.weight for line in lines]) * transmission
    sums = np.bincount(families, shares, len(keys))
    return families, shares / sums[families]


def _robust(design, counts, weights, likely=None):
    """Return the score of a fit in which what exceeds it saturates, its weights and residual.

    And which amplitudes are above 0; ``likely`` are those of a similar fit.
    """
    reweighted = weights
    for _ in range(_REWEIGHTED):
        weighted = design * reweighted
        amplitudes = non_negative(weighted @ design.T, weighted @ counts, likely)
        likely = amplitudes > 0
        left = counts - amplitudes @ design
        squares = weights * left**2
        above = np.where(left > 0, squares, 0.0)
        reweighted = weights / (1 + above / _SATURATED) ** 2
    return float(np.sum(squares / (1 + above / _SATURATED))), reweighted, left, likely

"""Where the energy axis lies: a search over offset and gain with all lines that may be there."""

from dataclasses import replace

import numpy as np

from .continuum import continuum_shapes
from .detector import window_transmission
from .sum_fit import non_negative

#: Offsets in keV and gains that are searched, around what the signal says.
OFFSETS = np.arange(-0.10, 0.101, 0.0125)
GAINS = np.arange(-0.015, 0.0151, 0.0025)
# How far off axes usually are, as standard deviations.
_OFFSET_ERROR, _GAIN_ERROR = 0.03, 0.005
# Peaks are described to this share: all strong lines count alike, however many counts they have.
_MISFIT = 0.1
_BIN = 0.02  # keV
_STARTS = 3
# Calibrations whose weighted squares exceed the least by more than this share of it, and than
# this, are none.
_WORSE, _AT_LEAST = 0.1, 25.0
_APART = 0.03  # keV, of axes that are different
# However far the axis is moved, it does not count more than this.
_MOST_HELD = 40.0
# Where an axis is looked for that is farther off, and how much better it has to fit there.
_FAR_OFFSETS, _FAR_GAINS = np.arange(-0.3, 0.301, 0.025), np.arange(-0.06, 0.0601, 0.005)
_FAR_BETTER = 0.6


def search_axis(observed, used, nominal, lines, beam_energy, starts=_STARTS):
    """Return detectors with the calibrations that put lines on peaks best, the best first.

    For each offset and gain of a grid, lines, with table weights in each family, and a continuum
    are fitted to the spectrum, on channels of 20 eV.

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
    starts : int
        How many calibrations at most, default 3.

    Returns
    -------
    list of Detector
    """
    search = _Search(observed, used, nominal, lines, beam_energy)
    scores = search.scores(OFFSETS, GAINS)
    limit = max((1 + _WORSE) * scores.min(), scores.min() + _AT_LEAST)
    found = []
    for index in np.argsort(scores, axis=None):
        if len(found) == starts or scores.flat[index] > limit:
            break
        offset, gain = OFFSETS[index // len(GAINS)], GAINS[index % len(GAINS)]
        far = all(
            max(abs(offset - other.offset), 4 * abs(gain - other.gain)) >= _APART for other in found
        )
        if far:
            found.append(replace(nominal, offset=float(offset), gain=float(gain)))
    return found


def far_axis(observed, used, nominal, lines, beam_energy):
    """Return an offset and a gain beyond those that `search_axis` takes, if they fit far better.

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
    near = search.scores(OFFSETS, GAINS).min()
    far = search.scores(_FAR_OFFSETS, _FAR_GAINS)
    best = np.unravel_index(np.argmin(far), far.shape)
    if far[best] > _FAR_BETTER * near:
        return None
    return float(_FAR_OFFSETS[best[0]]), float(_FAR_GAINS[best[1]])


class _Search:
    """How well lines lie on peaks, for any offset and gain."""

    def __init__(self, observed, used, nominal, lines, beam_energy):
        self.counts, self.weights, self.coarse = _rebinned(observed, used, nominal)
        self.energies = np.array([line.energy for line in lines])
        self.families, self.shares = _families(lines, self.energies)
        self.number = int(self.families.max(initial=-1)) + 1
        self.smooth = continuum_shapes(self.coarse, beam_energy, self.weights > 0)

    def scores(self, offsets, gains):
        """Return weighted squares of what is left, and of how far the axis is moved, (n, m)."""
        scores = np.empty((len(offsets), len(gains)))
        for i, offset in enumerate(offsets):
            for k, gain in enumerate(gains):
                moved = replace(self.coarse, offset=offset, gain=gain)
                shapes = moved.summed(self.energies, self.shares, self.families, self.number)
                design = np.vstack([shapes, self.smooth])
                scores[i, k] = _score(design, self.counts, self.weights)
        held = (offsets[:, None] / _OFFSET_ERROR) ** 2 + (gains / _GAIN_ERROR) ** 2
        return scores + np.minimum(held, _MOST_HELD)


def _rebinned(observed, used, nominal):
    channel = nominal.edges[1] - nominal.edges[0]
    number = max(1, round(_BIN / channel))
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


def _score(design, counts, weights):
    weighted = design * weights
    gram = weighted @ design.T
    amplitudes = non_negative(gram, weighted @ counts)
    return float(np.sum(weights * (counts - amplitudes @ design) ** 2))

"""Test for structure that the counts show and fused maps have lost."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, special

from ..counts.contracts import Maps
from ..counts.pooling import pool
from ..kernels import any_beyond, most_beyond
from ..threads import side_by_side
from .chains import PIECES, best_chains, chains_over, run_chains
from .runs import Runs
from .scan_windows import windows_over

#: Probability of reporting a loss in a scan from which nothing was lost.
FALSE_ALARMS = 0.02
# Windows overlap: this share of their chances adds up, as simulated scans show.
_INDEPENDENT = 0.5
# Standard errors that it takes at least, for kinds with few places, and that are enough where a
# line that was found goes on: these are few windows.
_LEAST, _FURTHER = 4.5, 4.0
# Excess counts must also differ by this many of their own standard errors: where a map is all but 0
# each count is significant, but a few are worse than nothing as an estimate.
_OF_THEIR_OWN = 3.0
# Sides of the largest windows that tell the noise, and of the smallest that tell errors of the
# background, and the median of |x| of a Gaussian.
_NOISE_SIDE, _MEDIAN, _LARGEST_UNIT = 4, 0.6745, 1e100
# Windows that one search looks at, the most significant first, and such of each kind.
_MOST_CANDIDATES, _MOST_PLACES = 2000, 4000
# What sums in single precision may be off, as a share of squared standard errors.
_ROUNDING = 0.999
# Digits after the point by which squared standard errors are told apart.
_DIGITS = 6
_TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Lost:
    """A window of the scan in which the map of one element is significantly wrong.

    Attributes
    ----------
    element : int
        Which map.
    window : Windows
        What kind of window.
    place : int
        Number of its place.
    pixels : tuple of numpy.ndarray
        Rows and columns of its pixels that are not masked.
    significance : float
        Standard errors by which the counts differ from what the map promises; negative where the
        map has too much.
    counts, fused : float
        Sum of the measured net counts in the window, and of the fused map.
    """

    element: int
    window: object
    place: int
    pixels: tuple
    significance: float
    counts: float
    fused: float

    @property
    def centre(self):
        """Mean row and column."""
        return tuple(float(each.mean()) for each in self.pixels)


def run_tests():
    """Compile the kernels of the tests, by use on a tiny scan."""
    sums = np.ones((2, 3), np.float32)
    for each in (sums, sums[:, 1:]):
        any_beyond(each, each, np.float32(1))
    run_chains()


class Expectation:
    """Counts of each window that fused maps predict, and how far the measured counts differ.

    Net counts x whose variance is x + v are taken for Poisson counts x + v over a background v,
    which they are in windows of the spectrum. v is what the measured variance has beyond the
    counts, pooled over neighbours; x is that of the fused maps: a variance that is taken from the
    counts themselves is small where they are few by chance. Where residuals of most of the scan
    are larger than that, as with a wrong gain or noise that neighbours share, the unit is their
    median absolute deviation. Sums of net counts that lie below 0 by more than their noise show how
    wrong the background is: then nothing is significant that differs by less.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    """

    def __init__(self, maps: Maps):
        net, variance = (np.asarray(each, np.float64) for each in (maps.net, maps.net_variance))
        beyond = pool(np.maximum(variance, 0.0).sum(axis=0), also=variance - net)[1]
        self.there = np.ones(net.shape[1:], bool) if maps.mask is None else ~maps.mask
        self.net = net * self.there
        self._beyond = np.maximum(beyond, 0.0) * self.there
        self._backgrounds = [Runs(each) for each in self._beyond]
        self._units = {}
        self._windows = windows_over(net.shape[1:])
        # Equal shares for each family of windows and for chains, in these for each kind, and for
        # each element, too many and too few counts.
        kinds = Counter(each.family for each in self._windows)
        chance = FALSE_ALARMS / (2 * len(net) * (len(kinds) + 1))
        chances = [
            chance / _INDEPENDENT / (kinds[w.family] * math.prod(w.places)) for w in self._windows
        ]
        self._least = np.maximum(-special.ndtri(chances), _LEAST).tolist()
        shape = net.shape[1:]
        chances = [chance / len(PIECES) / chains_over(shape, pieces) for pieces in PIECES]
        self._least_chain = dict(zip(PIECES, -special.ndtri(chances), strict=True))

    def wrong(self, element, fused, found, thoroughly=True):
        """Return windows in which a map is wrong, the most significant first; they overlap.

        Parameters
        ----------
        element : int
            Which map.
        fused : numpy.ndarray
            The map, shape (ny, nx).
        found : list of Lost
            What was found of it before.
        thoroughly : bool
            Whether to look for slanted lines, rings and chains, too.

        Returns
        -------
        list of tuple
            Significance, kind of window, and number of the place.
        """
        expected = np.maximum(fused * self.there, 0.0) + self._beyond[element]
        measured = self.net[element] + self._beyond[element]
        # Single precision says where to look. Counts as what they are beyond expectation: one sum
        # less for each kind of window.
        both = np.stack([expected, measured - expected])
        runs = Runs(both.astype(np.float32))
        further = _Further(found, fused.shape)
        if element not in self._units:
            self._units[element] = self._unit(element, Runs(both))
        unit, wrong = self._units[element], []
        for window, least in zip(self._windows, self._least, strict=True):
            goes_on = further.lines and not window.is_compact
            enough = min(least, _FURTHER) if goes_on else least
            if not thoroughly and not window.is_quick:
                continue
            mean, off = window.sums(runs)
            limit = np.float32(_ROUNDING * (unit * enough) ** 2)
            if not any_beyond(mean, off, limit):
                continue
            places = _furthest(most_beyond(mean, off), limit)
            arrays = measured, expected, self._beyond[element]
            errors = _errors(*window.sums_at(places, arrays), unit)
            are_wrong = np.abs(errors) > least
            if goes_on:
                near = np.flatnonzero((np.abs(errors) > enough) & ~are_wrong)
                are_wrong[near] = further.hold(window, places[near], errors[near])
            for each, place in zip(errors[are_wrong].tolist(), places[are_wrong], strict=True):
                wrong.append((each * each - least * least, each, window, place))
        if thoroughly:
            wrong += self._wrong_chains(element, expected, measured)
        # Rounded: which of equal ones comes first must not hang on the last digits of maps.
        wrong.sort(key=lambda each: -round(each[0], _DIGITS))
        return [each[1:] for each in wrong[:_MOST_CANDIDATES]]

    def _wrong_chains(self, element, expected, measured):
        """Return chains in which a map is wrong, as `wrong` sorts windows."""
        unit, wrong = self._units[element], []
        least = {pieces: unit * each for pieces, each in self._least_chain.items()}
        for chain in best_chains(measured, expected, least):
            pixels = chain.pixels(0)
            arrays = measured, expected, self._beyond[element]
            errors = _errors(*(each[pixels].sum(keepdims=True) for each in arrays), unit)[0]
            beyond = errors**2 - self._least_chain[chain.pieces] ** 2
            if beyond > 0:
                wrong.append((beyond, float(errors), chain, 0))
        return wrong

    def _unit(self, element, runs):
        """Return the standard error of a window of expected and measured counts, in Poisson's."""
        unit = 1.0
        for window, least in zip(self._windows, self._least, strict=True):
            if not window.is_compact:
                continue
            mean, beyond = window.sums(runs)
            if max(window.size) <= _NOISE_SIDE:
                off = np.abs(beyond) / np.sqrt(np.maximum(mean, _TINY))
                unit = max(unit, float(np.median(off)) / _MEDIAN)
            if max(window.size) >= _NOISE_SIDE:
                background = window.sums(self._backgrounds[element])
                below = (background - mean - beyond) / np.sqrt(np.maximum(background, 1.0))
                unit = max(unit, float(below.max()) / least)
        return min(unit, _LARGEST_UNIT)


def _furthest(squares, limit):
    """Return the places beyond a limit; only those furthest beyond if they are many."""
    places = np.flatnonzero(squares > limit)
    if places.size > _MOST_PLACES:
        furthest = np.argpartition(-squares.flat[places], _MOST_PLACES)[:_MOST_PLACES]
        places = np.sort(places[furthest])
    return places


def _errors(counts, expected, background, unit):
    """Return by how many standard errors counts of windows differ from what is expected.

    No map can have less than nothing: net counts below 0 are as good as 0.
    """
    counts, expected = np.maximum(counts, background), np.maximum(expected, _TINY)
    errors = significance(counts, expected) / unit
    few = counts - expected < _OF_THEIR_OWN * unit * np.sqrt(counts)
    return np.where((counts > expected) & few, 0.0, errors)


def significance(counts, expected):
    """Return how unlikely counts are, as standard errors of a Gaussian of the same tail.

    Parameters
    ----------
    counts, expected : numpy.ndarray
        Counts >= 0, whole or not, and their expectation > 0.

    Returns
    -------
    numpy.ndarray
        Positive where there are more counts than expected.
    """
    high = counts > expected
    # P(N >= n) and P(N <= n) of Poisson counts, and what lies between them for fractions.
    tail = np.where(
        high,
        special.gammainc(np.maximum(counts, _TINY), expected),
        special.gammaincc(counts + 1, expected),
    )
    errors = np.maximum(-special.ndtri(np.maximum(tail, _TINY)), 0.0)
    # Tails that are too small for a number are told apart by the deviance.
    deviance = special.xlogy(counts, counts) - special.xlogy(counts, expected) - counts + expected
    rooted = np.sqrt(2 * np.maximum(deviance, 0.0))
    errors = np.where(tail > _TINY, errors, np.maximum(errors, rooted))
    return np.where(high, errors, -errors)


def lost_structure(expectation, maps, known=(), elements=None, thoroughly=True):
    """Return windows in which fused maps are significantly wrong.

    The most significant come first, and none overlaps them.

    Parameters
    ----------
    expectation : Expectation
        Of the measured maps.
    maps : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    known : sequence of Lost
        Found before. Where a line goes on less is enough: it is the same structure.
    elements : collection of int, optional
        Which maps to look at; all by default.
    thoroughly : bool
        Whether to look for slanted lines, rings and chains, too.

    Returns
    -------
    list of Lost
        What is wrong.
    """
    maps = np.asarray(maps, np.float64)

    def of_element(i):
        lost, taken = [], np.zeros(maps[i].shape, bool)
        found = [each for each in known if each.element == i]
        for errors, window, place in expectation.wrong(i, maps[i], found, thoroughly):
            pixels = window.pixels(place)
            if taken[pixels].any():
                continue
            taken[pixels] = True
            pixels = tuple(each[expectation.there[pixels]] for each in pixels)
            sums = (float(each[pixels].sum()) for each in (expectation.net[i], maps[i]))
            lost.append(Lost(i, window, place, pixels, errors, *sums))
        return lost

    wanted = range(len(maps)) if elements is None else sorted(elements)
    return [each for lost in side_by_side(of_element, wanted) for each in lost]


class _Further:
    """Where lines found with too many or too few counts may continue."""

    def __init__(self, found, shape):
        self.lines = any(not each.window.is_compact for each in found)
        self._there = np.zeros((2, *shape), bool)
        self._on_line = np.zeros((2, *shape), bool)
        for each in found:
            if not each.window.is_compact:
                sign = int(each.significance > 0)
                self._there[sign][each.pixels] = True
                self._on_line[sign][each.window.line(each.place)] = True
        for there in self._there:
            there[:] = ndimage.binary_dilation(there)

    def hold(self, window, places, significances):
        """Return which windows lie on these lines and touch what was found, bool."""
        pixels, signs = window.pixels(places[:, None]), (significances > 0).astype(int)[:, None]
        pixels = signs, *pixels
        return self._there[pixels].any(axis=1) & self._on_line[pixels].all(axis=1)

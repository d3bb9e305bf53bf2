"""Test for structure that the counts show and fused maps have lost."""

import math
import operator
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..counts.contracts import Maps
from ..counts.pooling import pool
from ..kernels import rows_beyond
from ..threads import side_by_side
from .chains import PIECES, chains_over, run_chains
from .runs import Runs
from .scan_windows import windows_over
from .window_search import WindowSearch

#: Probability of reporting a loss in a scan from which nothing was lost.
FALSE_ALARMS = 0.02
#: Windows overlap: this share of their chances adds up, as simulated scans show.
INDEPENDENT = 0.5
# Standard errors that it takes at least, for kinds with few places, and at most, for boxes and
# discs of some pixels, whatever the size of the scan.
_LEAST, _ENOUGH, _SMALL = 4.5, 5.0, range(2, 9)
# Sides of the largest windows that tell the noise, and of the smallest that tell errors of the
# background, and the median of |x| of a Gaussian.
_NOISE_SIDE, _MEDIAN, _LARGEST_UNIT = 4, 0.6745, 1e100
# Windows that one search returns, the most significant first.
_MOST_CANDIDATES = 2000
# Digits after the point by which squared standard errors are told apart.
_DIGITS = 6
_TINY = np.float32(1e-30)
# Up to this, a unit from sums in single precision is 1.
_SURELY_POISSON = 0.99


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
    is_shown : bool
        Whether it is a spot that the map shows, too high or too low. Default False.
    """

    element: int
    window: object
    place: int
    pixels: tuple
    significance: float
    counts: float
    fused: float
    is_shown: bool = False

    @property
    def centre(self):
        """Mean row and column."""
        return tuple(float(each.mean()) for each in self.pixels)


def run_tests():
    """Compile the kernels of the tests, by use on a tiny scan."""
    sums = np.ones((2, 3), np.float32)
    for each in (sums, sums[:, 1:]):
        rows_beyond(each, each, np.float32(1), np.empty(2, bool))
    run_chains()


@dataclass(frozen=True)
class _Before:
    """A map, what was found of it before, and which windows a quick search has found wrong."""

    fused: np.ndarray
    found: list
    wrong: list

    def is_of(self, fused, found):
        same = len(found) == len(self.found) and all(map(operator.is_, found, self.found))
        return same and np.array_equal(fused, self.fused)


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
        self._units = {}
        self._before = {}  # by element: the last quick search
        windows = windows_over(net.shape[1:])
        # Equal shares for each family of windows and for chains, in these for each kind, and for
        # each element, too many and too few counts.
        kinds = Counter(each.family for each in windows)
        chance = FALSE_ALARMS / (2 * len(net) * (len(kinds) + 1))
        chances = [chance / INDEPENDENT / (kinds[w.family] * math.prod(w.places)) for w in windows]
        least = np.maximum(-special.ndtri(chances), _LEAST)
        small = [each.is_compact and each.width in _SMALL for each in windows]
        least[small] = np.minimum(least[small], _ENOUGH)
        both = list(zip(windows, least.tolist(), strict=True))
        self._quick = [each for each in both if each[0].is_quick]
        self._slow = [each for each in both if not each[0].is_quick]
        shape = net.shape[1:]
        chances = [chance / len(PIECES) / chains_over(shape, pieces) for pieces in PIECES]
        self._least_chain = dict(zip(PIECES, -special.ndtri(chances), strict=True))

    def search(self, element, fused, found=()):
        """Return the `WindowSearch` of a map; arguments are those of `wrong`."""
        expected = np.maximum(fused * self.there, 0.0) + self._beyond[element]
        measured = self.net[element] + self._beyond[element]
        search = WindowSearch(measured, expected, self._beyond[element], found)
        if element not in self._units:
            self._units[element] = self._unit(search)
        search.unit = self._units[element]
        return search

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
        search = self.search(element, fused, found)
        before = self._before.get(element)
        if before is None or not before.is_of(fused, found):
            before = self._before[element] = _Before(fused, found, search.wrong(self._quick))
        wrong = list(before.wrong)
        if thoroughly:
            wrong += search.wrong(self._slow) + search.wrong_chains(self._least_chain)
        # Rounded: which of equal ones comes first must not hang on the last digits of maps.
        wrong.sort(key=lambda each: -round(each[0], _DIGITS))
        return [each[1:] for each in wrong[:_MOST_CANDIDATES]]

    def _unit(self, search):
        """Return the standard error of a window of expected and measured counts, in Poisson's."""
        background = search.images[-1]
        # Single precision tells where it is Poisson's.
        unit = self._noise(search.runs, Runs(background.astype(np.float32)))
        if unit > _SURELY_POISSON:
            unit = self._noise(Runs(search.both), Runs(background))
        return min(max(unit, 1.0), _LARGEST_UNIT)

    def _noise(self, runs, of_background):
        """Return the largest unit that any windows suggest, of sums from `Runs`."""
        unit = 0.0
        for window, least in self._quick:
            if not window.is_compact:
                continue
            mean, beyond = window.sums(runs)
            if max(window.size) <= _NOISE_SIDE:
                off = np.abs(beyond) / np.sqrt(np.maximum(mean, _TINY))
                unit = max(unit, float(np.median(off)) / _MEDIAN)
            if max(window.size) >= _NOISE_SIDE:
                background = window.sums(of_background)
                below = (background - mean - beyond) / np.sqrt(np.maximum(background, 1.0))
                unit = max(unit, float(below.max()) / least)
        return unit


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

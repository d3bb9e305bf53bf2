"""Test for significant structure in the counts that fused maps have lost."""

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
# Windows overlap: according to simulated scans, this share of their probabilities adds up.
_INDEPENDENT = 0.5
# Minimum number of standard errors, for kinds with few places.
_LEAST = 4.5
# Sides of the largest windows that tell the noise, and of the smallest that tell errors of the
# background, and the median of |x| of a Gaussian.
_NOISE_SIDE, _MEDIAN, _LARGEST_UNIT = 4, 0.6745, 1e100
# Maximum number of windows that a search returns, the most significant first.
_MOST_CANDIDATES = 2000
# Decimals to which squared standard errors are compared.
_DIGITS = 6
_TINY = np.float32(1e-30)
# A unit from sums in single precision counts as 1 up to this value.
_SURELY_POISSON = 0.99


@dataclass(frozen=True)
class Lost:
    """A window of the scan in which the map of one element is significantly wrong.

    Attributes
    ----------
    element : int
        Which map.
    window : Windows
        Kind of window.
    place : int
        Number of its place.
    pixels : tuple of numpy.ndarray
        Rows and columns of its pixels that are not masked.
    significance : float
        Standard errors by which the counts differ from the prediction of the map; negative if the
        map has too many.
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
    """Compile the kernels of the tests by running them on a tiny scan."""
    sums = np.ones((2, 3), np.float32)
    for each in (sums, sums[:, 1:]):
        rows_beyond(each, each, np.float32(1), np.empty(2, bool))
    run_chains()


@dataclass(frozen=True)
class _Before:
    """A map, its windows found before, and the wrong windows of the last quick search."""

    fused: np.ndarray
    found: list
    wrong: list

    def is_of(self, fused, found):
        same = len(found) == len(self.found) and all(map(operator.is_, found, self.found))
        return same and np.array_equal(fused, self.fused)


class Expectation:
    """Counts of each window predicted by fused maps, and their difference from the measured counts.

    Net counts x with a variance of x + v are treated as Poisson counts x + v over a background v.
    For windows of the spectrum, this is exact. v is the excess of the measured variance over the
    counts, averaged over neighbours. x is taken from the fused maps, because a variance estimated
    from the counts themselves is too small where there are few by chance. If the residuals of most
    of the scan are larger than this, because the gain is wrong or neighbours share noise, the unit
    is their median absolute deviation. Sums of net counts that lie below 0 by more than their noise
    show how wrong the background is. Smaller differences are then not significant.

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
        # Equal shares of the probability for each family of windows and for chains, within these
        # for each kind, and for each element and sign.
        kinds = Counter(each.family for each in windows)
        chance = FALSE_ALARMS / (2 * len(net) * (len(kinds) + 1))
        chances = [chance / _INDEPENDENT / (kinds[w.family] * math.prod(w.places)) for w in windows]
        least = np.maximum(-special.ndtri(chances), _LEAST).tolist()
        both = list(zip(windows, least, strict=True))
        self._quick = [each for each in both if each[0].is_quick]
        self._slow = [each for each in both if not each[0].is_quick]
        shape = net.shape[1:]
        chances = [chance / len(PIECES) / chains_over(shape, pieces) for pieces in PIECES]
        self._least_chain = dict(zip(PIECES, -special.ndtri(chances), strict=True))

    def wrong(self, element, fused, found, thoroughly=True):
        """Return windows in which a map is wrong, the most significant first; they may overlap.

        Parameters
        ----------
        element : int
            Which map.
        fused : numpy.ndarray
            The map, shape (ny, nx).
        found : list of Lost
            Windows that were found before.
        thoroughly : bool
            Whether to search for slanted lines, rings and chains as well.

        Returns
        -------
        list of tuple
            Significance, kind of window, and number of the place.
        """
        expected = np.maximum(fused * self.there, 0.0) + self._beyond[element]
        measured = self.net[element] + self._beyond[element]
        search = WindowSearch(measured, expected, self._beyond[element], found)
        if element not in self._units:
            self._units[element] = self._unit(search)
        search.unit = self._units[element]
        before = self._before.get(element)
        if before is None or not before.is_of(fused, found):
            before = self._before[element] = _Before(fused, found, search.wrong(self._quick))
        wrong = list(before.wrong)
        if thoroughly:
            wrong += search.wrong(self._slow) + search.wrong_chains(self._least_chain)
        # Rounded, so that the order of equal ones does not depend on the last digits of maps.
        wrong.sort(key=lambda each: -round(each[0], _DIGITS))
        return [each[1:] for each in wrong[:_MOST_CANDIDATES]]

    def _unit(self, search):
        """Return the standard error of windows of both kinds of counts, relative to Poisson's."""
        background = search.images[-1]
        # Single precision is enough to find out whether it is Poisson's.
        unit = self._noise(search.runs, Runs(background.astype(np.float32)))
        if unit > _SURELY_POISSON:
            unit = self._noise(Runs(search.both), Runs(background))
        return min(max(unit, 1.0), _LARGEST_UNIT)

    def _noise(self, runs, of_background):
        """Return the largest unit suggested by any windows, from the sums in `Runs`."""
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

    The most significant ones come first, and windows that overlap with these are omitted.

    Parameters
    ----------
    expectation : Expectation
        Expectation for the measured maps.
    maps : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    known : sequence of Lost
        Windows found before. Where a line continues, a lower significance suffices, because it is
        the same structure.
    elements : collection of int, optional
        Maps to test. Default all.
    thoroughly : bool
        Whether to search for slanted lines, rings and chains as well.

    Returns
    -------
    list of Lost
        The wrong windows.
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

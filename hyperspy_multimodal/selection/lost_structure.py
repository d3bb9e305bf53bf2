"""Test for significant structure in the counts that fused maps have lost."""

import math
import operator
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from ..counts.contracts import Maps
from ..kernels import highest_beside
from ..threads import side_by_side
from .chains import PIECES, chains_over, run_chains
from .line_parts import part_of_line
from .negative_counts import variance_beyond
from .partitions import run_sums
from .runs import Runs
from .scan_windows import windows_over
from .significance import errors_of, spread_of, unit_of_pixels
from .sum_plans import plans_over
from .surroundings import is_dark_alone, is_part
from .window_noise import scatter, unit_below
from .window_search import WindowSearch, both_of

#: Probability of reporting a loss in a scan from which nothing was lost.
FALSE_ALARMS = 0.02
#: Windows overlap: according to simulated scans, this share of their probabilities adds up.
INDEPENDENT = 0.5
# Minimum number of standard errors, for kinds with few places, and what is always enough for boxes
# and discs with these sides, in pixels.
_LEAST, _ENOUGH, _SMALL = 4.5, 5.0, range(2, 9)
_LARGEST_UNIT = 1e100
# Maximum number of windows that a search returns, the most significant first.
_MOST_CANDIDATES = 2000
# Decimals to which squared standard errors are compared.
_DIGITS = 6
#: Families of windows that may be parts of broader regions, and the share of a window above which
# it is one if other parts cover it.
LINES, _MOSTLY = ("lines", "diagonals", "slanted lines", "chains"), 0.5
# Elements that are searched at a time.
_AT_A_TIME = 4
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
    is_shown : bool
        Whether it is a spot that the map shows, too high or too low. Default False.
    is_part : bool
        Whether it is a line that is significant only as a part of a broader region that the map
        lacks. Default False.
    """

    element: int
    window: object
    place: int
    pixels: tuple
    significance: float
    counts: float
    fused: float
    is_shown: bool = False
    is_part: bool = False

    @property
    def centre(self):
        """Mean row and column."""
        return tuple(float(each.mean()) for each in self.pixels)


def run_tests():
    """Compile the kernels of the tests by running them on a tiny scan."""
    level, plan = np.ones((2, 3)), plans_over((2, 3))[0]
    WindowSearch((level, level, 0 * level), []).wrong(plan, np.ones(len(plan.windows)))
    highest_beside(level, np.zeros((1, 2), np.int64), 1, np.empty(level.shape))
    run_chains()
    run_sums()


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
    from the counts themselves is too small where there are few by chance. If maps have
    `Events` of several counts, as many more counts are needed. If the residuals of most of the scan
    are larger than this, because the gain is wrong or neighbours share noise, the unit is their
    median absolute deviation. Sums of net counts that lie below 0 by more than their noise show how
    wrong the background is. Smaller differences are then not significant.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    beyond : numpy.ndarray, optional
        From `variance_beyond`, if known.
    """

    def __init__(self, maps: Maps, beyond=None):
        net = np.asarray(maps.net, np.float64)
        self.there = np.ones(net.shape[1:], bool) if maps.mask is None else ~maps.mask
        self.net = net * self.there
        self._beyond = (variance_beyond(maps) if beyond is None else beyond) * self.there
        self._measured = self.net + self._beyond
        self._events = maps.events
        self._units = {}
        self._before = {}  # by element: the last quick search
        windows = windows_over(net.shape[1:])
        # Equal shares of the probability for each family of windows and for chains, within these
        # for each kind, and for each element and sign.
        kinds = Counter(each.family for each in windows)
        chance = FALSE_ALARMS / (2 * len(net) * (len(kinds) + 1))
        chances = [chance / INDEPENDENT / (kinds[w.family] * math.prod(w.places)) for w in windows]
        least = np.maximum(-special.ndtri(chances), _LEAST)
        small = [each.is_compact and each.width in _SMALL for each in windows]
        least[small] = np.minimum(least[small], _ENOUGH)
        self._least = dict(zip(windows, least.tolist(), strict=True))
        plans = [
            (plan, np.array([self._least[each] for each in plan.windows]))
            for plan in plans_over(net.shape[1:])
        ]
        self._quick = [each for each in plans if each[0].is_quick]
        self._slow = [each for each in plans if not each[0].is_quick]
        shape = net.shape[1:]
        chances = [chance / len(PIECES) / chains_over(shape, pieces) for pieces in PIECES]
        self._least_chain = dict(zip(PIECES, -special.ndtri(chances), strict=True))

    def images(self, element, fused):
        """Return counts including background, what a map predicts for them, and the background.

        Of events of several counts, variance and third cumulant are added.
        """
        beyond = self._beyond[element]
        held = np.multiply(fused, self.there, dtype=np.float64)
        np.maximum(held, 0.0, out=held)
        more = () if self._events is None else self._events.moments(element, held, beyond)
        held += beyond
        return self._measured[element], held, beyond, *more

    def search(self, element, fused, found=()):
        """Return the `WindowSearch` of a map, shape (ny, nx); ``found`` as in `wrong`."""
        search = WindowSearch(self.images(element, fused), found)
        if element not in self._units:
            unit = self._unit(search)
            self._units[element] = unit, unit_of_pixels(search.images, self.there, unit)
        search.unit, search.unit_of_pixels = self._units[element]
        return search

    def unit(self, element, fused):
        """Return the standard error of windows, relative to Poisson's, found for the first map."""
        if element not in self._units:
            self.search(element, fused)
        return self._units[element][0]

    def scatters(self, maps):
        """Return how far counts of small windows scatter about each map, in units of the noise."""

        def of_map(i):
            return scatter(self._least, Runs(WindowSearch(self.images(i, maps[i]), ()).both))

        return side_by_side(of_map, range(len(maps)))

    def wrong(self, elements, maps, found, thoroughly=True):
        """Return windows in which maps are wrong, the most significant first; they may overlap.

        Parameters
        ----------
        elements : sequence of int
            Which maps; all their searches are held in memory at a time.
        maps : numpy.ndarray
            All maps, shape (K, ny, nx).
        found : sequence of Lost
            Windows that were found before.
        thoroughly : bool
            Whether to search for slanted lines, rings and chains as well.

        Returns
        -------
        list of list of tuple
            By element: significance, kind of window, and number of the place.
        """
        known = [[each for each in found if each.element == i] for i in elements]
        given = [(i, maps[i], own) for i, own in zip(elements, known, strict=True)]
        searches = side_by_side(lambda each: self.search(*each), given)
        wrong, jobs, new = [], [], []
        for (i, *now), search in zip(given, searches, strict=True):
            before = self._before.get(i)
            if before is None or not before.is_of(*now):
                before = self._before[i] = _Before(*now, [])
                jobs += [(search.wrong, *each) for each in self._quick]
                new += [before.wrong] * len(self._quick)
            wrong.append(before)
        _add_all(new, jobs)
        wrong, jobs, new = [list(each.wrong) for each in wrong], [], []
        for search, result in zip(searches, wrong, strict=True) if thoroughly else ():
            # What takes longest begins.
            jobs.append((search.wrong_chains, self._least_chain))
            jobs += [(search.wrong, *each) for each in self._slow]
            new += [result] * (len(self._slow) + 1)
        _add_all(new, jobs)
        for result in wrong:
            # Rounded, so that the order of equal ones does not depend on the last digits of maps.
            result.sort(key=lambda each: -round(each[0], _DIGITS))
        return [[each[1:] for each in result[:_MOST_CANDIDATES]] for result in wrong]

    def units(self, maps):
        """Return the unit of each map, as its `search` has it, shape (K,)."""
        units = side_by_side(lambda i: self.search(i, maps[i]).unit, range(len(maps)))
        return np.array(units)

    def _unit(self, search):
        """Return the standard error of windows of both kinds of counts, relative to Poisson's."""
        # Single precision is enough to find out whether it is Poisson's.
        unit = self._noise(search, np.float32)
        if unit > _SURELY_POISSON:
            unit = self._noise(search, np.float64)
        return min(max(unit, 1.0), _LARGEST_UNIT)

    def _noise(self, search, precision):
        """Return the largest unit suggested by any windows, from sums in some precision."""
        measured, expected, background = search.images[:3]
        runs = Runs(both_of(measured, expected, precision))
        unit = scatter(self._least, runs)
        if (measured < background).any():
            unit = max(unit, unit_below(self._least, runs, Runs(background.astype(precision))))
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
    wanted = list(range(len(maps)) if elements is None else sorted(elements))
    lost = []
    for start in range(0, len(wanted), _AT_A_TIME):
        some = wanted[start : start + _AT_A_TIME]
        for i, wrong in zip(some, expectation.wrong(some, maps, known, thoroughly), strict=True):
            if wrong:
                lost += _apart(expectation, maps[i], i, wrong)
    return lost


def _apart(expectation, fused, element, wrong):
    """Return the most significant of windows that are wrong, none of which overlap.

    Single pixels that are dark alone are left out. Lines that are parts of broader regions come
    last, where no other window is.
    """
    images, unit = expectation.images(element, fused), expectation.unit(element, fused)
    lost, parts = [], []
    taken, of_parts = (np.zeros(fused.shape, bool) for _ in range(2))
    for errors, window, place in wrong:
        pixels = window.pixels(place)
        if taken[pixels].any() or of_parts[pixels].mean() > _MOSTLY:
            continue
        if errors < 0 and len(pixels[0]) == 1:
            if is_dark_alone(pixels, images, unit, expectation.there):
                taken[pixels] = True  # nor is it a reason to lower windows around it
                continue
        if errors > 0 and not window.is_compact:
            part = part_of_line(window, place, images, unit, expectation.there)
            if part is not None:
                window, place = part, 0
                pixels = part.pixels(place)
                if of_parts[pixels].mean() > _MOSTLY:
                    continue
                errors = _errors_of(pixels, images, unit, expectation.there)
        inside = tuple(each[expectation.there[pixels]] for each in pixels)
        sums = (float(each[inside].sum()) for each in (expectation.net[element], fused))
        found = Lost(element, window, place, inside, errors, *sums)
        may_be_part = errors > 0 and window.family in LINES
        if may_be_part and is_part(window, inside, images, unit, expectation.there):
            if not of_parts[pixels].any():
                parts.append(replace(found, is_part=True))
            of_parts[pixels] = True
        else:
            taken[pixels] = True
            lost.append(found)
    return lost + [each for each in parts if not taken[each.pixels].any()]


def _errors_of(pixels, images, unit, there):
    """Return the significance of some pixels."""
    pixels = tuple(each[there[pixels]] for each in pixels)
    sums = [each[pixels].sum(keepdims=True) for each in images]
    return float(errors_of(*sums[:3], unit, spread_of(sums))[0])


def _add_all(results, jobs):
    """Add to each result what a function returns of some arguments, in the order of the jobs."""
    found = side_by_side(lambda job: job[0](*job[1:]), jobs)
    for result, new in zip(results, found, strict=True):
        result += new

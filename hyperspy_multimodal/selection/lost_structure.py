"""Structure that counts show and fused maps have lost: the test for it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, special

from ..counts.contracts import Maps
from ..counts.pooling import pool
from .scan_windows import windows_over

#: Chance that a scan of which nothing was lost is said to have lost something.
FALSE_ALARMS = 0.01
# Standard errors that are enough where a line that was found goes on: these are few windows.
_FURTHER = 4.0
# Sides of the largest windows that tell the noise, and the median of |x| of a Gaussian.
_NOISE_SIDE, _MEDIAN = 4, 0.6745
# Windows that one search looks at, the most significant first, and searches an element.
_MOST_CANDIDATES, _SEARCHES = 2000, 3


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


class Expectation:
    """What fused maps promise of the counts of each window, and how far the counts are from it.

    Net counts x whose variance is x + v are taken for Poisson counts x + v over a background v,
    which they are in windows of the spectrum. v is what the measured variance has beyond the
    counts, pooled over neighbours; x is that of the fused maps: a variance that is taken from the
    counts themselves is small where they are few by chance. Where residuals of most of the scan
    are larger than that, as with a wrong gain or noise that neighbours share, the unit is their
    median absolute deviation.

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
        self._windows = windows_over(net.shape[1:])
        # An equal share for each kind of windows, each element, too many and too few counts.
        self._chance = FALSE_ALARMS / (2 * len(net) * len(self._windows))

    def wrong(self, element, fused, found):
        """Return windows in which a map is wrong, the most significant first; they overlap.

        Parameters
        ----------
        element : int
            Which map.
        fused : numpy.ndarray
            The map, shape (ny, nx).
        found : list of Lost
            What was found of it before.

        Returns
        -------
        list of tuple
            Significance, kind of window, and number of the place.
        """
        expected = np.maximum(fused * self.there, 0.0) + self._beyond[element]
        measured = np.maximum(self.net[element], -self._beyond[element]) + self._beyond[element]
        further = [_Further(found, sign, fused.shape) for sign in (1, -1)] if found else []
        spread, wrong = 1.0, []
        for window in self._windows:
            mean, counts = window.sums(expected), window.sums(measured)
            mean = np.maximum(mean, np.finfo(float).tiny)
            off = (counts - mean) / np.sqrt(mean)
            if max(window.size) <= _NOISE_SIDE:  # come first
                spread = max(spread, np.median(np.abs(off)) / _MEDIAN)
            least = -special.ndtri(self._chance / off.size)
            if further and not window.is_compact:
                more, less = (each.holds(window) for each in further)
                least = np.where(np.where(off > 0, more, less), min(_FURTHER, least), least)
            # The tail of too few counts is the shorter one, by at most this much.
            places = np.flatnonzero(np.abs(off) > spread * least / np.sqrt(2))
            if places.size:
                found_here = significance(counts.flat[places], mean.flat[places]) / spread
                enough = np.abs(found_here) > np.broadcast_to(least, off.shape).flat[places]
                pairs = zip(found_here[enough], places[enough], strict=True)
                wrong += [(float(each), window, place) for each, place in pairs]
        wrong.sort(key=lambda each: -abs(each[0]))
        return wrong[:_MOST_CANDIDATES]


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
        special.gammainc(np.maximum(counts, np.finfo(float).tiny), expected),
        special.gammaincc(counts + 1, expected),
    )
    errors = np.maximum(-special.ndtri(np.maximum(tail, np.finfo(float).tiny)), 0.0)
    return np.where(high, errors, -errors)


def lost_structure(expectation, maps, known=()):
    """Return windows in which fused maps are significantly wrong.

    The most significant come first, none overlaps them, and the next are looked for as if the maps
    had been put right in those before.

    Parameters
    ----------
    expectation : Expectation
        Of the measured maps.
    maps : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    known : sequence of Lost
        Found before. Beside them less is enough: it is the same structure.

    Returns
    -------
    list of Lost
        What is new.
    """
    lost = []
    for i, fused in enumerate(np.asarray(maps, np.float64)):
        whole = fused.copy()
        found = [each for each in known if each.element == i]
        if known and not found:
            continue  # nothing was wrong, and nothing was changed
        for each in found:
            put_right(whole, expectation.net[i], each.pixels)
        for _ in range(_SEARCHES):
            wrong = expectation.wrong(i, whole, found)
            taken = np.zeros(fused.shape, bool)
            for errors, window, place in wrong:
                pixels = window.pixels(place)
                if taken[pixels].any():
                    continue
                taken[pixels] = True
                pixels = tuple(each[expectation.there[pixels]] for each in pixels)
                sums = (float(each[pixels].sum()) for each in (expectation.net[i], fused))
                new = Lost(i, window, place, pixels, errors, *sums)
                put_right(whole, expectation.net[i], pixels)
                found.append(new)
                lost.append(new)
            if not wrong:
                break
    return lost


def put_right(fused, net, pixels):
    """Bring the sum of a map in a window to that of the counts, evenly, in place."""
    lacking = (net[pixels] - fused[pixels]).mean()
    fused[pixels] = np.maximum(fused[pixels] + lacking, 0.0)


class _Further:
    """Where lines that were found with too many or too few counts may go on."""

    def __init__(self, found, sign, shape):
        there, off_line = np.zeros(shape, bool), np.ones(shape, bool)
        for each in found:
            if each.significance * sign > 0 and not each.window.is_compact:
                there[each.pixels] = True
                off_line[each.window.line(each.place)] = False
        self._there = ndimage.binary_dilation(there).astype(np.float64)
        self._off_line = off_line.astype(np.float64)

    def holds(self, window):
        """Return which windows lie on these lines and touch what was found."""
        return (window.sums(self._there) > 0) & (window.sums(self._off_line) == 0)

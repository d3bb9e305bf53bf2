"""Search for windows in which a map is significantly wrong."""

import numpy as np

from ..kernels import windows_beyond
from .chains import best_chains
from .lines_going_on import LinesGoingOn
from .significance import errors_of, spread_of

# Standard errors that suffice where a known line continues, because these are few windows.
_FURTHER = 4.0
# Maximum number of windows of each kind to examine, the most significant first.
_MOST_PLACES = 4000
# What is found is collected whenever there are more windows than this share of the pixels.
_ROOM = 4
# Relative error of squared standard errors from sums in single precision.
_ROUNDING = 0.999


class WindowSearch:
    """Windows in which one map is significantly wrong.

    Parameters
    ----------
    images : tuple of numpy.ndarray
        Of an `Expectation`, shape (ny, nx) each.
    found : list of Lost
        Windows of the map that were found before.

    Attributes
    ----------
    unit : float
        Standard error of a window, relative to Poisson's. Default 1.
    unit_of_pixels : float
        That of an excess of a single pixel. Default 1.
    both : numpy.ndarray
        Expected counts, and the excess of the measured counts over them, which saves a sum for each
        kind of window; in single precision, which shows where to search.
    """

    def __init__(self, images, found):
        self.images, self.unit, self.unit_of_pixels = images, 1.0, 1.0
        measured, expected = images[:2]
        self.both = both_of(measured, expected, np.float32)
        self._lines = LinesGoingOn(found, expected.shape)

    def wrong(self, plan, least):
        """Return which windows are wrong.

        Parameters
        ----------
        plan : SumPlan
            Kinds of windows.
        least : numpy.ndarray
            The minimum standard errors of each kind.

        Returns
        -------
        list of tuple
            Squared standard errors beyond the minimum, standard errors, kind of window, and number
            of the place.
        """
        enough = np.minimum(least, _FURTHER) if self._go_on(plan.windows[0]) else least
        return [
            each
            for number, *found in self._beyond(plan, _ROUNDING * np.square(self.unit * enough))
            for each in self._judged(plan.windows[number], least[number], enough[number], *found)
        ]

    def wrong_chains(self, least):
        """Return which chains are wrong, as in `wrong`; ``least`` is by number of pieces."""
        measured, expected = self.images[:2]
        wrong = []
        in_counts = {pieces: self.unit * each for pieces, each in least.items()}
        for chain in best_chains(measured, expected, in_counts):
            pixels = chain.pixels(0)
            sums = [each[pixels].sum(keepdims=True) for each in self.images]
            errors = float(errors_of(*sums[:3], self.unit, spread_of(sums))[0])
            beyond = errors**2 - least[chain.pieces] ** 2
            if beyond > 0:
                wrong.append((beyond, errors, chain, 0))
        return wrong

    def _go_on(self, window):
        """Return whether windows of this kind may continue a line that was found."""
        return self._lines.are_there and not window.is_compact

    def _beyond(self, plan, limits):
        """Yield the number of each kind of window with places beyond its limit, and these places.

        Places come with their squared standard errors (upper bounds), and whether there are too
        many counts.
        """
        steps, terms, n_places = plan.for_kernel
        pixels = np.ascontiguousarray(plan.seen(self.both))
        ny, nx = plan.shape
        sums = np.empty((n_places, 2, nx), np.float32)
        largest = np.full(n_places, np.inf, np.float32)
        row, room = np.empty(nx + 1, np.float32), max(len(plan.windows) * nx, ny * nx // _ROOM)
        found, squares = np.empty((room, 4), np.int64), np.empty(room, np.float32)
        limits, turn, n, most = limits.astype(np.float32), 0, 1, {}
        while n:
            rooms = sums, largest, row, found, squares
            turn, n = windows_beyond(pixels, steps, terms, limits, turn, *rooms)
            for number in np.unique(found[:n, 0]):
                own = np.flatnonzero(found[:n, 0] == number)
                new = found[own, 1:], squares[own]
                most[number] = _most_significant(*new, *most.get(number, ()))
        for number, (places, own_squares) in sorted(most.items()):
            rows, cols, too_many = places.T
            places = plan.place(number, rows, cols)
            order = np.argsort(places)
            yield number, places[order], own_squares[order], too_many[order] > 0

    def _judged(self, window, least, enough, places, squares, too_many):
        """Yield the places that are wrong, in the form of `wrong`."""
        held = np.zeros(places.size, bool)
        if self._go_on(window):
            held = self._lines.hold(window, places, too_many)
            of_interest = held | (squares > _ROUNDING * (self.unit * least) ** 2)
            places, held = places[of_interest], held[of_interest]
        if not places.size:
            return
        sums = window.sums_at(places, self.images)
        errors = errors_of(*sums[:3], self.unit, spread_of(sums))
        if window.size == (1, 1):
            of_pixels = errors_of(*sums[:3], max(self.unit_of_pixels, self.unit), spread_of(sums))
            errors = np.where(errors > 0, of_pixels, errors)
        sizes = np.abs(errors)
        are_wrong = (sizes > least) | (held & (sizes > enough))
        for each, place in zip(errors[are_wrong].tolist(), places[are_wrong], strict=True):
            yield each * each - least * least, each, window, place


def _most_significant(places, squares, *before):
    """Return the places with the largest squared standard errors, among some and those before."""
    if before:
        places, squares = map(np.concatenate, zip(before, (places, squares), strict=True))
    if squares.size > _MOST_PLACES:
        kept = np.argpartition(-squares, _MOST_PLACES)[:_MOST_PLACES]
        places, squares = places[kept], squares[kept]
    return places, squares


def both_of(measured, expected, precision):
    """Return expected counts, and the excess of measured ones, in some precision, (2, ny, nx)."""
    both = np.empty((2, *expected.shape), precision)
    both[0] = expected
    np.subtract(measured, expected, out=both[1], casting="same_kind")
    return both

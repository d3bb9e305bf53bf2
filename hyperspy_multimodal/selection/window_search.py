"""Search for windows in which a map is significantly wrong."""

import numpy as np

from ..kernels import most_beyond, rows_beyond
from .chains import best_chains
from .lines_going_on import LinesGoingOn
from .runs import Runs
from .significance import errors_of

# Standard errors that suffice where a known line continues, because these are few windows.
_FURTHER = 4.0
# Maximum number of windows of each kind to examine, the most significant first.
_MOST_PLACES = 4000
# Relative error of squared standard errors from sums in single precision.
_ROUNDING = 0.999


class WindowSearch:
    """Windows in which one map is significantly wrong.

    Parameters
    ----------
    measured, expected, background : numpy.ndarray
        Counts including background, the prediction of the map for them, and the background, (ny,
        nx).
    found : list of Lost
        Windows of the map that were found before.

    Attributes
    ----------
    unit : float
        Standard error of a window, relative to Poisson's. Default 1.
    both : numpy.ndarray
        Expected counts, and the excess of the measured counts over them, which saves a sum for each
        kind of window.
    runs : Runs
        Sums of both in single precision, which show where to search.
    """

    def __init__(self, measured, expected, background, found):
        self.images, self.unit = (measured, expected, background), 1.0
        self.both = np.stack([expected, measured - expected])
        self.runs = Runs(self.both.astype(np.float32))
        self._lines = LinesGoingOn(found, expected.shape)
        self._rows = np.empty(len(expected), bool)

    def wrong(self, windows):
        """Return which windows are wrong.

        Parameters
        ----------
        windows : sequence of tuple
            Kinds of windows, and the minimum standard errors of each.

        Returns
        -------
        list of tuple
            Squared standard errors beyond the minimum, standard errors, kind of window, and number
            of the place.
        """
        return [each for window, least in windows for each in self._of_kind(window, least)]

    def wrong_chains(self, least):
        """Return which chains are wrong, as in `wrong`; ``least`` is by number of pieces."""
        measured, expected, _ = self.images
        wrong = []
        in_counts = {pieces: self.unit * each for pieces, each in least.items()}
        for chain in best_chains(measured, expected, in_counts):
            pixels = chain.pixels(0)
            sums = (each[pixels].sum(keepdims=True) for each in self.images)
            errors = float(errors_of(*sums, self.unit)[0])
            beyond = errors**2 - least[chain.pieces] ** 2
            if beyond > 0:
                wrong.append((beyond, errors, chain, 0))
        return wrong

    def _of_kind(self, window, least):
        goes_on = self._lines.are_there and not window.is_compact
        enough = min(least, _FURTHER) if goes_on else least
        places, squares, too_many = self._beyond(window, self._limit(enough))
        if not places.size:
            return
        held = np.zeros(places.size, bool)
        if goes_on:
            held = self._lines.hold(window, places, too_many)
            of_interest = held | (squares > self._limit(least))
            places, held = places[of_interest], held[of_interest]
        errors = errors_of(*window.sums_at(places, self.images), self.unit)
        sizes = np.abs(errors)
        are_wrong = (sizes > least) | (held & (sizes > enough))
        for each, place in zip(errors[are_wrong].tolist(), places[are_wrong], strict=True):
            yield each * each - least * least, each, window, place

    def _limit(self, errors):
        return np.float32(_ROUNDING * (self.unit * errors) ** 2)

    def _beyond(self, window, limit):
        """Return places that may exceed a limit, by how much at most, and if counts are too many.

        If there are many places, only those with the largest excess are returned.
        """
        expected, excess = window.sums(self.runs)
        rows = self._rows[: len(expected)]
        if not rows_beyond(expected, excess, limit, rows):
            return np.empty((3, 0), int)
        numbers = np.flatnonzero(rows)
        excess = excess[numbers]
        squares = most_beyond(expected[numbers], excess)
        rows, cols = np.nonzero(squares > limit)
        places = numbers[rows] * excess.shape[1] + cols
        squares, too_many = squares[rows, cols], excess[rows, cols] > 0
        if places.size > _MOST_PLACES:
            furthest = np.sort(np.argpartition(-squares, _MOST_PLACES)[:_MOST_PLACES])
            places, squares, too_many = places[furthest], squares[furthest], too_many[furthest]
        return places, squares, too_many

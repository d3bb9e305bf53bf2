"""Lines of which only a part is significant, and these parts."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .windows import Windows

# Length of the pieces of a line, in pixels along it.
_PIECE = 8
# Logarithm of the ratio of likelihoods from which a part explains the counts better than the line:
# that of three standard errors.
_BETTER = 4.5
# Counts that are added to measured and expected ones, because logarithms of few are uncertain.
_SOFTENING = 0.5
# Relative error of bounds of likelihoods.
_ROUNDING = 1e-9
_AT_ONCE = 64  # runs whose likelihoods are computed together, the most promising first
_EIGHT = np.ones((3, 3), bool)


@dataclass(frozen=True)
class PartOfLine(Windows):
    """A contiguous part of one line; it has one place.

    Attributes
    ----------
    whole : Windows
        Kind of the line.
    whole_place : int
        Number of its place.
    rows, cols : tuple of int
        Pixels of the part.
    """

    whole: Windows
    whole_place: int
    rows: tuple
    cols: tuple

    @property
    def shape(self):
        return self.whole.shape

    @property
    def family(self):
        return self.whole.family

    @property
    def name(self):
        return f"{self.size[0]} x {self.size[1]} part of a {self.whole.name}"

    @property
    def size(self):
        return max(self.rows) - min(self.rows) + 1, max(self.cols) - min(self.cols) + 1

    @property
    def width(self):
        return self.whole.width

    def pixels(self, place, some=slice(None)):
        return np.array(self.rows)[some], np.array(self.cols)[some]

    def line(self, place):
        return self.whole.line(self.whole_place)


def part_of_line(window, place, images, unit, there):
    """Return the part of a line to which its missing counts belong, or None if it is all of it.

    A bright spot that a map lacks makes all lines across it significant. Counts that are given back
    along a whole line would also be where none were measured. The line is cut into pieces. If the
    counts of the pieces are clearly more likely with an excess in some contiguous ones than with
    the same excess per pixel in all of them, these are the part.

    Parameters
    ----------
    window : Windows
        Kind of the line.
    place : int
        Number of its place.
    images : sequence of numpy.ndarray
        From `Expectation.images`.
    unit : float
        Standard error of a window, relative to the Poisson error.
    there : numpy.ndarray
        Pixels that are not masked, bool, shape (ny, nx).

    Returns
    -------
    PartOfLine or None
    """
    rows, cols = window.pixels(place)
    along = _along(window, rows, cols)
    number = max(int((along.max() + 1) // _PIECE), 1)
    if number < 2:
        return None
    piece = np.minimum((along * number / (along.max() + 1)).astype(int), number - 1)
    inside = there[rows, cols]
    pixels, *sums = (
        np.bincount(piece[inside], each, number)
        for each in (np.ones(inside.sum()), *(image[rows, cols][inside] for image in images))
    )
    measured, expected, background = sums[:3]
    excess = 1.0 if len(sums) == 3 else sums[3].sum() / max(expected.sum(), _SOFTENING)
    measured = np.maximum(measured, background) + _SOFTENING
    expected = np.maximum(expected, 0.0) + _SOFTENING
    pieces = _Pieces(pixels, measured, expected, unit**2 * max(excess, 1.0))
    run = pieces.best_run(closed=window.family == "rings")
    if run is None:
        return None
    kept = np.isin(piece, run)
    return PartOfLine(window, place, tuple(rows[kept].tolist()), tuple(cols[kept].tolist()))


def _along(window, rows, cols):
    """Return how far each pixel of a line is from its beginning, in pixels."""
    rows, cols = rows - rows.min(), cols - cols.min()
    if window.family == "rings":
        radius = (np.ptp(rows) + 1 - window.width) / 2
        angle = np.arctan2(rows - rows.mean(), cols - cols.mean()) + np.pi
        return np.minimum(angle, 2 * np.pi - 1e-9) * radius
    if window.family != "chains":
        return (rows if np.ptp(rows) >= np.ptp(cols) else cols).astype(float)
    line = np.zeros((rows.max() + 1, cols.max() + 1), bool)
    line[rows, cols] = True
    first = _steps_from(line, (rows[:1], cols[:1]))[rows, cols].argmax()
    return _steps_from(line, (rows[first], cols[first]))[rows, cols].astype(float)


def _steps_from(line, start):
    """Return the number of steps along a line from some of its pixels; -1 where none leads."""
    reached = np.zeros(line.shape, bool)
    reached[start] = True
    steps, number = np.where(reached, 0, -1), 0
    while True:
        further = ndimage.binary_dilation(reached, _EIGHT) & line & ~reached
        if not further.any():
            return steps
        number += 1
        steps[further], reached = number, reached | further


@dataclass(frozen=True)
class _Pieces:
    """Pieces of a line, in their order.

    Attributes
    ----------
    pixels, measured, expected : numpy.ndarray
        Number of pixels of each piece, and its measured and expected counts, both > 0.
    variance : float
        Of the counts, relative to Poisson's.
    """

    pixels: np.ndarray
    measured: np.ndarray
    expected: np.ndarray
    variance: float

    def best_run(self, closed):
        """Return the numbers of the contiguous pieces that hold the excess, or None if all do."""
        number = len(self.pixels)
        starts, lengths = _runs(number, closed)
        excess = np.maximum(self._run_sums(self.measured - self.expected, starts, lengths), 0.0)
        pixels = self._run_sums(self.pixels, starts, lengths)
        runs = starts, lengths, excess, excess / np.maximum(pixels, 1.0)
        highest = self._most_gained(*runs)
        whole, first = (self._gained(*(each[[k]] for each in runs)) for k in (0, highest.argmax()))
        wanted = max(float(whole[0]) + _BETTER, float(first[0]))
        likely = np.flatnonzero(highest >= wanted - _ROUNDING * max(abs(wanted), 1.0))
        best, most = None, float(whole[0]) + _BETTER
        likely = likely[np.argsort(-highest[likely], kind="stable")]
        for some in np.split(likely, np.arange(_AT_ONCE, likely.size, _AT_ONCE)):
            rounding = _ROUNDING * max(abs(most), 1.0)
            if not some.size or highest[some[0]] < most - rounding:
                break
            gained = self._gained(*(each[some] for each in runs))
            for run, gain in zip(some, gained, strict=True):
                # of equally likely runs, the first one
                is_first = best is not None and gain > most - rounding and run < best
                if gain > most + rounding or is_first or (best is None and gain >= most):
                    best, most = run, max(gain, most)
        if best is None:
            return None
        return (starts[best] + np.arange(lengths[best])) % number

    def _gained(self, starts, lengths, excess, per_pixel):
        """Return by how much counts are more likely with the excess of each run than without."""
        numbers = np.arange(len(self.pixels))
        inside = (numbers - starts[:, None]) % len(numbers) < lengths[:, None]
        raised = np.log1p(per_pixel[:, None] * (self.pixels / self.expected))
        return ((inside * raised) @ self.measured - excess) / self.variance

    def _most_gained(self, starts, lengths, excess, per_pixel):
        """Return upper bounds of `_gained`: the logarithm of a mean is at least that mean's."""
        counts = self._run_sums(self.measured, starts, lengths)
        raised = self._run_sums(self.measured * self.pixels / self.expected, starts, lengths)
        return (counts * np.log1p(per_pixel * raised / counts) - excess) / self.variance

    @staticmethod
    def _run_sums(values, starts, lengths):
        """Return the sums of values over runs, which may continue at the first piece."""
        below = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values]))])
        return below[starts + lengths] - below[starts]


def _runs(number, closed):
    """Return first pieces and lengths of runs, all pieces first; they go around if ``closed``."""
    starts, lengths = np.meshgrid(np.arange(number), np.arange(1, number))
    starts, lengths = starts.ravel(), lengths.ravel()
    if not closed:
        fit = starts + lengths <= number
        starts, lengths = starts[fit], lengths[fit]
    return np.append(0, starts), np.append(number, lengths)

"""Plans to sum maps over windows of many kinds, each sum made of those of smaller windows."""

from functools import cache, cached_property

import numpy as np

from .scan_windows import windows_over

_PIXELS = 0


@cache
def plans_over(shape):
    """Return plans for all `windows_over` a scan, those of quick searches first."""
    alike = {}
    for window in windows_over(shape):
        alike.setdefault(window.alike, []).append(window)
    plans = [SumPlan(shape, windows) for windows in alike.values()]
    return tuple(sorted(plans, key=lambda plan: not plan.is_quick))


class SumPlan:
    """Order in which sums over windows of some kinds are computed, for `windows_beyond`.

    The sums of these windows share parts. The scan is flipped and transposed for all of them alike.
    Each kind adds the parts of its own sum.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the scan.
    windows : sequence of Windows
        The kinds.

    Attributes
    ----------
    windows : tuple of Windows
        The kinds, by number of their limit.
    """

    def __init__(self, shape, windows):
        self.windows = tuple(windows)
        self._flipped, self._turned = self.windows[0].frame
        self.shape = shape[::-1] if self._turned else shape
        self._known = {("box", 1, 1): _PIXELS}
        self._parts, self._sizes, self._numbers = [()], [(1, 1)], [-1]
        for number, window in enumerate(self.windows):
            self._numbers[window.planned(self)] = number

    @property
    def is_quick(self):
        """Whether the sums are computed quickly."""
        return self.windows[0].is_quick

    def sum_of(self, key, size, parts):
        """Return the number of a sum, which is computed once.

        Parameters
        ----------
        key : tuple
            Name of the sum.
        size : tuple of int
            Rows and columns of the window.
        parts : callable
            Called without arguments; returns the parts of the sum, each with its offset in rows
            and columns, and 1 or -1.
        """
        if key not in self._known:
            made_of = tuple(parts())
            self._known[key] = len(self._parts)
            self._parts.append(made_of)
            self._sizes.append(size)
            self._numbers.append(-1)
        return self._known[key]

    def run_of(self, key, size, length, step, shorter):
        """Return the number of the sum over a run, from its first and its last half.

        The halves overlap if the length is odd.
        """

        def parts():
            on = length // 2
            half, further = shorter(length - on), tuple(on * each for each in step)
            both = [(half, 0, 0, 1), (half, *further, 1)]
            return [*both, (shorter(1), *further, -1)] if length % 2 else both

        return self.sum_of(key, size, parts)

    def box(self, rows, cols):
        """Return the number of the sum over a box."""
        key = "box", rows, cols
        if cols > 1:
            return self.run_of(key, (rows, cols), cols, (0, 1), lambda n: self.box(rows, n))
        if rows > 1:
            return self.run_of(key, (rows, 1), rows, (1, 0), lambda n: self.box(n, 1))
        return _PIXELS

    def pixels(self):
        """Return the number of the sum over single pixels."""
        return self.sum_of(("pixels",), (1, 1), lambda: [(_PIXELS, 0, 0, 1), (_PIXELS, 0, 0, 0)])

    def seen(self, maps):
        """Return maps (..., ny, nx), flipped and transposed as the plan requires."""
        maps = maps[..., ::-1, :] if self._flipped else maps
        return np.swapaxes(maps, -1, -2) if self._turned else maps

    def place(self, number, row, col):
        """Return the number of a place from its row and column in the scan of the plan."""
        rows, cols = self.windows[number].places
        row, col = (col, row) if self._turned else (row, col)
        return (rows - 1 - row if self._flipped else row) * cols + col

    @property
    def _delays(self):
        """Turns by which each sum is behind the pixels, and for how many turns its rows are needed.

        A sum needs rows of those of which it is made that are further down.
        """
        delays, needed = [0], [1] * len(self._parts)
        for parts in self._parts[1:]:
            delays.append(max(delays[source] + down for source, down, *_ in parts))
            for source, down, *_ in parts:
                turns = delays[-1] - down - delays[source] + 1
                needed[source] = max(needed[source], turns)
        return delays, needed

    @cached_property
    def for_kernel(self):
        """``steps`` and ``terms`` of `windows_beyond`, and the number of places for rows."""
        needed = {part[0] for parts in self._parts for part in parts}
        may_pass = [
            number not in needed and all(sign > 0 for *_, sign in parts)
            for number, parts in enumerate(self._parts)
        ]
        bounds = {
            part[0]
            for each, parts in zip(may_pass, self._parts, strict=True)
            if each
            for part in parts
        }
        steps, terms, place = [], [], 0
        for number, (parts, delay, rows) in enumerate(zip(self._parts, *self._delays, strict=True)):
            places = (n - k + 1 for n, k in zip(self.shape, self._sizes[number], strict=True))
            window = self._numbers[number]
            is_bound = window >= 0 or number in bounds
            flags = window, may_pass[number], is_bound
            steps.append((*places, len(terms), len(parts), *flags, delay, place, rows))
            terms += parts
            place += rows
        steps, terms = (np.array(each, np.int64) for each in (steps, terms))
        return steps, terms.reshape(-1, 4), place

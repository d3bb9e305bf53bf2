"""Possible continuations of lines that were found."""

import numpy as np
from scipy import ndimage


class LinesGoingOn:
    """Possible continuations of lines with too many or too few counts.

    Parameters
    ----------
    found : list of Lost
        Windows found in a map; compact ones are not continued.
    shape : tuple of int
        Rows and columns of the scan.
    """

    def __init__(self, found, shape):
        lines = [each for each in found if not each.window.is_compact]
        #: Whether there are any lines.
        self.are_there = bool(lines)
        self._near = np.zeros((2, *shape), bool)
        self._on_line = np.zeros((2, *shape), bool)
        for each in lines:
            sign = int(each.significance > 0)
            self._near[sign][each.pixels] = True
            self._on_line[sign][each.window.line(each.place)] = True
        for near in self._near if lines else ():
            near[:] = ndimage.binary_dilation(near)

    def hold(self, window, places, too_many):
        """Return which windows lie on these lines and touch those that were found.

        Parameters
        ----------
        window : Windows
            Kind of windows.
        places : numpy.ndarray
            Numbers of their places, shape (n,).
        too_many : numpy.ndarray
            Which of them have too many counts, bool, shape (n,).

        Returns
        -------
        numpy.ndarray
            Bool, shape (n,).
        """
        signs = too_many.astype(int)[:, None]
        # Most are ruled out by two of their pixels.
        ends = window.pixels(places[:, None], [0, -1])
        held = self._on_line[(signs, *ends)].all(axis=1)
        pixels = signs[held], *window.pixels(places[held, None])
        held[held] = self._near[pixels].any(axis=1) & self._on_line[pixels].all(axis=1)
        return held

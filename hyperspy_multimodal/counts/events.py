"""Events that add several counts at once to net counts."""

from typing import NamedTuple

import numpy as np


class Events(NamedTuple):
    """Net counts whose noise is that of events of several counts each.

    Net counts x over a background v have the variance x + v of Poisson counts, but a larger third
    cumulant. The variance is stated at some level. Where there are more counts, they are more
    events, and the variance increases with the size of these.

    Attributes
    ----------
    sizes : numpy.ndarray
        Third cumulant of the net counts over their variance at this level, >= 1, shape (K, ny, nx).
    levels : numpy.ndarray
        Net counts at which their variance was stated, shape (K, ny, nx).
    """

    sizes: np.ndarray
    levels: np.ndarray

    def moments(self, element, net, background):
        """Return the variance and third cumulant of the net counts of an element.

        Parameters
        ----------
        element : int
            Which map.
        net, background : numpy.ndarray
            Expected net counts, and the variance beyond them at the level, shape (ny, nx).
        """
        sizes = self.sizes[element]
        more = np.maximum(net - self.levels[element], 0.0)
        variance = net + background + (sizes - 1) * more
        return variance, sizes * variance

    def cropped(self, rows, cols):
        """Return the events of a part of the scan."""
        return Events(*(each[:, rows, cols] for each in self))

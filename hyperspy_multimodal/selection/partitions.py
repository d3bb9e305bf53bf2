"""Partitions of a scan into ordered parts, and images that are interpolated between them."""

from copy import copy

import numpy as np

# Minimum weight of a node relative to the largest one.
_LEAST_MEAN = 1e-3


class Partition:
    """A scan in parts that follow each other: by brightness of an image, or by position.

    Attributes
    ----------
    family : str
        What `Lost.window` has as its family where it is a range of the parts.
    mask : numpy.ndarray or None
        Pixels that are left out, bool, shape (ny, nx).
    size : int
        Number of parts.
    numbers : numpy.ndarray
        Part of each pixel, shape (ny, nx); `size` where left out.
    pixels : numpy.ndarray
        Number of pixels of each part.
    nodes : numpy.ndarray
        Mean brightness or position of each part, increasing.
    main : list of tuple of int
        First and last parts of the two main ranges.
    broad : numpy.ndarray
        Parts whose sums agree best after a correction, bool, shape (sums, size).
    adds_up : float
        Share of the probabilities of overlapping ranges, and of partitions of a family, that adds
        up, according to scans drawn from fused maps.
    added : numpy.ndarray
        Shapes of the counts that a correction may add, by part, shape (size, shapes).
    least : float
        Minimum standard errors by which a sum that is wrong must differ.
    """

    least = 0.0

    def _interpolates(self, places, nodes):
        """Set up `interpolated` for the place of each pixel, and the places of the nodes."""
        self.nodes = nodes
        if self.size > 1:
            left = np.searchsorted(nodes[1:-1], places, side="right")
            step = (places - nodes[left]) / np.diff(nodes)[left]
            self._left, self._step = left, np.clip(step, 0.0, 1.0)

    def within(self, there):
        """Return the same parts without the pixels that are not ``there``, bool, (ny, nx)."""
        if np.all(there | (self.numbers == self.size)):
            return self
        found = copy(self)
        found.numbers = np.where(there, self.numbers, self.size)
        found.pixels = found.sums(np.ones(there.shape))
        return found

    def weighted(self, image):
        """Return the same parts with `interpolated` between nodes weighted by what they hold.

        Each node weighs as much as the mean of an image (ny, nx) over its part. Where one part
        holds much more than the next one, what lies between them is nearly all of the former.
        """
        if self.size < 2:
            return self
        means = np.maximum(self.sums(image) / np.maximum(self.pixels, 1), 0.0)
        means = np.maximum(means, _LEAST_MEAN * means.max())
        found = copy(self)
        found._step = self._weighted(self._left, self._step, means)
        return found

    @staticmethod
    def _weighted(left, step, means):
        if not means.any():
            return step
        right = step * means[left + 1]
        return right / (right + (1 - step) * means[left])

    def sums(self, image):
        """Return the sums of an image (ny, nx) over the parts."""
        return self._sums(self.numbers, image, self.size)

    def range_sums(self, image, first, last):
        """Return the sums of an image (ny, nx) over parts ``first`` to ``last``, two arrays."""
        below = np.concatenate([[0.0], np.cumsum(self.sums(image))])
        return below[last + 1] - below[first]

    def interpolated(self, values):
        """Return an image that has given values at the nodes, and lies between them elsewhere."""
        return values[self._left] + self._step * np.diff(values)[self._left]

    def products(self, image):
        """Return sums of an image times each hat function of `interpolated`, (parts, hats)."""
        return self._products(self.numbers, self._left, self._step, image)

    def _products(self, numbers, left, step, image):
        """Return what `products` does, from parts, nodes and places of each value of an image."""
        cells = numbers * self.size + left
        of_right = image * step
        found = self._sums(cells, image - of_right, self.size**2).reshape(self.size, -1)
        found[:, 1:] += self._sums(cells, of_right, self.size**2).reshape(self.size, -1)[:, :-1]
        return found

    def inside(self, first, last):
        """Return which pixels are in parts ``first`` to ``last``, bool, shape (ny, nx)."""
        return (self.numbers >= first) & (self.numbers <= last)

    def name(self, first, last):
        """Return where parts ``first`` to ``last`` are, in words."""
        raise NotImplementedError

    @staticmethod
    def _sums(numbers, image, size):
        """Return the sums of an image over pixels with the same number, less than ``size``."""
        return np.bincount(numbers.ravel(), image.ravel(), size)[:size]

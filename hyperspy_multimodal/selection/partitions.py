"""Partitions of a scan into ordered parts, and images that are interpolated between them."""

from copy import copy
from functools import cached_property

import numpy as np

from ..kernels import between_nodes, sum_hats, sum_parts, weigh_steps

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
        Part of each pixel, uint16, shape (ny, nx); `size` where left out.
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
            self._left, self._step = left.astype(np.uint16), np.clip(step, 0.0, 1.0)

    def within(self, there):
        """Return the same parts without the pixels that are not ``there``, bool, (ny, nx)."""
        if np.all(there | (self.numbers == self.size)):
            return self
        found = self._copy()
        found.numbers = np.where(there, self.numbers, np.uint16(self.size))
        found.pixels = found.sums(np.ones(there.shape))
        return found

    def _copy(self):
        found = copy(self)
        vars(found).pop("hats", None)
        return found

    def weighted(self, sums):
        """Return the same parts with `interpolated` between nodes weighted by what they hold.

        Each node weighs as much as the mean of its part, by the ``sums`` of an image over parts.
        Where one part holds much more than the next one, what lies between them is nearly all of
        the former.
        """
        if self.size < 2:
            return self
        means = np.maximum(sums / np.maximum(self.pixels, 1), 0.0)
        means = np.maximum(means, _LEAST_MEAN * means.max())
        found = self._copy()
        found._weigh(means)
        return found

    def _weigh(self, means):
        if means.any():
            self._step = self._weighted(self._left, self._step, means)

    @staticmethod
    def _weighted(left, step, means):
        found = np.empty(step.shape)
        weigh_steps(left.ravel(), step.ravel(), means, found.reshape(-1))
        return found

    def sums(self, image):
        """Return the sums of an image (ny, nx) over the parts."""
        sums = np.zeros((4, self.size + 1))
        sum_parts(self.numbers.ravel(), _flat(image), sums)
        return sums.sum(axis=0)[: self.size]

    @staticmethod
    def range_sums(sums, first, last):
        """Return sums over parts ``first`` to ``last``, two arrays, from `sums` over parts."""
        below = np.concatenate([[0.0], np.cumsum(sums)])
        return below[last + 1] - below[first]

    def interpolated(self, values):
        """Return an image that has given values at the nodes, and lies between them elsewhere."""
        return self._between(self._left, self._step, values)

    @staticmethod
    def _between(left, step, values):
        found, values = np.empty(step.shape), np.asarray(values, np.float64)
        between_nodes(left.ravel(), step.ravel(), values, found.reshape(-1))
        return found

    @cached_property
    def hats(self):
        """Sums of each hat function of `interpolated` over the parts, shape (parts, hats)."""
        return self.products(np.ones(self.numbers.shape))

    def products(self, image):
        """Return sums of an image times each hat function of `interpolated`, (parts, hats)."""
        return self._products(self.numbers, self._left, self._step, image)

    def _products(self, numbers, left, step, image):
        """Return what `products` does, from parts, nodes and places of each value of an image."""
        sums = np.zeros((4, self.size + 1, self.size))
        sum_hats(numbers.ravel(), left.ravel(), step.ravel(), _flat(image), sums)
        return sums.sum(axis=0)[: self.size]

    def inside(self, first, last):
        """Return which pixels are in parts ``first`` to ``last``, bool, shape (ny, nx)."""
        return (self.numbers >= first) & (self.numbers <= last)

    def name(self, first, last):
        """Return where parts ``first`` to ``last`` are, in words."""
        raise NotImplementedError


def _flat(image):
    """Return an image (ny, nx) as kernels take it."""
    return np.ravel(image).astype(np.float64, copy=False)


def run_sums():
    """Compile the kernels of partitions by running them on a single pixel."""
    part, image, nodes = np.zeros(1, np.uint16), np.ones(1), np.ones(2)
    sum_parts(part, image, np.zeros((4, 1)))
    sum_hats(part, part, image, image, np.zeros((4, 1, 2)))
    weigh_steps(part, image, nodes, np.empty(1))
    between_nodes(part, image, nodes, np.empty(1))

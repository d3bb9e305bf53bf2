"""Counts in windows of the spectrum, one map an element, and their thinning."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .drawn_maps import DrawnMaps, totals_to_keep
from .pooling import pool, pool_between_steps


@dataclass(frozen=True)
class ElementMaps:
    """Gross counts and background of K elements, from counts in disjoint parts of the spectrum.

    Windows of different elements may overlap. The counts are therefore held by segment (the ranges
    of channels between neighbouring window edges), each count in one segment, so that they can be
    thinned into independent halves.

    Parameters
    ----------
    names : list of str
        X-ray lines or edges, in the order of the maps.
    segments : numpy.ndarray
        Counts, shape (S, ny, nx), >= 0.
    inside : numpy.ndarray
        Shape (K, S): 1 where the segment lies in the window of the element, else 0.
    beside : numpy.ndarray
        Shape (K, S): 1 where the background of the element is measured, else 0.
    ratios : numpy.ndarray
        Expected background counts in the window for each count beside it, in a shape that
        broadcasts to (K, ny, nx).
    has_steps : bool
        Whether the background follows the thickness pixel by pixel, as that of EELS: then pooling
        must not blur it. Default False.
    splits_rounded : bool
        Whether `split` rounds to whole counts what a gain has made fractions. Default False.
    """

    names: list
    segments: np.ndarray
    inside: np.ndarray
    beside: np.ndarray
    ratios: np.ndarray
    has_steps: bool = False
    splits_rounded: bool = False

    @cached_property
    def counts(self):
        """Gross counts y in the windows, shape (K, ny, nx), float64."""
        return np.tensordot(self.inside, self.segments, axes=1)

    @cached_property
    def background(self):
        """Expected background counts B in the windows, shape (K, ny, nx): pooled and >= 0."""
        if self.has_steps:
            beside = np.tensordot(self.beside, self.segments, axes=1)
            return self.ratios * np.stack([pool_between_steps(counts) for counts in beside])
        return np.stack([pool(measured) for measured in self._measured_background])

    @cached_property
    def net(self):
        """Measured net counts: gross counts less the unpooled background, not clipped."""
        return self.counts - self._measured_background

    @cached_property
    def net_variance(self):
        """Poisson variance of ``net``, estimated from the counts themselves."""
        only_inside, both, only_beside = (
            np.tensordot(member, self.segments, axes=1)
            for member in (self.inside, self.inside * self.beside, self.beside)
        )
        return only_inside - 2 * self.ratios * both + self.ratios**2 * only_beside

    @cached_property
    def _measured_background(self):
        return self.ratios * np.tensordot(self.beside, self.segments, axes=1)

    @cached_property
    def totals(self):
        """Net totals, (K,); NaN, for free, where not positive; 0 without counts."""
        return totals_to_keep(self.net.sum(axis=(1, 2)), self.counts)

    @property
    def are_integers(self):
        """Whether the counts are whole numbers, so that they can be thinned."""
        return bool(np.array_equal(self.segments, np.rint(self.segments)))

    @property
    def common_factor(self):
        """Largest whole number that divides all counts: 1 as recorded, 0 if there are none."""
        return int(np.gcd.reduce(self.segments.astype(np.int64), axis=None))

    @property
    def has_measured_background(self):
        """Whether a background was measured beside the windows, which may be wrong."""
        return bool(np.any(self.ratios != 0))

    @property
    def gains(self):
        """Counts of a map for each count here: 1."""
        return np.ones(len(self.names))

    def halves(self, number, seed):
        """Return independent halves of the counts, split so many times, as pairs of maps."""
        generator = np.random.default_rng(seed)
        return [self.split(0.5, generator) for _ in range(number)]

    def split(self, fraction, generator):
        """Thin the counts binomially into two independent sets.

        Parameters
        ----------
        fraction : float
            Expected share of the first set, between 0 and 1.
        generator : numpy.random.Generator
            Source of the split.

        Returns
        -------
        first, second : ElementMaps
            Poisson counts stay Poisson, and the two are independent of each other.
        """
        whole = np.rint(self.segments).astype(np.int64)
        first = generator.binomial(whole, fraction)
        return replace(self, segments=first), replace(self, segments=whole - first)

    def drawn(self, truth, generator):
        """Return counts as they might have been measured if ``truth`` were the net counts.

        Parameters
        ----------
        truth : numpy.ndarray
            Net counts, shape (K, ny, nx).
        generator : numpy.random.Generator
            Source of the draw.

        Returns
        -------
        DrawnMaps
            Poisson counts over the background that these maps have; the background's own noise is
            in the totals.
        """
        expected = np.maximum(truth, 0) + self.background
        counts = generator.poisson(expected).astype(np.float64)
        beside = np.tensordot(self.beside, self.segments, axes=1)
        variance = (self.ratios**2 * beside).sum(axis=(1, 2))
        net = counts - self.background
        totals = net.sum(axis=(1, 2)) + generator.normal(0.0, np.sqrt(variance))
        return DrawnMaps(counts, self.background, net, counts, totals_to_keep(totals, counts))

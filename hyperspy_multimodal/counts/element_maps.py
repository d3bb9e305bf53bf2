"""Counts in windows of the spectrum, one map per element, and their thinning."""

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
        Counts, shape (S, ny, nx), >= 0. Maps are float32 if these are, or whole numbers of two
        bytes at most, and float64 otherwise.
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
    gain : float
        Counts of the spectra for each of these counts. Default 1.
    """

    names: list
    segments: np.ndarray
    inside: np.ndarray
    beside: np.ndarray
    ratios: np.ndarray
    has_steps: bool = False
    splits_rounded: bool = False
    gain: float = 1.0
    mask = None
    gross = None
    common = None
    variance_doubt = 0.0
    events = None

    @cached_property
    def counts(self):
        """Gross counts y in the windows, shape (K, ny, nx)."""
        return self._sums(self.inside)

    @cached_property
    def background(self):
        """Expected background counts B in the windows, shape (K, ny, nx): pooled and >= 0."""
        if self.has_steps:
            beside = [pool_between_steps(counts) for counts in self._sums(self.beside)]
            return (self.ratios * np.stack(beside)).astype(self._dtype)
        pooled = [pool(measured).astype(self._dtype) for measured in self._measured_background()]
        return np.stack(pooled)

    @cached_property
    def net(self):
        """Measured net counts: gross counts minus the unpooled background, not clipped."""
        return self.counts - self._measured_background()

    @cached_property
    def net_variance(self):
        """Poisson variance of ``net``, estimated from the counts themselves."""
        ratios = self.ratios.astype(self._dtype)
        variance = ratios**2 * self._sums(self.beside)
        variance -= 2 * ratios * self._sums(self.inside * self.beside)
        variance += self._sums(self.inside)
        return variance

    @property
    def segment_variances(self):
        """Variance of each segment, shape (S, ny, nx)."""
        return self.segments

    @property
    def beside_counts(self):
        """Counts beside the windows, where the background is measured, shape (K, ny, nx)."""
        return self._sums(self.beside)

    def _measured_background(self):
        return self.ratios.astype(self._dtype) * self._sums(self.beside)

    @property
    def _dtype(self):
        return float_type(self.segments.dtype)

    def _sums(self, members):
        """Return sums of the segments that are members, (K, ny, nx)."""
        sums = np.zeros((len(members), *self.segments.shape[1:]), self._dtype)
        for out, member in zip(sums, members, strict=True):
            for segment in self.segments[member > 0]:
                out += segment
        return sums

    @cached_property
    def totals(self):
        """Net totals, (K,); NaN (unconstrained) where not positive; 0 without counts."""
        return totals_to_keep(self.net.sum(axis=(1, 2), dtype=np.float64), self.counts)

    @property
    def settled(self):
        """The same maps without segments, to save memory; they cannot be split or drawn."""
        names = ("counts", "background", "net", "net_variance", "are_integers", "divisor")
        known = {name: getattr(self, name) for name in names}
        result = replace(self, segments=self.segments[:0])
        result.__dict__.update(known)  # where `cached_property` looks
        return result

    @cached_property
    def are_integers(self):
        """Whether the counts are whole numbers, so that they can be thinned."""
        return bool(np.array_equal(self.segments, np.rint(self.segments)))

    @cached_property
    def divisor(self):
        """Largest whole number that divides all counts: 1 as recorded, 0 if there are none."""
        return int(np.gcd.reduce(self.segments.astype(np.int64), axis=None))

    @property
    def has_measured_background(self):
        """Whether a background was measured beside the windows, which may be wrong."""
        return bool(np.any(self.ratios != 0))

    @property
    def gains(self):
        """Counts of the spectra for each count here, shape (K,)."""
        return np.full(len(self.names), self.gain)

    def cropped(self, rows, cols):
        """Return the maps of a part of the scan."""
        alike = self.ratios.shape[1:] == (1, 1)
        ratios = self.ratios if alike else self.ratios[:, rows, cols]
        return replace(self, segments=self.segments[:, rows, cols], ratios=ratios)

    def halves(self, splits, seed):
        """Return independent halves of the counts, as one pair of maps per split."""
        generator = np.random.default_rng(seed)
        return [self.split(0.5, generator) for _ in range(splits)]

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
        parts = (first, whole - first)
        return tuple(replace(self, segments=part.astype(self._dtype)) for part in parts)

    def drawn(self, truth, generator):
        """Return simulated counts for ``truth`` as the net counts.

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
        variance = (self.ratios**2 * self._sums(self.beside)).sum(axis=(1, 2), dtype=np.float64)
        net = counts - self.background
        totals = net.sum(axis=(1, 2)) + generator.normal(0.0, np.sqrt(variance))
        return DrawnMaps(counts, self.background, net, counts, totals_to_keep(totals, counts))


def float_type(dtype):
    """Return the float type that holds counts of a type: float32 if it holds them exactly."""
    small = dtype == np.float32 or (dtype.kind in "bu" and dtype.itemsize <= 2)
    return np.float32 if small else np.float64

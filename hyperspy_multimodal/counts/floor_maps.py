"""Counts in windows with a noise floor in addition to the noise of the counts."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .drawn_maps import DrawnMaps, totals_to_keep
from .element_maps import ElementMaps
from .pooling import pool, pool_between_steps
from .rounded_halves import rounded_half

# Background is the floor's variance times this: as in `FittedMaps`, twice clips less.
_SOFTENING = 2.0


@dataclass(frozen=True)
class FloorMaps(ElementMaps):
    """As `ElementMaps`, with additional noise of the detector.

    Net counts x of variance x + v + f, f from the floor, become y = x + v + 2 f over a background
    of v + 2 f: nearly Poisson. Single segments may be negative.

    Parameters
    ----------
    floors : numpy.ndarray
        Variance of each segment beside that of its counts, in squared counts, shape (S,).
    """

    floors: np.ndarray = None
    are_integers = False
    divisor = 1

    def _floors(self, members):
        """Return sums of the floors of the segments that are members, (K, 1, 1)."""
        return ((members > 0) @ self.floors)[:, None, None].astype(self._dtype)

    @property
    def segment_variances(self):
        """Variance of each segment, shape (S, ny, nx)."""
        return np.maximum(self.segments, 0) + self.floors[:, None, None]

    @cached_property
    def counts(self):
        """Shifted gross counts y in the windows, shape (K, ny, nx)."""
        shift = _SOFTENING * self._floors(self.inside)
        return np.maximum(self._sums(self.inside) + shift, 0)

    @cached_property
    def background(self):
        """Expected background counts in the windows, shifted alike, shape (K, ny, nx)."""
        beside = self._floors(self.beside)
        pooled = np.stack(
            [
                pool_between_steps(np.maximum(counts + floor, 0)) - floor
                for counts, floor in zip(self._sums(self.beside), beside, strict=True)
            ]
        )
        expected = self.ratios * np.maximum(pooled, 0.0)
        return (expected + _SOFTENING * self._floors(self.inside)).astype(self._dtype)

    @cached_property
    def net(self):
        """Measured net counts: gross counts minus the unpooled background, not clipped."""
        return self._sums(self.inside) - self._measured_background()

    @cached_property
    def net_variance(self):
        """Variance of ``net``, estimated from the counts themselves, and the floor."""
        counts = replace(self, segments=self.segment_variances.astype(self._dtype))
        return ElementMaps.net_variance.func(counts)

    def split(self, fraction, generator):
        """Split counts and floor into two independent sets; ``fraction`` must be one half."""
        if fraction != 0.5:
            raise ValueError(f"fraction must be 0.5, but {fraction!r} was given.")
        first = np.stack(
            [
                rounded_half(segment, floor, pool(np.maximum(segment, 0)), generator)
                for segment, floor in zip(self.segments, self.floors, strict=True)
            ]
        ).astype(self._dtype)
        return tuple(
            replace(self, segments=part, floors=self.floors / 2)
            for part in (first, self.segments - first)
        )

    def drawn(self, truth, generator):
        """Return simulated counts for ``truth`` as the net counts."""
        floor = self._floors(self.inside)
        electrons = np.maximum(truth, 0) + self.background - _SOFTENING * floor
        drawn = generator.poisson(np.maximum(electrons, 0)).astype(np.float64)
        drawn += np.sqrt(floor) * generator.normal(size=drawn.shape)
        counts = np.maximum(drawn + _SOFTENING * floor, 0)
        net = drawn + _SOFTENING * floor - self.background
        beside = replace(self, segments=self.segment_variances)._sums(self.beside)
        variance = (self.ratios**2 * beside).sum(axis=(1, 2), dtype=np.float64)
        totals = net.sum(axis=(1, 2)) + generator.normal(0.0, np.sqrt(variance))
        spread = np.maximum(drawn, 0) + floor
        return DrawnMaps(counts, self.background, net, spread, totals_to_keep(totals, counts))

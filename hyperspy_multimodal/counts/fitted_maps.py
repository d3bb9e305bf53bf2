"""Net counts of elements from whole spectra, in the units in which they are nearly Poisson."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from .drawn_maps import DrawnMaps, totals_to_keep
from .events import Events
from .pooling import pool

_SOFTENING = 2.0


@dataclass(frozen=True)
class FittedMaps:
    """Net counts of K elements from a linear fit, their variance, and random halves of both.

    The maps are in units in which the variance of a net count x is x + v, with v from all else in
    the spectrum: then y = x + v is distributed, to its first two moments, as Poisson counts over a
    background v. Twice v clips fewer negative counts, at the price of a little too much variance,
    and was a little better in the mean over simulated specimens. ``gains`` takes them back to
    counts in the windows of the lines.

    Parameters
    ----------
    names : list of str
        X-ray lines, in the order of the maps.
    net : numpy.ndarray
        Net counts x, not clipped, shape (K, ny, nx).
    net_variance : numpy.ndarray
        Estimate of their variance, >= 0, shape (K, ny, nx).
    gross : numpy.ndarray
        Counts of each spectrum in all channels that were fitted, shape (ny, nx).
    gains : numpy.ndarray
        Counts in the window of the line for each count here, shape (K,).
    first_halves : numpy.ndarray
        Net counts of the first of each pair of random halves, shape (pairs, K, ny, nx).
    are_integers : bool
        Whether the spectra held whole numbers.
    divisor : int
        Largest whole number that divides all counts of the spectra: 1 as recorded.
    share : float
        Share of the counts that these maps hold, default 1.
    common : numpy.ndarray or None
        Covariance of the totals beyond noise, in shares of them, shape (K, K).
    variance_doubt : float
        By what share of itself the variance may be wrong, default 0.
    gain_doubts : numpy.ndarray or None
        Standard errors of the gains as shares of them, infinite where a gain is a guess, NaN
        where correlated noise leaves sums without known errors, shape (K,). Default None: the
        gains are known.
    cut_off : numpy.ndarray or None
        Counts per pixel by which sums may be too high because noise below 0 may have been cut off,
        shape (K,). Default None: none.
    per_pixel : numpy.ndarray or None
        Standard errors of the counts per pixel that all pixels have in common, such as that of a
        pedestal, shape (K,); part of ``common``. Default None: none.
    events : Events or None
        Events of several counts each. Default None: Poisson counts over v.
    softening : numpy.ndarray or float
        How many times v the background is, default 2; 1 where x + v is never negative, shape (K,).
    """

    names: list
    net: np.ndarray
    net_variance: np.ndarray
    gross: np.ndarray
    gains: np.ndarray
    first_halves: np.ndarray = field(repr=False)
    are_integers: bool
    divisor: int = 1
    share: float = 1.0
    common: np.ndarray | None = None
    variance_doubt: float = 0.0
    gain_doubts: np.ndarray | None = None
    cut_off: np.ndarray | None = None
    per_pixel: np.ndarray | None = None
    events: Events | None = None
    softening: np.ndarray | float = _SOFTENING
    splits_rounded: bool = False
    whole: "FittedMaps | None" = field(default=None, repr=False)
    mask = None

    @property
    def gains_are_known(self):
        """Which gains are no guess, bool, shape (K,)."""
        doubts = self.gain_doubts
        return np.isfinite(np.zeros(len(self.names)) if doubts is None else doubts)

    @cached_property
    def background(self):
        """Variance v beyond the net counts' own, times the softening, pooled, (K, ny, nx)."""
        if self.whole is not None:
            return self.share * self.whole.background
        _, excess = pool(self.gross, also=self.net_variance - self.net)
        return self._by_map(self.softening) * np.maximum(excess, 0.0).astype(self.net.dtype)

    @cached_property
    def counts(self):
        """Net counts over their background, x + 2 v, clipped at 0, (K, ny, nx)."""
        return np.maximum(self.net + self.background, 0.0)

    @cached_property
    def totals(self):
        """Net totals, (K,); NaN (unconstrained) where not positive; 0 without counts."""
        return totals_to_keep(self.net.sum(axis=(1, 2), dtype=np.float64), self.counts)

    def _by_map(self, values):
        return np.reshape(values, (-1, 1, 1)).astype(self.net.dtype)

    @property
    def subtracted(self):
        """Uniform part of the subtracted background: v in counts, shape (K,)."""
        return self.gains * self.background.mean(axis=(1, 2)) / self.softening

    @property
    def has_measured_background(self):
        """False: the continuum is fitted with the lines, pixel by pixel."""
        return False

    @property
    def settled(self):
        """These maps: their halves are drawn."""
        return self

    def cropped(self, rows, cols):
        """Return the maps of a part of the scan."""
        return replace(
            self,
            net=self.net[:, rows, cols],
            net_variance=self.net_variance[:, rows, cols],
            gross=self.gross[rows, cols],
            first_halves=self.first_halves[:, :, rows, cols],
            events=self.events and self.events.cropped(rows, cols),
        )

    def halves(self, splits, seed):
        """Return independent halves of the counts as pairs of maps; they were drawn on reading."""
        if len(self.first_halves) < splits:
            drawn = len(self.first_halves)
            raise ValueError(
                f"splits must be at most the {drawn} halves drawn, but {splits} was given."
            )
        return [
            (self._half(first), self._half(self.net - first))
            for first in self.first_halves[:splits]
        ]

    def _half(self, net):
        return replace(self, net=net, net_variance=0.5 * self.net_variance, share=0.5, whole=self)

    def drawn(self, truth, generator):
        """Return simulated counts for ``truth`` as the net counts.

        Parameters
        ----------
        truth : numpy.ndarray
            Net counts in the units of these maps, shape (K, ny, nx).
        generator : numpy.random.Generator
            Source of the draw.

        Returns
        -------
        DrawnMaps
            Of independent elements: where lines overlap their errors are correlated in truth.
        """
        excess = self.background / self._by_map(self.softening)
        drawn = generator.poisson(np.maximum(truth, 0) + excess) - excess
        counts = np.maximum(drawn + self.background, 0.0)
        totals = totals_to_keep(drawn.sum(axis=(1, 2)), counts)
        return DrawnMaps(counts, self.background, drawn, drawn + excess, totals)

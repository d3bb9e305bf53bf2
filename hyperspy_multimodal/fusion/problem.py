"""One fusion problem in the units in which the kernels solve it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..kernels import haadf_residual, poisson_likelihood, total_variation

# What optimality is relative to, at least: this share of the excess of constant maps.
_SHARE_OF_FLAT = 0.01
# And this share of lambda_1 times the counts, for maps that are constant.
_SHARE_OF_COUNTS = 1e-4


@dataclass
class Problem:
    """The cost of `solve_fusion` with every map divided by its own scale.

    In terms of u_i = x_i / s_i the cost keeps its form: counts and background are divided by s_i,
    w_i is multiplied by s_i^gamma, and lambda_1 and lambda_2 by s_i. The HAADF, less its pedestal,
    is divided by its largest value H, the weights too, and the lambdas by H^2, the ``unit`` of the
    cost. Only a constant changes. With all of order one, neither step sizes nor precision nor
    stopping depend on the units of counts and HAADF.
    """

    unit: float
    scales: np.ndarray
    counts: np.ndarray
    background: np.ndarray
    haadf: np.ndarray
    weights: np.ndarray
    gamma: np.float32
    fidelity: np.ndarray
    bounds: np.ndarray
    likelihood_shift: np.ndarray
    least_likelihood: float
    reference: float
    totals: np.ndarray

    @classmethod
    def scaled(cls, counts, haadf, background, weights, offset, gamma, lambda_1, lambda_2, totals):
        scales = map_scales(counts, background)
        by_map = scales[:, None, None]
        haadf = haadf - offset
        brightest = float(np.abs(haadf).max()) if np.any(weights > 0) else 0.0
        brightest = brightest if brightest > 0 else 1.0
        unit = brightest**2
        problem = cls(
            unit=unit,
            scales=scales,
            counts=np.ascontiguousarray(counts / by_map, dtype=np.float32),
            background=np.ascontiguousarray(background / by_map, dtype=np.float32),
            haadf=np.ascontiguousarray(haadf / brightest, dtype=np.float32),
            weights=(weights * scales**gamma / brightest).astype(np.float32),
            gamma=np.float32(gamma),
            fidelity=(lambda_1 * scales / unit).astype(np.float32),
            bounds=(lambda_2 * scales / unit).astype(np.float32),
            # x + B - y log(x + B) = s (u + b - (y/s) log(u + b)) - y log s
            likelihood_shift=-lambda_1 / unit * np.log(scales) * counts.sum(axis=(1, 2)),
            least_likelihood=0.0,
            reference=0.0,
            totals=totals / scales,
        )
        best = np.maximum(problem.counts - problem.background, 0)
        problem.least_likelihood = problem.likelihood(best)
        flat = np.broadcast_to(best.mean(axis=(1, 2), keepdims=True), best.shape).copy()
        excess = sum(problem.cost_terms(flat)[0]) - problem.least_likelihood
        weighted = problem.fidelity @ problem.counts.sum(axis=(1, 2), dtype=np.float64)
        problem.reference = _SHARE_OF_FLAT * excess + _SHARE_OF_COUNTS * float(weighted)
        return problem

    def excess(self, terms):
        """Return the cost above that of the likeliest maps, and what optimality is relative to.

        A hundredth of that of constant maps and a ten-thousandth of the weighted counts are added,
        for where the maps fit their counts exactly.
        """
        return sum(terms) - self.least_likelihood + max(self.reference, np.finfo(float).tiny)

    @property
    def noise(self):
        """Noise of each map, in its own unit: its differences between neighbours, over sqrt(2)."""
        squares = np.zeros(len(self.counts))
        pairs = 0
        for axis in (1, 2):
            differences = np.diff(self.counts, axis=axis)
            squares += np.square(differences, dtype=np.float64).sum(axis=(1, 2))
            pairs += differences[0].size
        return np.sqrt(squares / max(2 * pairs, 1))

    def likelihood(self, maps):
        """Return lambda_1 Psi_2 of ``maps``."""
        rows = np.empty(maps.shape[:2])
        poisson_likelihood(maps, self.counts, self.background, rows)
        return float(
            self.fidelity.astype(np.float64) @ rows.sum(axis=1) + self.likelihood_shift.sum()
        )

    def cost_terms(self, maps):
        """Return the HAADF, Poisson and total variation terms, and the HAADF residual."""
        residual = np.empty_like(self.haadf)
        haadf_residual(maps, self.haadf, self.weights, np.float32(0), self.gamma, residual)
        rows = np.empty(maps.shape[:2])
        total_variation(maps, rows)
        terms = (
            0.5 * float(np.sum(np.square(residual, dtype=np.float64))),
            self.likelihood(maps),
            float(self.bounds.astype(np.float64) @ rows.sum(axis=1)),
        )
        return terms, residual

    def total_error(self, maps):
        """Return how far the totals of ``maps`` are from those to keep, relative; the largest."""
        kept = np.isfinite(self.totals)
        if not kept.any():
            return 0.0
        sums = maps.sum(axis=(1, 2), dtype=np.float64)[kept]
        wanted = self.totals[kept]
        return float((np.abs(sums - wanted) / np.maximum(wanted, 1e-3)).max())

    def meet_totals(self, maps):
        """Scale ``maps``, in place, from nearly the totals to keep to exactly these."""
        sums = maps.sum(axis=(1, 2), dtype=np.float64)
        met = np.isfinite(self.totals) & (sums > 0)
        factors = np.where(met, self.totals / np.where(sums > 0, sums, 1), 1.0)
        maps *= factors.astype(np.float32)[:, None, None]

    def ceilings(self, maps):
        """Return one height a map up to which optimality is certified: above twice its maximum."""
        return 2 * maps.max(axis=(1, 2)) + np.float32(1)


def map_scales(counts, background):
    """Return one typical bright value a map: the 99th percentile of the smoothed net counts."""
    scales = np.empty(len(counts))
    for i, (gross, expected) in enumerate(zip(counts, background, strict=True)):
        smooth = ndimage.gaussian_filter(gross - expected, 2.0, mode="nearest")
        candidates = (np.percentile(smooth, 99), gross.mean(), expected.mean())
        scales[i] = next((value for value in candidates if value > 0), 1.0)
    return scales

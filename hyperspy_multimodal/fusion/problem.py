"""One fusion problem in the units in which the kernels solve it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..kernels import haadf_residual, poisson_likelihood, total_variation


@dataclass
class Problem:
    """The cost of `solve_fusion` with every map divided by its own scale.

    In terms of u_i = x_i / s_i the cost keeps its form: counts and background are divided by s_i,
    w_i is multiplied by s_i^gamma, and lambda_1 and lambda_2 by s_i. Only a constant changes. With
    u of order one the step sizes and the precision do not depend on the units of the counts.
    """

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
    totals: np.ndarray

    @classmethod
    def scaled(cls, counts, haadf, background, weights, offset, gamma, lambda_1, lambda_2, totals):
        scales = map_scales(counts, background)
        by_map = scales[:, None, None]
        problem = cls(
            scales=scales,
            counts=np.ascontiguousarray(counts / by_map, dtype=np.float32),
            background=np.ascontiguousarray(background / by_map, dtype=np.float32),
            haadf=np.ascontiguousarray(haadf - offset, dtype=np.float32),
            weights=(weights * scales**gamma).astype(np.float32),
            gamma=np.float32(gamma),
            fidelity=(lambda_1 * scales).astype(np.float32),
            bounds=(lambda_2 * scales).astype(np.float32),
            # x + B - y log(x + B) = s (u + b - (y/s) log(u + b)) - y log s
            likelihood_shift=-lambda_1 * np.log(scales) * counts.sum(axis=(1, 2)),
            least_likelihood=0.0,
            totals=totals / scales,
        )
        best = np.maximum(problem.counts - problem.background, 0)
        problem.least_likelihood = problem.likelihood(best)
        return problem

    @property
    def noise_cost(self):
        """What Poisson noise alone adds to lambda_1 Psi_2 on average: 1/2 a value."""
        return 0.5 * float((self.fidelity / self.scales).sum()) * self.haadf.size

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

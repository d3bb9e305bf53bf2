"""The HAADF model: residual, slopes and what stands in for it in an iteration."""

import numpy as np

from hyperspy_multimodal.kernels import chunks as chosen
from hyperspy_multimodal.kernels.rows import SLOPE_FLOOR

from .arrays import by_map


def power(base, exponent):
    return np.asarray(base, dtype=np.float64) ** np.float64(exponent)


def haadf_residual(x, haadf, weights, offset, gamma):
    model = sum(w * power(map_, gamma) for w, map_ in zip(weights, x, strict=True))
    return np.asarray(haadf, dtype=np.float64) - offset - model


def haadf_slopes(x, weights, gamma):
    """Slope of w_i x_i^gamma, no nearer to x = 0 than the kernels go."""
    floored = np.maximum(np.asarray(x, dtype=np.float64), np.float64(SLOPE_FLOOR))
    return by_map(weights) * gamma * power(floored, gamma - 1)


def local_model(x, haadf, weights, gamma, v, steps):
    """Tangent of the HAADF model at x, and the proximal term with curvature added to it.

    Return (v, tau, slopes, target) of the convex problem that stands in for the HAADF term:
    1/2 (target - sum_i slopes_i x_i)^2 + sum_i (x_i - v_i)^2 / (2 tau_i).
    """
    slopes = haadf_slopes(x, weights, gamma)
    residual = haadf_residual(x, haadf, weights, 0, gamma)
    bend = (1 - gamma) * residual * slopes / np.maximum(np.float64(x), np.float64(SLOPE_FLOOR))
    curvature = np.where(bend > 0, bend, -np.float64(chosen._DAMPING) * bend)
    if gamma > 1:
        steepest = by_map(weights) * gamma * power(np.float64(chosen._REACH), gamma - 1)
        curvature += np.maximum(steepest**2 - slopes**2, 0)
    tau = 1 / (1 / by_map(steps) + curvature)
    v = tau * (v / by_map(steps) + curvature * x)
    return v, tau, slopes, residual + (slopes * x).sum(axis=0)

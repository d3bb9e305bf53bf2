"""The Poisson likelihood: value, slope, proximal map and gap."""

import numpy as np
from scipy.special import xlogy

from .arrays import by_map, root


def poisson_cost(x, counts, background):
    z = np.asarray(x, dtype=np.float64) + background
    return z - xlogy(np.asarray(counts, dtype=np.float64), z)


def poisson_likelihood(x, counts, background):
    """One value a map."""
    return poisson_cost(x, counts, background).sum(axis=(1, 2))


def poisson_gradient(x, counts, background):
    counts, z = np.asarray(counts, np.float64), np.float64(x) + background
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0, 1 - counts / z, 1.0)


def poisson_prox(v, steps, counts, background):
    """Minimise steps (x + B - y log(x + B)) + (x - v)^2 / 2 over x >= 0; steps as v or by map."""
    v = np.asarray(v, dtype=np.float64)
    steps = by_map(steps) if np.ndim(steps) == 1 else np.asarray(steps, dtype=np.float64)

    def slope(x):
        return steps * poisson_gradient(x, counts, background) + x - v

    # At x >= y and x >= v neither term falls any more.
    highest = np.maximum(np.maximum(v, counts), 0)
    inside = root(slope, np.zeros_like(v), highest)
    return np.where(slope(np.zeros_like(v)) >= 0, 0.0, inside)


def poisson_deviance(x, counts, background):
    """Cost above that of z = y."""
    counts = np.asarray(counts, dtype=np.float64)
    return poisson_cost(x, counts, background) - counts + xlogy(counts, counts)


def poisson_gap(x, s, counts, background, fidelity, ceilings, reaches=None):
    """F(x) + F*(s) - s x in each pixel, F* over what is within reach in [0, ceiling].

    The maximum lies where the slope of F is s, or at a limit; all are tried.
    """
    a, reaches = by_map(fidelity), by_map(np.full(len(x), np.inf) if reaches is None else reaches)
    low, high = np.maximum(x - reaches, 0), np.minimum(x + reaches, by_map(ceilings))
    at = root(lambda t: a * poisson_gradient(t, counts, background) - s, low, high)
    with np.errstate(divide="ignore"):
        tried = [s * t - a * poisson_cost(t, counts, background) for t in (low, high, at, x)]
        return a * poisson_cost(x, counts, background) + np.max(tried, axis=0) - s * x

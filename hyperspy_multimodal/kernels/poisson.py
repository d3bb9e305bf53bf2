"""Poisson likelihood of gross counts y given net counts x >= 0 over a background B."""

import numba
import numpy as np

from .compile import inlined, kernel

_ZERO = np.float32(0)
_HALF = np.float32(0.5)
_ONE = np.float32(1)
_FOUR = np.float32(4)
# Keeps the product of two lengths from vanishing.
_TINY = np.float32(1e-20)


@inlined
def prox_value(v, step, counts, background):
    """Return the minimiser over x >= 0 of x + B - y log(x + B) + (x - v)^2 / (2 step).

    z = x + B is the positive root of z^2 - (v + B - step) z - step y = 0, in the form that does not
    cancel. Also return dx/dv, which is 0 where x >= 0 binds.
    """
    q = v + background - step
    product = step * counts
    square = q * q + _FOUR * product + _TINY
    inverse_root = _ONE / np.sqrt(square)
    root = square * inverse_root
    twice = np.abs(q) + root
    z = _HALF * twice if q >= _ZERO else (product + product) / twice
    slope = z * inverse_root
    x = z - background
    slope = slope if x > _ZERO else _ZERO
    x = x if x > _ZERO else _ZERO
    return x, slope


@kernel
def poisson_prox(v, steps, counts, background, out):
    """Write the minimiser of ``steps[i]`` times the likelihood + |x - v|^2 / 2 over x >= 0."""
    n_maps, ny, nx = v.shape
    for row in numba.prange(ny):
        for i in range(n_maps):
            step = steps[i]
            for col in range(nx):
                x, _ = prox_value(
                    v[i, row, col], step, counts[i, row, col], background[i, row, col]
                )
                out[i, row, col] = x


@kernel
def poisson_gradient(x, counts, background, out):
    """Write 1 - y / (x + B), and 1 where y = 0, to ``out``."""
    n_maps, ny, nx = x.shape
    for row in numba.prange(ny):
        for i in range(n_maps):
            for col in range(nx):
                z = x[i, row, col] + background[i, row, col]
                y = counts[i, row, col]
                out[i, row, col] = _ONE - y / z if y > _ZERO else _ONE


@kernel
def poisson_likelihood(x, counts, background, rows):
    """Write sums of x + B - y log(x + B) by row to ``rows`` (K, ny), float64.

    Where y = 0 the logarithm has no weight; where y > 0 and x + B = 0 the sum is infinite.
    """
    n_maps, ny, nx = x.shape
    for row in numba.prange(ny):
        for i in range(n_maps):
            total = 0.0
            for col in range(nx):
                z = np.float64(x[i, row, col]) + np.float64(background[i, row, col])
                y = np.float64(counts[i, row, col])
                if y > 0.0:
                    total += z - y * np.log(z) if z > 0.0 else np.inf
                else:
                    total += z
            rows[i, row] = total

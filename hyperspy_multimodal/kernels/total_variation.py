"""Isotropic total variation: forward differences with Neumann edges, and their adjoint."""

import numba
import numpy as np

from .compile import kernel

_ZERO = np.float32(0)
_ONE = np.float32(1)
# The reciprocal of a denormal length would be infinite.
_TINY = np.float32(1e-30)


@kernel
def gradient(x, out):
    """Write the forward differences of maps ``x`` (K, ny, nx) to ``out`` (2, K, ny, nx).

    ``out[0]`` is along y and 0 in the last row, ``out[1]`` along x and 0 in the last column.
    """
    n_maps, ny, nx = x.shape
    for row in numba.prange(ny):
        below = min(row + 1, ny - 1)
        for i in range(n_maps):
            for col in range(nx):
                out[0, i, row, col] = x[i, below, col] - x[i, row, col]
            for col in range(nx - 1):
                out[1, i, row, col] = x[i, row, col + 1] - x[i, row, col]
            out[1, i, row, nx - 1] = _ZERO


@kernel
def divergence(p, out):
    """Write minus the adjoint of `gradient`, applied to ``p`` (2, K, ny, nx), to ``out``.

    The last row of ``p[0]`` and the last column of ``p[1]`` meet differences that are always 0, so
    they are not read.
    """
    _, n_maps, ny, nx = p.shape
    for row in numba.prange(ny):
        inward = _ONE if row < ny - 1 else _ZERO
        outward = _ONE if row > 0 else _ZERO
        above = max(row - 1, 0)
        for i in range(n_maps):
            for col in range(nx):
                out[i, row, col] = inward * p[0, i, row, col] - outward * p[0, i, above, col]
            for col in range(nx - 1):
                out[i, row, col] += p[1, i, row, col]
            for col in range(1, nx):
                out[i, row, col] -= p[1, i, row, col - 1]


@kernel
def project(p, bounds):
    """Bring each vector of ``p`` (2, K, ny, nx) back, in place, to a length of ``bounds[i]``."""
    _, n_maps, ny, nx = p.shape
    for row in numba.prange(ny):
        for i in range(n_maps):
            bound = bounds[i]
            for col in range(nx):
                py = p[0, i, row, col]
                px = p[1, i, row, col]
                length = np.sqrt(py * py + px * px)
                shrink = bound / (length + _TINY) if length > bound else _ONE
                p[0, i, row, col] = py * shrink
                p[1, i, row, col] = px * shrink


@kernel
def total_variation(x, rows):
    """Write the isotropic total variation of maps ``x`` by row to ``rows`` (K, ny), float64."""
    n_maps, ny, nx = x.shape
    for row in numba.prange(ny):
        below = min(row + 1, ny - 1)
        for i in range(n_maps):
            total = 0.0
            for col in range(nx - 1):
                dy = x[i, below, col] - x[i, row, col]
                dx = x[i, row, col + 1] - x[i, row, col]
                total += np.float64(np.sqrt(dy * dy + dx * dx))
            total += np.float64(np.abs(x[i, below, nx - 1] - x[i, row, nx - 1]))
            rows[i, row] = total

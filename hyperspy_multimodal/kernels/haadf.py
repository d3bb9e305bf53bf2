"""The HAADF model: h = c0 + sum_i w_i x_i^gamma."""

import numba
import numpy as np

from .compile import kernel
from .power import power

_ZERO = np.float32(0)


@kernel
def haadf_residual(x, haadf, weights, offset, gamma, out):
    """Write h - c0 - sum_i w_i x_i^gamma for maps ``x`` (K, ny, nx) to ``out`` (ny, nx)."""
    n_maps, ny, nx = x.shape
    for row in numba.prange(ny):
        for col in range(nx):
            out[row, col] = haadf[row, col] - offset
        for i in range(n_maps):
            weight = weights[i]
            if gamma == np.float32(1):
                for col in range(nx):
                    out[row, col] -= weight * x[i, row, col]
            else:
                for col in range(nx):
                    value = x[i, row, col]
                    if value > _ZERO:
                        out[row, col] -= weight * power(value, gamma)

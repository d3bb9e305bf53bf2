"""How far from optimal: the Fenchel-Young gaps of the Poisson and the total variation terms.

With the slope of the HAADF term frozen at x, the cost is convex and its duality gap at (x, p) is
the sum of the two gaps below, each >= 0 in every pixel. The sum is 0 if and only if x is a
stationary point of the cost. For gamma = 1 it is the duality gap of the cost itself, the HAADF's
dual variable being its residual at x: an upper bound of cost(x) - minimum.
"""

import numba
import numpy as np

from .compile import kernel
from .power import power

_ONE = np.float32(1)
_SLOPE_FLOOR = np.float32(1e-4)


@kernel
def poisson_gap(
    maps, residual, along, counts, background, weights, gamma, fidelity, ceilings, rows
):
    """Write sums by row of F(x) + F*(s) - s x to ``rows`` (K, ny), float64.

    F is ``fidelity`` times the Poisson likelihood on 0 <= x <= ``ceilings``, and
    s = (slope of w x^gamma) r + div p - price; ``along`` (K, ny, nx) is div p - price.
    """
    n_maps, ny, nx = maps.shape
    for row in numba.prange(ny):
        for i in range(n_maps):
            a = np.float64(fidelity[i])
            ceiling = np.float64(ceilings[i])
            total = 0.0
            for col in range(nx):
                value = maps[i, row, col]
                slope = weights[i]
                if gamma != _ONE:
                    floored = value if value > _SLOPE_FLOOR else _SLOPE_FLOOR
                    slope *= gamma * power(floored, gamma - _ONE)
                s = np.float64(slope) * residual[row, col] + np.float64(along[i, row, col])
                x = np.float64(value)
                y = np.float64(counts[i, row, col])
                b = np.float64(background[i, row, col])
                best = ceiling
                if s < a:
                    best = min(max(a * y / (a - s) - b, 0.0), ceiling)
                total += (a - s) * (x - best)
                if y > 0.0:
                    total -= a * y * np.log((x + b) / (best + b))
            rows[i, row] = total


@kernel
def total_variation_gap(maps, dual, bounds, rows):
    """Write sums by row of bound |grad x| - <p, grad x> to ``rows`` (K, ny), float64."""
    n_maps, ny, nx = maps.shape
    for row in numba.prange(ny):
        below = min(row + 1, ny - 1)
        for i in range(n_maps):
            bound = bounds[i]
            total = 0.0
            for col in range(nx):
                right = min(col + 1, nx - 1)
                dy = maps[i, below, col] - maps[i, row, col]
                dx = maps[i, row, right] - maps[i, row, col]
                length = np.sqrt(dy * dy + dx * dx)
                aligned = dual[0, i, row, col] * dy + dual[1, i, row, col] * dx
                total += np.float64(bound * length - aligned)
            rows[i, row] = total

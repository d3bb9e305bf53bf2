"""Isotropic total variation: the length of the gradient, by rows.

All arrays are float32 and one-dimensional: the same n columns of one row of a map, of the dual
variable p or of a buffer. p lies between pixels: ``below`` and ``above`` are its y parts on both
sides of the row; along x, entry col of ``right`` is to the right of column col, entry col of
``left`` to its left.
"""

import numpy as np

from .compile import inlined
from .projection import dual_change, huber

_ZERO = np.float32(0)


@inlined
def place_row(n, step, price, below, above, right, left, relaxed, out):
    """Write relaxed + step (div p - price), the argument of the proximal map."""
    for col in range(n):
        divergence = below[col] - above[col] + right[col] - left[col]
        out[col] = relaxed[col] + step * (divergence - price)


@inlined
def dual_row(n, step, soft, bound, relaxation, ahead, ahead_below, below, right):
    """Move p along the gradient of ``ahead`` (n + 1); return the sum of its squared changes."""
    moved = _ZERO
    for col in range(n):
        here = ahead[col]
        change_y, change_x = dual_change(
            below[col],
            right[col],
            ahead_below[col] - here,
            ahead[col + 1] - here,
            step,
            soft,
            bound,
        )
        below[col] += relaxation * change_y
        right[col] += relaxation * change_x
        moved += change_y * change_y + change_x * change_x
    return moved


@inlined
def variation_row(n, bound, softness, x, x_below, py, px):
    """Return sums of F(grad x), and of F(grad x) + F*(p) - <p, grad x>.

    ``x`` (n + 1) includes the column to the right, or repeats the last column of the map.
    """
    variation = 0.0
    gap = 0.0
    for col in range(n):
        here = x[col]
        dy = x_below[col] - here
        dx = x[col + 1] - here
        value, both = huber(bound, softness, dy, dx, py[col], px[col])
        variation += np.float64(value)
        gap += np.float64(both - (py[col] * dy + px[col] * dx))
    return variation, gap

"""Directional total variation: the length of the gradient minus its part along given directions.

All arrays are those of `isotropic`; ``directions_y`` and ``directions_x`` are no longer than 1.
"""

import numpy as np

from .compile import inlined
from .projection import dual_change, huber

_ZERO = np.float32(0)


@inlined
def across(direction_y, direction_x, py, px):
    """Return (py, px) minus its part along the direction."""
    along = direction_y * py + direction_x * px
    return py - direction_y * along, px - direction_x * along


@inlined
def place_row(
    n, step, price, below, right, directions_y, directions_x, above, shifted, relaxed, out
):
    """As `isotropic.place_row`, with div D p, where D removes the part along the directions.

    ``above`` contains the y part of D p above the row, and on return that below it. ``shifted``, of
    length n + 1, receives the x part of D p; its first entry, left of the first column, is given.
    """
    for col in range(n):
        py, px = across(directions_y[col], directions_x[col], below[col], right[col])
        out[col] = relaxed[col] + step * (py - above[col] - price)
        above[col] = py
        shifted[col + 1] = px
    for col in range(n):
        out[col] += step * (shifted[col + 1] - shifted[col])


@inlined
def dual_row(
    n, step, soft, bound, relaxation, ahead, ahead_below, directions_y, directions_x, below, right
):
    """As `isotropic.dual_row`, with the gradient minus its part along the directions."""
    moved = _ZERO
    for col in range(n):
        here = ahead[col]
        dy, dx = across(
            directions_y[col], directions_x[col], ahead_below[col] - here, ahead[col + 1] - here
        )
        change_y, change_x = dual_change(below[col], right[col], dy, dx, step, soft, bound)
        below[col] += relaxation * change_y
        right[col] += relaxation * change_x
        moved += change_y * change_y + change_x * change_x
    return moved


@inlined
def variation_row(n, bound, softness, x, x_below, directions_y, directions_x, py, px):
    """As `isotropic.variation_row`, for the gradient minus its part along the directions.

    On return, that part is also removed from ``py`` and ``px``.
    """
    variation = 0.0
    gap = 0.0
    for col in range(n):
        here = x[col]
        dy, dx = across(
            directions_y[col], directions_x[col], x_below[col] - here, x[col + 1] - here
        )
        value, both = huber(bound, softness, dy, dx, py[col], px[col])
        variation += np.float64(value)
        gap += np.float64(both - (py[col] * dy + px[col] * dx))
        py[col], px[col] = across(directions_y[col], directions_x[col], py[col], px[col])
    return variation, gap

"""The loops over a segment of a row, from which an iteration is put together.

All arrays are float32 and one-dimensional: the same n columns of one row of a map, a dual variable
or a buffer. The dual variable p lies between pixels: ``below`` and ``above`` are its y parts on
both sides of the row; along x, entry col of ``right`` is to the right of column col, entry col of
``left`` to its left.
"""

import numpy as np

from .compile import inlined
from .poisson import prox_value
from .power import power

_ZERO = np.float32(0)
_ONE = np.float32(1)
# Keeps 0 / 0 away where there is no total variation, and denormals from everywhere.
_TINY = np.float32(1e-30)
_LEAST_SHARE = np.float32(0.01)
# Maps are of order one here. The slope of x^gamma is taken no nearer to 0 than this: there it is
# infinite for gamma < 1, and its own slope is for gamma < 2.
SLOPE_FLOOR = np.float32(1e-4)


@inlined
def place_row(n, step, price, below, above, right, left, relaxed, out):
    """Write relaxed + step (div p - price), of which the proximal point is taken."""
    for col in range(n):
        divergence = below[col] - above[col] + right[col] - left[col]
        out[col] = relaxed[col] + step * (divergence - price)


@inlined
def across(ey, ex, py, px):
    """Return (py, px) less its part along the direction (ey, ex)."""
    along = ey * py + ex * px
    return py - ey * along, px - ex * along


@inlined
def directional_place_row(
    n, step, price, below, right, edges_y, edges_x, above, shifted, relaxed, out
):
    """As `place_row`, with div D p, where D takes away the part along the edge directions.

    ``above`` holds the y part of D p above the row, and on return that below it. ``shifted``, n + 1
    long, takes the x part of D p; its first entry, left of the first column, is given.
    """
    for col in range(n):
        py, px = across(edges_y[col], edges_x[col], below[col], right[col])
        out[col] = relaxed[col] + step * (py - above[col] - price)
        above[col] = py
        shifted[col + 1] = px
    for col in range(n):
        out[col] += step * (shifted[col + 1] - shifted[col])


@inlined
def prox_row(
    n, step, fidelity, weight, place, residual, counts, background, x_out, rise_out, misfit,
    descent,
):  # fmt: skip
    """Write the proximal point of a map at the HAADF residual r, and its slope dx/dr.

    Add w x to ``misfit`` and w dx/dr to ``descent``.
    """
    pull = step * weight
    strength = step * fidelity
    for col in range(n):
        at = place[col] + pull * residual[col]
        x, rise = prox_value(at, strength, counts[col], background[col])
        rise *= pull
        x_out[col] = x
        rise_out[col] = rise
        misfit[col] += weight * x
        descent[col] += weight * rise


@inlined
def tangent_row(n, weight, gamma, maps, slopes, rising):
    """Write the slopes of w x^gamma; add its values to ``rising``."""
    for col in range(n):
        x = maps[col]
        tangent = weight * power(x if x > SLOPE_FLOOR else SLOPE_FLOOR, gamma - _ONE)
        rising[col] += tangent * x
        slopes[col] = gamma * tangent
    if gamma < _ONE:
        steepest = weight * power(SLOPE_FLOOR, gamma - _ONE)
        for col in range(n):
            x = maps[col]
            below = weight * power(x, gamma) - steepest * x
            rising[col] += below if _ZERO < x < SLOPE_FLOOR else _ZERO


@inlined
def bend_row(n, step, bending, damping, steepest, maps, slopes, rising, place, steps):
    """Shorten the steps of a map, and its ``place``, by the HAADF term's curvature at ``maps``.

    The bend of the HAADF term, where it is convex, and the damping join the proximal term, and
    vanish from the fixed point. ``rising`` is minus the HAADF residual at ``maps``.
    """
    square = steepest * steepest
    for col in range(n):
        x = maps[col]
        slope = slopes[col]
        bend = rising[col] * slope / (x if x > SLOPE_FLOOR else SLOPE_FLOOR)
        curvature = bending * bend
        curvature = curvature if curvature > _ZERO else damping * bend
        steeper = square - slope * slope
        curvature += steeper if steeper > _ZERO else _ZERO
        shrink = _ONE / (_ONE + step * curvature)
        place[col] = shrink * (place[col] + step * curvature * x)
        steps[col] = shrink * step


@inlined
def curved_prox_row(
    n, fidelity, place, steps, residual, counts, background, maps, slopes, x_out, rise_out, misfit,
    descent,
):  # fmt: skip
    """As `prox_row`, with w x^gamma replaced by its tangent at ``maps``, and a step a pixel."""
    for col in range(n):
        step = steps[col]
        slope = slopes[col]
        pull = step * slope
        at = place[col] + pull * residual[col]
        x, rise = prox_value(at, step * fidelity, counts[col], background[col])
        rise *= pull
        x_out[col] = x
        rise_out[col] = rise
        misfit[col] += slope * (x - maps[col])
        descent[col] += slope * rise


@inlined
def newton_row(n, limit, residual, misfit, descent):
    """Take a step of Newton's method, left in ``misfit``; return 0 if all are within ``limit``."""
    beyond = _ZERO
    for col in range(n):
        change = -misfit[col] / descent[col]
        residual[col] += change
        misfit[col] = change
        size = np.abs(change)
        beyond += size if size > limit else _ZERO
    return beyond


@inlined
def relax_row(n, relaxation, x_in, rise, change, relaxed, x_out, ahead):
    """Finish the primal step: x moves with r, ``relaxed`` goes beyond x.

    ``ahead`` is 2 x less what ``relaxed`` was. Return sums of (x - relaxed)^2 and of ``ahead``.
    """
    moved = _ZERO
    total = _ZERO
    for col in range(n):
        # Never to 0 at once: that is for the proximal map, where there are counts to forbid it.
        least = _LEAST_SHARE * x_in[col]
        x = x_in[col] + rise[col] * change[col]
        x = x if x > least else least
        step = x - relaxed[col]
        x_out[col] = x
        ahead[col] = x + step
        beyond = relaxed[col] + relaxation * step
        # Where x stays 0 this would shrink to denormals, which are slow.
        relaxed[col] = beyond if np.abs(beyond) > _TINY else _ZERO
        moved += step * step
        total += x + step
    return moved, total


@inlined
def dual_change(py, px, dy, dx, step, bound):
    """Return the change of (py, px) in one step along (dy, dx) and back to a length of bound."""
    ty = py + step * dy
    tx = px + step * dx
    square = ty * ty + tx * tx
    furthest = bound * bound
    shrink = bound * (_ONE / np.sqrt((square if square > furthest else furthest) + _TINY))
    return ty * shrink - py, tx * shrink - px


@inlined
def dual_row(n, step, bound, relaxation, ahead, ahead_below, below, right):
    """Move p along the gradient of ``ahead`` (n + 1); return the sum of its squared changes."""
    moved = _ZERO
    for col in range(n):
        here = ahead[col]
        change_y, change_x = dual_change(
            below[col], right[col], ahead_below[col] - here, ahead[col + 1] - here, step, bound
        )
        below[col] += relaxation * change_y
        right[col] += relaxation * change_x
        moved += change_y * change_y + change_x * change_x
    return moved


@inlined
def directional_dual_row(
    n, step, bound, relaxation, ahead, ahead_below, edges_y, edges_x, below, right
):
    """As `dual_row`, with the gradient less its part along the edge directions."""
    moved = _ZERO
    for col in range(n):
        here = ahead[col]
        dy, dx = across(edges_y[col], edges_x[col], ahead_below[col] - here, ahead[col + 1] - here)
        change_y, change_x = dual_change(below[col], right[col], dy, dx, step, bound)
        below[col] += relaxation * change_y
        right[col] += relaxation * change_x
        moved += change_y * change_y + change_x * change_x
    return moved

"""Loops over a segment of a row, from which an iteration is composed.

All arrays are float32 and one-dimensional: the same n columns of one row of a map or a buffer. Each
regulariser has its own file.
"""

import numpy as np

from .compile import inlined
from .power import power

_ZERO = np.float32(0)
_HALF = np.float32(0.5)
_ONE = np.float32(1)
_FOUR = np.float32(4)
# Prevents the product of two lengths from vanishing.
_LEAST_SQUARE = np.float32(1e-20)
# Avoids denormals.
_TINY = np.float32(1e-30)
_LEAST_SHARE = np.float32(0.01)
# Maps are of order one here. The slope of x^gamma is evaluated no closer to 0 than this, because it
# is infinite there for gamma < 1, and its derivative is for gamma < 2.
SLOPE_FLOOR = np.float32(1e-4)


@inlined
def prox_value(v, step, counts, background):
    """Return the minimiser over x >= 0 of x + B - y log(x + B) + (x - v)^2 / (2 step).

    z = x + B is the positive root of z^2 - (v + B - step) z - step y = 0, in a form without
    cancellation. Also return dx/dv, which is 0 where x >= 0 binds.
    """
    q = v + background - step
    product = step * counts
    square = q * q + _FOUR * product + _LEAST_SQUARE
    inverse_root = _ONE / np.sqrt(square)
    root = square * inverse_root
    twice = np.abs(q) + root
    z = _HALF * twice if q >= _ZERO else (product + product) / twice
    slope = z * inverse_root
    x = z - background
    slope = slope if x > _ZERO else _ZERO
    x = x if x > _ZERO else _ZERO
    return x, slope


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

    The curvature of the HAADF term, where it is convex, and the damping are added to the proximal
    term; they do not change the fixed point. ``rising`` is minus the HAADF residual at ``maps``.
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
    """As `prox_row`, with w x^gamma replaced by its tangent at ``maps``, and a step per pixel."""
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
    """Write a step of Newton's method to ``misfit``; return 0 if all are within ``limit``."""
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

    ``ahead`` is 2 x minus the previous ``relaxed``. Return sums of (x - relaxed)^2 and of
    ``ahead``.
    """
    moved = _ZERO
    total = _ZERO
    for col in range(n):
        # Never directly to 0: only the proximal map may do that, as counts may forbid it.
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

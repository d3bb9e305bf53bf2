"""The two passes of one primal-dual iteration.

The dual variable p belongs to the total variation alone. The HAADF term couples the K values of a
pixel, and only those, so it stays with the Poisson term in the primal step: the proximal map of
both together is a search for one number a pixel, the HAADF residual r. Given r, each x_i is the
closed Poisson prox at v_i + tau_i g_i r, where g_i is the slope of w_i x_i^gamma; the residual that
follows falls with r, so Newton's method finds r in one or two steps from that of the iteration
before. lambda_1, however small, then has no part in the step sizes.
"""

import numba
import numpy as np

from .compile import kernel, leaf
from .poisson import prox_value
from .power import power

_ZERO = np.float32(0)
_ONE = np.float32(1)
# The reciprocal of a denormal length would be infinite.
_TINY = np.float32(1e-30)
_TWO = np.float32(2)
_ROWS_PER_BLOCK = 8
_NEWTON_LIMIT = 24
_NEWTON_TOLERANCE = np.float32(5e-7)
# Maps are of order one here. The slope of x^gamma is taken no nearer to 0 than the slope floor (it
# is infinite there for gamma < 1), the curvature no nearer than its own (infinite for gamma < 2).
# Within a step a dark pixel may come as far as the reach, so its tangent is damped as if the slope
# were that at the reach: otherwise such pixels flicker between 0 and there.
_SLOPE_FLOOR = np.float32(1e-4)
_CURVATURE_FLOOR = np.float32(0.005)
_REACH = np.float32(0.1)


@leaf
def step_along_divergence(relaxed, maps, dual, prices, steps, relaxation, row, v):
    """Over-relax row ``row`` of ``relaxed`` towards ``maps``; v = relaxed + tau (div p - price)."""
    n_maps, ny, nx = maps.shape
    inward = _ONE if row < ny - 1 else _ZERO
    outward = _ONE if row > 0 else _ZERO
    above = max(row - 1, 0)
    for i in range(n_maps):
        step = steps[i]
        price = prices[i]
        for col in range(nx):
            value = relaxed[i, row, col]
            value += relaxation * (maps[i, row, col] - value)
            relaxed[i, row, col] = value
            v[i, col] = value + step * (
                inward * dual[0, i, row, col] - outward * dual[0, i, above, col] - price
            )
        for col in range(nx - 1):
            v[i, col] += step * dual[1, i, row, col]
        for col in range(1, nx):
            v[i, col] -= step * dual[1, i, row, col - 1]


@leaf
def linearise_haadf(maps, haadf, weights, gamma, steps, row, v, slopes, tau, target):
    """Replace w_i x_i^gamma in row ``row`` by its tangent at ``maps``, with a curvature bound.

    On return h - sum_i w_i x_i^gamma is ``target`` - sum_i ``slopes``_i x_i to first order. The
    second-order part, where convex, and the damping join the proximal term, which moves ``v`` and
    ``tau``; both vanish from the fixed point.
    """
    n_maps, _, nx = maps.shape
    for col in range(nx):
        target[col] = haadf[row, col]
    for i in range(n_maps):
        weight = weights[i]
        for col in range(nx):
            x = maps[i, row, col]
            slope = weight * power(x if x > _SLOPE_FLOOR else _SLOPE_FLOOR, gamma - _ONE)
            target[col] -= slope * x
            slopes[i, col] = gamma * slope
        if gamma < _ONE:
            for col in range(nx):
                x = maps[i, row, col]
                if _ZERO < x < _SLOPE_FLOOR:
                    tangent = weight * power(_SLOPE_FLOOR, gamma - _ONE) * x
                    target[col] -= weight * power(x, gamma) - tangent
    for i in range(n_maps):
        step = steps[i]
        steepest = gamma * weights[i] * power(_REACH, gamma - _ONE)
        for col in range(nx):
            x = maps[i, row, col]
            slope = slopes[i, col]
            far = x if x > _CURVATURE_FLOOR else _CURVATURE_FLOOR
            curvature = -target[col] * (gamma - _ONE) * slope / far
            curvature = curvature if curvature > _ZERO else _ZERO
            steeper = steepest * steepest - slope * slope
            curvature += steeper if steeper > _ZERO else _ZERO
            shrink = _ONE / (_ONE + step * curvature)
            v[i, col] = shrink * (v[i, col] + step * curvature * x)
            tau[i, col] = shrink * step
    for i in range(n_maps):
        for col in range(nx):
            target[col] += slopes[i, col] * maps[i, row, col]


@leaf
def solve_for_residual(
    v, tau, slopes, target, counts, background, fidelity, row, residual, misfit, descent
):
    """Newton's method, for one row, on misfit(r) = r + sum_i slopes_i x_i(r) - target = 0.

    misfit rises with r and is convex, so each step but the first only lowers r.
    """
    n_maps, nx = v.shape
    largest = _ZERO
    for col in range(nx):
        size = np.abs(target[col])
        largest = size if size > largest else largest
    for _ in range(_NEWTON_LIMIT):
        for col in range(nx):
            misfit[col] = residual[row, col] - target[col]
            descent[col] = _ONE
        for i in range(n_maps):
            strength = fidelity[i]
            for col in range(nx):
                step = tau[i, col]
                slope = slopes[i, col]
                x, rise = prox_value(
                    v[i, col] + step * slope * residual[row, col],
                    step * strength,
                    counts[i, row, col],
                    background[i, row, col],
                )
                misfit[col] += slope * x
                descent[col] += slope * slope * step * rise
        worst = _ZERO
        for col in range(nx):
            size = np.abs(misfit[col])
            worst = size if size > worst else worst
            residual[row, col] -= misfit[col] / descent[col]
        if worst <= _NEWTON_TOLERANCE * largest:
            break


@kernel
def primal_step(
    relaxed,
    maps,
    dual,
    prices,
    counts,
    background,
    haadf,
    residual,
    weights,
    gamma,
    fidelity,
    steps,
    relaxation,
    moved,
    sums,
):
    """Over-relax ``relaxed``, and write the proximal point of HAADF + Poisson terms to ``maps``.

    ``residual`` (ny, nx) holds the HAADF residual of the step before, and after; ``moved`` (K, ny)
    takes sums over rows of (maps - relaxed)^2, ``sums`` those of 2 maps - relaxed. ``prices`` (K,)
    are the dual variables of the totals.
    """
    n_maps, ny, nx = maps.shape
    coupled = False
    for i in range(n_maps):
        coupled = coupled or weights[i] > _ZERO
    for block in numba.prange((ny + _ROWS_PER_BLOCK - 1) // _ROWS_PER_BLOCK):
        v = np.empty((n_maps, nx), np.float32)
        tau = np.empty((n_maps, nx), np.float32)
        slopes = np.empty((n_maps, nx), np.float32)
        target = np.empty(nx, np.float32)
        misfit = np.empty(nx, np.float32)
        descent = np.empty(nx, np.float32)
        for row in range(block * _ROWS_PER_BLOCK, min((block + 1) * _ROWS_PER_BLOCK, ny)):
            step_along_divergence(relaxed, maps, dual, prices, steps, relaxation, row, v)
            if gamma == _ONE:
                for i in range(n_maps):
                    for col in range(nx):
                        tau[i, col] = steps[i]
                        slopes[i, col] = weights[i]
                for col in range(nx):
                    target[col] = haadf[row, col]
            else:
                linearise_haadf(maps, haadf, weights, gamma, steps, row, v, slopes, tau, target)
            if coupled:
                solve_for_residual(
                    v,
                    tau,
                    slopes,
                    target,
                    counts,
                    background,
                    fidelity,
                    row,
                    residual,
                    misfit,
                    descent,
                )
            for i in range(n_maps):
                total = _ZERO
                ahead = _ZERO
                for col in range(nx):
                    step = tau[i, col]
                    x, _ = prox_value(
                        v[i, col] + step * slopes[i, col] * residual[row, col],
                        step * fidelity[i],
                        counts[i, row, col],
                        background[i, row, col],
                    )
                    maps[i, row, col] = x
                    change = x - relaxed[i, row, col]
                    total += change * change
                    ahead += x + change
                moved[i, row] = total
                sums[i, row] = ahead


@leaf
def dual_change(py, px, dy, dx, step, bound):
    """Return the change of (py, px) in one step along (dy, dx) and back to a length of bound."""
    ty = py + step * dy
    tx = px + step * dx
    length = np.sqrt(ty * ty + tx * tx)
    shrink = bound / (length + _TINY) if length > bound else _ONE
    return ty * shrink - py, tx * shrink - px


@kernel
def dual_step(relaxed, maps, dual, bounds, steps, relaxation, moved):
    """Move ``dual`` along the gradient of 2 maps - relaxed, back into its bounds, over-relaxed.

    ``moved`` (K, ny) takes sums over rows of the squared change before over-relaxation.
    """
    n_maps, ny, nx = maps.shape
    last = nx - 1
    for row in numba.prange(ny):
        below = min(row + 1, ny - 1)
        for i in range(n_maps):
            step = steps[i]
            bound = bounds[i]
            total = _ZERO
            for col in range(last):
                here = _TWO * maps[i, row, col] - relaxed[i, row, col]
                dy = _TWO * maps[i, below, col] - relaxed[i, below, col] - here
                dx = _TWO * maps[i, row, col + 1] - relaxed[i, row, col + 1] - here
                change_y, change_x = dual_change(
                    dual[0, i, row, col], dual[1, i, row, col], dy, dx, step, bound
                )
                dual[0, i, row, col] += relaxation * change_y
                dual[1, i, row, col] += relaxation * change_x
                total += change_y * change_y + change_x * change_x
            here = _TWO * maps[i, row, last] - relaxed[i, row, last]
            dy = _TWO * maps[i, below, last] - relaxed[i, below, last] - here
            change_y, _ = dual_change(dual[0, i, row, last], _ZERO, dy, _ZERO, step, bound)
            dual[0, i, row, last] += relaxation * change_y
            moved[i, row] = total + change_y * change_y

"""The gaps of Fenchel and Young over one row, but that of the regulariser.

F(x) + F*(s) - s x is >= 0, and 0 where s is a slope of F at x. Each gap is computed in a form
without cancellation, so float32 maps can be certified far below the rounding error of their cost.
All arrays are float32 and one-dimensional, the n columns of one row.
"""

import numpy as np

from .compile import inlined
from .power import natural_log, power
from .rows import SLOPE_FLOOR
from .state import SEGMENT

_ZERO = np.float32(0)
_ONE = np.float32(1)
_TWO = np.float32(2)
_TINY = np.float32(1e-20)
_INFINITE = np.float32(np.inf)
# Below this, log(1 + t) loses digits to the sum.
_SMALL = np.float32(0.3)
_ATANH_3 = np.float32(2 / 3)
_ATANH_5 = np.float32(2 / 5)
_ATANH_7 = np.float32(2 / 7)
_ATANH_9 = np.float32(2 / 9)
# A pull this close to the fidelity counts as equal to it in float32.
_NEARLY = np.float32(1 - 2e-7)


@inlined
def log_gap(t):
    """Return t - log(1 + t) >= 0 for float32 t > -1, to a relative error near 1e-6."""
    # With w = t / (2 + t): log(1 + t) = 2 atanh(w), and t - 2 w = t w.
    w = t / (_TWO + t)
    w2 = w * w
    near = w * (t - w2 * (_ATANH_3 + w2 * (_ATANH_5 + w2 * (_ATANH_7 + w2 * _ATANH_9))))
    far = t - natural_log(_ONE + t)
    return near if np.abs(t) < _SMALL else far


@inlined
def model_row(n, weight, gamma, x, slopes, misfit):
    """Write the slopes of w x^gamma, and add its values to ``misfit``."""
    if gamma == _ONE or weight == _ZERO:
        for col in range(n):
            slopes[col] = weight
            misfit[col] += weight * x[col]
    elif gamma > _ONE:
        # Below the floor of the slope, where x^gamma is nearly 0, x times the slope at the floor.
        for col in range(n):
            value = x[col]
            tangent = weight * power(value if value > SLOPE_FLOOR else SLOPE_FLOOR, gamma - _ONE)
            slopes[col] = gamma * tangent
            misfit[col] += tangent * value
    else:
        for col in range(n):
            value = x[col]
            floored = value if value > SLOPE_FLOOR else SLOPE_FLOOR
            slopes[col] = gamma * weight * power(floored, gamma - _ONE)
            model = weight * power(value, gamma)
            misfit[col] += model if value > _ZERO else _ZERO


@inlined
def lower_row(n, price, fidelity, limit, counts, divergence, slopes, residual, lowered):
    """Lower the dual variable of the HAADF where y = 0 and the pull upwards exceeds the fidelity.

    There, F* grows with the excess times the limit of x, and the gap of the HAADF with the square
    of the excess. Any value is a valid dual variable; this one usually gives a smaller gap.
    """
    for col in range(n):
        slope = slopes[col]
        excess = slope * residual[col] + (divergence[col] - price) - fidelity * _NEARLY
        place = residual[col] - excess / (slope if slope > _TINY else _TINY)
        empty = counts[col] == _ZERO
        worth = empty and excess > _ZERO and excess < limit * slope * slope
        place = place if worth else lowered[col]
        lowered[col] = place if place < lowered[col] else lowered[col]


@inlined
def poisson_row(
    n, price, fidelity, ceiling, reach, x, counts, background, divergence, slopes, residual
):
    """Return sums of the deviance, of F(x) + F*(s) - s x, and of x.

    F is ``fidelity`` times the Poisson likelihood on 0 <= x <= ``ceiling`` and within ``reach`` of
    x, s = slope r + div p - price. The deviance is z - y - y log(z / y) for z = x + B.
    """
    deviance = 0.0
    gap = 0.0
    total = 0.0
    for start in range(0, n, SEGMENT):
        # All terms are >= 0, so short sums are accurate enough in float32, with vectors twice as
        # wide.
        of_part = _ZERO
        gap_of_part = _ZERO
        for col in range(start, min(start + SEGMENT, n)):
            value = x[col]
            y = counts[col]
            b = background[col]
            z = value + b
            drop = fidelity - (slopes[col] * residual[col] + (divergence[col] - price))
            low = value - reach
            low = low if low > _ZERO else _ZERO
            high = value + reach
            high = high if high < ceiling else ceiling
            best = fidelity * y / (drop if drop > _TINY else _TINY) - b
            best = best if best > low else low
            best = best if best < high else high
            best = best if drop > _TINY else high
            at_best = best + b
            at_best = at_best if at_best > _TINY else _TINY
            pull = fidelity * y / at_best
            # Equal up to rounding where neither limit binds.
            slack = drop - pull if best == low or best == high else _ZERO
            t = (z - at_best) / at_best
            gap_of_part += slack * (value - best) + fidelity * y * log_gap(t)
            floored = y if y > _TINY else _TINY
            # Counts are impossible where none are expected.
            unlikely = y * log_gap((z - floored) / floored) if z > _ZERO else _INFINITE
            of_part += unlikely if y > _TINY else z
        deviance += np.float64(of_part)
        gap += np.float64(gap_of_part)
    for col in range(n):
        total += np.float64(x[col])
    return deviance, gap, total

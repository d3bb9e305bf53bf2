"""Shares of spectral lines in the channels of a detector: Gaussians with tails."""

import math

from .compile import inlined, leaf

_ROOT_2 = math.sqrt(2.0)
_ROOT_PI = math.sqrt(math.pi)
_PDF = 1 / math.sqrt(2 * math.pi)
# Where exp(x^2) erfc(x) is replaced by the first terms of its asymptotic series.
_FAR = 20.0
# This many standard deviations below the centre, the integral is less than the rounding of 1.
_NOTHING = 9.0
#: Peaks are filled this many standard deviations, and tails this many lengths, around a line.
REACH, TAIL_REACH = 7.0, 9.0


@inlined
def gaussian_integral(u):
    """Return the integral of the standard normal distribution up to ``u``."""
    return 0.5 * math.erfc(-u / _ROOT_2)


@inlined
def tailed_integral(u, ratio):
    """Return the integral, up to ``u``, of a normal variable minus an exponential one.

    ``u`` is in standard deviations of the normal distribution, and ``ratio`` is this standard
    deviation divided by the mean of the exponential distribution.
    """
    x = (u + ratio) / _ROOT_2
    if x <= 0.0:
        rest = math.exp(u * ratio + 0.5 * ratio * ratio) * 0.5 * math.erfc(x)
    elif x < _FAR:
        rest = 0.5 * math.exp(x * x - 0.5 * u * u) * math.erfc(x)
    else:
        rest = 0.5 * math.exp(-0.5 * u * u) / (x * _ROOT_PI) * (1 - 0.5 / (x * x))
    return 0.5 * math.erfc(-u / _ROOT_2) + rest


@leaf
def add_peaks(places, widths, sigmas, shares, rows, low, channel, out):
    """Add lines to rows of ``out``, float64 (n, C): each to one or more, by its shape.

    Lines lie at ``places``, with a standard deviation ``sigmas`` and tails as long as ``widths``,
    all float64 (lines,), in the units of ``channel``, the width of a channel; the first begins at
    ``low``. ``shares``, float64 (sums, 3, lines), are the contributions to each row: the Gaussian,
    its tail, and a flat shelf between 0 and the line. ``rows``, int64 (sums, lines), are the
    numbers of these rows.
    """
    n_sums, n_channels = rows.shape[0], out.shape[1]
    for line in range(places.shape[0]):
        place, sigma, length = places[line], sigmas[line], widths[line]
        has_peak, has_tail, has_shelf = False, False, False
        for k in range(n_sums):
            has_peak |= shares[k, 0, line] != 0.0
            has_tail |= shares[k, 1, line] != 0.0
            has_shelf |= shares[k, 2, line] != 0.0
        above = place + REACH * sigma
        below = place - REACH * sigma - (TAIL_REACH * length if has_tail else 0.0)
        first = max(math.floor((below - low) / channel), 0)
        last = min(math.ceil((above - low) / channel), n_channels)
        if has_peak or has_tail:
            ratio = sigma / length
            u = (low + first * channel - place) / sigma
            before = gaussian_integral(u) if u > -_NOTHING else 0.0
            before_tail = tailed_integral(u, ratio) if has_tail else 0.0
            for c in range(first, last):
                u = (low + (c + 1) * channel - place) / sigma
                after = gaussian_integral(u) if u > -_NOTHING else 0.0
                after_tail = tailed_integral(u, ratio) if has_tail else 0.0
                for k in range(n_sums):
                    share = shares[k, 0, line] * (after - before)
                    out[rows[k, line], c] += share + shares[k, 1, line] * (after_tail - before_tail)
                before, before_tail = after, after_tail
        if has_shelf and place > channel:
            height = channel / place
            for c in range(max(math.ceil(-low / channel), 0), last):
                u = (place - low - (c + 0.5) * channel) / sigma
                part = height * (gaussian_integral(u) if u < REACH else 1.0)
                for k in range(n_sums):
                    out[rows[k, line], c] += shares[k, 2, line] * part


@leaf
def add_slopes(places, sigmas, factors, rows, low, channel, moved, wider):
    """Add derivatives of Gaussian lines along place and standard deviation to rows, (n, C).

    ``moved`` and ``wider``, float64, receive them; the other arguments are those of `add_peaks`.
    """
    n_channels = moved.shape[1]
    for line in range(places.shape[0]):
        place, sigma = places[line], sigmas[line]
        factor, row = factors[line], rows[line]
        if factor == 0.0:
            continue
        first = max(math.floor((place - REACH * sigma - low) / channel), 0)
        last = min(math.ceil((place + REACH * sigma - low) / channel), n_channels)
        u = (low + first * channel - place) / sigma
        before = _PDF * math.exp(-0.5 * u * u) / sigma
        before_u = u * before
        for c in range(first, last):
            u = (low + (c + 1) * channel - place) / sigma
            after = _PDF * math.exp(-0.5 * u * u) / sigma
            moved[row, c] += factor * (before - after)
            wider[row, c] += factor * (before_u - u * after)
            before, before_u = after, u * after

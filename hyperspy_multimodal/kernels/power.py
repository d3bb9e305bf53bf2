"""A float32 power that can be vectorised, unlike that of the C library."""

import numpy as np

from .compile import inlined

# log2(m) on [sqrt(1/2), sqrt(2)) is t P(t^2) for t = (m - 1) / (m + 1), |t| < 0.1716. P is the
# polynomial through the Chebyshev nodes; it has a relative error of 1.2e-7.
_L1, _L3, _L5 = np.float32(2.88539042), np.float32(0.96158895), np.float32(0.59575961)
# exp2(f) on [-1/2, 1/2] is 1 + f Q(f), Q found likewise; the relative error is below 2e-7.
_E1, _E2, _E3, _E4, _E5 = (
    np.float32(x) for x in (0.693147181, 0.24022349, 0.0555038101, 0.00966636852, 0.00133813025)
)

_ONE = np.float32(1)
_LN2 = np.float32(np.log(2))
_SMALLEST = np.float32(1e-18)
_SQRT_HALF_BITS = np.int32(0x3F3504F3)
_MANTISSA_BITS = np.int32(23)
_EXPONENT_BIAS = np.int32(127)
_LOWEST_EXPONENT = np.float32(-126)
_HIGHEST_EXPONENT = np.int32(127)
# The last bit of a float32 this large has the value 1, so adding it rounds to whole numbers.
_ROUNDS = np.float32(1.5 * 2**23)
_ROUNDS_BITS = np.int32(0x4B400000)


@inlined
def log2(value):
    """Return log2(value) for one float32 value > 0 that is no denormal."""
    # int32 is repeated because Numba widens integers, which would halve the vectors.
    bits = np.float32(value).view(np.int32)
    whole = np.int32(np.int32(bits - _SQRT_HALF_BITS) >> _MANTISSA_BITS)
    mantissa = np.int32(bits - np.int32(whole << _MANTISSA_BITS)).view(np.float32)
    t = (mantissa - _ONE) / (mantissa + _ONE)
    t2 = t * t
    return np.float32(whole) + t * (_L1 + t2 * (_L3 + t2 * _L5))


@inlined
def natural_log(value):
    """Return log(value) for one float32 value > 0 that is no denormal."""
    return _LN2 * log2(value)


@inlined
def power(base, exponent):
    """Return base**exponent for one float32 base >= 0; bases below 1e-18 count as 1e-18.

    The relative error is below 1e-6 times 1 + |exponent log2(base)| / 8.
    """
    product = exponent * log2(base if base > _SMALLEST else _SMALLEST)
    product = product if product > _LOWEST_EXPONENT else _LOWEST_EXPONENT
    nearest = np.int32(np.float32(product + _ROUNDS).view(np.int32) - _ROUNDS_BITS)
    f = product - np.float32(nearest)
    nearest = nearest if nearest < _HIGHEST_EXPONENT else _HIGHEST_EXPONENT
    two_to_f = _ONE + f * (_E1 + f * (_E2 + f * (_E3 + f * (_E4 + f * _E5))))
    exponent_bits = np.int32(nearest + _EXPONENT_BIAS)
    return two_to_f * np.int32(exponent_bits << _MANTISSA_BITS).view(np.float32)

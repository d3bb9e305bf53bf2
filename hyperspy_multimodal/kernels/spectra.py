"""Sums over the channels of spectra, read as they are: small integers, most of them 0.

Callers distribute the rows among threads. Numba's parallel loops would take three times as long to
compile, and each data type is compiled separately.
"""

import numpy as np

from .compile import inlined, leaf

_EVEN = np.uint64(0x5555555555555555)
_PAIRS = np.uint64(0x3333333333333333)
_NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)
_BYTES = np.uint64(0x0101010101010101)
_ONE, _TWO, _FOUR, _TOP = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
# Constants of SplitMix64: Steele, Lea and Flood, OOPSLA 2014, doi:10.1145/2660193.2660195.
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)


@inlined
def common_divisor(a, b):
    """Return the greatest common divisor of two whole numbers >= 0."""
    while b > 0:
        a, b = b, a % b
    return a


@inlined
def place_value(value, pixel, channel, largest, pixels):
    """Insert a value among the largest of its channel, in descending and stable order."""
    rank = largest.shape[0] - 1
    while rank > 0 and largest[rank - 1, channel] < value:
        largest[rank, channel] = largest[rank - 1, channel]
        pixels[rank, channel] = pixels[rank - 1, channel]
        rank -= 1
    largest[rank, channel] = value
    pixels[rank, channel] = pixel


@inlined
def spectrum_divisor(spectrum, divisor):
    """Return the greatest common divisor of ``divisor`` and a spectrum, -1 if one is a fraction."""
    fractions = 0
    if divisor == 1:
        for channel in range(spectrum.size):
            value = np.float64(spectrum[channel])
            fractions += np.floor(value) != value
        return np.int64(-1) if fractions > 0 else divisor
    for channel in range(spectrum.size):
        value = np.float64(spectrum[channel])
        if value != 0.0 and divisor != -1:
            whole = np.int64(value)
            if np.float64(whole) != value:
                divisor = np.int64(-1)
            else:
                divisor = common_divisor(np.int64(abs(whole)), divisor)
    return divisor


@leaf
def sum_spectra(
    k, spectra, rows_per_chunk, sums, filled, largest, pixels, by_pixel, lowest, divisors
):
    """Sum spectra (ny, nx, C) over the rows of chunk ``k``, and record conspicuous values.

    For each chunk and channel, ``sums``, float64 (chunks, C), receives the sum; ``filled``, int64
    (chunks, C), the number of pixels that are not 0; ``largest``, float64 (chunks, R, C), the R
    largest values in descending order; and ``pixels``, int64 (chunks, R, C), their places, row
    times nx plus column, with the first of equal values. If there are fewer, the rest are -infinity
    at -1. ``by_pixel``, float32 (ny, nx), receives the sum of each spectrum. ``lowest``, float64
    (chunks,), receives the lowest negative value, or 0, and ``divisors``, int64 (chunks,), the
    greatest common divisor of all values, 0 if all are 0, or -1 if one is not a whole number.
    """
    ny, nx, n_channels = spectra.shape
    total = np.empty(n_channels)
    least = np.empty(n_channels)
    count = np.empty(n_channels, np.int32)
    for channel in range(n_channels):
        total[channel] = 0.0
        least[channel] = -np.inf
        count[channel] = 0
        for rank in range(largest.shape[1]):
            largest[k, rank, channel] = -np.inf
            pixels[k, rank, channel] = -1
    low = 0.0
    divisor = np.int64(0)
    for row in range(k * rows_per_chunk, min((k + 1) * rows_per_chunk, ny)):
        for col in range(nx):
            spectrum = spectra[row, col]
            whole, negative, large = 0.0, 0, 0
            for channel in range(n_channels):  # without branches: as vectors
                value = np.float64(spectrum[channel])
                total[channel] += value
                count[channel] += np.int32(value != 0.0)
                whole += value
                negative += value < 0.0
                large += value > least[channel]
            by_pixel[row, col] = np.float32(whole)
            if negative > 0:
                for channel in range(n_channels):
                    value = np.float64(spectrum[channel])
                    low = value if value < low else low
            if large > 0:
                for channel in range(n_channels):
                    value = np.float64(spectrum[channel])
                    if value > least[channel]:
                        place_value(value, row * nx + col, channel, largest[k], pixels[k])
                        least[channel] = largest[k, -1, channel]
            if divisor != -1:
                divisor = spectrum_divisor(spectrum, divisor)
    for channel in range(n_channels):  # whole rows at once take a second to compile
        sums[k, channel] = total[channel]
        filled[k, channel] = count[channel]
    lowest[k] = low
    divisors[k] = divisor


@leaf
def project_spectra(begin, end, spectra, operator, out):
    """Multiply each spectrum by a matrix: out[m] is the sum over channels of n operator[:, m].

    Only the spectra (ny, nx, C) in the rows from ``begin`` to before ``end`` are multiplied. The
    ``operator`` is float32 (C, M) and ``out`` float32 (M, ny, nx).
    """
    _, nx, n_channels = spectra.shape
    n_out = operator.shape[1]
    total = np.empty(n_out, np.float64)
    for row in range(begin, end):
        for col in range(nx):
            for m in range(n_out):
                total[m] = 0.0
            for channel in range(n_channels):
                value = spectra[row, col, channel]
                if value != 0:
                    for m in range(n_out):
                        total[m] += np.float64(value) * np.float64(operator[channel, m])
            for m in range(n_out):
                out[m, row, col] = np.float32(total[m])


@inlined
def mixed(state):
    """Return 64 pseudorandom bits, a bijection of ``state``."""
    bits = (state ^ (state >> _S30)) * _MIX_1
    bits = (bits ^ (bits >> _S27)) * _MIX_2
    return bits ^ (bits >> _S31)


@inlined
def ones(bits):
    """Return how many of 64 bits are 1."""
    bits = bits - ((bits >> _ONE) & _EVEN)
    bits = (bits & _PAIRS) + ((bits >> _TWO) & _PAIRS)
    bits = (bits + (bits >> _FOUR)) & _NIBBLES
    return (bits * _BYTES) >> _TOP


@inlined
def half_of(count, key):
    """Return how many of ``count`` fair coins, drawn by ``key``, show heads."""
    heads = np.uint64(0)
    state = mixed(key)
    left = np.uint64(count if count > 0 else 0)
    while left > np.uint64(0):
        state += _GAMMA
        bits = mixed(state)
        if left < np.uint64(64):
            bits &= ~(_ALL << left)
            left = np.uint64(0)
        else:
            left -= np.uint64(64)
        heads += ones(bits)
    return heads


@leaf
def project_halves(begin, end, spectra, operator, first, n_columns, seed, out):
    """As `project_spectra`, for half of the counts of each spectrum, chosen by fair coins.

    The coin of a count depends only on ``seed``, channel and pixel: rows are numbered from
    ``first[0]``, columns from ``first[1]`` of ``n_columns``, and channels from ``first[2]``. The
    spectra must contain whole numbers >= 0.
    """
    _, nx, n_channels = spectra.shape
    n_out = operator.shape[1]
    total = np.empty(n_out, np.float64)
    for row in range(begin, end):
        for col in range(nx):
            pixel = np.uint64((first[0] + np.intp(row)) * n_columns + first[1] + col)
            stream = mixed(np.uint64(seed) + mixed(pixel))
            for m in range(n_out):
                total[m] = 0.0
            for channel in range(n_channels):
                value = spectra[row, col, channel]
                if value != 0:
                    key = stream + _GAMMA * np.uint64(first[2] + channel + 1)
                    half = np.float64(half_of(value, key))
                    for m in range(n_out):
                        total[m] += half * np.float64(operator[channel, m])
            for m in range(n_out):
                out[m, row, col] = np.float32(total[m])

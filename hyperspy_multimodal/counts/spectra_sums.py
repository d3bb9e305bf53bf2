"""The sum of all spectra, and statistics that reveal faulty counts, block by block."""

from typing import NamedTuple

import numpy as np

from ..kernels import sum_spectra
from ..threads import side_by_side, threads_for

#: Values of each channel that are kept with their places.
RANKS = 4
_ROWS_PER_CHUNK = 16
# Of the pixels: if more hold NaN, a mask of them leaves too much out.
_FEW = 0.05


class SummedSpectra(NamedTuple):
    """The sum of the spectra of a block, or of a whole spectrum image.

    Attributes
    ----------
    total : numpy.ndarray
        Sum of all spectra, shape (C,), float64.
    divisor : int
        Greatest common divisor of all values: 1 for counts as recorded, 0 if there are none, and
        -1 if some are no whole numbers or negative.
    filled : numpy.ndarray
        How many pixels are not 0, by channel, shape (C,), int.
    largest : numpy.ndarray
        The largest values of each channel, falling, shape (4, C); -infinity where there are fewer
        pixels.
    pixels : numpy.ndarray
        Where they are: row times columns plus column, of equal values the first, shape (4, C).
    by_pixel : numpy.ndarray
        Sum of each spectrum, shape (ny, nx), float32.
    lowest : float
        The lowest negative value, 0 if there is none.
    """

    total: np.ndarray
    divisor: int
    filled: np.ndarray
    largest: np.ndarray
    pixels: np.ndarray
    by_pixel: np.ndarray
    lowest: float


def sum_block(block):
    """Return the `SummedSpectra` of a block (ny, nx, C) of numbers that Numba knows."""
    ny, nx, n_channels = block.shape
    chunks = -(-ny // _ROWS_PER_CHUNK)
    sums, filled = np.empty((chunks, n_channels)), np.empty((chunks, n_channels), np.int64)
    largest = np.empty((chunks, RANKS, n_channels))
    pixels = np.empty(largest.shape, np.int64)
    by_pixel = np.empty((ny, nx), np.float32)
    lowest, divisors = np.empty(chunks), np.empty(chunks, np.int64)

    def sum_chunk(k):
        sum_spectra(
            k, block, _ROWS_PER_CHUNK, sums, filled, largest, pixels, by_pixel, lowest, divisors
        )

    with threads_for(block.size):
        side_by_side(sum_chunk, range(chunks))
    largest, pixels = _ranked(*(each.reshape(-1, n_channels) for each in (largest, pixels)))
    return SummedSpectra(
        total=sums.sum(axis=0),
        divisor=-1 if -1 in divisors else int(np.gcd.reduce(divisors)),
        filled=filled.sum(axis=0),
        largest=largest,
        pixels=pixels,
        by_pixel=by_pixel,
        lowest=float(lowest.min()),
    )


def combined_sums(found, shape, negative):
    """Return the `SummedSpectra` of a spectrum image from those of its blocks.

    Parameters
    ----------
    found : iterable of ((slice, slice, slice), SummedSpectra)
        Rows, columns and channels of each block, and its sums.
    shape : tuple of int
        Shape (ny, nx, C) of the spectrum image.
    negative : bool
        Whether single values may be negative, as after the subtraction of a dark image.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, or negative where it may not be.
    """
    ny, nx, size = shape
    total, filled = np.zeros(size), np.zeros(size, np.int64)
    largest, pixels = np.full((RANKS, size), -np.inf), np.full((RANKS, size), -1)
    by_pixel = np.zeros((ny, nx), np.float32)
    divisor, lowest = 0, 0.0
    for (rows, cols, channels), sums in found:
        total[channels] += sums.total
        filled[channels] += sums.filled
        by_pixel[rows, cols] += sums.by_pixel
        row, col = np.divmod(sums.pixels, sums.by_pixel.shape[1])
        there = np.where(sums.pixels < 0, -1, (rows.start + row) * nx + cols.start + col)
        largest[:, channels], pixels[:, channels] = _ranked(
            np.concatenate([largest[:, channels], sums.largest]),
            np.concatenate([pixels[:, channels], there]),
        )
        divisor = -1 if -1 in (sums.divisor, divisor) else int(np.gcd(divisor, sums.divisor))
        lowest = min(lowest, sums.lowest)
    if not (np.isfinite(total).all() and np.isfinite(by_pixel).all()):
        raise ValueError(_not_finite(~np.isfinite(total), ~np.isfinite(by_pixel)))
    if lowest < 0 and not negative:
        raise ValueError(
            f"The spectra must contain no negative counts, but contain them down to {lowest:g}. "
            "Pass the counts as recorded, before any background subtraction."
        )
    divisor = divisor if lowest == 0 else -1
    return SummedSpectra(total, divisor, filled, largest, pixels, by_pixel, lowest)


def _ranked(values, pixels):
    """Return the largest of values (n, C), falling, and where they are, of equal ones the first."""
    order = np.lexsort((pixels, -values), axis=0)[:RANKS]
    return np.take_along_axis(values, order, axis=0), np.take_along_axis(pixels, order, axis=0)


def channel_ranges(channels):
    """Return the runs of True in a bool array (C,), as ranges [start, stop)."""
    steps = np.diff(np.concatenate([[0], np.asarray(channels, np.int8), [0]]))
    return list(zip(np.flatnonzero(steps > 0), np.flatnonzero(steps < 0), strict=True))


def named_channels(ranges):
    """Return ranges [start, stop) of channels in words, such as "channels 0 to 3 and 99"."""
    words = [f"{a}" if b == a + 1 else f"{a} to {b - 1}" for a, b in ranges]
    if len(words) > 4:
        words = [*words[:2], "...", words[-1]]
    one = len(ranges) == 1 and ranges[0][1] == ranges[0][0] + 1
    listed = ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]
    return f"channel{'' if one else 's'} {listed}"


def _not_finite(channels, pixels):
    """Return the message about spectra with NaN in these channels and pixels."""
    ranges = channel_ranges(channels)
    row, col = (int(index[0]) for index in np.nonzero(pixels))
    start = ranges[0][1] if ranges[0][0] == 0 else 0
    stop = ranges[-1][0] if ranges[-1][1] == len(channels) else len(channels)
    if start < stop and not channels[start:stop].any():
        cut = f"{start or ''}:{stop if stop < len(channels) else ''}"
        remedy = f"Crop these ends of the energy axis, with s.isig[{cut}]"
    elif pixels.mean() < _FEW:
        remedy = "Leave these out, with navigation_mask=~numpy.isfinite(s.data).all(axis=-1)"
    else:
        remedy = "Replace them first, for example with numpy.nan_to_num"
    return (
        "The spectra must contain finite counts, but contain NaN or infinity in "
        f"{named_channels(ranges)}, in {int(pixels.sum())} of {pixels.size} scan positions, the "
        f"first at row {row}, column {col}. {remedy}."
    )

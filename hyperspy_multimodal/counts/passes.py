"""Passes over the blocks of a spectrum image: sums of spectra, and projections of each."""

from typing import NamedTuple

import numpy as np

from ..kernels import project_halves, project_spectra
from ..threads import side_by_side, threads_for
from .segments import checked_segments, combined_segments, count_segments
from .spectra_sums import SummedSpectra, combined_sums, sum_block
from .spikes import Peaks, combined_peaks, peaks_of

_ROWS_PER_TASK = 16


class BlockCounts(NamedTuple):
    """Result of the first pass for a block, or for all spectra.

    Attributes
    ----------
    segments : numpy.ndarray or None
        Counts between the limits of a plan, shape (S, ny, nx).
    sums : SummedSpectra
        Sums of the spectra.
    peaks : Peaks or None
        Where single spectra may have spikes, if that was asked for.
    """

    segments: np.ndarray | None
    sums: SummedSpectra
    peaks: Peaks | None = None


def count_block(limits, compact, place, block, seek_spikes=False):
    """Return the `BlockCounts` of a block.

    Parameters
    ----------
    limits : list of int or None
        Channels of the whole axis between which to sum counts.
    compact : bool
        Whether to keep sums of whole numbers in as few bytes as will do.
    place : tuple of slice
        Rows, columns and channels of the block.
    block : numpy.ndarray
        Shape (ny, nx, C).
    seek_spikes : bool
        Whether to look for spikes, for which the block must hold all channels. Default False.
    """
    segments = None
    if limits is not None:
        segments = count_segments(block, np.array(limits) - place[2].start, compact)
    block = _readable(block)
    peaks = peaks_of(block) if seek_spikes else None
    return BlockCounts(segments, sum_block(block), peaks)


def combined_counts(parts, places, shape, negative):
    """Return the `BlockCounts` of all spectra from those of the blocks.

    Parameters
    ----------
    parts : list of BlockCounts
        Of each block.
    places : list of (slice, slice, slice)
        Rows, columns and channels of each.
    shape : tuple of int
        Shape (ny, nx, C) of the spectrum image.
    negative : bool
        Whether single values may be negative, as after the subtraction of a dark image. Whether
        their sums may, is then the plan's to say.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, or negative where it may not be.
    """
    found = zip(places, (part.sums for part in parts), strict=True)
    sums = combined_sums(found, shape, negative)
    peaks = None
    if parts[0].peaks is not None:
        peaks = combined_peaks([part.peaks for part in parts], places, shape[1])
    if parts[0].segments is None:
        return BlockCounts(None, sums, peaks)
    segments = combined_segments([part.segments for part in parts], places, shape[:2])
    return BlockCounts(segments if negative else checked_segments(segments), sums, peaks)


def project_block(block, operator, first, n_columns, splits, columns, seed):
    """Multiply each spectrum of a block by a matrix, and random halves of it by a part of that.

    The spectra are read once, and never copied to floats.

    Parameters
    ----------
    block : numpy.ndarray
        Shape (ny, nx, C).
    operator : numpy.ndarray
        Shape (C, M), float32.
    first : tuple of int
        Row, column and channel at which the block begins.
    n_columns : int
        Columns of the whole scan.
    splits, columns : int
        How many times to halve the counts, and how many of the first columns of the operator are
        wanted of each half.
    seed : int
        Seed of the halves. Each count falls to one side or the other by a coin of its own, which
        depends on seed, pixel and channel, not on blocks.

    Returns
    -------
    whole : numpy.ndarray
        Shape (M, ny, nx), float32.
    of_halves : numpy.ndarray
        Shape (splits, columns, ny, nx), float32.
    """
    block = _readable(block)
    ny, nx, _ = block.shape
    whole = np.empty((operator.shape[1], ny, nx), np.float32)
    of_halves = np.empty((splits, columns, ny, nx), np.float32)
    wanted = np.ascontiguousarray(operator[:, :columns])
    keys = np.random.SeedSequence(seed).generate_state(max(splits, 1), np.uint64)
    place = np.array(first)

    def project_rows(begin):
        end = min(begin + _ROWS_PER_TASK, ny)
        project_spectra(begin, end, block, operator, whole)
        for key, half in zip(keys, of_halves, strict=False):
            project_halves(begin, end, block, wanted, place, n_columns, key, half)

    with threads_for(block.size):
        side_by_side(project_rows, range(0, ny, _ROWS_PER_TASK))
    return whole, of_halves


def project_again(whole, of_halves, values, block, operator, first, n_columns, seed):
    """Project spectra again of which some values are replaced.

    Parameters
    ----------
    whole, of_halves : numpy.ndarray
        From `project_block`; the pixels of these spectra are overwritten.
    values : list of (int, int, int, float)
        Row, column and channel in the block, and the value.
    block, operator, first, n_columns, seed
        As for `project_block`.
    """
    for row, col in dict.fromkeys(each[:2] for each in values):
        spectrum = block[row : row + 1, col : col + 1].copy()
        for *place, channel, value in values:
            if place == [row, col]:
                spectrum[0, 0, channel] = value
        place = first[0] + row, first[1] + col, first[2]
        splits, columns = of_halves.shape[:2]
        own = project_block(spectrum, operator, place, n_columns, splits, columns, seed)
        whole[:, row, col], of_halves[:, :, row, col] = own[0][:, 0, 0], own[1][:, :, 0, 0]


def combined_projections(parts, places, shape):
    """Return the result of `project_block` for all spectra, summed over blocks of channels."""
    if len(parts) == 1:
        return parts[0]
    whole, of_halves = (np.zeros((*each.shape[:-2], *shape[:2]), np.float32) for each in parts[0])
    for (rows, cols, _), (part, part_of_halves) in zip(places, parts, strict=True):
        whole[:, rows, cols] += part
        of_halves[:, :, rows, cols] += part_of_halves
    return whole, of_halves


def _readable(block):
    """Return a block in the byte order of the machine, and of numbers that Numba knows."""
    if block.dtype == bool:
        return block.view(np.uint8)
    if block.dtype == np.float16 or not block.dtype.isnative:
        return block.astype(
            np.float32
            if block.dtype.itemsize == 2 and block.dtype.kind == "f"
            else block.dtype.newbyteorder("=")
        )
    return block

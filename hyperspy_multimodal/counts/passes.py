"""Passes over a spectrum image, eager or lazy: the summed spectrum, and projections of spectra."""

import contextlib

import dask
import dask.array as da
import numpy as np
from dask.diagnostics import ProgressBar

from ..kernels.spectra import project_halves, project_spectra
from ..threads import threads_for
from .spectra_sums import combined_sums, sum_block


def summed_spectrum(signal, show_progressbar, negative=False):
    """Return the `SummedSpectra` of a spectrum image.

    Parameters
    ----------
    signal : Signal1D
        Spectrum image with two navigation axes, eager or lazy.
    show_progressbar : bool
        Whether to show the progress of reading a lazy signal.
    negative : bool
        Whether single values may be negative, as after the subtraction of a dark image. Default
        False.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, or negative where it may not be.
    """
    data = energy_last(signal)
    if isinstance(data, da.Array):
        places, blocks = [], []
        for (rows, cols), channels, block in blocks_of(data):
            places.append((rows, cols, channels))
            blocks.append(_delayed(summed_block)(block))
        found = zip(places, _compute(blocks, show_progressbar), strict=True)
    else:
        found = [(tuple(slice(0, size) for size in data.shape), summed_block(data))]
    return combined_sums(found, data.shape, negative)


def summed_block(block):
    """Return the `SummedSpectra` of a block (ny, nx, C)."""
    return sum_block(_readable(block))


def projected(signal, operator, halves, seed, show_progressbar):
    """Multiply each spectrum by a matrix, and random halves of its counts by a part of it.

    The spectra are read once, block by block, and never copied to floats.

    Parameters
    ----------
    signal : Signal1D
        Spectrum image with two navigation axes, eager or lazy.
    operator : numpy.ndarray
        Shape (C, M).
    halves : tuple of (int, int)
        How many times to halve the counts, and how many of the first columns of the operator are
        wanted of each half.
    seed : int
        Seed of the halves. Each count falls to one side or the other by a coin of its own, which
        depends on seed, pixel and channel, not on blocks.
    show_progressbar : bool
        Whether to show the progress of reading a lazy signal.

    Returns
    -------
    whole : numpy.ndarray
        Shape (M, ny, nx), float32.
    of_halves : numpy.ndarray
        Shape (number of halves, columns, ny, nx), float32.
    """
    data = energy_last(signal)
    operator = np.ascontiguousarray(operator, np.float32)
    if not isinstance(data, da.Array):
        return project_block(data, operator, (0, 0, 0), data.shape[1], halves, seed)
    ny, nx, _ = data.shape
    places, parts = [], []
    for (rows, cols), channels, block in blocks_of(data):
        first = rows.start, cols.start, channels.start
        places.append((rows, cols))
        parts.append(_delayed(project_block)(block, operator[channels], first, nx, halves, seed))
    whole = np.zeros((operator.shape[1], ny, nx), np.float32)
    of_halves = np.zeros((*halves, ny, nx), np.float32)
    for (rows, cols), (part, part_of_halves) in zip(
        places, _compute(parts, show_progressbar), strict=True
    ):
        whole[:, rows, cols] += part
        of_halves[:, :, rows, cols] += part_of_halves
    return whole, of_halves


def energy_last(signal):
    """Return the data of a spectrum image with the energy axis last, without a copy."""
    return np.moveaxis(signal.data, signal.axes_manager.signal_axes[0].index_in_array, -1)


def project_block(block, operator, first, n_columns, halves, seed):
    """Return what `projected` does, of a block that begins at (row, column, channel) ``first``."""
    block = _readable(block)
    ny, nx, _ = block.shape
    whole = np.empty((operator.shape[1], ny, nx), np.float32)
    of_halves = np.empty((*halves, ny, nx), np.float32)
    wanted = np.ascontiguousarray(operator[:, : halves[1]])
    keys = np.random.SeedSequence(seed).generate_state(max(halves[0], 1), np.uint64)
    with threads_for(block.size):
        project_spectra(block, operator, whole)
        for key, half in zip(keys, of_halves, strict=False):
            project_halves(block, wanted, np.array(first), n_columns, key, half)
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


def blocks_of(data, optimized=True):
    """Yield ((rows, columns), channels, block) of a lazy array (ny, nx, C), each once.

    Unless the graph is ``optimized`` the blocks are tasks of it as it is.
    """
    starts = [np.concatenate([[0], np.cumsum(sizes)]) for sizes in data.chunks]
    blocks = data.to_delayed(optimize_graph=optimized)
    for index in np.ndindex(blocks.shape):
        rows, cols, channels = (
            slice(int(limits[i]), int(limits[i + 1]))
            for limits, i in zip(starts, index, strict=True)
        )
        yield (rows, cols), channels, blocks[index]


def _delayed(function):
    return dask.delayed(function, pure=False)


def _compute(parts, show_progressbar):
    with ProgressBar() if show_progressbar else contextlib.nullcontext():
        return dask.compute(*parts)

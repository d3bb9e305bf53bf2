"""Counts in segments: the ranges of channels between neighbouring limits of all windows."""

import itertools

import numpy as np


def segment_limits(windows):
    """Return the sorted channels at which any of the channel ranges of ``windows`` starts or ends.

    Parameters
    ----------
    windows : list of list of (int, int)
        Ranges [start, stop) of channels.
    """
    return sorted({limit for ranges in windows for limits in ranges for limit in limits})


def membership(windows, limits):
    """Return an array (K, S): 1 where segment S, between two limits, lies in windows K, else 0."""
    return np.array(
        [
            [float(any(start <= limit < stop for start, stop in ranges)) for limit in limits[:-1]]
            for ranges in windows
        ]
    )


def limits_to_count(signal, limits):
    """Return limits to which those of a signal of floats add both ends of the axis.

    Whether it holds whole numbers, or negative counts, is asked of all channels.
    """
    if np.issubdtype(signal.data.dtype, np.integer):
        return list(limits)
    return sorted({0, *limits, signal.axes_manager.signal_axes[0].size})


def count_segments(block, limits, compact=False):
    """Sum a block of spectra between neighbouring limits.

    Parameters
    ----------
    block : numpy.ndarray
        Shape (ny, nx, C).
    limits : numpy.ndarray of int
        Channels of the block, ascending; they may lie beyond it.
    compact : bool
        Whether to keep sums of whole numbers in as few bytes as will do. Default False.

    Returns
    -------
    numpy.ndarray
        Shape (S, ny, nx), float64 unless ``compact``.
    """
    pairs = list(itertools.pairwise(np.clip(limits, 0, block.shape[2])))
    segments = np.empty((len(pairs), *block.shape[:2]))
    for segment, (start, stop) in zip(segments, pairs, strict=True):
        block[..., start:stop].sum(axis=-1, dtype=np.float64, out=segment)
    if compact and block.dtype.kind in "bui" and segments.min(initial=0) >= 0:
        return segments.astype(_smallest_type(segments.max(initial=0)))
    return segments


def combined_segments(parts, places, shape):
    """Return the segments of all spectra from those of the blocks.

    Parameters
    ----------
    parts : list of numpy.ndarray
        Segments of each block.
    places : list of (slice, slice, slice)
        Rows, columns and channels of each.
    shape : tuple of int
        Rows and columns of the scan.
    """
    if len(parts) == 1:
        return parts[0]
    dtype = np.float64
    if all(part.dtype.kind == "u" for part in parts):
        # blocks of other channels add up
        of_channels = len(places) / len({(rows.start, cols.start) for rows, cols, _ in places})
        dtype = _smallest_type(of_channels * max(int(part.max(initial=0)) for part in parts))
    segments = np.zeros((len(parts[0]), *shape), dtype)
    for (rows, cols, _), part in zip(places, parts, strict=True):
        segments[:, rows, cols] += part
    return segments


def _smallest_type(largest):
    return np.min_scalar_type(int(np.ceil(largest)))


def merged_segments(segments, limits, wanted):
    """Return sums of counts between fewer limits.

    Parameters
    ----------
    segments : numpy.ndarray
        Counts between neighbours of ``limits``, shape (S, ny, nx).
    limits, wanted : list of int
        Ascending; all that are wanted are among the limits.
    """
    if list(wanted) == list(limits):
        return segments
    starts = np.searchsorted(limits, wanted)
    dtype = np.result_type(segments.dtype, np.float32)
    return np.add.reduceat(segments[: starts[-1]], starts[:-1], axis=0, dtype=dtype)


def checked_segments(segments, noise=0.0):
    """Return finite counts by segment, or say that some are negative.

    Parameters
    ----------
    segments : numpy.ndarray
        Counts, shape (S, ny, nx).
    noise : float or numpy.ndarray
        By how much they may be, for noise of the detector, shape (S,); default 0.
    """
    least = segments.min(axis=(1, 2)) if segments.size else np.zeros(0)
    if np.any(least < -np.broadcast_to(noise, least.shape)):
        raise ValueError(
            f"The spectra must contain no negative counts, but contain {segments.min():g} in one "
            "window. Pass the counts as recorded, before any background subtraction."
        )
    return segments

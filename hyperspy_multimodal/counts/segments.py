"""Counts of a spectrum image in ranges of channels: the one pass over the data."""

import contextlib
import itertools

import dask.array as da
import numpy as np
from dask.diagnostics import ProgressBar


def segment_edges(windows):
    """Return the sorted channels at which any of the channel ranges of ``windows`` starts or ends.

    Parameters
    ----------
    windows : list of list of (int, int)
        Ranges [start, stop) of channels.
    """
    return sorted({edge for ranges in windows for limits in ranges for edge in limits})


def membership(windows, edges):
    """Return an array (K, S): 1 where segment S, between two edges, lies in windows K, else 0."""
    return np.array(
        [
            [float(any(start <= edge < stop for start, stop in ranges)) for edge in edges[:-1]]
            for ranges in windows
        ]
    )


def count_segments(signal, edges, show_progressbar):
    """Sum a spectrum image between neighbouring ``edges``.

    Parameters
    ----------
    signal : Signal1D
        Spectrum image with two navigation axes, eager or lazy.
    edges : list of int
        Channels, ascending.
    show_progressbar : bool
        Whether to show the progress of reading a lazy signal.

    Returns
    -------
    segments : numpy.ndarray
        Shape (S, ny, nx), float64.
    edges : list of int
        The S + 1 edges; those of a signal of floats include both ends of the axis.

    Raises
    ------
    ValueError
        If a sum is negative, NaN or infinite.
    """
    edges = edges_to_count(signal, edges)
    data = np.moveaxis(signal.data, signal.axes_manager.signal_axes[0].index_in_array, -1)
    pairs = list(itertools.pairwise(edges))
    sums = [data[..., start:stop].sum(axis=-1, dtype=np.float64) for start, stop in pairs]
    if isinstance(data, da.Array):
        with ProgressBar() if show_progressbar else contextlib.nullcontext():
            segments = da.stack(sums).compute()
    else:
        segments = np.stack(sums)
    return checked_segments(segments), edges


def edges_to_count(signal, edges):
    """Return edges to which those of a signal of floats add both ends of the axis.

    It may hold NaN in channels that no window takes: they are looked at as well.
    """
    if np.issubdtype(signal.data.dtype, np.integer):
        return list(edges)
    return sorted({0, *edges, signal.axes_manager.signal_axes[0].size})


def checked_segments(segments):
    """Return counts by segment, or say that they are none."""
    bad = ~np.isfinite(segments)
    if bad.any():
        raise ValueError(
            "The spectra must hold finite counts, but hold NaN or infinity in "
            f"{int(bad.any(axis=0).sum())} pixels. Replace them first, for example with "
            "numpy.nan_to_num."
        )
    if segments.size and segments.min() < 0:
        raise ValueError(
            f"The spectra must hold no negative counts, but hold {segments.min():g} in one window. "
            "Give the counts as recorded, before any background was subtracted."
        )
    return segments

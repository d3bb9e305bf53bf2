"""Spectra of a signal, in memory or in Dask blocks, and reading them now or later.

The result of a task is as large as a map of its block, so that only a few blocks of spectra are in
memory at a time. The blocks of a second pass are separate tasks: they are read again, not kept.
"""

import functools
import operator
import uuid

import dask
import dask.array as da
import numpy as np

from ..counts.contracts import Plan, Reading, Spectra
from ..counts.reading import SpectraInMemory, read_spectra, sum_spectra
from ..counts.spectra_sums import SummedSpectra
from ..notes import repeat, telling, untold
from .blocks import guarded, places_of
from .tasks import computed, task


class SpectraInBlocks:
    """Spectra that are read block by block when the returned tasks are computed.

    Parameters
    ----------
    data : dask.array.Array
        Shape (ny, nx, C).
    """

    compact = True

    def __init__(self, data):
        self._data, self._token = data, uuid.uuid4().hex
        self.shape = data.shape
        self.places = list(places_of(data).values())

    def with_all_channels(self):
        """Return the same spectra in blocks that have all channels."""
        if len(self._data.chunks[2]) == 1:
            return self
        return SpectraInBlocks(self._data.rechunk({2: -1}))

    def passed(self, name, function, *after):
        """Return a task for each block, after the task ``after`` if there is one."""
        blocks = guarded(self._data, *after).to_delayed(optimize_graph=False).ravel()
        return [
            task(functools.partial(_in_block, function, place), f"{name}-{self._token}-{number}")(
                block, *after
            )
            for number, (place, block) in enumerate(zip(self.places, blocks, strict=True))
        ]

    def call(self, name, function, *args):
        """Return a task."""
        return task(functools.partial(telling, function), f"{name}-{self._token}")(*args)


def _in_block(function, place, block, *after):
    return function(place, block, *map(untold, after))


def spectra_of(signal) -> Spectra:
    """Return the spectra of a spectrum image with two navigation axes, without a copy."""
    data = np.moveaxis(signal.data, signal.axes_manager.signal_axes[0].index_in_array, -1)
    return SpectraInBlocks(data) if isinstance(data, da.Array) else SpectraInMemory(data)


def read_now(signal, plan: Plan, splits=0, seed=0, show_progressbar=False) -> Reading:
    """Read maps from a spectrum image.

    Parameters
    ----------
    signal : BaseSignal
        Spectrum image, eager or lazy; a lazy one is read block by block.
    plan : Plan
        How to read it.
    splits, seed : int
        How many times to halve the counts at random, default 0, and the seed.
    show_progressbar : bool
        Whether to show the progress of reading a lazy signal. Default False.
    """
    return _now(read_spectra(spectra_of(signal), plan, splits, seed), show_progressbar)


def sum_now(signal, negative=False, show_progressbar=False) -> SummedSpectra:
    """Sum the spectra of a spectrum image.

    Parameters
    ----------
    signal : BaseSignal
        Spectrum image, eager or lazy.
    negative : bool
        Whether single values may be negative, as after the subtraction of a dark image. Default
        False.
    show_progressbar : bool
        Whether to show the progress of reading a lazy signal. Default False.
    """
    sums = sum_spectra(spectra_of(signal), operator.attrgetter("sums"), negative=negative)
    return _now(sums, show_progressbar)


def _now(found, show_progressbar):
    if not dask.is_dask_collection(found):
        return found
    told = computed([found], show_progressbar)[0]
    repeat(told.notes)
    return told.value


def read_later(signal, plan: Plan, splits, seed, divisible):
    """Return a task that reads the data for a fusion from a lazy spectrum image.

    Parameters
    ----------
    signal : LazySignal1D
        Spectrum image.
    plan : Plan
        How to read it.
    splits, seed : int
        How many times to halve the counts at random, and the seed.
    divisible : bool
        Whether counts will be split, or drawn anew as for standard deviations.

    Returns
    -------
    dask.delayed.Delayed
        Of a `Told` with a `Reading`.
    """
    finish = functools.partial(_for_fusion, divisible)
    return read_spectra(spectra_of(signal), plan, splits, seed, finish)


def _for_fusion(divisible, reading: Reading):
    return reading.for_fusion(divisible)

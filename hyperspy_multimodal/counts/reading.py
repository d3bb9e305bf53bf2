"""Read maps from spectra according to a plan, in one or two passes over their blocks.

The first pass sums spectra, and counts between the limits of a plan; where the plan has a second
one, it projects the spectra on what was fitted to their sum. Spectra in memory are one block.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np

from .contracts import Maps, Plan, Projection, Reading, Spectra
from .left_out import first_reading
from .passes import combined_counts, combined_projections, count_block, project_again, project_block

#: How many times counts are halved, where lambdas are chosen by what the halves predict.
SPLITS = 3


@dataclass(frozen=True)
class ReadMaps:
    """Maps that were read from spectra, and how: a `Reading` with nothing else.

    Attributes
    ----------
    maps : ElementMaps or FittedMaps
        Maps.
    record : dict
        How they were read, in types that metadata can hold.
    """

    maps: Maps
    record: dict
    gain = 1.0
    mask = None
    noise = None

    @property
    def raw(self):
        """Net counts as measured, shape (K, ny, nx)."""
        return self.maps.gains.astype(self.maps.net.dtype)[:, None, None] * self.maps.net

    def for_fusion(self, divisible):
        """Return the same, with maps that can be split or drawn only if ``divisible``."""
        return self if divisible else replace(self, maps=self.maps.settled)


class SpectraInMemory:
    """Spectra in memory, shape (ny, nx, C): one block, which is read at once."""

    compact = False

    def __init__(self, data):
        self._data = data
        self.shape = data.shape
        self.places = [tuple(slice(0, size) for size in data.shape)]

    def with_all_channels(self):
        """Return spectra of which each block has all channels: the same."""
        return self

    def passed(self, name, function, *after):
        """Return a list of what ``function`` gives of all spectra."""
        return [function(self.places[0], self._data, *after)]

    def call(self, name, function, *args):
        """Return what ``function`` gives."""
        return function(*args)


def read_spectra(spectra: Spectra, plan: Plan, splits, seed, finish=None):
    """Read maps from spectra.

    Parameters
    ----------
    spectra : Spectra
        In memory, or in blocks that are read later.
    plan : Plan
        How to read them.
    splits, seed : int
        How many times to halve the counts at random, and the seed.
    finish : callable, optional
        What to return of the reading, default all of it.

    Returns
    -------
    Reading
        Or a task that gives it.
    """
    if plan.smooth:  # spikes are told from the channels beside them
        spectra = spectra.with_all_channels()
    if not plan.two_passes:
        return _first_pass(spectra, plan, finish)
    projection = _first_pass(spectra, plan, None)
    project = functools.partial(_project, splits, seed, spectra.shape[1])
    combine = functools.partial(_measured, spectra.shape, spectra.places, splits, seed, finish)
    parts = spectra.passed("project-spectra", project, projection)
    return spectra.call("element-maps", combine, projection, parts)


def _first_pass(spectra, plan, finish):
    read = functools.partial(_read, plan, finish)
    return sum_spectra(spectra, read, plan.limits, plan.negative, plan.smooth)


def sum_spectra(spectra: Spectra, finish, limits=None, negative=False, seek_spikes=False):
    """Sum spectra, and their counts between limits, in one pass.

    Parameters
    ----------
    spectra : Spectra
        In memory, or in blocks that are read later.
    finish : callable
        Takes the `BlockCounts` of all spectra to what is returned.
    limits : list of int, optional
        Channels between which counts are summed, ascending.
    negative : bool
        Whether single values may be negative. Default False.
    seek_spikes : bool
        Whether to look for spikes, for which each block must have all channels. Default False.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, or negative where it may not be.
    """
    count = functools.partial(count_block, limits, spectra.compact, seek_spikes=seek_spikes)
    combine = functools.partial(_combined, spectra.shape, spectra.places, negative, finish)
    return spectra.call("combine-spectra", combine, spectra.passed("read-spectra", count))


def _combined(shape, places, negative, finish, parts):
    return finish(combined_counts(parts, places, shape, negative))


def _read(plan: Plan, finish, counted) -> Reading | Projection:
    reading = first_reading(plan, *counted)
    return reading if finish is None else finish(reading)


def _project(splits, seed, n_columns, place, block, projection: Projection):
    channels = place[2]
    operator = np.ascontiguousarray(projection.operator[channels], np.float32)
    splits = splits if projection.can_split else 0
    first = tuple(each.start for each in place)
    found = project_block(block, operator, first, n_columns, splits, projection.columns, seed)
    values = [
        (row - place[0].start, col - place[1].start, each.channel - channels.start, each.expected)
        for each in getattr(projection, "spikes", ())
        for row, col in [divmod(each.pixel, n_columns)]
        if all(a.start <= b < a.stop for a, b in zip(place, (row, col, each.channel), strict=True))
    ]
    if values:
        project_again(*found, values, block, operator, first, n_columns, seed)
    return found


def _measured(shape, places, splits, seed, finish, projection: Projection, parts):
    whole, of_halves = combined_projections(parts, places, shape)
    reading = projection.measured(whole, of_halves, seed=seed, splits=splits)
    return reading if finish is None else finish(reading)

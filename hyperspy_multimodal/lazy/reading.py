"""A plan's passes over a lazy spectrum image, as tasks of Dask.

The first pass sums spectra, and counts in windows; where a plan needs a second one, it
projects the spectra on what was fitted to their sum. What a task gives is as large as a map of its
block, so that no more than some blocks of spectra are in memory at a time. The blocks of the second
pass are tasks of their own: they are read again, not kept.
"""

import functools
import itertools
import uuid

import numpy as np

from ..counts.left_out import first_reading
from ..counts.passes import blocks_of, energy_last, project_block, summed_block
from ..counts.segments import checked_segments
from ..counts.spectra_sums import combined_sums
from .blocks import guarded
from .tasks import task


def read_lazily(signal, plan, halves, seed, drawn=False, only_maps=True):
    """Return a task that reads maps as `hyperspy_multimodal.maps.read` does.

    Parameters
    ----------
    signal : LazySignal1D
        Spectrum image.
    plan : XrayFit, XrayWindows, EdgePlan or EdgeWindows
        How to read it.
    halves, seed : int
        Pairs of random halves to draw, and their seed.
    drawn : bool
        Whether counts will be drawn anew, as for standard deviations.
    only_maps : bool
        Whether to leave out what else a fit found, for memory's sake. Default True.

    Returns
    -------
    dask.delayed.Delayed
        Of a Reading, EdgeMeasurement or EdgeFit, or of a PartialReading of one.
    """
    data, token = energy_last(signal), uuid.uuid4().hex
    places, parts = _passed(data, f"read-spectra-{token}", functools.partial(_first_pass, plan))
    reading = task(
        functools.partial(_combined, plan, data.shape, places, halves == 0 and not drawn),
        f"combine-spectra-{token}",
    )(parts)
    if not plan.two_passes:
        return reading
    project = functools.partial(_project, halves, seed, data.shape[1])
    places, parts = _passed(data, f"project-spectra-{token}", project, reading)
    finish = functools.partial(_measured, data.shape, halves, seed, places, only_maps)
    return task(finish, f"element-maps-{token}")(reading, parts)


def _passed(data, name, function, *args):
    """Return the places of all blocks, and a task for each, after the task in ``args`` if any."""
    places, tasks = [], []
    blocks = guarded(data, *args)
    for number, ((rows, cols), channels, block) in enumerate(blocks_of(blocks, False)):
        place = rows, cols, channels
        places.append(place)
        at_place = functools.partial(function, place)
        tasks.append(task(at_place, f"{name}-{number}")(block, *args))
    return places, tasks


def _first_pass(plan, place, block):
    """Return the counts of a block between edges (S, rows, columns), and its sums."""
    counts = None
    if plan.edges is not None:
        first = place[2].start
        cuts = np.clip(np.array(plan.edges) - first, 0, block.shape[2])
        pairs = itertools.pairwise(cuts)
        counts = np.stack([block[..., a:b].sum(axis=-1, dtype=np.float64) for a, b in pairs])
        if block.dtype.kind in "bui" and counts.min(initial=0) >= 0:
            counts = counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
    return counts, summed_block(block)


def _combined(plan, shape, places, settled, parts):
    ny, nx, _ = shape
    segments = None
    found = zip(places, (sums for _, sums in parts), strict=True)
    sums = combined_sums(found, shape, plan.negative)
    if plan.edges is not None:
        dtype = np.dtype(np.float64)
        if all(counts.dtype.kind == "u" for counts, _ in parts):
            # as small as will do: blocks of other channels add up
            splits = len(places) / len({(rows.start, cols.start) for rows, cols, _ in places})
            largest = max((int(counts.max(initial=0)) for counts, _ in parts), default=0)
            dtype = np.min_scalar_type(int(np.ceil(splits * largest)))
        segments = np.zeros((len(plan.edges) - 1, ny, nx), dtype)
        for (rows, cols, _), (counts, _) in zip(places, parts, strict=True):
            segments[:, rows, cols] += counts
        segments = checked_segments(segments)
    reading = first_reading(plan, segments, sums)
    return reading.settled if settled and not plan.two_passes else reading


def _project(halves, seed, n_columns, place, block, reading):
    rows, cols, channels = place
    operator = np.ascontiguousarray(reading.operator[channels], np.float32)
    pairs = halves if reading.splits else 0, reading.columns
    first = rows.start, cols.start, channels.start
    return project_block(block, operator, first, n_columns, pairs, seed)


def _measured(shape, halves, seed, places, only_maps, reading, parts):
    ny, nx, _ = shape
    one, of_one = parts[0]
    whole = np.zeros((len(one), ny, nx), np.float32)
    of_halves = np.zeros((*of_one.shape[:2], ny, nx), np.float32)
    for (rows, cols, _), (part, part_of_halves) in zip(places, parts, strict=True):
        whole[:, rows, cols] += part
        of_halves[:, :, rows, cols] += part_of_halves
    measured = reading.measured(whole, of_halves, seed=seed, halves=halves)
    return measured.only_maps if only_maps else measured

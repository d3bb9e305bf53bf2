"""Lazy fusion: signals from one Dask graph that reads spectra and fuses maps."""

import functools
import uuid
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hyperspy.signal import BaseSignal

from ..lazy import computed, map_blocks_of, read_later, task
from ..recovery.fuse import fuse_reading
from ..recovery.parameters import shows_progress
from ..recovery.summary import fused_later, logged_together, postponed
from ..selection import DRAWS
from .masks import without_masked
from .native import draw_suffix, element_maps, image
from .outputs import IMAGES
from .records import (
    common_record,
    record_of_map,
    record_task,
    set_record_task,
    without_record_task,
)


def fuse_lazily(scan, splits, mask, parameters, known):
    """Return lazy fused maps, and the lazy full output if requested, without reading spectra.

    Parameters
    ----------
    scan : Scan
        Spectra and HAADF.
    splits : int
        How many times to halve the counts.
    mask, parameters, known
        As in `fuse_reading`.
    """
    token, signal, shape = uuid.uuid4().hex, scan.signal, scan.haadf.shape
    spectra = without_masked(signal, mask)
    spectra = spectra if spectra._lazy else spectra.as_lazy()
    reading = read_later(spectra, scan.plan, splits, parameters.seed, splits > 0)
    fuse = functools.partial(
        fuse_reading,
        haadf=scan.haadf,
        mask=mask,
        per_count=scan.per_count,
        parameters=replace(parameters, show_progressbar=False),
        known=known,
    )
    fuse = functools.partial(fused_later, fuse, postponed())
    fused = task(fuse, f"fuse-maps-{token}")(reading)

    def lazy_maps(get, suffix, node=None, dtype=np.float64):
        arrays = map_blocks_of(fused, get, len(scan.plan.names), shape, dtype)
        return [
            each.as_lazy() for each in element_maps(signal, arrays, *scan.described, suffix, node)
        ]

    given = {**known, **_given(parameters)}
    maps = lazy_maps(_maps_of, ", fused", given)
    for number, each in enumerate(maps):
        own = functools.partial(_record_of, number)
        set_record_task(each, task(own, f"record-{token}-{number}")(fused))
    if not parameters.full_output:
        return maps
    unit = {"quantity": scan.quantity}
    raw = lazy_maps(_raw_of, ", raw", unit, scan.plan.raw_dtype)
    output = {"record": task(_numbers_of, f"numbers-{token}")(fused), "raw_maps": raw}
    if parameters.uncertainty:
        output["standard_deviations"] = lazy_maps(_errors_of, ", standard deviation", unit)
        output["draws"] = [
            lazy_maps(functools.partial(_draw_of, number), draw_suffix(number), unit, np.float32)
            for number in range(DRAWS)
        ]
    for name, title in IMAGES.items():
        [array] = map_blocks_of(fused, functools.partial(_image_of, name), 1, shape)
        output[name] = image(signal, array, title).as_lazy()
    return maps, output


def compute_maps(
    maps: Sequence[BaseSignal], show_progressbar: bool | None = None
) -> list[BaseSignal]:
    """Compute lazy fused maps together, and store all chosen parameters in their metadata.

    The spectra are read only as often as the method requires, and all maps are fused together. In
    contrast, calling ``m.compute()`` for each map repeats the reading and the fusion.

    Parameters
    ----------
    maps : list of BaseSignal
        Lazy maps from ``multimodal_fusion``, all or some of them. They remain unchanged. Other lazy
        signals are also computed, and signals in memory are copied.
    show_progressbar : None or bool
        Whether to show Dask's progress bar, if its scheduler runs in this process. None (default)
        follows HyperSpy's preferences.

    Returns
    -------
    list of BaseSignal
        Maps in memory. ``metadata.Multimodal_fusion`` contains all parameters, whether given or
        chosen automatically, as for a signal in memory.

    Raises
    ------
    TypeError
        If ``maps`` is not a list of signals.

    Examples
    --------
    >>> from hyperspy_multimodal import compute_maps
    >>> from hyperspy_multimodal.data import core_shell
    >>> specimen = core_shell((32, 32), counts=20)
    >>> lazy = specimen.signal.as_lazy().multimodal_fusion(specimen.haadf, gamma=1)
    >>> lazy[0]
    <LazySignal, title: X-ray line intensity of Simulated core-shell particles: Co_Ka at 6.93 \
keV, fused, dimensions: (32, 32|)>
    >>> maps = compute_maps(lazy, show_progressbar=False)
    >>> maps[0].metadata.Multimodal_fusion.converged
    True
    """
    if isinstance(maps, BaseSignal):
        maps = [maps]
    if not isinstance(maps, (list, tuple)) or not all(isinstance(e, BaseSignal) for e in maps):
        kinds = maps if not isinstance(maps, (list, tuple)) else [type(e).__name__ for e in maps]
        raise TypeError(
            f"maps must be a list of signals, as multimodal_fusion returns it, but {kinds!r} was "
            "given."
        )
    maps, show = list(maps), shows_progress(show_progressbar)
    records = [record_task(each) if each._lazy else None for each in maps]
    arrays = [each.data for each in maps]
    with logged_together():
        arrays, records = computed([arrays, records], show)
    results = []
    for each, array, record in zip(maps, arrays, records, strict=True):
        result = each.deepcopy()
        if each._lazy:
            result.data = array
            result._lazy = False
            result._assign_subclass()
        if record is not None:
            record = common_record(record) if isinstance(record, list) else record
            if result.metadata.has_item("Multimodal_fusion"):
                del result.metadata.Multimodal_fusion
            result.metadata.add_dictionary({"Multimodal_fusion": record})
        without_record_task(result)
        results.append(result)
    return results


def _given(parameters):
    """Return the parameters that were given, before anything is chosen."""
    names = ("gamma", "regulariser", "weights", "haadf_blur", "align", "keep_totals",
             "keep_significant", "share_structure", "tolerance", "max_iterations", "seed",
             "uncertainty")  # fmt: skip
    return {name: getattr(parameters, name) for name in names} | {"lambdas": parameters.lambdas}


def _record_of(number, fused):
    """Return the record of one map, with its standard deviation."""
    record = record_of_map(fused.record, number)
    if fused.errors is None:
        return record
    return {**record, "standard_deviation": fused.errors[number]}


def _numbers_of(fused):
    return {**fused.record, **fused.numbers}


def _maps_of(fused):
    return fused.maps


def _raw_of(fused):
    return fused.raw


def _errors_of(fused):
    return fused.errors


def _draw_of(number, fused):
    return fused.draws[number]


def _image_of(name, fused):
    return fused.images[name][None]

"""From a spectrum image, a plan to read it and a HAADF image to fused signals, eager or lazy."""

import contextlib

import numpy as np
from dask.diagnostics import ProgressBar

from ..lazy import read_lazily
from ..maps import HALVES, read
from .fuse import fuse_reading
from .lazy_maps import fuse_lazily
from .masks import checked_mask, without_masked
from .native import element_maps, with_errors


def fuse_spectra(
    signal,
    image,
    plan,
    *,
    item,
    titles,
    per_count,
    known,
    parameters,
    navigation_mask,
    lazy_output,
    output_of=None,
):
    """Read and fuse a spectrum image.

    Parameters
    ----------
    signal : EDSSpectrum or EELSSpectrum
        Spectrum image.
    image : numpy.ndarray
        HAADF image, shape (ny, nx).
    navigation_mask, lazy_output
        As in `multimodal_fusion`.
    plan : XrayFit, XrayWindows, EdgePlan or EdgeWindows
        How to read it.
    item : str
        Item of metadata.Sample that names its maps.
    titles : list of str
        Titles of the maps.
    per_count : numpy.ndarray
        HAADF intensity for each count, up to a common factor, shape (K,).
    known : dict
        What the record has to hold beside the parameters.
    parameters : Parameters
        Checked parameters.
    output_of : callable, optional
        Makes the item ``spectrum_fit`` of ``full_output`` from the signal and what was read.

    Returns
    -------
    list of BaseSignal, or list and dict
    """
    mask = checked_mask(navigation_mask, image.shape)
    described = plan.names, item, titles
    known = {
        item: list(plan.names),
        **known,
        "integration_windows": np.asarray(plan.windows).tolist(),
    }
    halves = HALVES if isinstance(parameters.lambdas, str) else 0
    spectra = without_masked(signal, mask)
    if is_lazy_output(lazy_output, signal):
        return fuse_lazily(
            signal, spectra, plan, halves, image, mask, per_count, parameters, known, described
        )
    if spectra._lazy:
        task = read_lazily(
            spectra, plan, halves, parameters.seed, parameters.uncertainty, only_maps=False
        )
        with ProgressBar() if parameters.show_progressbar else contextlib.nullcontext():
            reading = task.compute()
    else:
        reading = read(spectra, plan, halves, parameters.seed, parameters.show_progressbar)
    fused = fuse_reading(reading, image, mask, per_count, parameters, known)
    maps = element_maps(signal, fused.maps, *described, ", fused", fused.record)
    shown = {} if output_of is None else {"spectrum_fit": output_of(signal, reading)}
    if reading.factor != 1 or "gain" in fused.record:
        shown["gain"] = reading.factor
    if fused.errors is not None:
        shown["standard_deviations"] = with_errors(signal, maps, fused.errors, described)
    if not parameters.full_output:
        return maps
    raw = element_maps(signal, fused.raw, *described, ", raw")
    return maps, {**fused.output(signal), **shown, "raw_maps": raw}


def is_lazy_output(lazy_output, signal):
    """Return whether maps are to be lazy; None follows the signal."""
    if lazy_output is None:
        return bool(signal._lazy)
    if not isinstance(lazy_output, bool):
        raise TypeError(f"lazy_output must be True, False or None, but {lazy_output!r} was given.")
    return lazy_output

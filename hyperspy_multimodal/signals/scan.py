"""Fused signals, eager or lazy, from a spectrum image, a plan to read it, and a HAADF image."""

from dataclasses import dataclass

import numpy as np

from ..checks import checked_flag
from ..counts.contracts import Plan
from ..counts.reading import SPLITS
from ..lazy import read_now
from ..recovery.fuse import fuse_reading
from .lazy_signals import fuse_lazily
from .masks import checked_mask, without_masked
from .native import drawn_maps, element_maps, with_errors
from .outputs import output_signals
from .quantity import quantity_of_spectra


@dataclass(frozen=True)
class Scan:
    """A spectrum image with the HAADF image of the same scan, and how it is read.

    Parameters
    ----------
    signal : EDSSpectrum or EELSSpectrum
        Spectrum image.
    haadf : numpy.ndarray
        HAADF image, shape (ny, nx).
    plan : Plan
        How counts are read.
    item : str
        Item of metadata.Sample that names its maps.
    titles : list of str
        Titles of the maps.
    per_count : numpy.ndarray
        HAADF intensity for each count, up to a common factor, shape (K,).
    known : dict
        What the record has to hold beside the parameters.
    output_of : callable, optional
        Makes the item ``spectrum_fit`` of ``full_output`` from the signal and what was read.
    """

    signal: object
    haadf: np.ndarray
    plan: Plan
    item: str
    titles: list
    per_count: np.ndarray
    known: dict
    output_of: object = None

    @property
    def described(self):
        """What native maps are named by: names, item of the metadata, titles."""
        return self.plan.names, self.item, self.titles

    @property
    def quantity(self):
        """What the values of all maps are, as metadata have it."""
        return quantity_of_spectra(self.plan)

    def read(self, mask, splits, parameters):
        """Read counts into memory, chunk by chunk if the signal is lazy."""
        spectra = without_masked(self.signal, mask)
        return read_now(spectra, self.plan, splits, parameters.seed, parameters.show_progressbar)


def fuse_spectra(scan, *, parameters, navigation_mask, lazy_output):
    """Read and fuse a spectrum image.

    Parameters
    ----------
    scan : Scan
        Spectra and HAADF.
    parameters : Parameters
        Checked parameters.
    navigation_mask, lazy_output
        As in `multimodal_fusion`.

    Returns
    -------
    list of BaseSignal, or list and dict
    """
    signal, haadf, described = scan.signal, scan.haadf, scan.described
    parameters.check_number_of(scan.plan.names)
    mask = checked_mask(navigation_mask, haadf.shape)
    known = {
        scan.item: list(scan.plan.names),
        **scan.known,
        "quantity": scan.quantity,
        "integration_windows": np.asarray(scan.plan.windows).tolist(),
    }
    splits = SPLITS if parameters.splits_counts else 0
    if is_lazy_output(lazy_output, signal):
        return fuse_lazily(scan, splits, mask, parameters, known)
    parameters.compile_ahead(len(scan.plan.names))
    reading = scan.read(mask, splits, parameters)
    fused = fuse_reading(reading, haadf, mask, scan.per_count, parameters, known)
    maps = element_maps(signal, fused.maps, *described, ", fused", fused.record)
    shown = {}
    if reading.gain != 1 or "gain" in fused.record:
        shown["gain"] = reading.gain
    if fused.errors is not None:
        unit = {"quantity": scan.quantity}
        shown["standard_deviations"] = with_errors(signal, maps, fused.errors, described, unit)
    if not parameters.full_output:
        return maps
    if scan.output_of is not None:
        shown["spectrum_fit"] = scan.output_of(signal, reading)
    if fused.draws is not None:
        unit = {"quantity": scan.quantity}
        shown["draws"] = drawn_maps(signal, fused.draws, described, unit)
    raw = element_maps(signal, fused.raw, *described, ", raw", {"quantity": scan.quantity})
    shown |= {"raw_maps": raw, "raw_noise": reading.noise}
    return maps, {**output_signals(fused, signal), **shown}


def is_lazy_output(lazy_output, signal):
    """Return whether maps are to be lazy; None follows the signal."""
    if checked_flag("lazy_output", lazy_output, None) is None:
        return bool(signal._lazy)
    return bool(lazy_output)

"""EELS: the electrons at the edges of a spectrum image, and their background."""

import functools
from dataclasses import dataclass

import numpy as np

from ..fusion.checks import checked_number
from .background_shape import POWER_LAW, shape_ratio
from .edge_windows import (
    channel_energies,
    halved,
    has_room,
    integration_channels,
    pre_edge_channels,
)
from .edges import onset_energy, select_edges
from .element_maps import ElementMaps
from .gain import find_gain
from .power_law import background_ratios
from .segments import count_segments, membership, segment_edges
from .spectra_reading import summed_spectrum


@dataclass(frozen=True)
class EdgeMeasurement:
    """What was measured at K edges, and how.

    Parameters
    ----------
    maps : ElementMaps
        Whole electrons, not counts.
    onsets : list of float
        Onset energies in eV.
    integration_windows : numpy.ndarray
        Shape (K, 2), in units of the energy axis.
    background_windows : numpy.ndarray or None
        Pre-edge windows, shape (K, 2), in units of the energy axis.
    gain : float
        Counts per electron.
    gain_source : str
        "given", "metadata", "integer counts" or "estimated".
    """

    maps: ElementMaps
    onsets: list
    integration_windows: np.ndarray
    background_windows: np.ndarray | None
    gain: float
    gain_source: str


def measure_edges(
    signal,
    edges,
    integration_windows,
    background_windows,
    gain,
    show_progressbar,
    background_type=POWER_LAW,
):
    """Measure the electrons at the edges of an EELS spectrum image.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, eager or lazy; a lazy one is read once.
    edges, integration_windows, background_windows, gain
        As in `multimodal_fusion`.
    show_progressbar : bool
        Whether to show the progress of reading a lazy signal.
    background_type : str
        From `checked_background_type`, default a power law.

    Returns
    -------
    EdgeMeasurement
    """
    if gain is not None:
        gain = checked_number("gain", gain, low=0, include_low=False)
    axis = signal.axes_manager.signal_axes[0]
    if not axis.is_uniform:
        raise ValueError(
            "The energy axis is not uniform. Expected channels of one width: rebin the spectra, "
            "for example with s.interpolate_on_axis."
        )
    automatic = isinstance(background_windows, str)
    if automatic and background_windows != "auto":
        raise ValueError(
            "background_windows must be 'auto', None or an array with one row an edge, but "
            f"{background_windows!r} was given."
        )
    names = select_edges(signal, edges, functools.partial(has_room, axis, pre_edge=automatic))
    inside = integration_channels(signal, names, integration_windows)
    sides = pre_edge_channels(signal, names, background_windows)
    halves = [halved(axis, *channels) for channels in sides or inside]
    cuts = segment_edges([*([window] for window in inside), *halves])
    counts, cuts = count_segments(signal, cuts, show_progressbar)
    lower, upper = (
        np.tensordot(membership([[half[i]] for half in halves], cuts), counts, axes=1)
        for i in (0, 1)
    )
    gain, source = find_gain(signal, gain, counts, lower, upper)
    electrons = counts / gain
    if counts.any() and electrons.max() < 0.5:
        raise ValueError(
            f"With gain={gain:g} counts per electron no window holds an electron in any pixel. "
            "Give the gain of these data as `gain`."
        )
    windows = np.array([channel_energies(axis, window) for window in inside])
    if sides is None:
        beside, ratios, limits = [[] for _ in names], np.zeros((len(names), 1, 1)), None
    else:
        beside = halves
        limits = np.array([channel_energies(axis, (*low, high[1])) for low, high in halves])
        if background_type == POWER_LAW:
            ratios = np.stack(
                [
                    background_ratios(*each, axis.units)
                    for each in zip(names, windows, limits, lower / gain, upper / gain, strict=True)
                ]
            )
        else:
            total, _ = summed_spectrum(signal, show_progressbar, negative=True)
            found = [
                shape_ratio(name, total, axis, side, window, background_type)
                for name, side, window in zip(names, sides, inside, strict=True)
            ]
            ratios = np.array(found)[:, None, None]
        limits = limits[:, ::2]
    within, outside = membership([[window] for window in inside], cuts), membership(beside, cuts)
    # Unused segments would change what seed gives which split.
    used = (within + outside).any(axis=0)
    maps = ElementMaps(
        names=names,
        segments=electrons[used],
        inside=within[:, used],
        beside=outside[:, used],
        ratios=ratios,
        has_steps=True,
        splits_rounded=True,
    )
    onsets = [onset_energy(name) for name in names]
    return EdgeMeasurement(maps, onsets, windows, limits, gain, source)

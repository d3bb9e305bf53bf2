"""EELS: ranges of channels in which the noise of spectra is compared with their mean."""

from typing import NamedTuple

import numpy as np

from ..physics.edges import edge_onsets, onset_energy
from .edge_windows import channel_energies
from .select_edges import listed_elements

_RANGES = 16  # at most
_CHANNELS = 3  # in each, at least
# Energies in eV below and above an onset where the spectrum is not smooth.
_BELOW, _ABOVE = 5.0, 20.0


class NoiseRanges(NamedTuple):
    """Ranges of channels that follow each other.

    Attributes
    ----------
    limits : list of int
        Channels at which they start, and where the last ends; empty if the axis is too short.
    free : tuple of bool
        Which of the ranges have no major edge of the elements that are known.
    """

    limits: list
    free: tuple


def noise_ranges_of(signal, names):
    """Return the `NoiseRanges` of a spectrum image.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, which is not read.
    names : list of str
        Edges to map.
    """
    axis = signal.axes_manager.signal_axes[0]
    ranges = min(_RANGES, axis.size // _CHANNELS)
    if ranges < 3:
        return NoiseRanges([], ())
    limits = np.rint(np.linspace(0, axis.size, ranges + 1)).astype(int).tolist()
    energies = np.array(channel_energies(axis, limits)) * (1e3 if axis.units == "keV" else 1.0)
    known = listed_elements(signal)
    onsets = np.array(
        [
            *map(onset_energy, names),
            *(onset for each in known for onset in edge_onsets(each, only_major=True).values()),
        ]
    )
    edge = (onsets + _ABOVE > energies[:-1, None]) & (onsets - _BELOW < energies[1:, None])
    return NoiseRanges(limits, tuple((~edge.any(axis=1)).tolist()))

"""The detector of an EDS signal, and the channels that a fit of its spectra takes."""

import numpy as np

from ..physics.lines import element_lines
from ..physics.microscope import stated
from .spectrum.detector import Detector

_LOWEST_ENERGY = 0.2  # keV; below lie the noise of the electronics and what windows absorb
# keV; above lie no lines that tell elements of the instrument, and few counts.
_HIGHEST_ENERGY, _BEYOND = 20.0, 1.05


def detector_of(signal):
    """Return the `Detector` of an EDS signal according to its axis and metadata.

    Raises
    ------
    ValueError
        If the metadata hold no resolution.
    """
    instrument = signal.metadata.get_item("Acquisition_instrument", None)
    resolution = stated(instrument, "energy_resolution_MnKa", None)
    if resolution is None:
        raise ValueError(
            "The energy resolution of the detector is not set. Set it, in eV, for example with "
            "s.set_microscope_parameters(energy_resolution_MnKa=130)."
        )
    axis = signal.axes_manager.signal_axes[0]
    unit = 1e-3 if axis.units == "eV" else 1.0
    edges = unit * (axis.offset + axis.scale * (np.arange(axis.size + 1) - 0.5))
    return Detector(edges, resolution)


def channels_to_fit(detector, elements, beam_energy, lowest=_LOWEST_ENERGY):
    """Return the channels that hold lines, (C,).

    Parameters
    ----------
    detector : Detector
        Channels.
    elements : sequence of str
        Elements whose lines are needed, also those of high energy.
    beam_energy : float
        Energy of the electrons in keV.
    lowest : float
        Lower end of the lowest window, in keV. Default 0.2.
    """
    low = min(_LOWEST_ENERGY, 0.9 * lowest)
    lines = [line.energy for each in elements for line in element_lines(each, low, beam_energy)]
    high = max([_HIGHEST_ENERGY, *(_BEYOND * energy for energy in lines)])
    return (detector.centres > low) & (detector.centres < min(beam_energy, high))

"""Simulated EELS spectrum images, and their measurement."""

import numpy as np
from exspy.signals import EELSSpectrum

from hyperspy_multimodal.eels.edge_measurement import plan_edges
from hyperspy_multimodal.lazy import read_now

OFFSET, SCALE, SIZE = 350.0, 2.0, 160


def bounds(offset=OFFSET, scale=SCALE, size=SIZE):
    """Return the energies between channels."""
    return offset + scale * (np.arange(size + 1) - 0.5)


def power_law(exponent, shape=(SIZE,)):
    """Return counts of (E / 400)^-r in each channel, integrated exactly."""
    limits = bounds(size=shape[-1]) / 400
    return 400 * (limits[1:] ** (1 - exponent) - limits[:-1] ** (1 - exponent)) / (1 - exponent)


def spectrum_image(data, elements=("Ti",), offset=OFFSET, scale=SCALE, units="eV"):
    signal = EELSSpectrum(data)
    axis = signal.axes_manager.signal_axes[0]
    axis.offset, axis.scale, axis.units = offset, scale, units
    if elements:
        signal.add_elements(elements)
    return signal


def flat(elements=("Ti",), size=SIZE, **axis):
    return spectrum_image(np.full((6, 7, size), 50), elements, **axis)


def measure(signal, edges=None, windows=None, sides="auto", gain=None):
    return read_now(signal, plan_edges(signal, edges, windows, sides, gain))

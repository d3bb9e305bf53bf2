"""Bremsstrahlung: shapes, of which a non-negative sum makes the continuum."""

import numpy as np

from .detector import LEAST_ENERGY, window_transmission

# Knots of the hat functions lie a factor of 1.8 apart, and no nearer than this, in keV: ten times
# as far as a line is wide there, or else a hat could pass for a group of lines.
_FACTOR, _NEAREST = 1.8, 0.6
# Energies in keV at which entrance windows and dead layers let 1/e of the X-rays through.
_WINDOW_ENERGIES = (0.2, 0.35, 0.55)
_WINDOWED = 1.5  # keV: below, it matters which of them


def continuum_shapes(detector, beam_energy, used):
    """Return shapes whose non-negative sums are possible continua.

    Kramers' (E0 - E) / E [1]_ behind entrance windows, whose absorption falls with the third power
    of the energy, times hat functions of the energy. Those bend it, over a factor of 1.8 in energy
    and 0.6 keV at least, as absorption in the specimen does; no line is as wide.

    Parameters
    ----------
    detector : Detector
        Channels.
    beam_energy : float
        Energy E0 of the electrons in keV.
    used : numpy.ndarray
        Channels that are fitted, bool, shape (C,).

    Returns
    -------
    numpy.ndarray
        Shape (J, C), each with a maximum of 1 in the channels that are used, and 0 elsewhere.

    References
    ----------
    .. [1] H. A. Kramers, Philos. Mag. 46, 836 (1923), doi:10.1080/14786442308565244.
    """
    # energies of the calibrated axis, so that the shapes do not depend on the axis of the signal
    calibrated = (detector.centres - detector.offset) / (1 + detector.gain)
    energy = np.maximum(calibrated, LEAST_ENERGY)
    kramers = np.where(used, np.maximum(beam_energy - energy, 0.0) / energy, 0.0)
    knots = [energy[used].min()]
    while knots[-1] < energy[used].max():
        knots.append(max(_FACTOR * knots[-1], knots[-1] + _NEAREST))
    shapes = []
    for knot, row in zip(knots, np.eye(len(knots)), strict=True):
        hat = np.interp(np.log(energy), np.log(knots), row)
        windows = _WINDOW_ENERGIES if knot < _WINDOWED else _WINDOW_ENERGIES[1:2]
        shapes += [kramers * hat * window_transmission(energy, window) for window in windows]
    shapes = [shape / shape.max() for shape in shapes if shape.max() > 0]
    return np.array(shapes)

"""The range of energies that the picture of a summed spectrum shows."""

import numpy as np


def check_energies(energies, energy, fits, units):
    """Raise an error unless a range contains two channels that were fitted.

    Parameters
    ----------
    energies : tuple of (float, float)
        The range, in units of the axis.
    energy : numpy.ndarray
        Energies of the channels, shape (C,).
    fits : numpy.ndarray
        Which of them were fitted, bool, shape (C,).
    units : str
        Of the axis.
    """
    inside = (energy >= energies[0]) & (energy <= energies[1])
    if np.count_nonzero(fits & inside) < 2:
        first, last = energy[fits][[0, -1]]
        raise ValueError(
            f"energies must contain at least two of the channels that were fitted, {first:g} "
            f"to {last:g} {units}, but {energies!r} was given."
        )

"""White lines: peaks at L3 and L2 onsets, of transitions into empty states just above them."""

import numpy as np
from scipy import special

from ..physics.peak_widths import FWHM_PER_SIGMA

#: Full width at half maximum, and distance of the peak from the onset, lowest and highest, in eV.
WIDTHS, OFFSETS = (1.5, 10.0), (0.0, 6.0)


def white_line_onsets(subshells, onsets, energies):
    """Return the onsets of the white lines of an element.

    Parameters
    ----------
    subshells : list of str
        From `hydrogenic.edge_subshells`.
    onsets : dict of str to float
        Onsets in eV of all edges of the element.
    energies : tuple of (float, float)
        First and last energy in eV.

    Returns
    -------
    list of float
        L3 and L2, as far as they lie on the axis. K edges have none.
    """
    names = [name for name in subshells if name.endswith("_L3")]
    names += [name.replace("_L3", "_L2") for name in names]
    return [onsets[name] for name in names if energies[0] < onsets[name] < energies[1]]


def white_line_shapes(limits, onset, offset, width):
    """Return a Gaussian and a Lorentzian of the same width, integrated over channels.

    Their sum with free areas is a pseudo-Voigt profile: the natural line is a Lorentzian, and
    spectrometer and solid broaden it.

    Parameters
    ----------
    limits : numpy.ndarray
        Limits of the channels in eV, shape (C + 1,).
    onset, offset : float
        Onset, and how far above it the peak lies, in eV.
    width : float
        Full width at half maximum in eV.

    Returns
    -------
    numpy.ndarray
        Share of each line in each channel, shape (2, C).
    """
    reduced = (limits - onset - offset) / width
    return np.diff([special.ndtr(FWHM_PER_SIGMA * reduced), np.arctan(2 * reduced) / np.pi])

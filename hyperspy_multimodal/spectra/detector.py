"""How an energy-dispersive detector records a line: where, how wide, in which channels."""

from dataclasses import dataclass

import numpy as np
from scipy.special import erf

# Energy of Mn Ka in keV, at which resolutions are given.
_MN_KA = 5.8987
# Variance per energy of the charge that a photon sets free, eV^2 per keV, as FWHM^2.
_FANO_WIDTH = 2500.0
_NARROWEST = 30.0  # eV; electronic noise alone is wider
_WINDOW_ENERGY, _LOWEST = 0.35, 0.02  # keV
_TO_SIGMA = 1 / np.sqrt(8 * np.log(2))
# Silicon: K edge and Ka energy in keV, mass attenuation above the edge and of its own Ka in cm^2/g
# (NIST XCOM), how fast it falls with energy, and fluorescence yield times share of K vacancies.
_SI_EDGE, _SI_KA = 1.839, 1.740
_SI_ABOVE, _SI_OWN, _SI_POWER = 3190.0, 350.0, 2.8
_SI_FLUORESCENCE = 0.043 * 0.92


@dataclass(frozen=True)
class Detector:
    """Channels and response of a detector.

    Parameters
    ----------
    edges : numpy.ndarray
        Limits of the channels on the axis of the signal, in keV, shape (C + 1,).
    resolution : float
        Full width at half maximum of Mn Ka in eV.
    offset : float
        How far lines lie above where the axis says, in keV, at 0 keV. Default 0.
    gain : float
        What the axis says is to be multiplied by 1 + gain. Default 0.
    escape : float
        Escape peaks, relative to what `escape_share` says of a silicon detector. Default 0: none.
    """

    edges: np.ndarray
    resolution: float
    offset: float = 0.0
    gain: float = 0.0
    escape: float = 0.0

    @property
    def centres(self):
        """Centres of the channels on the axis of the signal, in keV, shape (C,)."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    def width(self, energy):
        """Return the full width at half maximum of a line, in keV.

        After Fiori and Newbury, as eXSpy has it: FWHM^2 = 2500 eV^2/keV (E - E_MnKa) + FWHM_MnKa^2.
        """
        squared = _FANO_WIDTH * (np.asarray(energy) - _MN_KA) + self.resolution**2
        return np.sqrt(np.maximum(squared, _NARROWEST**2)) / 1e3

    def position(self, energy):
        """Return where on the axis of the signal a line of this energy lies, in keV."""
        return (1 + self.gain) * np.asarray(energy) + self.offset

    def shapes(self, energies):
        """Return the share of each line's X-rays in each channel, shape (lines, C)."""
        energies = np.asarray(energies, dtype=float)
        shapes = self._peaks(energies)
        if self.escape:
            share = self.escape * escape_share(energies)[:, None]
            escaped = self._peaks(np.maximum(energies - _SI_KA, 0.0))
            shapes = (1 - share) * shapes + share * escaped
        return shapes

    def _peaks(self, energies):
        energies = energies.reshape(-1, 1)
        sigma = _TO_SIGMA * self.width(energies)
        reduced = (self.edges - self.position(energies)) / (np.sqrt(2) * sigma)
        return np.diff(erf(reduced), axis=1) / 2


def window_transmission(energies):
    """Return the share of X-rays that pass a usual entrance window and dead layer.

    exp(-(0.35 keV / E)^3): absorption falls with the third power of the energy, and 1/e passes at
    0.35 keV, between polymer windows and none. Only ratios of near energies are taken from it.
    """
    return np.exp(-((_WINDOW_ENERGY / np.maximum(energies, _LOWEST)) ** 3))


def escape_share(energies):
    """Return the share of X-rays that lose a silicon Ka photon to the outside of the detector.

    Reed and Ware's formula for normal incidence [1]_; 0 below the K edge of silicon.

    Parameters
    ----------
    energies : array_like
        Energies in keV.

    Returns
    -------
    numpy.ndarray

    References
    ----------
    .. [1] S. J. B. Reed, N. G. Ware, J. Phys. E 5, 582 (1972), doi:10.1088/0022-3735/5/6/029.

    Examples
    --------
    >>> from hyperspy_multimodal.spectra.detector import escape_share
    >>> escape_share([1.5, 2.3, 4.51]).round(3)
    array([0.   , 0.013, 0.005])
    """
    energies = np.asarray(energies, dtype=float)
    ratio = _SI_ABOVE / _SI_OWN * (_SI_EDGE / np.maximum(energies, _SI_EDGE)) ** _SI_POWER
    share = 0.5 * _SI_FLUORESCENCE * (1 - np.log1p(ratio) / ratio)
    return np.where(energies > _SI_EDGE, share, 0.0)

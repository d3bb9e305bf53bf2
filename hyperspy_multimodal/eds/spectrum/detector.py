"""Response of an energy-dispersive detector to a line: position, width and channels."""

from dataclasses import dataclass

import numpy as np

from ...kernels import add_peaks, add_slopes
from ...physics.peak_widths import FIORI_NEWBURY_SLOPE, FWHM_PER_SIGMA, MN_KA

#: No line is narrower, in eV; electronic noise alone is wider.
NARROWEST = 30.0
_WINDOW_ENERGY = 0.35  # keV
#: Energies in keV below this count as this where something falls with a power of the energy.
LEAST_ENERGY = 0.02
_SOFT = 0.5  # keV
_WIDE = 1.5  # times the width of the rest
_TO_SIGMA = 1 / FWHM_PER_SIGMA
# Silicon: K edge and Ka energy in keV, mass attenuation above the edge and for its own Ka in cm^2/g
# (NIST XCOM), its exponent in energy, and fluorescence yield times the share of K vacancies.
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
    slope : float
        Change of FWHM^2 with energy, in eV^2 per keV. Default 2500, as eXSpy has it.
    tail : float
        Share of each line in an exponential tail on its low side, whose length is the FWHM: charge
        that was not collected. Default 0.
    shelf : float
        Share of each line that is spread evenly between 0 and its energy. Default 0.
    wide : float
        Share of each line that is 1.5 times as wide as the rest: segments of the detector that
        differ. Default 0.
    soft : float
        Share in the tail, beyond ``tail``, that grows towards low energies, as X-rays are absorbed
        nearer to the surface: times exp(-E / 0.5 keV). Default 0.
    """

    edges: np.ndarray
    resolution: float
    offset: float = 0.0
    gain: float = 0.0
    escape: float = 0.0
    slope: float = FIORI_NEWBURY_SLOPE
    tail: float = 0.0
    shelf: float = 0.0
    wide: float = 0.0
    soft: float = 0.0

    @property
    def centres(self):
        """Centres of the channels on the axis of the signal, in keV, shape (C,)."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    @property
    def channel(self):
        """Width of a channel in keV."""
        return float(self.edges[1] - self.edges[0])

    def width(self, energy):
        """Return the full width at half maximum of a line, in keV.

        After Fiori and Newbury: FWHM^2 = slope (E - E_MnKa) + FWHM_MnKa^2.
        """
        squared = self.slope * (np.asarray(energy) - MN_KA) + self.resolution**2
        return np.sqrt(np.maximum(squared, NARROWEST**2)) / 1e3

    def sigma(self, energy):
        """Return the standard deviation of a line, in keV."""
        return _TO_SIGMA * self.width(energy)

    def position(self, energy):
        """Return the position of a line of this energy on the axis of the signal, in keV."""
        return (1 + self.gain) * np.asarray(energy) + self.offset

    def shapes(self, energies, shifts=0.0, widths=0.0):
        """Return the share of each line's X-rays in each channel, shape (lines, C).

        Parameters
        ----------
        energies : array_like
            Energies of the lines in keV.
        shifts : float or array_like
            How far each line lies above its calibrated position, in keV. Default 0.
        widths : float or array_like
            By how much the FWHM^2 of each line exceeds `width`'s, as a share of it. Default 0.
        """
        rows = np.arange(len(energies))
        return self.summed(energies, np.ones(len(rows)), rows, len(rows), shifts, widths)

    def summed(self, energies, counts, rows, number, shifts=0.0, widths=0.0):
        """Return sums of lines by channel, shape (number, C).

        Parameters
        ----------
        energies, shifts, widths
            As in `shapes`.
        counts : numpy.ndarray
            Counts of each line, shape (lines,).
        rows : numpy.ndarray
            The sum that each line goes to, int, shape (lines,).
        number : int
            Number of sums.
        """
        energies = np.asarray(energies, dtype=float)
        counts = np.asarray(counts, dtype=float)
        out = np.zeros((number, len(self.edges) - 1))
        escaping = self.escape * escape_share(energies)
        whole = (1 - escaping) * counts
        soft = self.soft * softness(energies)
        # of the soft part all is tail
        narrow = ((1 - self.wide) * (1 - soft) * whole) * self._parts
        narrow[1] += soft * whole
        lines = self._placed(energies, shifts, widths)
        self._add(lines, [narrow], [rows], out)
        if self.wide:
            self._add(lines, [(self.wide * (1 - soft) * whole) * self._parts], [rows], out, _WIDE)
        if escaping.any():
            escaped = self._placed(np.maximum(energies - _SI_KA, 0.0), shifts)
            self._add(escaped, [escaping * counts * self._parts], [rows], out)
        return out

    @property
    def _parts(self):
        """Shares of lines as Gaussians, in their tails and in their shelves, (3, 1)."""
        return np.array([[1 - self.tail - self.shelf], [self.tail], [self.shelf]])

    def slopes(self, energies, counts, rows, number, shifts=0.0, widths=0.0):
        """Return derivatives of sums of lines with respect to their common parameters.

        Parameters
        ----------
        energies, counts, rows, number, shifts, widths
            As in `summed`.

        Returns
        -------
        dict of str to numpy.ndarray
            Derivatives along the "position" (keV) and the relative "width" (of FWHM^2) of the lines
            of each sum, shape (number, C); and along "gain", "resolution" (eV), "slope"
            (eV^2 / keV), "escape", "tail", "shelf" and "wide" of the detector, shape (C,). Those
            along positions and widths are those of peaks without tails. And along "soft", (C,).
        """
        energies = np.asarray(energies, dtype=float)
        counts = np.asarray(counts, dtype=float)
        lines = self._placed(energies, shifts, widths)
        places, fwhm, sigma, low, channel = lines
        one = np.zeros(len(energies), int)
        rest = 1 - self.tail - self.shelf
        # d sigma / d FWHM^2, with the FWHM in eV
        by_width = _TO_SIGMA / (2e6 * fwhm)

        def sums(factors, rows, number):
            moved = np.zeros((number, len(self.edges) - 1))
            wider = np.zeros_like(moved)
            factors = rest * (1 - self.soft * softness(energies)) * factors
            add_slopes(places, sigma, factors, rows, low, channel, moved, wider)
            return moved, wider

        widened = (1 + np.asarray(widths)) * by_width * counts
        squared = (1e3 * self.width(energies)) ** 2
        soft, escaping = softness(energies) * counts, escape_share(energies) * counts
        gauss, tail, shelf = np.eye(3)[:, :, None]
        of_shape = np.zeros((5, len(self.edges) - 1))
        rows_of_shape = np.repeat(np.arange(5)[:, None], len(energies), axis=1)
        narrow = [
            counts * (tail - gauss),
            counts * (shelf - gauss),
            -rest * counts * gauss,
            soft * (tail - (1 - self.wide) * self._parts),
            -escaping * self._parts,
        ]
        self._add(lines, narrow, rows_of_shape, of_shape)
        wide = [rest * counts * gauss, -self.wide * soft * self._parts]
        self._add(lines, wide, rows_of_shape[2:4], of_shape, _WIDE)
        if escaping.any():
            escaped = self._placed(np.maximum(energies - _SI_KA, 0.0), shifts)
            self._add(escaped, [escaping * self._parts], rows_of_shape[4:], of_shape)
        return {
            "position": sums(counts, rows, number)[0],
            "width": sums(by_width * squared * counts, rows, number)[1],
            "gain": sums(energies * counts, one, 1)[0][0],
            "resolution": 2 * self.resolution * sums(widened, one, 1)[1][0],
            "slope": sums((energies - MN_KA) * widened, one, 1)[1][0],
            **dict(zip(("tail", "shelf", "wide", "soft", "escape"), of_shape, strict=True)),
        }

    def _placed(self, energies, shifts, widths=0.0):
        """Return places, FWHM and standard deviations of lines, start and width of channels."""
        places = np.ascontiguousarray(self.position(energies) + shifts)
        fwhm = self.width(energies) * np.sqrt(1 + np.asarray(widths))
        channel = float(self.edges[-1] - self.edges[0]) / (len(self.edges) - 1)
        return places, fwhm, _TO_SIGMA * fwhm, float(self.edges[0]), channel

    def _add(self, lines, shares, rows, out, wider=1.0):
        """Add shares of lines as Gaussians, tails and shelves, (sums, 3, lines), to rows."""
        places, fwhm, sigma, low, channel = lines
        shares, rows = np.array(shares), np.array(rows)
        add_peaks(places, wider * fwhm, wider * sigma, shares, rows, low, channel, out)


def softness(energies):
    """Return exp(-E / 0.5 keV), a measure of absorption near the surface of a detector."""
    return np.exp(-np.asarray(energies, dtype=float) / _SOFT)


def window_transmission(energies, window=_WINDOW_ENERGY):
    """Return the share of X-rays that pass a usual entrance window and dead layer.

    exp(-(0.35 keV / E)^3): absorption falls with the third power of the energy, and 1/e passes at
    ``window``, by default 0.35 keV, between polymer windows and none. Only ratios of near energies
    are taken from it.
    """
    return np.exp(-((window / np.maximum(energies, LEAST_ENERGY)) ** 3))


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
    >>> from hyperspy_multimodal.eds.spectrum.detector import escape_share
    >>> escape_share([1.5, 2.3, 4.51]).round(3)
    array([0.   , 0.013, 0.005])
    """
    energies = np.asarray(energies, dtype=float)
    ratio = _SI_ABOVE / _SI_OWN * (_SI_EDGE / np.maximum(energies, _SI_EDGE)) ** _SI_POWER
    share = 0.5 * _SI_FLUORESCENCE * (1 - np.log1p(ratio) / ratio)
    return np.where(energies > _SI_EDGE, share, 0.0)

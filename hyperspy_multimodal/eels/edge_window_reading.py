"""EELS: electrons measured in windows, with their noise and record."""

from dataclasses import dataclass, replace

import numpy as np

from ..counts.element_maps import ElementMaps
from ..counts.raw_noise import noise_of_windows
from .background_shape import POWER_LAW
from .gain import Camera, WithCamera
from .power_law import BACKGROUND_ERROR, exponent_error
from .window_spectrum import WindowSpectrum


@dataclass(frozen=True)
class EdgeWindowReading(WithCamera):
    """Electrons measured at K edges, and how.

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
    camera : Camera
        Gain, where it comes from, and the floor of the noise.
    background_type : str
        Shape of the background.
    foreign : numpy.ndarray or None
        From `foreign_electrons`.
    total_errors : list of float
        Standard errors of the totals, in counts.
    spectrum : WindowSpectrum or None
        Sum of all spectra and the backgrounds that were subtracted.
    misfits : tuple of BackgroundMisfit
        Of power laws, by edge; of other shapes none.
    """

    maps: ElementMaps
    onsets: list
    integration_windows: np.ndarray
    background_windows: np.ndarray | None
    camera: Camera
    background_type: str = POWER_LAW
    foreign: np.ndarray | None = None
    total_errors: list = ()
    spectrum: WindowSpectrum | None = None
    misfits: tuple = ()
    mask = None

    def for_fusion(self, divisible):
        """Return the same, with maps that can be split or drawn only if ``divisible``."""
        return self if divisible else replace(self, maps=self.maps.settled)

    @property
    def raw(self):
        """Net counts as measured, in counts of the signal, shape (K, ny, nx)."""
        return self.gain * self.maps.net

    @property
    def noise(self):
        """Noise of the counts of the signal, and what all pixels have in common, or None."""
        if not len(self.maps.segments):  # maps are settled
            return None
        errors = np.full(len(self.onsets), BACKGROUND_ERROR)
        if self.background_windows is not None:
            limits = zip(self.integration_windows, self.background_windows, strict=True)
            of_one = np.array([exponent_error(*each) for each in limits])
            electrons = np.maximum(self.maps.beside_counts.sum(axis=(1, 2)), 1.0)
            scales, drifts = np.transpose(self.misfits) if self.misfits else (1.0, 0.0)
            errors = np.hypot(np.hypot(errors, drifts), scales * of_one / np.sqrt(electrons))
        return noise_of_windows(self.maps, errors, self.foreign, self.gain)

    @property
    def record(self):
        """How edges were measured, in types that metadata can hold."""
        sides = self.background_windows
        return {
            "background_windows": None if sides is None else sides.tolist(),
            "background_type": self.background_type,
            "total_errors": list(self.total_errors),
            **self.camera.record,
        }

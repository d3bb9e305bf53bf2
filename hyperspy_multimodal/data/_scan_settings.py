"""Settings of a simulated scan, and signals with these settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import exspy.signals
import hyperspy.api as hs
import numpy as np

from ..physics.peak_widths import FIORI_NEWBURY_SLOPE, MN_KA
from ._arguments import check_integer, check_number
from ._peak_shape import PeakShape
from ._xray import full_width_half_maximum

BEAM_CURRENT = 0.1  # nA
SOLID_ANGLE = 0.7  # sr, a detector of four segments

# No line of the database has a lower energy (keV) that a detector's window lets through.
_LOWEST_ENERGY = 0.1

# Settings that put the true detector off from what the metadata and the tables say.
_DETECTOR_ERRORS = (
    "energy_offset",
    "energy_gain",
    "energy_bend",
    "resolution_error",
    "resolution_slope",
    "tail",
    "shelf",
    "wide_share",
    "pile_up",
    "absorption_edges",
    "line_weight_error",
    "family_ratio_error",
)


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Settings of the microscope, the detectors and the noise for simulated EDS scans.

    All functions that simulate EDS data accept these settings as keyword arguments.

    The settings from `energy_offset` on make the true detector differ from the metadata and the
    tables of eXSpy. They affect only the energies and proportions at which X-rays are recorded, not
    the electrons or the atoms. `MEASURED_DETECTOR` contains values typical of real scans for all of
    these settings.

    Parameters
    ----------
    counts : float, default 5.0
        Expected net counts per pixel at the densest point, in the window of +-1 FWHM of the
        strongest line, for a detector as described by the metadata. This is the highest value in
        the maps `Specimen.xrays`. `pile_up` removes a fraction of these counts.
    energy_resolution : float, default 130.0
        Full width at half maximum of Mn Ka in eV, as in the metadata.
    beam_energy : float, default 200.0
        Energy of the electrons in keV.
    channels : int, default 1024
        Number of channels; the first is centred at 0 keV.
    channel_width : float, default 0.01
        Width of a channel in keV.
    pixel_size : float, default 1.0
        Size of a pixel in nm. It determines the thickness of particles and thus the live time.
    peak_to_background : float, default 1000.0
        Net counts of the strongest line in its window, divided by the continuum in 10 eV under it,
        both in the summed spectrum. ``numpy.inf`` omits the continuum.
    stray : float, default 0.0
        Counts of a uniform stray signal of copper (all lines) from the grid and the holder, as a
        fraction of the net counts of the strongest line, both summed over the whole scan. These
        X-rays do not contribute to the HAADF.
    haadf_noise : float, default 0.02
        Standard deviation of the Gaussian noise of the HAADF, as a fraction of the range of the
        HAADF (densest pixel minus pedestal).
    seed : int, default 0
        Seed for the noise in EDS and HAADF.
    energy_offset, energy_gain : float, default 0.0
        Error of the energy calibration: a channel at e on the axis contains X-rays of
        ``(1 + energy_gain) (e - energy_offset)``, in keV. On the axis, the offset shifts a line to
        a higher energy, and the gain shifts it to a lower one, by this fraction of its energy.
    resolution_error : float, default 0.0
        True width of Mn Ka minus `energy_resolution`, in eV.
    line_weight_error : float, default 0.0
        Relative standard deviation of lognormal factors between the true weights of lines within
        their family and those of eXSpy.
    line_weight_seed : int, default 0
        Seed for these factors and for those of `family_ratio_error`.
    energy_bend : float, default 0.0
        Shift of lines and absorption edges at low energy, in keV, from -0.1 to 0.1: a line at E
        appears at ``E - energy_bend exp(-(E / 0.8 keV)^2)``, before offset and gain are applied.
    resolution_slope : float, default 2500.0
        Increase of the squared width (FWHM) of the lines with energy in the true detector, in eV^2
        per keV. The width of Mn Ka does not change.
    tail : float, default 0.0
        Fraction of each line in an exponential tail on its low-energy side (incomplete charge
        collection). Its mean length is the FWHM of the line, and it is convolved with the Gaussian
        of the line.
    shelf : float, default 0.0
        Fraction of each line in a flat shelf from zero to the line.
    wide_share : float, default 0.0
        Fraction of each line, including tail and shelf, that is 1.5 times as wide as the rest, as
        caused by differences between detector segments.
    pile_up : float, default 0.0
        Fraction of all counts that is lost to sum peaks, in which two counts become one. Sum peaks
        are the summed spectrum convolved with itself, in proportion to the counts of each pixel.
    absorption_edges : float, default 0.0
        Relative drop of the continuum just above each absorption edge (K, L3, M5) of the elements
        that emit X-rays, and of C, O and Si in the detector and its window. It recovers with (edge
        / E)^3 and is blurred by the resolution.
    family_ratio_error : float, default 0.0
        Relative standard deviation of lognormal factors between the true ratios of the families of
        an element (such as L to K) and those of the cross-sections. The family of the mapped line
        keeps its cross-section; for an element without a mapped line, the most energetic family
        does.

    Raises
    ------
    TypeError
        If a setting has the wrong type.
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> from hyperspy_multimodal.data import Scan
    >>> Scan(counts=20).beam_energy
    200.0
    """

    counts: float = 5.0
    energy_resolution: float = 130.0
    beam_energy: float = 200.0
    channels: int = 1024
    channel_width: float = 0.01
    pixel_size: float = 1.0
    peak_to_background: float = 1000.0
    stray: float = 0.0
    haadf_noise: float = 0.02
    seed: int = 0
    energy_offset: float = 0.0
    energy_gain: float = 0.0
    resolution_error: float = 0.0
    line_weight_error: float = 0.0
    line_weight_seed: int = 0
    energy_bend: float = 0.0
    resolution_slope: float = FIORI_NEWBURY_SLOPE
    tail: float = 0.0
    shelf: float = 0.0
    wide_share: float = 0.0
    pile_up: float = 0.0
    absorption_edges: float = 0.0
    family_ratio_error: float = 0.0

    def __post_init__(self):
        for name in ("counts", "energy_resolution", "beam_energy", "channel_width", "pixel_size"):
            check_number(name, getattr(self, name), above=0)
        check_number("peak_to_background", self.peak_to_background, above=0, finite=False)
        for name in (
            *("haadf_noise", "stray", "line_weight_error", "family_ratio_error"),
            "resolution_slope",
        ):
            check_number(name, getattr(self, name), at_least=0)
        check_number("energy_offset", self.energy_offset, above=float("-inf"))
        check_number("energy_gain", self.energy_gain, above=-1)
        check_number("resolution_error", self.resolution_error, above=float("-inf"))
        check_integer("channels", self.channels, at_least=2)
        for name in ("seed", "line_weight_seed"):
            check_integer(name, getattr(self, name), at_least=0)
        check_number("energy_bend", self.energy_bend, at_least=-0.1, at_most=0.1)
        check_number("wide_share", self.wide_share, at_least=0, at_most=1)
        for name in ("tail", "shelf", "pile_up", "absorption_edges"):
            check_number(name, getattr(self, name), at_least=0, below=1)
        if self.tail + self.shelf > 1:
            raise ValueError(
                "tail and shelf must be shares of a line that sum to at most 1, but "
                f"{self.tail!r} and {self.shelf!r} were given. Lower either."
            )
        if self.resolution_error or self.resolution_slope != FIORI_NEWBURY_SLOPE:
            self._check_true_resolution()

    @classmethod
    def from_settings(cls, counts: float, settings: dict[str, Any]) -> Scan:
        """Return settings from keyword arguments; an unknown one raises a `TypeError`."""
        known = [field.name for field in fields(cls)]
        for name, value in settings.items():
            if name not in known:
                raise TypeError(
                    f"Settings must be arguments of this specimen or one of {', '.join(known)}, "
                    f"but {name}={value!r} was given. See hyperspy_multimodal.data.Scan."
                )
        return cls(counts=counts, **settings)

    @property
    def nominal(self) -> Scan:
        """The same scan with a detector that agrees with the metadata and the tables."""
        defaults = {field.name: field.default for field in fields(self)}
        return replace(self, **{name: defaults[name] for name in _DETECTOR_ERRORS})

    @property
    def channel_edges(self) -> np.ndarray:
        """Boundaries of the channels in keV, shape (channels + 1,); channel 0 is centred at 0."""
        return (np.arange(self.channels + 1) - 0.5) * self.channel_width

    @property
    def true_channel_edges(self) -> np.ndarray:
        """True energies, in keV, of the X-rays recorded at the boundaries of the channels."""
        return (1 + self.energy_gain) * (self.channel_edges - self.energy_offset)

    @property
    def true_energy_resolution(self) -> float:
        """True full width at half maximum of Mn Ka in eV."""
        return self.energy_resolution + self.resolution_error

    @property
    def peak_shape(self) -> PeakShape:
        """Deviation of the lines from Gaussians in the true detector, as a `PeakShape`."""
        return PeakShape(**{name: getattr(self, name) for name in PeakShape._fields})

    def eds_signal(
        self, data: np.ndarray, xray_lines: Sequence[str]
    ) -> exspy.signals.EDSTEMSpectrum:
        """Return spectra, energy last, as a signal with axes, microscope and X-ray lines."""
        signal = exspy.signals.EDSTEMSpectrum(data)
        self._calibrate(signal.axes_manager.navigation_axes)
        energy = signal.axes_manager.signal_axes[0]
        energy.name, energy.units, energy.scale = "Energy", "keV", self.channel_width
        signal.set_microscope_parameters(
            beam_energy=self.beam_energy,
            beam_current=BEAM_CURRENT,
            energy_resolution_MnKa=self.energy_resolution,
        )
        signal.set_elements([line.split("_")[0] for line in xray_lines])
        signal.set_lines(list(xray_lines))
        return signal

    def haadf_signal(self, data: np.ndarray) -> hs.signals.Signal2D:
        """Return an image (ny, nx) as a signal on the same grid."""
        signal = hs.signals.Signal2D(data)
        self._calibrate(signal.axes_manager.signal_axes)
        signal.metadata.General.title = "HAADF"
        return signal

    def _calibrate(self, axes):
        for axis, name in zip(axes, "xy", strict=False):
            axis.name, axis.units, axis.scale = name, "nm", self.pixel_size

    def _check_true_resolution(self):
        resolution, slope = max(self.true_energy_resolution, 0.0), self.resolution_slope
        try:
            full_width_half_maximum(_LOWEST_ENERGY, resolution, slope)
        except ValueError as error:
            lowest = (slope * (MN_KA - _LOWEST_ENERGY)) ** 0.5
            raise ValueError(
                f"With a resolution_slope of {slope!r} eV^2 per keV, resolution_error and "
                f"energy_resolution must sum to more than {lowest:.2f} eV, or the lowest lines "
                f"have no width, but {self.resolution_error!r} eV and {self.energy_resolution!r} "
                "eV were given. Raise either, or lower the slope."
            ) from error


# Settings of `Scan` with which the true detector is as far from the nominal one, in every respect,
# as in real scans: core_shell(**MEASURED_DETECTOR), or with one of them changed,
# core_shell(**{**MEASURED_DETECTOR, "pile_up": 0.0}).
MEASURED_DETECTOR = {
    "energy_offset": 0.03,
    "energy_gain": 0.001,
    "energy_bend": 0.007,
    "resolution_error": 8.0,
    "resolution_slope": 2000.0,
    "tail": 0.02,
    "shelf": 0.003,
    "wide_share": 0.1,
    "pile_up": 0.005,
    "absorption_edges": 0.2,
    "line_weight_error": 0.1,
    "family_ratio_error": 0.3,
}

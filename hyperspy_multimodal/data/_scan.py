"""Settings of a simulated scan, and the signals that carry them."""

from dataclasses import dataclass, fields, replace

import exspy.signals
import hyperspy.api as hs
import numpy as np

from ._checks import check_integer, check_number
from ._xray import full_width_half_maximum

BEAM_CURRENT = 0.1  # nA
SOLID_ANGLE = 0.7  # sr, a detector of four segments

# No line of the database has a lower energy (keV) that a detector's window lets through.
_LOWEST_ENERGY = 0.1


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Settings of microscope, detectors and noise: keyword arguments of every simulated specimen.

    The last five put the true detector off from what the metadata and eXSpy's tables say. They
    change neither the electrons nor the atoms, only where the X-rays are recorded.

    Parameters
    ----------
    counts : float, default 5.0
        Expected net counts per pixel at the densest point: the largest value of all maps in
        `Specimen.xrays`, that is, in the window of +-1 FWHM of the strongest line, without
        background, on a detector as the metadata say.
    energy_resolution : float, default 130.0
        Full width at half maximum of Mn Ka in eV, as in the metadata.
    beam_energy : float, default 200.0
        Energy of the electrons in keV.
    channels : int, default 1024
        Number of channels; the first is centred at 0 keV.
    channel_width : float, default 0.01
        Width of a channel in keV.
    pixel_size : float, default 1.0
        Size of a pixel in nm; sets how thick particles are, hence the live time.
    peak_to_background : float, default 1000.0
        Net counts of the strongest line in its window over the continuum in 10 eV under it, both
        in the summed spectrum; ``numpy.inf`` leaves the continuum out.
    stray : float, default 0.0
        X-rays of copper (all lines) that a uniform stray signal from grid and holder adds, as a
        share of the strongest line's net counts, both over the whole scan. HAADF does not see it.
    haadf_noise : float, default 0.02
        Standard deviation of the HAADF's Gaussian noise, as a fraction of its range (densest pixel
        above the pedestal).
    seed : int, default 0
        Seed of the noise in EDS and HAADF.
    energy_offset, energy_gain : float, default 0.0
        Error of the energy calibration: a channel that the axis puts at e holds X-rays of
        ``(1 + energy_gain) (e - energy_offset)``, in keV. A line appears too high by the offset,
        and too low, in relative terms, by the gain.
    resolution_error : float, default 0.0
        What the true width of Mn Ka is above `energy_resolution`, in eV.
    line_weight_error : float, default 0.0
        Relative standard deviation of the lognormal factors between the true weights of lines in
        their family and eXSpy's.
    line_weight_seed : int, default 0
        Seed of these factors.

    Raises
    ------
    TypeError
        If a setting is of the wrong kind.
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

    def __post_init__(self):
        for name in ("counts", "energy_resolution", "beam_energy", "channel_width", "pixel_size"):
            check_number(name, getattr(self, name), above=0)
        check_number("peak_to_background", self.peak_to_background, above=0, finite=False)
        for name in ("haadf_noise", "stray", "line_weight_error"):
            check_number(name, getattr(self, name), at_least=0)
        check_number("energy_offset", self.energy_offset, above=float("-inf"))
        check_number("energy_gain", self.energy_gain, above=-1)
        check_number("resolution_error", self.resolution_error, above=float("-inf"))
        check_integer("channels", self.channels, at_least=2)
        for name in ("seed", "line_weight_seed"):
            check_integer(name, getattr(self, name), at_least=0)
        if self.resolution_error:
            self._check_true_resolution()

    @classmethod
    def from_settings(cls, counts, settings):
        """Settings as a specimen's function is given them; an unknown one is a `TypeError`."""
        known = [field.name for field in fields(cls)]
        for name, value in settings.items():
            if name not in known:
                raise TypeError(
                    f"{name}: given {value!r}, expected an argument of this specimen or one of "
                    f"{', '.join(known)}; correct the name, see hyperspy_multimodal.data.Scan."
                )
        return cls(counts=counts, **settings)

    @property
    def nominal(self):
        """The same scan with a detector as the metadata and the tables say."""
        return replace(
            self, energy_offset=0.0, energy_gain=0.0, resolution_error=0.0, line_weight_error=0.0
        )

    @property
    def channel_edges(self):
        """Boundaries of the channels in keV, (channels + 1,); the first is centred at zero."""
        return (np.arange(self.channels + 1) - 0.5) * self.channel_width

    @property
    def true_channel_edges(self):
        """Energies in keV of the X-rays that are recorded at these boundaries."""
        return (1 + self.energy_gain) * (self.channel_edges - self.energy_offset)

    @property
    def true_energy_resolution(self):
        """True full width at half maximum of Mn Ka in eV."""
        return self.energy_resolution + self.resolution_error

    def eds_signal(self, data, xray_lines):
        """Spectra, energy last, as a signal that knows its axes, microscope and X-ray lines."""
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

    def haadf_signal(self, data):
        """Image (ny, nx) as a signal on the same grid."""
        signal = hs.signals.Signal2D(data)
        self._calibrate(signal.axes_manager.signal_axes)
        signal.metadata.General.title = "HAADF"
        return signal

    def _calibrate(self, axes):
        for axis, name in zip(axes, "xy", strict=False):
            axis.name, axis.units, axis.scale = name, "nm", self.pixel_size

    def _check_true_resolution(self):
        try:
            full_width_half_maximum(_LOWEST_ENERGY, max(self.true_energy_resolution, 0.0))
        except ValueError as error:
            raise ValueError(
                f"resolution_error: given {self.resolution_error!r} eV with an energy_resolution "
                f"of {self.energy_resolution!r} eV, expected a sum above 120.5 eV, below "
                "which the lowest lines have no width; raise either."
            ) from error

"""Settings of a simulated scan, and the signals that carry them."""

from dataclasses import dataclass

import exspy.signals
import hyperspy.api as hs
import numpy as np

from ._checks import check_integer, check_number

BEAM_CURRENT = 0.1  # nA
SOLID_ANGLE = 0.7  # sr, a detector of four segments


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Settings of microscope, detectors and noise; `core_shell` says what each means.

    Raises
    ------
    TypeError
        If a setting is of the wrong kind.
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> from hyperspy_multimodal.data._scan import Scan
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
    haadf_noise: float = 0.02
    seed: int = 0

    def __post_init__(self):
        for name in ("counts", "energy_resolution", "beam_energy", "channel_width", "pixel_size"):
            check_number(name, getattr(self, name), above=0)
        check_number("peak_to_background", self.peak_to_background, above=0, finite=False)
        check_number("haadf_noise", self.haadf_noise, at_least=0)
        check_integer("channels", self.channels, at_least=2)
        check_integer("seed", self.seed, at_least=0)

    @property
    def channel_edges(self):
        """Boundaries of the channels in keV, (channels + 1,); the first is centred at zero."""
        return (np.arange(self.channels + 1) - 0.5) * self.channel_width

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

"""EDS: element maps from the whole spectrum."""

from dataclasses import dataclass

import numpy as np

from ..counts.unphysical import widest_spike_of
from ..names import checked_names
from ..notes import Speaker
from ..physics.lines import element_lines
from ..physics.microscope import beam_energy_of
from ..physics.peak_widths import MN_KA
from .fit_report import check_calibration, check_explained, report
from .fitted_channels import channels_to_fit, detector_of
from .fitted_spectra import XrayProjection
from .select_lines import LEAST_ENERGY, named_in, select_lines
from .spectrum.detector import NARROWEST, Detector
from .spectrum.element_templates import element_templates
from .spectrum.remembered import remembered
from .spectrum.zero_peak import after_zero_peak
from .xray_windows import channels_of, integration_windows_of

_logger = Speaker(__name__)

_RESOLVED = 5  # channels


@dataclass(frozen=True)
class XrayFitPlan:
    """Plan for fitting the spectra of an EDS spectrum image.

    Attributes
    ----------
    names : list of str
        X-ray lines to map.
    windows : numpy.ndarray
        Windows that the counts are scaled to, shape (K, 2), in units of the energy axis.
    windows_in_kev : list of (float, float)
        The same in keV, as far as the channels go.
    detector : Detector
        As the signal says.
    used : numpy.ndarray
        Channels to fit, bool, shape (C,).
    elements : list of str
        All elements that are named.
    beam_energy : float
        In keV.
    refine_calibration, pile_up : bool
        As in `fit_maps`.
    extra_lines : list of str or None
        As given.
    """

    names: list
    windows: np.ndarray
    windows_in_kev: list
    detector: Detector
    used: np.ndarray
    elements: list
    beam_energy: float
    refine_calibration: bool
    pile_up: bool | None
    extra_lines: list | None
    limits = None
    negative = False
    smooth = False
    two_passes = can_fit = True
    raw_dtype = np.float32

    @property
    def ranges(self):
        """Channels [start, stop) of the windows, by line."""
        channels = np.searchsorted(self.detector.centres, self.windows_in_kev)
        return {name: [tuple(each)] for name, each in zip(self.names, channels, strict=True)}

    @property
    def widest_spike(self):
        """Largest width, in channels, of a spike that is not a line."""
        return widest_spike_of(1e3 * self.detector.channel)

    def after_first_pass(self, segments, total, divisor):
        """Return the `XrayProjection` of a summed spectrum (C,), and what divides all counts."""
        if divisor > 1:
            _logger.warning(
                "All counts are multiples of %d, so they have probably been scaled. Their noise "
                "is then underestimated, and noise may be mistaken for peaks. Pass the counts "
                "as recorded.",
                divisor,
                kind="scaled counts",
            )
        explanation = remembered(
            total,
            after_zero_peak(total, self.detector, self.used),
            self.detector,
            self.elements,
            self.beam_energy,
            refine=self.refine_calibration,
            pile_up=self.pile_up,
        )
        templates = element_templates(explanation, self.detector, self.names, self.windows_in_kev)
        found = XrayProjection(self, explanation, templates, divisor)
        check_calibration(explanation)
        check_explained(found)
        report(found)
        return found


def plan_fit(
    signal, xray_lines, integration_windows, extra_lines, refine_calibration=True, pile_up=None
):
    """Return the `XrayFitPlan` of an EDS spectrum image without reading its spectra.

    Parameters
    ----------
    signal : EDSSpectrum
        Spectrum image, eager or lazy.
    xray_lines, integration_windows, extra_lines, refine_calibration, pile_up
        As in `fit_maps`.
    """
    names = select_lines(signal, xray_lines)
    check_families(names)
    axis = signal.axes_manager.signal_axes[0]
    unit = 1e-3 if axis.units == "eV" else 1.0  # select_lines refuses others
    detector = detector_of(signal)
    _check_resolution(signal, detector, names, unit)
    windows = integration_windows_of(signal, names, integration_windows)
    in_kev = _in_kev(detector.edges, channels_of(axis, names, windows), windows * unit)
    beam_energy = beam_energy_of(signal)
    extra = checked_extra(extra_lines, names)
    unmapped = sorted(
        each
        for each in set(named_in(signal, "elements")) - {name.split("_")[0] for name in names}
        if each not in extra and element_lines(each, LEAST_ENERGY, detector.centres[-1])
    )
    if unmapped and xray_lines is None:
        _logger.warning(
            "No map of %s: among the elements of the signal, but without a line in its "
            "metadata. Add lines with s.add_lines(), or list them in `xray_lines`.",
            ", ".join(unmapped),
            kind="no map",
        )
    elements = sorted({name.split("_")[0] for name in names} | {*extra, *unmapped})
    used = channels_to_fit(detector, elements, beam_energy, windows.min() * unit)
    return XrayFitPlan(
        names=names,
        windows=windows,
        windows_in_kev=in_kev,
        detector=detector,
        used=used,
        elements=elements,
        beam_energy=beam_energy,
        refine_calibration=refine_calibration,
        pile_up=pile_up,
        extra_lines=None if extra_lines is None else list(extra_lines),
    )


def _in_kev(edges, channels, windows):
    """Return window limits in keV: of their channels, if the axis holds and resolves them.

    Counts are then those of ``get_lines_intensity``; of a window that the axis cuts, they are those
    that the whole would hold.
    """
    return [
        (edges[start], edges[stop])
        if stop - start >= _RESOLVED and edges[0] <= left and right <= edges[-1]
        else (left, right)
        for (start, stop), (left, right) in zip(channels, windows, strict=True)
    ]


def check_families(names):
    """Refuse two lines of one family, because they share one spectrum."""
    seen = {}
    for name in names:
        element, subshell = name.split("_")
        other = seen.setdefault((element, subshell[0]), name)
        if other != name:
            raise ValueError(
                f"{other} and {name} are lines of the same family, which the fit treats as one. "
                "Map only one of them, or use map_method='windows'."
            )


def checked_extra(extra_lines, mapped):
    """Return the elements of extra lines, or say what is wrong."""
    if extra_lines is None:
        return []
    names = checked_names("extra_lines", extra_lines, "X-ray line", ["Cu_Ka", "Si"])
    elements = sorted({name.split("_")[0] for name in names})
    both = sorted(set(elements) & {name.split("_")[0] for name in mapped})
    if both:
        raise ValueError(
            f"extra_lines must be elements without a map, but {both} are among the mapped lines "
            f"{list(mapped)}. Remove them from extra_lines, or list the lines to map in "
            "`xray_lines`."
        )
    return elements


def _check_resolution(signal, detector, names, unit):
    """Refuse a resolution with which a mapped line would have almost no width."""
    lowest = min(names, key=signal._get_line_energy)
    energy = unit * signal._get_line_energy(lowest)
    squared = detector.slope * (energy - MN_KA) + detector.resolution**2
    if squared < NARROWEST**2:
        needed = np.ceil((NARROWEST**2 + detector.slope * (MN_KA - energy)) ** 0.5)
        raise ValueError(
            f"The metadata give the detector a resolution of {detector.resolution:g} eV at Mn "
            f"Ka, which would leave {lowest} at {energy:.3g} keV without a width. It must be "
            f"{needed:.0f} eV or more. Set the value of your detector, in eV, for example with "
            "s.set_microscope_parameters(energy_resolution_MnKa=130)."
        )

"""EDS: windows as in `get_lines_intensity`, and the counts in them."""

from dataclasses import dataclass, replace
from numbers import Real

import numpy as np

from ..checks import is_auto
from ..counts.element_maps import ElementMaps
from ..counts.raw_noise import (
    noise_of_windows,
)
from ..counts.reading import ReadMaps
from ..counts.segments import checked_segments, limits_to_count, membership, segment_limits
from ..counts.uncertain_totals import checked_totals
from ..counts.unphysical import widest_spike_of
from ..counts.windows import axis_range, window_array
from ..notes import Speaker
from ..physics.microscope import beam_energy_of, stated
from .cross_talk import USUAL_RESOLUTION, CrossTalk, cross_talk
from .missed_counts import Peaks, missed_counts, peaks_of, say_missed
from .select_lines import select_lines
from .spectrum.total_errors import continuum_error
from .window_warnings import warn_of_cut_windows, warn_of_lines_in_sides, warn_of_shared_windows

_logger = Speaker(__name__)

# What a background that is not subtracted may add to a total, for the verdict.
_NO_SIDES = 0.1
_SOURCES = (
    "noise, errors of the background, counts that windows miss, and overlapping lines of other "
    "mapped elements"
)


@dataclass(frozen=True)
class XrayWindowPlan:
    """Plan for maps of the counts in windows of X-ray lines.

    Attributes
    ----------
    names : list of str
        X-ray lines.
    windows : numpy.ndarray
        Integration windows, shape (K, 2), in units of the energy axis.
    sides : numpy.ndarray or None
        Background windows, shape (K, 4).
    inside, beside : list
        Ranges of channels of both, one list per line.
    limits : list of int
        Channels between which counts are summed.
    widest_spike : int
        From `widest_spike_of`.
    in_kev : float
        One unit of the energy axis, in keV.
    cross_talk : CrossTalk
        Of the lines.
    peaks : Peaks or None
        What tells where the peaks are, if that is known.
    units : str
        Of the energy axis.
    """

    names: list
    windows: np.ndarray
    sides: np.ndarray | None
    inside: list
    beside: list
    limits: list
    widest_spike: int
    in_kev: float
    cross_talk: CrossTalk
    peaks: Peaks | None
    units: str
    used = None
    negative = True  # single values: counts in windows are checked
    smooth = False
    two_passes = False
    can_fit = True
    raw_dtype = np.float64

    @property
    def ranges(self):
        """Channels [start, stop) of both kinds of windows, by line."""
        both = zip(self.names, self.inside, self.beside, strict=True)
        return {name: [*inside, *beside] for name, inside, beside in both}

    @property
    def background_errors(self):
        """Error of the background in each window, as a share of it, shape (K,)."""
        return np.array([continuum_error(self.in_kev * np.mean(each)) for each in self.windows])

    def after_first_pass(self, segments, total, divisor):
        """Return the maps of counts (S, ny, nx) between the limits."""
        ratios = np.array(
            [
                _length(window) / _length(ranges) if ranges else 0.0
                for window, ranges in zip(self.inside, self.beside, strict=True)
            ]
        )
        maps = ElementMaps(
            names=self.names,
            segments=checked_segments(segments),
            inside=membership(self.inside, self.limits),
            beside=membership(self.beside, self.limits),
            ratios=ratios[:, None, None],
        )
        sides = None if self.sides is None else self.sides.tolist()
        record = {"background_windows": sides, "extra_lines": None}
        reading = XrayWindowReading(maps, record, self.background_errors, self.cross_talk)
        if self.peaks is not None:
            missed = missed_counts(self.peaks, total, self.names, self._weights(total.size, ratios))
            if missed is not None:
                say_missed(missed, reading.noise, self.in_kev, self.units)
                reading = replace(reading, missed=missed.counts)
        errors = checked_totals(reading.noise, reading.foreign, _SOURCES)
        return replace(reading, record={**record, "total_errors": errors})

    def _weights(self, n_channels, ratios):
        """Return what a count of each channel adds to the net counts, shape (K, C)."""
        limits = [*range(n_channels + 1)]
        return membership(self.inside, limits) - ratios[:, None] * membership(self.beside, limits)


def plan_windows(signal, xray_lines, integration_windows, background_windows):
    """Return the `XrayWindowPlan` of an EDS spectrum image.

    Parameters
    ----------
    signal : EDSSpectrum
        Spectrum image, eager or lazy; it is not read.
    xray_lines, integration_windows, background_windows
        As in `multimodal_fusion`.
    """
    lines = select_lines(signal, xray_lines)
    axis = signal.axes_manager.signal_axes[0]
    windows = integration_windows_of(signal, lines, integration_windows)
    sides = _background_windows(signal, lines, background_windows)
    inside = [[channels] for channels in channels_of(axis, lines, windows)]
    warn_of_cut_windows(axis, lines, windows)
    warn_of_shared_windows(lines, windows)
    if sides is None:
        beside = [[] for _ in lines]
    else:
        pairs = [(_channels(axis, *side[:2]), _channels(axis, *side[2:])) for side in sides]
        beside = [[(start, stop) for start, stop in pair if stop > start] for pair in pairs]
        for line, found in zip(lines, beside, strict=True):
            if not found:
                _logger.warning(
                    "No background window of %s lies on the energy axis, so no background is "
                    "subtracted. To change this, pass `background_windows`.",
                    line,
                    kind="background",
                    about={line: _NO_SIDES},
                )
        warn_of_lines_in_sides(signal, lines, sides)
    limits = limits_to_count(signal, segment_limits([*inside, *beside]))
    in_kev = 1e-3 if axis.units == "eV" else 1.0
    widest = widest_spike_of(1e3 * axis.scale * in_kev)
    instrument = signal.metadata.get_item("Acquisition_instrument", None)
    talk = cross_talk(
        lines,
        in_kev * windows,
        None if sides is None else in_kev * sides,
        resolution=stated(instrument, "energy_resolution_MnKa", USUAL_RESOLUTION),
        beam_energy=beam_energy_of(signal),
    )
    return XrayWindowPlan(
        names=lines,
        windows=windows,
        sides=sides,
        inside=inside,
        beside=beside,
        limits=limits,
        widest_spike=widest,
        in_kev=in_kev,
        cross_talk=talk,
        peaks=peaks_of(signal, lines, in_kev * windows),
        units=axis.units,
    )


@dataclass(frozen=True)
class XrayWindowReading(ReadMaps):
    """Counts in windows.

    Attributes
    ----------
    background_errors : numpy.ndarray
        Standard error of the background in each window, as a share of it, shape (K,).
    cross_talk : CrossTalk
        Of the lines.
    missed : numpy.ndarray or None
        Net counts that the windows miss, shape (K,). None (default) where that is not known.
    """

    background_errors: np.ndarray
    cross_talk: CrossTalk
    missed: np.ndarray | None = None

    @property
    def foreign(self):
        """Counts that each element is expected to add to the totals of the others, (K, K).

        Another column, if there is one, takes what the windows miss.
        """
        totals = self.maps.net.sum(axis=(1, 2), dtype=float)
        added = self.cross_talk.counts(self.maps.ratios[:, 0, 0], totals)
        return added if self.missed is None else np.column_stack([added, -self.missed])

    @property
    def noise(self):
        """Noise of the net counts, and what all pixels have in common, from `raw_noise`."""
        return noise_of_windows(self.maps, self.background_errors, self.foreign)


def channels_of(axis, lines, windows):
    """Return the channels [start, stop) in the window of each line, or say that there is none."""
    inside = [_channels(axis, *window) for window in windows]
    for line, window, (start, stop) in zip(lines, windows, inside, strict=True):
        if stop <= start:
            raise ValueError(
                f"The integration window of {line}, {window[0]:g} to {window[1]:g} "
                f"{axis.units}, contains no channel of the energy axis ({axis_range(axis)}, "
                f"{axis.scale:g} {axis.units} per channel). Widen `integration_windows`, or "
                "leave the line out of `xray_lines`."
            )
    return inside


def integration_windows_of(signal, lines, given):
    """Return integration windows (K, 2) from a width in FWHM, or checked ones.

    Parameters
    ----------
    signal : EDSSpectrum
        Spectrum image.
    lines : list of str
        X-ray lines.
    given : float or array_like
        As in `multimodal_fusion`.
    """
    if isinstance(given, Real) and not isinstance(given, bool):
        if not (np.isfinite(given) and given > 0):
            raise ValueError(
                "integration_windows must be a width > 0 in units of the line's FWHM, or an array "
                f"of shape ({len(lines)}, 2), but {given!r} was given."
            )
        return np.array(signal.estimate_integration_windows(given, lines))
    otherwise = "a width in FWHM, or "
    return window_array("integration_windows", signal, lines, given, 2, otherwise, "line")


def _background_windows(signal, lines, given):
    if given is None:
        return None
    if is_auto(given):
        return np.array(signal.estimate_background_windows(xray_lines=lines))
    otherwise = "'auto', None, or "
    return window_array("background_windows", signal, lines, given, 4, otherwise, "line")


def _channels(axis, left, right):
    """Return the channels [start, stop) of ``isig[left:right]`` within the axis."""
    start, stop = (
        int(axis.value2index(float(np.clip(value, axis.low_value, axis.high_value))))
        for value in (left, right)
    )
    # A window that reaches beyond the axis takes the last channel too; one beyond it takes none.
    return start, stop + (left <= axis.high_value < right)


def _length(ranges):
    return sum(stop - start for start, stop in ranges)


def line_titles(signal, names):
    """Return titles as `get_lines_intensity` has them, one per line."""
    units = signal.axes_manager.signal_axes[0].units
    return [
        f"X-ray line intensity of {signal.metadata.General.title}: {name} at "
        f"{signal._get_line_energy(name):.2f} {units}"
        for name in names
    ]

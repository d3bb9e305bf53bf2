"""EELS: the electrons at the edges of a spectrum image, and their background."""

import functools
import numbers
from dataclasses import dataclass, field, replace

import numpy as np

from ..checks import checked_number
from ..counts.element_maps import ElementMaps, float_type
from ..counts.floor_maps import FloorMaps
from ..counts.segments import (
    checked_segments,
    limits_to_count,
    membership,
    merged_segments,
    segment_limits,
)
from ..counts.uncertain_totals import checked_totals
from ..counts.unphysical import WIDEST_SPIKE
from ..physics.edges import onset_energy
from ..physics.microscope import microscope_of
from .background_misfit import background_misfit
from .background_shape import POWER_LAW, shape_ratio
from .camera_noise import CameraNoise, camera_noise
from .edge_window_reading import EdgeWindowReading
from .edge_windows import (
    Channels,
    channel_energies,
    halved,
    has_room,
    integration_channels,
    pre_edge_channels,
)
from .foreign_electrons import foreign_electrons
from .gain import find_camera, stored_gain
from .noise_ranges import NoiseRanges, noise_ranges_of
from .overlapping_edges import say_edges_in_windows, say_tails_in_background
from .power_law import background_ratios
from .select_edges import onsets_on_axis, select_edges
from .unlisted_edges import known_edges_of, say_unlisted_edge
from .window_spectrum import window_spectrum

# Standard deviations of the floor by which sums may be negative.
_BELOW_ZERO = 7.0
_SOURCES = "noise, the error of the extrapolated background, and the tails of other mapped edges"


@dataclass(frozen=True)
class EdgeWindowPlan:
    """Plan for measuring the electrons in windows of EELS edges.

    Attributes
    ----------
    names : list of str
        Edges.
    axis : Channels
        Energy axis.
    inside : list of (int, int)
        Channels of the integration windows.
    sides : list of (int, int) or None
        Channels before the edges.
    gain, stored : float or None
        Gain as given, and as in the metadata.
    background_type : str
        From `checked_background_type`.
    limits : list of int
        Channels between which counts are summed: those of windows, and of noise.
    window_limits : list of int
        Those of windows.
    noise_ranges : NoiseRanges
        Where gain and floor are measured.
    microscope : dict
        From `microscope_of`.
    known : KnownEdges or None
        From `known_edges_of`.
    onsets : dict of str to float
        From `onsets_on_axis`.
    can_fit : bool
        Whether a fit is possible instead.
    """

    names: list
    axis: Channels
    inside: list
    sides: list | None
    gain: float | None
    stored: object
    background_type: str
    limits: list
    window_limits: list
    noise_ranges: NoiseRanges
    microscope: dict
    known: object = None
    onsets: dict = field(default_factory=dict)
    can_fit: bool = True
    used = None
    negative = True
    smooth = True
    widest_spike = WIDEST_SPIKE
    two_passes = False
    raw_dtype = np.float64

    @property
    def ranges(self):
        """Channels [start, stop) of both kinds of windows, by edge."""
        groups = zip(*filter(None, (self.inside, self.sides)), strict=True)
        return {name: list(own) for name, own in zip(self.names, groups, strict=True)}

    @property
    def windows(self):
        """Integration windows, shape (K, 2), in units of the energy axis."""
        return np.array([channel_energies(self.axis, window) for window in self.inside])

    def after_first_pass(self, segments, total, divisor):
        """Return the `EdgeWindowReading` of counts (S, ny, nx) between the limits."""
        camera = self.camera(segments, total)
        say_unlisted_edge(self.known, total, camera, self.ranges)
        gain = camera.gain
        segments = merged_segments(segments, self.limits, self.window_limits)
        widths = np.diff(self.window_limits)
        check_electrons(camera, segments, widths)
        halves = [halved(self.axis, *channels) for channels in self.sides or self.inside]
        lower, upper = (
            np.tensordot(self._members([[half[i]] for half in halves]), segments, axes=1)
            for i in (0, 1)
        )
        if self.sides is None:
            beside, ratios = [[] for _ in self.names], np.zeros((len(self.names), 1, 1))
            before = None
        else:
            beside = halves
            before = np.array([channel_energies(self.axis, (*low, up[1])) for low, up in halves])
            floors = camera.floors([stop - start for start, stop in self.sides])
            ratios = self._ratios(before, lower / gain, upper / gain, total, floors)
            before = before[:, ::2]
        within, outside = map(self._members, ([[window] for window in self.inside], beside))
        # Unused segments would change what seed gives which split.
        used = (within + outside).any(axis=0)
        floor = {"floors": camera.floors(widths)[used]} if camera.floor > 0 else {}
        maps = (FloorMaps if floor else ElementMaps)(
            names=self.names,
            segments=segments[used] / float_type(segments.dtype)(gain),
            inside=within[:, used],
            beside=outside[:, used],
            ratios=ratios,
            has_steps=True,
            splits_rounded=True,
            gain=gain,
            **floor,
        )
        onsets, foreign = [onset_energy(name) for name in self.names], None
        spectrum, misfits = window_spectrum(self, maps, total, camera), ()
        if before is not None and self.background_type == POWER_LAW:
            foreign = foreign_electrons(self, maps, lower / gain, upper / gain)
            misfits = tuple(
                background_misfit(total, spectrum.dark, self.axis, *channels, gain)
                for channels in zip(self.sides, self.inside, strict=True)
            )
        reading = EdgeWindowReading(
            *(maps, onsets, self.windows, before, camera, self.background_type),
            foreign=foreign,
            spectrum=spectrum,
            misfits=misfits,
        )
        noise = reading.noise
        errors = checked_totals(noise, None if foreign is None else gain * foreign, _SOURCES)
        if before is not None:
            say_edges_in_windows(self, foreign, np.array([*noise["totals"].values()]) / gain)
        return replace(reading, total_errors=errors)

    def camera(self, segments, total):
        """Return the `Camera` by counts between the limits, and their sum over pixels."""
        noise = self._camera_noise(segments, total)
        return find_camera(self.stored, self.gain, segments, noise)

    def noise_of(self, segments, total):
        """Return counts per electron, the most that are likely, and the floor, in counts."""
        found = self._camera_noise(segments, total)
        stored = self.stored if isinstance(self.stored, numbers.Real) else np.nan
        known = [each for each in (self.gain, stored, found.gain) if each is not None and each > 0]
        return max(known, default=1.0), found.floor

    def _camera_noise(self, segments, total):
        limits, free = self.noise_ranges
        if not limits:
            return CameraNoise(np.nan, np.inf)
        recorded = np.concatenate([[0], np.cumsum(total != 0)])
        counts = merged_segments(segments, self.limits, limits)
        return camera_noise(counts, np.diff(recorded[limits]), free)

    def _members(self, ranges):
        return membership(ranges, self.window_limits)

    def _ratios(self, before, lower, upper, total, floors):
        if self.background_type == POWER_LAW:
            measured = zip(self.names, self.windows, before, lower, upper, strict=True)
            return np.stack(
                [
                    background_ratios(*each, self.axis.units, floor)
                    for each, floor in zip(measured, floors, strict=True)
                ]
            )
        found = [
            shape_ratio(name, total, self.axis, side, window, self.background_type)
            for name, side, window in zip(self.names, self.sides, self.inside, strict=True)
        ]
        return np.array(found)[:, None, None]


def check_electrons(camera, counts, widths):
    """Refuse counts below 0 by more than noise, and a gain with which there is no electron.

    Parameters
    ----------
    camera : Camera
    counts : numpy.ndarray
        Between limits, shape (S, ny, nx).
    widths : numpy.ndarray
        Channels between them, shape (S,).
    """
    checked_segments(counts, _BELOW_ZERO * camera.gain * np.sqrt(camera.floors(widths)))
    if counts.any() and counts.max() / camera.gain < 0.5:
        raise ValueError(
            f"With gain={camera.gain:g} counts per electron, no window contains an electron in any "
            "pixel. Pass the gain of these data as `gain`."
        )


def plan_edges(
    signal,
    edges,
    integration_windows,
    background_windows,
    gain,
    background_type=POWER_LAW,
    can_fit=True,
):
    """Return the `EdgeWindowPlan` of an EELS spectrum image without reading its spectra.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, eager or lazy.
    edges, integration_windows, background_windows, gain
        As in `multimodal_fusion`.
    background_type : str
        From `checked_background_type`, default a power law.
    can_fit : bool
        Whether messages may suggest a fit. Default True.
    """
    if gain is not None:
        gain = checked_number("gain", gain, low=0, include_low=False)
    axis = signal.axes_manager.signal_axes[0]
    if not axis.is_uniform:
        raise ValueError(
            "The energy axis must be uniform, but its channels differ in width. Rebin the spectra, "
            "for example with s.interpolate_on_axis."
        )
    automatic = isinstance(background_windows, str)
    if automatic and background_windows != "auto":
        raise ValueError(
            "background_windows must be 'auto', None or an array with one row per edge, but "
            f"{background_windows!r} was given."
        )
    names = select_edges(signal, edges, functools.partial(has_room, axis, pre_edge=automatic))
    inside = integration_channels(signal, names, integration_windows)
    sides = pre_edge_channels(signal, names, background_windows)
    channels = Channels(float(axis.low_value), float(axis.scale), axis.units)
    halves = [halved(channels, *each) for each in sides or inside]
    window_limits = limits_to_count(
        signal, segment_limits([*([window] for window in inside), *halves])
    )
    noise_ranges = noise_ranges_of(signal, names)
    onsets = onsets_on_axis(signal, names)
    if sides is not None:
        say_tails_in_background(channels, onsets, names, sides, can_fit)
    return EdgeWindowPlan(
        names=names,
        axis=channels,
        inside=inside,
        sides=sides,
        gain=gain,
        stored=stored_gain(signal),
        background_type=background_type,
        limits=sorted({*window_limits, *noise_ranges.limits}),
        window_limits=window_limits,
        noise_ranges=noise_ranges,
        microscope=microscope_of(signal),
        known=known_edges_of(signal, names),
        onsets=onsets,
        can_fit=can_fit,
    )

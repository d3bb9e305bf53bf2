"""The expected spectrum as a function of counts and calibration, and prior knowledge of both."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import signal

from .absorption import edge_steps
from .continuum import continuum_shapes
from .detector import NARROWEST
from .priors import LOW_ENERGY, grouped, tie_rows

#: Calibration, in the order of the fit: parameters of `Detector`, their errors and limits as
#: departures from the start. Offsets are in keV, resolutions in eV, slopes in eV^2 / keV.
CALIBRATION = ("offset", "gain", "resolution", "slope", "escape", "tail", "shelf", "wide", "soft")
_ERRORS = np.array([0.020, 0.004, 20.0, 500.0, 0.5, 0.02, 0.004, 0.1, 0.1])
# Errors of a calibration that was found.
_KNOWN_ERRORS = np.array([0.003, 0.0006, 3.0, 200.0, 0.5, 0.02, 0.004, 0.1, 0.1])
_LOWEST = np.array([-0.12, -0.025, -40.0, -1900.0, 0.0, 0.0, 0.0, 0.0, 0.0])
_HIGHEST = np.array([0.12, 0.025, 80.0, 1500.0, 2.0, 0.15, 0.03, 0.5, 0.5])
# Which parameters cannot fall below 0 and are 0 where the spectrum does not ask for them.
_POSITIVE = np.array([False, False, False, False, True, True, True, True, True])
_FARTHEST_SHIFT = 4.0  # errors
# Error of a family's FWHM^2 relative to the calibration's, above and below 1 keV: a sum of several
# detectors, each with a calibration of its own, has no straight one.
_WIDTH_ERROR, _LOW_WIDTH_ERROR = 0.12, 0.3
_WIDTHS = -0.5, 1.0
# Depth of absorption edges: error and limit.
_DEPTH_ERROR, _DEEPEST = 0.25, 0.85
# Error of what is held.
_HELD = 1e-9


@dataclass(frozen=True)
class Setting:
    """Parameters of the fit of a summed spectrum, and its data.

    Attributes
    ----------
    observed : numpy.ndarray
        Summed spectrum, counts, shape (C,).
    used : numpy.ndarray
        Channels to fit, bool, shape (C,).
    nominal : Detector
        The detector as the signal describes it.
    lines : list of Line
        Lines to fit; those without an element are free peaks.
    beam_energy : float
        In keV.
    edges : tuple of float
        Absorption edges in the continuum, in keV. Default none.
    pile_up : bool
        Whether there may be sum peaks. Default False.
    refine : bool
        Whether the calibration is fitted. Default True.
    known : Detector, optional
        The calibration that was found with all elements that may be there: it is held, so that no
        peak can drag it.
    robust : bool
        Whether peaks that the lines do not explain are left alone, so that they change nothing
        else. Default False.
    sure : tuple of str or None
        Elements whose strongest lines a robust fit has to describe, whatever is left there. Default
        None: all.
    hold : bool
        Whether calibration, shifts and widths stay as they are, and only depths of absorption edges
        are fitted beside the amplitudes. Default False.
    """

    observed: np.ndarray
    used: np.ndarray
    nominal: object
    lines: list
    beam_energy: float
    edges: tuple = ()
    pile_up: bool = False
    refine: bool = True
    known: object = None
    robust: bool = False
    sure: tuple | None = None
    hold: bool = False


class SumModel:
    """The expected spectrum and its derivatives, of groups of lines, continuum and sum peaks."""

    def __init__(self, setting, before):
        self.setting = setting
        self.before = before if hasattr(before, "detector") else None
        self.start = detector = before.detector if self.before else before
        lines = setting.lines
        self.energies = np.array([line.energy for line in lines])
        self.groups = grouped(lines, setting.beam_energy)
        self.matrix = self.groups.matrix()
        smooth = continuum_shapes(detector, setting.beam_energy, setting.used)
        self.n_smooth = len(smooth)
        piled = [pile_up_shape(setting.observed, detector, setting.used)] * setting.pile_up
        self._others = np.vstack([smooth, *piled])
        self.steps = edge_steps(detector, setting.edges)
        self.n_families = len(self.groups.shift_errors)
        self.n_calibration = len(CALIBRATION)

    @property
    def n_amplitudes(self):
        """Counts of groups, of continuum shapes and of sum peaks."""
        return self.groups.number + len(self._others)

    @property
    def prior_errors(self):
        """Of calibration, shifts and widths of families, and depths of absorption edges."""
        depths = np.full(len(self.steps), _DEPTH_ERROR)
        errors = _ERRORS if self.setting.known is None else _KNOWN_ERRORS
        if self.setting.hold:
            held = np.full(self.n_calibration + 2 * self.n_families, _HELD)
            return np.concatenate([held, depths])
        return np.concatenate([errors, self.groups.shift_errors, self._width_errors, depths])

    @property
    def _width_errors(self):
        low = self.energies < LOW_ENERGY
        errors = np.full(self.n_families, _WIDTH_ERROR)
        errors[self.groups.families[low]] = _LOW_WIDTH_ERROR
        return errors

    def bounded(self, calibration):
        """Return calibration and shifts within what a detector can be."""
        limit = _FARTHEST_SHIFT * self.groups.shift_errors
        away = self._start_values
        narrowest, widest = (np.full(self.n_families, width) for width in _WIDTHS)
        depths = np.zeros(len(self.steps)), np.full(len(self.steps), _DEEPEST)
        low = np.concatenate([_LOWEST - away, -limit, narrowest, depths[0]])
        high = np.concatenate([_HIGHEST - away, limit, widest, depths[1]])
        low[: len(away)][_POSITIVE] = _LOWEST[_POSITIVE]
        high[: len(away)][_POSITIVE] = _HIGHEST[_POSITIVE]
        return np.clip(calibration, low, high)

    @property
    def _start_values(self):
        """Departure of the start of this fit from the detector as the signal describes it."""
        ours, theirs = self.start, self.setting.nominal
        return np.array([getattr(ours, n) - getattr(theirs, n) for n in CALIBRATION])

    def prior_centre(self):
        """What all but amplitudes would be if the signal, or what was found before, were right."""
        ours, theirs = self.start, self.setting.known or self.setting.nominal
        centre = np.array([getattr(theirs, n) - getattr(ours, n) for n in CALIBRATION])
        centre[_POSITIVE] = 0.0
        if self.setting.hold:
            return np.where(self.prior_errors == _HELD, self.initial(), 0.0)
        return np.concatenate([centre, np.zeros(2 * self.n_families + len(self.steps))])

    def initial(self):
        """All but amplitudes, where this fit starts: as an earlier fit found them."""
        positive = np.where(_POSITIVE, [getattr(self.start, n) for n in CALIBRATION], 0.0)
        moved, depths = np.zeros((2, self.n_families)), np.zeros(len(self.steps))
        if self.before:
            known = {line.name: i for i, line in enumerate(self.before.lines)}
            for line, family in zip(self.setting.lines, self.groups.families, strict=True):
                if line.name in known:
                    i = known[line.name]
                    moved[:, family] = self.before.shifts[i], self.before.widths[i]
            deep = dict(zip(self.before.edges, self.before.depths, strict=True))
            depths = np.array([deep.get(edge, 0.0) for edge in self.setting.edges])
        return np.concatenate([positive, *moved, depths])

    def detector(self, calibration):
        """Return the `Detector` of calibration parameters, which start from 0 where they may."""
        values = {}
        for name, value, positive in zip(CALIBRATION, calibration, _POSITIVE, strict=False):
            values[name] = value if positive else getattr(self.start, name) + value
        found = replace(self.start, **values)
        # a slope that would leave a line at 0.3 keV without a width
        steepest = (found.resolution**2 - NARROWEST**2) / 5.6
        return replace(found, slope=min(found.slope, steepest))

    def at_limits(self, calibration):
        """Return names of offset, gain, resolution and slope that lie at their limits."""
        away = calibration[:4] + self._start_values[:4]
        ends = (away <= _LOWEST[:4] + 1e-6) | (away >= _HIGHEST[:4] - 1e-6)
        return [name for name, end in zip(CALIBRATION[:4], ends, strict=True) if end]

    def line_shifts(self, calibration):
        """Return the shift of each line in keV."""
        return calibration[self.n_calibration :][self.groups.families]

    def line_widths(self, calibration):
        """Return by how much each line's FWHM^2 exceeds that of the calibration, as a share."""
        start = self.n_calibration + self.n_families
        return calibration[start:][self.groups.families]

    def others(self, calibration):
        """Return the shapes of continuum, with absorption edges, and sum peaks, (J, C)."""
        if not len(self.steps):
            return self._others
        depths = calibration[len(calibration) - len(self.steps) :]
        others = self._others.copy()
        others[: self.n_smooth] *= np.prod(1 - depths[:, None] * self.steps, axis=0)
        return others

    @cached_property
    def moves(self):
        """Which of all but amplitudes are fitted, (n,) indices."""
        return np.flatnonzero(self.prior_errors != _HELD)

    def design(self, calibration):
        """Return the shapes of groups, continuum and sum peaks, (amplitudes, used channels)."""
        shapes = self._held_shapes if self.setting.hold else self._shapes(calibration)
        return np.vstack([shapes, self.others(calibration)[:, self.setting.used]])

    @cached_property
    def _held_shapes(self):
        return self._shapes(self.initial())

    def _shapes(self, calibration):
        groups = self.groups
        shapes = self.detector(calibration).summed(
            self.energies,
            groups.factors,
            groups.of_line,
            groups.number,
            self.line_shifts(calibration),
            self.line_widths(calibration),
        )
        return shapes[:, self.setting.used]

    def derivatives(self, amplitudes, calibration):
        """Return how the expected spectrum changes with what `moves`, (n, used)."""
        smooth = amplitudes[self.groups.number :][: self.n_smooth]
        continuum = smooth @ self.others(calibration)[: self.n_smooth]
        depths = calibration[len(calibration) - len(self.steps) :]
        deeper = -continuum * self.steps / (1 - depths[:, None] * self.steps)
        parts = [] if self.setting.hold else self._slopes(amplitudes, calibration)
        return np.vstack([*parts, deeper])[:, self.setting.used]

    def _slopes(self, amplitudes, calibration):
        """Return how the lines change with calibration, shifts and widths, arrays (n, C)."""
        groups = self.groups
        along = self.detector(calibration).slopes(
            self.energies,
            self.matrix @ amplitudes[: groups.number],
            groups.families,
            self.n_families,
            self.line_shifts(calibration),
            self.line_widths(calibration),
        )
        offset = along["position"].sum(axis=0)
        rows = [offset, *(along[name] for name in CALIBRATION[1:])]
        return [rows, along["position"], along["width"]]

    def ties(self, amplitudes):
        """Return rows (ties, amplitudes) whose squares are the cost of ratios that are off."""
        rows = tie_rows(self.groups.ties, amplitudes[: self.groups.number])
        full = np.zeros((len(rows), self.n_amplitudes))
        full[:, : self.groups.number] = rows
        return full


def pile_up_shape(observed, detector, used):
    """Return the spectrum convolved with itself: two photons that are counted as one."""
    counts = np.where(used, observed, 0.0)
    twice = signal.fftconvolve(counts, counts)
    # channel k of the convolution lies at the sum of two energies, each of which is a place on
    # the axis less the offset
    zero = detector.centres[0] - detector.offset
    start = -zero / detector.channel
    shape = np.interp(np.arange(len(counts)), -start + np.arange(len(twice)), twice, left=0.0)
    shape = np.where(used, np.maximum(shape, 0.0), 0.0)
    return shape / max(shape.max(), np.finfo(float).tiny)

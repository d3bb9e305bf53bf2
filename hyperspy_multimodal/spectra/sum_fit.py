"""The summed spectrum as a sum of lines and continuum: a Poisson fit with a calibration."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import optimize, signal

from .continuum import continuum_shapes
from .detector import Detector, window_transmission

_ITERATIONS = 30
_CONVERGED = 1e-7
_LEAST_EXPECTED = 0.05  # counts a channel, in weights
_CERTAIN = 5.0  # standard errors of counts
# How well tables and calibrations are known, as standard deviations.
WEIGHT_ERROR = 0.07  # of a line, relative to the strongest of its family
OFFSET_ERROR = 0.015  # keV
GAIN_ERROR = 0.003
RESOLUTION_ERROR = 10.0  # eV
ESCAPE_ERROR = 0.5  # relative to a silicon detector
_ERRORS = np.array([OFFSET_ERROR, GAIN_ERROR, RESOLUTION_ERROR, ESCAPE_ERROR])
_STEPS = np.array([1e-4, 1e-5, 0.05, 0.01])  # for derivatives
_FARTHEST = np.array([0.05, 0.02, 60.0, 2.0])


@dataclass(frozen=True)
class SumFit:
    """What the fit of a summed spectrum found.

    Attributes
    ----------
    detector : Detector
        Calibration and resolution as fitted.
    lines : list of Line
        Lines of the elements, and extra and unassigned ones.
    amplitudes : numpy.ndarray
        Counts of each line, shape (lines,).
    continuum : numpy.ndarray
        Counts of the continuum by channel, shape (C,).
    pile_up : numpy.ndarray
        Counts of sum peaks by channel, shape (C,).
    fitted : numpy.ndarray
        Counts of lines, continuum and sum peaks by channel, shape (C,).
    observed : numpy.ndarray
        The summed spectrum, shape (C,).
    used : numpy.ndarray
        Which channels were fitted, bool, shape (C,).
    strain : float
        How far the line that departs most from its table weight does so, in standard errors of the
        tables.
    """

    detector: Detector
    lines: list
    amplitudes: np.ndarray
    continuum: np.ndarray
    pile_up: np.ndarray
    fitted: np.ndarray
    observed: np.ndarray = field(repr=False)
    used: np.ndarray = field(repr=False)
    strain: float = 0.0

    @property
    def deviance(self):
        """Poisson deviance over the number of channels: about 1 for a good fit of many counts."""
        y, z = self.observed[self.used], self.fitted[self.used]
        logarithm = np.log(np.where(y > 0, y, 1) / np.maximum(z, 1e-300))
        return 2 * float(np.sum(z - y + np.where(y > 0, y * logarithm, 0))) / max(y.size, 1)


def fit_sum_spectrum(
    observed,
    detector,
    lines,
    beam_energy,
    used,
    refine=True,
    pile_up=False,
    weight_error=WEIGHT_ERROR,
):
    """Fit a summed spectrum by lines and continuum.

    The Poisson likelihood is maximised over amplitudes >= 0 of all lines and continuum shapes, and
    over offset, gain, resolution and escape peaks of the detector, by Fisher scoring. Families of
    lines are free; within a family each line is held to its table weight behind a usual entrance
    window, relative to the strongest, as to a measurement with an error of 7 %. Likewise offset,
    gain and resolution are held to what the signal says, to 15 eV, 0.3 % and 10 eV, and escape
    peaks to none, to half of those of a silicon detector.

    Parameters
    ----------
    observed : numpy.ndarray
        Summed spectrum, counts, shape (C,).
    detector : Detector
        Channels, and resolution as the signal states it.
    lines : list of Line
        Lines to fit. Those of one element and family are held together.
    beam_energy : float
        Energy of the electrons in keV.
    used : numpy.ndarray
        Channels to fit, bool, shape (C,).
    refine : bool
        Whether to fit offset, gain, resolution and escape peaks too. Default True.
    pile_up : bool
        Whether to allow for sum peaks: the spectrum convolved with itself. Default False.
    weight_error : float
        Relative error of the table weights, default 0.07.

    Returns
    -------
    SumFit
    """
    problem = _Problem(observed, detector, lines, beam_energy, used, pile_up, weight_error)
    problem.fit(refine)
    return problem.result()


class _Problem:
    def __init__(self, observed, detector, lines, beam_energy, used, pile_up, weight_error):
        self.weight_error = weight_error
        self.observed, self.used, self.lines = observed, used, lines
        self.y = observed[used].astype(np.float64)
        self.nominal = self.detector = detector
        self.energies = np.array([line.energy for line in lines])
        smooth = continuum_shapes(detector, beam_energy, used)
        self.n_smooth = len(smooth)
        piled = [_pile_up_shape(observed, detector, used)] if pile_up else []
        self.other_shapes = np.vstack([smooth, *piled])
        weights = np.array([line.weight for line in lines])
        self.shares = weights * window_transmission(self.energies)
        self.heads = _heads(lines)
        self._set_design()
        self.amplitudes = self._start()

    def _set_design(self):
        shapes = np.vstack([self.detector.shapes(self.energies), self.other_shapes])
        self.design = shapes[:, self.used]

    def _start(self):
        """Richardson and Lucy's iteration, from equal counts in all terms: it stays positive."""
        area = np.maximum(self.design.sum(axis=1), 1e-12)
        amplitudes = np.full(len(area), self.y.sum() / len(area)) / area
        for _ in range(50):
            expected = np.maximum(amplitudes @ self.design, 1e-12)
            amplitudes *= (self.design @ (self.y / expected)) / area
        return amplitudes

    def _expected(self, amplitudes, design):
        return np.maximum(amplitudes @ design, 1e-9)

    def _ties(self, amplitudes):
        """Rows and errors that hold each line to its share of the strongest of its family."""
        rows, errors = [], []
        for i, head in enumerate(self.heads):
            if head == i:
                continue
            share = self.shares[i] / self.shares[head]
            row = np.zeros(len(amplitudes))
            row[i], row[head] = 1.0, -share
            rows.append(row)
            # never so sure that a family without counts is nailed to 0
            errors.append(self.weight_error * share * max(amplitudes[head], 10.0))
        return np.array(rows).reshape(-1, len(amplitudes)), np.array(errors)

    @property
    def _parameters(self):
        ours, theirs = self.detector, self.nominal
        wider = ours.resolution - theirs.resolution
        return np.array([ours.offset, ours.gain, wider, ours.escape])

    def _moved(self, parameters):
        offset, gain, wider, escape = np.clip(parameters, -_FARTHEST, _FARTHEST)
        resolution = self.nominal.resolution + wider
        return replace(
            self.nominal, offset=offset, gain=gain, resolution=resolution, escape=max(escape, 0.0)
        )

    def _derivatives(self, amplitudes):
        """Of the expected spectrum along offset, gain, resolution and escape, (4, used)."""
        n_lines = len(self.lines)
        found = []
        here = self._parameters
        here[3] = max(here[3], _STEPS[3])  # both sides of it are >= 0
        for i, step in enumerate(_STEPS):
            change = np.zeros(4)
            change[i] = step
            ahead, back = (
                amplitudes[:n_lines] @ self._moved(here + sign * change).shapes(self.energies)
                for sign in (1, -1)
            )
            found.append((ahead - back)[self.used] / (2 * step))
        return np.array(found)

    def _objective(self, amplitudes, design, parameters):
        expected = self._expected(amplitudes, design)
        rows, errors = self._ties(self.amplitudes)
        held = np.sum(np.square(rows @ amplitudes / errors)) if len(rows) else 0.0
        held += np.sum(np.square(parameters / _ERRORS))
        return float(np.sum(expected - self.y * np.log(expected))) + held / 2

    def fit(self, refine):
        for _ in range(_ITERATIONS):
            before = self._objective(self.amplitudes, self.design, self._parameters)
            step, turn = self._step(refine)
            for shorter in (1.0, 0.5, 0.25, 0.1, 0.02):
                parameters = self._parameters + shorter * turn
                detector = self._moved(parameters)
                amplitudes = self.amplitudes + shorter * step
                design = self.design
                if refine:
                    design = design.copy()
                    design[: len(self.lines)] = detector.shapes(self.energies)[:, self.used]
                after = self._objective(amplitudes, design, parameters)
                if after <= before:
                    break
            else:
                return
            self.amplitudes, self.design, self.detector = amplitudes, design, detector
            if before - after < _CONVERGED * (1 + abs(after)):
                return

    def _step(self, refine):
        """The step of Fisher scoring: weighted least squares with amplitudes >= 0."""
        expected = self._expected(self.amplitudes, self.design)
        root = 1 / np.sqrt(np.maximum(expected, _LEAST_EXPECTED))
        design = self.design * root
        missing = (self.y - expected) * root
        rows, errors = self._ties(self.amplitudes)
        n = len(self.amplitudes)
        if refine:
            design = np.vstack([design, self._derivatives(self.amplitudes) * root])
        gram, right = design @ design.T, design @ missing
        if len(rows):
            tied = rows / errors[:, None]
            gram[:n, :n] += tied.T @ tied
            right[:n] -= tied.T @ (tied @ self.amplitudes)
        if refine:
            stiffness = 1 / _ERRORS**2
            gram[range(n, n + 4), range(n, n + 4)] += stiffness
            right[n:] -= stiffness * self._parameters
        lower = np.full(len(right), -np.inf)
        lower[:n] = -self.amplitudes
        if refine:
            lower[-1] = -self.detector.escape
        step = _bounded(gram, right, lower)
        return step[:n], step[n:] if refine else np.zeros(4)

    def result(self):
        n_lines = len(self.lines)
        shapes = self.detector.shapes(self.energies)
        others = self.amplitudes[n_lines:, None] * self.other_shapes
        continuum, pile_up = (
            others[: self.n_smooth].sum(axis=0),
            others[self.n_smooth :].sum(axis=0),
        )
        return SumFit(
            detector=self.detector,
            lines=list(self.lines),
            amplitudes=self.amplitudes[:n_lines].copy(),
            continuum=continuum,
            pile_up=pile_up,
            fitted=self.amplitudes[:n_lines] @ shapes + continuum + pile_up,
            observed=self.observed,
            used=self.used,
            strain=self._strain(),
        )

    def _strain(self):
        """The largest departure from a table weight, where counts can tell, in its errors."""
        rows, errors = self._ties(self.amplitudes)
        if not len(rows):
            return 0.0
        apart = np.abs(rows @ self.amplitudes)
        certain = apart > _CERTAIN * np.sqrt(np.maximum(np.abs(rows) @ self.amplitudes, 1.0))
        return float(np.max(np.where(certain, apart / errors, 0.0)))


def _pile_up_shape(observed, detector, used):
    """Return the spectrum convolved with itself: two photons that are counted as one."""
    channel = detector.edges[1] - detector.edges[0]
    counts = np.where(used, observed, 0.0)
    twice = signal.fftconvolve(counts, counts)
    # channel k of the convolution lies at the sum of two energies
    start = (2 * detector.centres[0] - detector.centres[0]) / channel
    shape = np.interp(np.arange(len(counts)), start + np.arange(len(twice)), twice, left=0.0)
    shape = np.where(used, np.maximum(shape, 0.0), 0.0)
    return shape / max(shape.max(), np.finfo(float).tiny)


def _heads(lines):
    """Return, for each line, the index of the strongest of its element and family."""
    strongest = {}
    for i, line in enumerate(lines):
        key = line.element, line.family
        if key not in strongest or line.weight > lines[strongest[key]].weight:
            strongest[key] = i
    return [strongest[line.element, line.family] for line in lines]


def _bounded(gram, right, lower):
    """Minimise x.gram.x / 2 - right.x over x >= lower."""
    unit = np.sqrt(np.maximum(np.diag(gram), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(gram / np.outer(unit, unit))
    values = np.maximum(values, 1e-10 * values.max())
    root = np.sqrt(values)[:, None] * vectors.T
    scaled = (vectors.T @ (right / unit)) / np.sqrt(values)
    return optimize.lsq_linear(root, scaled, bounds=(lower * unit, np.inf), method="bvls").x / unit

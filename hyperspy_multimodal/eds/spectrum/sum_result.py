"""What the fit of a summed spectrum found."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np


class Strain(NamedTuple):
    """A line whose counts differ from those expected from the strongest line of its family.

    Attributes
    ----------
    line, head : Line
        The line, and the strongest of its family.
    ratio : float
        Its counts over what they should be.
    size : float
        The departure in errors of the table, less two of the fit.
    excess : float
        Counts that the strongest line has too many, if the other line is right.
    """

    line: object
    head: object
    ratio: float
    size: float
    excess: float


@dataclass(frozen=True)
class SumFit:
    """Result of the fit of a summed spectrum.

    Attributes
    ----------
    detector : Detector
        Calibration and resolution as fitted.
    lines : list of Line
        Lines of the elements, and free peaks.
    shifts : numpy.ndarray
        How far each line lies above its calibrated position, in keV, shape (lines,).
    widths : numpy.ndarray
        By how much each line's FWHM^2 exceeds the calibration's, as a share, shape (lines,).
    amplitudes : numpy.ndarray
        Counts of each line, shape (lines,).
    covariance : numpy.ndarray
        Of the amplitudes, shape (lines, lines), from counts, calibration, table weights and what
        the model does not describe.
    least_errors : numpy.ndarray
        Errors of the amplitudes if the model described peaks as well as models do, shape (lines,).
    continuum : numpy.ndarray
        Counts of the continuum by channel, shape (C,).
    pile_up : numpy.ndarray
        Counts of sum peaks by channel, shape (C,).
    fitted : numpy.ndarray
        Counts of lines, continuum and sum peaks by channel, shape (C,).
    edges : tuple of float
        Absorption edges of the continuum, in keV.
    depths : numpy.ndarray
        By how much the continuum falls at each, as a share, shape (edges,).
    observed : numpy.ndarray
        The summed spectrum, shape (C,).
    used : numpy.ndarray
        Which channels were fitted, bool, shape (C,).
    misfit : float
        What the model does not describe, as a share of the height of peaks.
    chi_squared : float
        Weighted squares of residuals and of departures from what is known, with the least misfit.
    at_limits : list of str
        "offset", "gain", "resolution" and "slope" where they lie at the limits of the fit.
    strains : list of Strain
        Lines that depart from their table weight.
    """

    detector: object
    lines: list
    shifts: np.ndarray
    widths: np.ndarray
    amplitudes: np.ndarray
    covariance: np.ndarray = field(repr=False)
    least_errors: np.ndarray = field(repr=False)
    continuum: np.ndarray = field(repr=False)
    pile_up: np.ndarray = field(repr=False)
    fitted: np.ndarray = field(repr=False)
    edges: tuple
    depths: np.ndarray
    observed: np.ndarray = field(repr=False)
    used: np.ndarray = field(repr=False)
    misfit: float = 0.0
    chi_squared: float = 0.0
    at_limits: list = field(default_factory=list)
    strains: list = field(default_factory=list)

    @property
    def deviance(self):
        """Poisson deviance over the number of channels: about 1 for a good fit of few counts."""
        y, z = self.observed[self.used], self.fitted[self.used]
        logarithm = np.log(np.where(y > 0, y, 1) / np.maximum(z, 1e-300))
        return 2 * float(np.sum(z - y + np.where(y > 0, y * logarithm, 0))) / max(y.size, 1)

    @cached_property
    def line_shapes(self):
        """Share of each line's counts in each channel, shape (lines, C)."""
        return self.detector.shapes([line.energy for line in self.lines], self.shifts, self.widths)

    @property
    def errors(self):
        """Standard errors of the amplitudes, shape (lines,)."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    @property
    def places(self):
        """Where each line lies on the axis of the signal, in keV, shape (lines,)."""
        energies = np.array([line.energy for line in self.lines])
        return self.detector.position(energies) + self.shifts

"""Gain and floor of noise from mean and variance of pixels at several levels."""

from copy import copy
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from .noise_model import FLOORS, TABLE, Moments, moments_for

# Variances this many squared standard errors above the expected ones are due to structure.
_OUTLYING = 4.0
# Initial gains in units of variance over mean.
_TRIED = np.geomspace(3e-3, 3.0, 40)
# Gains around a known one that are compared.
_NEAR = np.geomspace(0.25, 4.0, 140)
_BESIDE = np.geomspace(0.5, 2.0, 31)
# Floors are searched as logarithms of the floor plus this, in squared counts.
_LEAST = 1e-3
# Variance of a level that is exactly 0, as a share of the largest, and steps of derivatives.
_DARKEST, _STEP = 1e-3, 0.02
_ROUNDS = 2
# Upper limit of chi squared per degree of freedom by which differences of it are divided.
_POOR = 3.0
# Relative error of the largest variance due to properties of measured maps that no model describes;
# that of others is larger.
_MODEL = 0.05
# Fits within this cost of the best, two standard errors, are nearly as good.
_AS_GOOD = 4.0


class Fit(NamedTuple):
    """Variance = gain * x + floor, with standard errors, which are infinite if unknown.

    ``counts`` are those of the levels. ``plain_gain`` is the gain of counts without a floor, which
    fit worse by ``plain_excess`` in chi squared per degree of freedom.
    """

    gain: float
    floor: float
    gain_error: float
    floor_error: float
    counts: np.ndarray
    plain_gain: float
    plain_excess: float


class Levels(NamedTuple):
    """Mean and variance of the pixels of L levels of brightness, shape (L,) each.

    ``pixels`` and ``squares`` are the numbers of independent values in these means. Without
    ``beyond``, the variance is that of differences of four pixels. With it, the variance is that of
    single pixels, the mean is known better than from these alone, and ``beyond`` is their excess
    over it; their variance is then also too large.
    """

    mean: np.ndarray
    variance: np.ndarray
    pixels: np.ndarray
    squares: np.ndarray
    beyond: "np.ndarray | None" = None


def fit_noise(levels, clipped=False, roughly=False):
    """Fit gain and floor to mean and variance of pixels of several levels.

    Variances above the expected ones count linearly, not squared, because structure can only
    increase the variance.

    Parameters
    ----------
    levels : Levels
    clipped : bool, default False
        Whether what was negative was set to 0.
    roughly : bool, default False
        Whether the best of a grid of gains and floors will do.

    Returns
    -------
    Fit
    """
    noise, problem = _best(_Problem(levels, clipped), roughly)
    gain, floor = noise
    errors = problem.errors(noise)
    if clipped and not roughly:
        # clipping affects a few counts differently than Gaussian noise
        other, of_counts = _best(_Problem(levels, clipped, counted=True), roughly)
        if of_counts.cost(*other)[0] < problem.cost(*noise)[0] + _AS_GOOD * problem.misfit(noise):
            away = np.array([other[0] - gain, other[0] ** 2 * other[1] - gain**2 * floor])
            errors = np.maximum(errors, np.abs(away))
    scale = problem.scale
    gains = problem.ratio * np.geomspace(0.1, 1.5, 400)
    plain = problem.cost(gains, 0.0)
    misfit = min(problem.misfit(noise), _POOR)
    excess = (float(plain.min()) - float(problem.cost(*noise)[0])) / misfit
    return Fit(gain * scale, gain**2 * floor * scale**2,
               float(errors[0]) * scale, float(errors[1]) * scale**2,
               problem.counts(noise), float(gains[plain.argmin()]) * scale, excess)  # fmt: skip


def fit_gain(levels, floor, gain, clipped, counted=False):
    """Fit the gain of levels whose floor is known, and return it with its standard error.

    The error is infinite if gains of a quarter, or four times as large, fit nearly as well.

    Parameters
    ----------
    levels : Levels
    floor, gain : float
        Floor and initial gain in units of the map.
    clipped : bool
        Whether what was negative was set to 0.
    """
    problem = _Problem(levels, clipped, counted)
    scale = problem.scale
    # smaller ones lead to floors outside the tables
    gain = max(gain, np.sqrt(floor / FLOORS[-1]) / _NEAR[0])
    gains = gain / scale * _NEAR
    for _ in range(_ROUNDS):
        problem = problem.with_errors_of((gain / scale, floor / gain**2))
        costs = np.array([float(problem.cost(g, floor / (scale * g) ** 2)[0]) for g in gains])
        gain = float(gains[costs.argmin()] * scale)
    misfit = problem.misfit((gain / scale, floor / gain**2))
    is_as_good = costs < costs.min() + _AS_GOOD * misfit
    if is_as_good[0] or is_as_good[-1]:
        return gain, np.inf  # further ones may also be
    as_good = gains[is_as_good] * scale
    return gain, max(as_good[-1] - gain, gain - as_good[0]) / np.sqrt(_AS_GOOD)


def near_gain(levels, floor, gain, clipped):
    """Return the gain near a given one that fits best to levels whose floor is known.

    Parameters are those of `fit_gain`. This is for levels of a part of the pixels: errors are not
    needed, and the gain hardly differs.
    """
    problem = _Problem(levels, clipped)
    scale = problem.scale
    gain = max(gain, np.sqrt(floor / FLOORS[-1]) / _BESIDE[0])
    problem = problem.with_errors_of((gain / scale, floor / gain**2))
    gains = gain / scale * _BESIDE
    costs = np.array([float(problem.cost(g, floor / (scale * g) ** 2)[0]) for g in gains])
    best = int(np.clip(costs.argmin(), 1, len(costs) - 2))
    # the vertex of a parabola in logarithms
    low, middle, high = costs[best - 1 : best + 2]
    bend = low + high - 2 * middle
    share = np.clip((low - high) / (2 * bend), -1.0, 1.0) if bend > 0 else 0.0
    step = np.log(_BESIDE[1] / _BESIDE[0])
    return float(gains[best] * scale * np.exp(share * step))


def _best(problem, roughly):
    """Return the noise that fits best, and the problem with the corresponding errors."""
    noise = problem.best_on_grid()
    for _ in range(_ROUNDS):
        problem = problem.with_errors_of(noise)
        noise = problem.best_on_grid() if roughly else problem.best_near(noise)
    return noise, problem


class _Problem:
    """Measured moments, in units of the brightest level, and how well noise explains them.

    For a level with measured mean m and variance v, where M(x) = m and V(x) are expected, the
    residual is v - V(x). The errors of m and v are correlated.
    """

    def __init__(self, levels, clipped, counted=False):
        self.scale = max(float(np.max(np.abs(levels.mean))), 1e-300)
        self.levels, self.kind = levels, (clipped, counted)
        self.mean, self.found = levels.mean / self.scale, levels.variance / self.scale**2
        brightness = np.maximum(self.mean, 0)
        weight = levels.squares
        self.ratio = float(self.found @ weight) / max(float(brightness @ weight), 1e-12)
        variance = np.maximum(self.found, _DARKEST * self.found.max())
        third, fourth = (self.ratio**power * brightness for power in (2, 3))
        self.set_errors(Moments(self.mean, variance, third, fourth + 3 * variance**2), 0.0)

    def set_errors(self, moments, slope):
        """Set the variances of the residuals, from central moments and dV/dM."""
        _, second, third, fourth = moments
        levels = self.levels
        cumulant = np.maximum(fourth - 3 * second**2, 0)
        if levels.beyond is None:
            spread = 2 * second**2 / levels.squares
            spread = spread + (cumulant + slope**2 * second - 2 * slope * third) / levels.pixels
            self.beyond = np.zeros_like(second)
        else:
            lean = third / np.maximum(second, max(_DARKEST * second.max(), 1e-300))
            spread = (2 * second**2 + cumulant - lean * third) / levels.pixels
            self.beyond = lean * levels.beyond / self.scale
        spread = np.maximum(spread, 0.0) + _MODEL**2 * second * second.max()
        self.spread = np.maximum(spread, max(_DARKEST**2 * spread.max(), 1e-300))

    def with_errors_of(self, noise):
        """Return the problem with the errors of moments for this noise."""
        other = copy(self)
        gain, floor = noise
        table, counts = moments_for(floor, *self.kind), self.counts(noise)
        slope = np.gradient(table.second, TABLE) / np.maximum(np.gradient(table.mean, TABLE), 1e-6)
        moments = [np.interp(counts, TABLE, each) * gain**n for n, each in enumerate(table, 1)]
        other.set_errors(moments, gain * np.interp(counts, TABLE, slope))
        return other

    def best_on_grid(self):
        """Return the gain and the floor, in squared counts, that fit best."""
        gains, costs = self.costs()
        row, column = np.unravel_index(np.argmin(costs), costs.shape)
        return float(gains[column]), float(FLOORS[row])

    def costs(self):
        """Return gains of a grid, and their costs with all floors, shape (F, G)."""
        gains = self.ratio * _TRIED
        return gains, np.array([self.cost(gains, floor) for floor in FLOORS])

    def best_near(self, noise):
        """Return the best fit near a given noise."""

        def of(x):
            floor = np.clip(np.exp(min(x[1], np.log(FLOORS[-1]))) - _LEAST, 0.0, FLOORS[-1])
            return float(np.exp(x[0])), float(floor)

        start = np.log([noise[0], noise[1] + _LEAST])
        found = minimize(
            lambda x: float(self.cost(*of(x))[0]),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-3, "initial_simplex": start + _SIMPLEX},
        )
        return of(found.x)

    def counts(self, noise):
        """Return the expected counts of the levels, shape (L,)."""
        gain, floor = noise
        return np.interp(self.mean / gain, moments_for(floor, *self.kind).mean, TABLE)

    def expected(self, gains, floor):
        """Return expected variances, and how much levels are too dark, shape (G, L) each."""
        gains = np.atleast_1d(gains)[:, None]
        table = moments_for(floor, *self.kind)
        counts = np.interp(self.mean / gains, table.mean, TABLE)
        variance = np.interp(counts, TABLE, table.second) * gains**2
        if not self.kind[0]:
            return variance, 0.0
        least = np.maximum(variance, _DARKEST * gains**2) / self.levels.pixels
        return variance, np.maximum(gains * table.mean[0] - self.mean, 0.0) ** 2 / least

    def cost(self, gains, floor):
        """Return the robust sum of squares for each gain, shape (G,)."""
        expected, too_dark = self.expected(gains, floor)
        left = self.found - self.beyond - expected
        square = left**2 / self.spread
        limited = 2 * _OUTLYING * (np.sqrt(1 + square / _OUTLYING) - 1)
        is_limited = (left > 0) | (self.levels.beyond is not None)
        return np.sum(np.where(is_limited, limited, square) + too_dark, axis=1)

    def misfit(self, noise):
        """Return chi squared per degree of freedom, at least 1."""
        return max(float(self.cost(*noise)[0]) / max(len(self.found) - 2, 1), 1.0)

    def errors(self, noise):
        """Return the standard errors of gain and floor in units of the scale."""
        gain, floor = noise
        at = np.array([gain, gain**2 * floor])
        rows = []
        for step in np.diag(_STEP * np.array([gain, max(at[1], gain**2 * _STEP)])):
            up, down = (np.maximum(at + sign * step, 0) for sign in (1, -1))
            change = [self.expected(gain, floor / gain**2)[0][0] for gain, floor in (up, down)]
            rows.append((change[0] - change[1]) / (up - down).sum())
        gram = np.array(rows) / self.spread @ np.array(rows).T
        if not np.all(np.isfinite(gram)) or np.linalg.cond(gram) > 1e14:
            return np.inf, np.inf
        # levels that fit badly are less reliable
        cost, misfit = float(self.cost(gain, floor)[0]), self.misfit(noise)
        errors = np.sqrt(misfit * np.diag(np.linalg.inv(gram)))
        # other gains that fit nearly as well with floors of their own
        gains, costs = self.costs()
        row, column = np.nonzero(costs < cost + _AS_GOOD * misfit)
        floors = gains[column] ** 2 * FLOORS[row]
        for k, others in enumerate((gains[column], floors)):
            if others.size:
                errors[k] = max(errors[k], np.abs(others - at[k]).max() / np.sqrt(_AS_GOOD))
        return errors


# Steps of the first simplex, in logarithms.
_SIMPLEX = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.3]])

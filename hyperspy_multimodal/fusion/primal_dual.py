"""The primal-dual loop: start, step sizes, records, stop."""

import numpy as np
from scipy import ndimage

from ..kernels.certificate import poisson_gap, total_variation_gap
from ..kernels.primal_dual import dual_step, primal_step
from ..kernels.total_variation import divergence, project

_RELAXATION = np.float32(1.8)
# A record costs about as much as two iterations.
_ITERATIONS_PER_RECORD = 10
_LATE_ITERATIONS_PER_RECORD = 25
_LATE = 100
# ||grad||^2 <= 8
_STEP_PRODUCT = 1 / 8
# Noise of the map at the start, over its mean.
_NOISE_AT_START = 0.1
# How free each correction of the steps is, against the one before.
_SETTLING = 0.7
# tau / sigma starts at the square of this times the noise of a map, in units of the dual's bound.
_RATIO_TO_NOISE = 0.2
_LEAST_RATIO = 0.02
# tau lambda_1 and tau w at most: beyond, terms of that size drown a map's value in rounding.
_LONGEST_STEP = 30.0
_LONGEST_COUPLED_STEP = 1000.0


class StepSizes:
    """tau and sigma of each map, with tau sigma = 1/8, and their ratio, balanced as the loop goes.

    The ratio aims at equal movement of the map and of its dual variable in the metric of the
    iteration (|dx|^2 / tau against |dp|^2 / sigma). Each correction is less free than the one
    before, so the steps settle and convergence theory holds.
    """

    def __init__(self, problem):
        ratio = np.maximum(_RATIO_TO_NOISE * problem.noise, _LEAST_RATIO)
        bounds = problem.bounds.astype(np.float64)
        self.longest = np.minimum(
            _LONGEST_STEP / problem.fidelity.astype(np.float64),
            _LONGEST_COUPLED_STEP / np.maximum(problem.weights, 1e-30),
        )
        self._set(np.sqrt(_STEP_PRODUCT) * ratio / np.maximum(bounds, 1e-30))
        self.freedom = 1.0

    def _set(self, primal):
        primal = np.minimum(primal, self.longest)
        self.primal = primal.astype(np.float32)
        self.dual = (_STEP_PRODUCT / primal).astype(np.float32)

    def balance(self, maps_moved, dual_moved):
        ahead = (maps_moved / self.primal) / np.maximum(dual_moved / self.dual, 1e-300)
        factor = np.clip(ahead ** (0.25 * self.freedom), 2**-self.freedom, 2**self.freedom)
        self._set(self.primal * np.where((maps_moved > 0) & (dual_moved > 0), factor, 1.0))
        self.freedom *= _SETTLING


def optimality(problem, maps, dual, prices, residual):
    """Return the duality gap of the cost linearised in the HAADF term (absolute)."""
    feasible = dual.copy()
    project(feasible, problem.bounds)
    along = np.empty_like(maps)
    divergence(feasible, along)
    along -= prices[:, None, None]
    rows = np.empty((2, *maps.shape[:2]))
    poisson_gap(
        maps,
        residual,
        along,
        problem.counts,
        problem.background,
        problem.weights,
        problem.gamma,
        problem.fidelity,
        problem.ceilings(maps),
        rows[0],
    )
    total_variation_gap(maps, feasible, problem.bounds, rows[1])
    sums = maps.sum(axis=(1, 2), dtype=np.float64)
    excess = np.where(np.isfinite(problem.totals), sums - problem.totals, 0.0)
    return float(rows.sum() + np.abs(prices * excess).sum())


def start(problem, initial):
    """Return maps, dual variable and prices of totals: cold, or those of an earlier result."""
    if initial is None:
        net = np.maximum(problem.counts - problem.background, 0)
        maps = np.stack([_smoothed(x, noise) for x, noise in zip(net, problem.noise, strict=True)])
        return maps, np.zeros((2, *maps.shape), np.float32), np.zeros(len(maps), np.float32)
    by_map = problem.scales.astype(np.float32)[:, None, None]
    return (
        initial.maps / by_map,
        initial.dual * problem.bounds[:, None, None],
        (initial.prices * problem.scales / problem.unit).astype(np.float32),
    )


def _smoothed(net, noise):
    """Return a map smoothed until the noise of its mean value is small."""
    signal = max(float(net.mean()), 1e-30)
    width = noise / signal / (_NOISE_AT_START * np.sqrt(4 * np.pi))
    return ndimage.gaussian_filter(net, np.clip(width, 1, max(net.shape) / 4), mode="nearest")


def iterate(problem, tolerance, max_iterations, initial, callback):
    """Run the loop on ``problem``; return the fields of a `FusionResult`."""
    maps, dual, prices = start(problem, initial)
    relaxed = maps.copy()
    kept = np.isfinite(problem.totals)
    moved = np.empty((2, *maps.shape[:2]))
    sums = np.empty(maps.shape[:2])
    steps = StepSizes(problem)
    residual = problem.cost_terms(maps)[1]
    records = []

    def record(iteration):
        terms, exact = problem.cost_terms(maps)
        gap = optimality(problem, maps, dual, prices, exact)
        relative = gap / problem.excess(terms)
        records.append((iteration, terms, max(relative, problem.total_error(maps))))
        return records[-1][2]

    reached = record(0)
    iteration = 0
    for iteration in range(1, max_iterations + 1):
        primal_step(
            relaxed,
            maps,
            dual,
            prices,
            problem.counts,
            problem.background,
            problem.haadf,
            residual,
            problem.weights,
            problem.gamma,
            problem.fidelity,
            steps.primal,
            _RELAXATION,
            moved[0],
            sums,
        )
        ahead = sums.sum(axis=1) - problem.totals
        # Sum over pixels and gradient act on orthogonal spaces: each may take its full step.
        prices[kept] += _RELAXATION * (ahead / (steps.primal * problem.haadf.size))[kept]
        dual_step(relaxed, maps, dual, problem.bounds, steps.dual, _RELAXATION, moved[1])
        pause = _ITERATIONS_PER_RECORD if iteration <= _LATE else _LATE_ITERATIONS_PER_RECORD
        if iteration % pause == 0 or iteration == max_iterations:
            reached = record(iteration)
            stop = callback is not None and callback(iteration, physical(problem, maps), reached)
            if reached <= tolerance or stop:
                break
            steps.balance(*moved.sum(axis=2))
    project(dual, problem.bounds)
    if reached <= tolerance:
        problem.meet_totals(maps)
        records[-1] = (iteration, problem.cost_terms(maps)[0], reached)
    iterations, costs, gaps = zip(*records, strict=True)
    return {
        "maps": physical(problem, maps),
        "dual": dual / np.maximum(problem.bounds, np.float32(1e-30))[:, None, None],
        "prices": prices.astype(np.float64) * problem.unit / problem.scales,
        "iterations": iteration,
        "converged": bool(reached <= tolerance),
        "optimality": reached,
        "cost_terms": problem.unit * np.array(costs).T,
        "cost_iterations": np.array(iterations),
        "optimality_history": np.array(gaps),
    }


def physical(problem, maps):
    """Return ``maps`` in counts."""
    return maps * problem.scales.astype(np.float32)[:, None, None]

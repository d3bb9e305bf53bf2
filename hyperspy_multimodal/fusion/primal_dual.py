"""The primal-dual loop: start, step sizes, records, stop."""

import numpy as np
from scipy import ndimage

from ..kernels.certificate import poisson_gap, total_variation_gap
from ..kernels.primal_dual import dual_step, primal_step
from ..kernels.total_variation import divergence, project

_RELAXATION = np.float32(1.8)
_ITERATIONS_PER_RECORD = 10
# ||grad||^2 <= 8
_STEP_PRODUCT = 1 / 8
# A map's edge against its range: tau / sigma starts at its square, in units of the TV's dual bound.
_FIRST_RATIO = 0.05


class StepSizes:
    """tau and sigma of each map, tau sigma = 1/8, and their ratio, balanced as the loop goes.

    The ratio aims at equal movement of the map and of its dual variable in the metric of the
    iteration (|dx|^2 / tau against |dp|^2 / sigma); each correction is half as free as the one
    before, so the steps settle and convergence theory holds.
    """

    def __init__(self, problem):
        self.bounds = np.maximum(problem.bounds, 1e-6 * problem.fidelity).astype(np.float64)
        self.ratio = np.full(len(self.bounds), _FIRST_RATIO)
        self.freedom = 1.0

    @property
    def primal(self):
        return (np.sqrt(_STEP_PRODUCT) * self.ratio / self.bounds).astype(np.float32)

    @property
    def dual(self):
        return (np.sqrt(_STEP_PRODUCT) * self.bounds / self.ratio).astype(np.float32)

    def balance(self, maps_moved, dual_moved):
        ahead = (maps_moved / self.primal) / np.maximum(dual_moved / self.dual, 1e-300)
        factor = np.clip(ahead ** (0.25 * self.freedom), 2**-self.freedom, 2**self.freedom)
        self.ratio *= np.where((maps_moved > 0) & (dual_moved > 0), factor, 1.0)
        self.freedom *= 0.7


def optimality(problem, maps, dual, residual):
    """Return the duality gap of the cost linearised in the HAADF term (absolute)."""
    feasible = dual.copy()
    project(feasible, problem.bounds)
    along = np.empty_like(maps)
    divergence(feasible, along)
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
    return float(rows.sum())


def iterate(problem, tolerance, max_iterations, callback):
    """Run the loop on ``problem``; return the fields of a `FusionResult`."""
    net = np.maximum(problem.counts - problem.background, 0)
    maps = ndimage.gaussian_filter(net, (0, 1, 1), mode="nearest")
    relaxed = maps.copy()
    dual = np.zeros((2, *maps.shape), np.float32)
    moved = np.empty((2, *maps.shape[:2]))
    steps = StepSizes(problem)
    residual = problem.cost_terms(maps)[1]
    records = []

    def record(iteration):
        terms, exact = problem.cost_terms(maps)
        gap = optimality(problem, maps, dual, exact)
        above = sum(terms) - problem.least_likelihood + problem.noise_cost
        records.append((iteration, terms, gap / above))
        return gap / above

    reached = record(0)
    iteration = 0
    for iteration in range(1, max_iterations + 1):
        primal_step(
            relaxed,
            maps,
            dual,
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
        )
        dual_step(relaxed, maps, dual, problem.bounds, steps.dual, _RELAXATION, moved[1])
        if iteration % _ITERATIONS_PER_RECORD == 0 or iteration == max_iterations:
            reached = record(iteration)
            stop = callback is not None and callback(iteration, physical(problem, maps), reached)
            if reached <= tolerance or stop:
                break
            steps.balance(*moved.sum(axis=2))
    iterations, costs, gaps = zip(*records, strict=True)
    return {
        "maps": physical(problem, maps),
        "iterations": iteration,
        "converged": bool(reached <= tolerance),
        "optimality": reached,
        "cost_terms": np.array(costs).T,
        "cost_iterations": np.array(iterations),
        "optimality_history": np.array(gaps),
    }


def physical(problem, maps):
    """Return ``maps`` in counts."""
    return maps * problem.scales.astype(np.float32)[:, None, None]

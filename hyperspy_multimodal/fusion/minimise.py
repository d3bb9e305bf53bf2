"""Minimiser of a `Cost`, by the method that its regularisers need, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..notes import Speaker
from ..threads import threads_for
from .coarse import coarser, refine
from .compilation import compile_once
from .fields import physical, relative_dual
from .loop import iterate
from .mixed import iterate_mixed
from .problem import Cost, Problem
from .regularisers import are_sieves, have_fields
from .sieve import iterate_sieve

_logger = Speaker(__name__)


@dataclass
class FusionResult:
    """Result of `solve_fusion`.

    Attributes
    ----------
    maps : numpy.ndarray
        Net counts, float32, shape (K, ny, nx), >= 0.
    iterations : int
        Number of iterations.
    converged : bool
        Whether ``optimality`` reached the tolerance.
    optimality : float
        Relative optimality gap of ``maps``; for gamma = 1, the relative duality gap (see
        `solve_fusion`).
    cost_terms : numpy.ndarray
        Terms that add up to the cost, shape (3, number of records): the HAADF term, lambda_1 times
        the Poisson term, and the term of the regulariser (lambda_2 times the total variation, or
        the ridge of the sources).
    cost_iterations : numpy.ndarray
        Iteration of each record; the first is 0, the starting point. With a callback, there is a
        record every 10 iterations. Without a callback, records are less frequent while the gap is
        far from the tolerance.
    optimality_history : numpy.ndarray
        Relative optimality gap of each record.
    dual : numpy.ndarray or None
        Dual variable of the total variation divided by lambda_2, with lengths <= 1, shape (2, K,
        ny, nx). It is 0 for sieves, and None if all maps are sieves.
    residual : numpy.ndarray
        Dual variable of the HAADF term, shape (ny, nx), close to the HAADF minus its model.
    prices : numpy.ndarray
        Dual variables of the totals, shape (K,); 0 where a total is not constrained.
    sources : numpy.ndarray or None
        For sieves, the sources u >= 0 of ``maps`` = K u, in counts, float32, shape (K, ny, nx); 0
        for other maps, and None if there are no sieves.
    fields : numpy.ndarray or None
        For total generalised variation, the fields w that are subtracted from the differences, in
        counts per pixel, along y and x, float32, shape (2, K, ny, nx); 0 for other maps, and None
        if there is no such map.
    stresses : numpy.ndarray or None
        Dual variables of the strains of the fields divided by beta lambda_2, yy, xx and xy, shape
        (3, K, ny, nx); 0 or None like ``fields``.
    """

    maps: np.ndarray
    iterations: int
    converged: bool
    optimality: float
    cost_terms: np.ndarray
    cost_iterations: np.ndarray
    optimality_history: np.ndarray
    dual: np.ndarray | None = field(repr=False)
    residual: np.ndarray = field(repr=False)
    prices: np.ndarray = field(repr=False)
    sources: np.ndarray | None = field(default=None, repr=False)
    fields: np.ndarray | None = field(default=None, repr=False)
    stresses: np.ndarray | None = field(default=None, repr=False)

    def part(self, chosen: np.ndarray | slice) -> FusionResult:
        """Return the result for selected elements: indices, a mask of shape (K,) or a slice."""
        return replace(
            self,
            maps=self.maps[chosen],
            dual=None if self.dual is None else self.dual[:, chosen],
            prices=self.prices[chosen],
            sources=None if self.sources is None else self.sources[chosen],
            fields=None if self.fields is None else self.fields[:, chosen],
            stresses=None if self.stresses is None else self.stresses[:, chosen],
        )

    @property
    def cost(self) -> float:
        """Cost of ``maps``, which is the sum of the terms in the last record of ``cost_terms``."""
        return float(self.cost_terms[:, -1].sum())


def joined(results):
    """Return the maps of several results as one start, with the residual of the first."""
    arrays = {"maps": np.concatenate([each.maps for each in results])}
    arrays["prices"] = np.concatenate([each.prices for each in results])
    for name in ("dual", "sources", "fields", "stresses"):
        parts = [getattr(each, name) for each in results]
        shapes = [part.shape for part in parts if part is not None]
        if not shapes:
            arrays[name] = None
            continue
        # Maps without them are 0 there.
        arrays[name] = np.concatenate(
            [
                np.zeros((*shapes[0][:-3], *each.maps.shape), np.float32) if part is None else part
                for each, part in zip(results, parts, strict=True)
            ],
            axis=-3,
        )
    return replace(results[0], **arrays)


def minimise(cost, tolerance, max_iterations, initial=None, callback=None, can_go_on=True):
    """Return the `FusionResult` of a `Cost`.

    With ``can_go_on=False``, it contains no dual variables and no sources, and takes less memory.
    """
    with threads_for(cost.counts.size):
        by_sources = are_sieves(cost.regularisers)
        if by_sources.any():
            compile_once(run_sieve)
        if not by_sources.all():
            compile_once(_run_variation)
        if have_fields(cost.regularisers).any():
            compile_once(_run_fields)
        problem = Problem.scaled(cost)
        if by_sources.all():
            found = _of_sources
        else:
            found = _of_both if by_sources.any() else _of_variation
        parts, records = found(problem, tolerance, max_iterations, initial, callback, can_go_on)
        iterations, costs, gaps = zip(*records, strict=True)
        return FusionResult(
            iterations=iterations[-1],
            converged=bool(gaps[-1] <= tolerance),
            optimality=gaps[-1],
            cost_terms=problem.cost_terms(costs),
            cost_iterations=np.array(iterations),
            optimality_history=np.array(gaps),
            residual=costs[-1].residual * np.float32(np.sqrt(problem.unit)),
            **parts,
        )


def _of_variation(problem, tolerance, max_iterations, initial, callback, can_go_on):
    """Return the items of a `FusionResult` from the final state, and the records."""
    state, records = iterate(problem, tolerance, max_iterations, initial, callback)
    parts = {
        "maps": problem.physical(state.maps),
        "dual": relative_dual(problem, state) if can_go_on else None,
        "prices": _physical_prices(problem, state.prices.astype(np.float64)),
    }
    if can_go_on:
        parts |= physical(problem, state)
    return parts, records


def _of_sources(problem, tolerance, max_iterations, initial, callback, can_go_on):
    sieve, records = iterate_sieve(problem, tolerance, max_iterations, initial, callback)
    parts = {
        "maps": problem.physical(sieve.here.x),
        "dual": None,
        "prices": _physical_prices(problem, -sieve.prices),  # with the sign used in the loop
        "sources": problem.physical(sieve.here.u) if can_go_on else None,
    }
    return parts, records


def _of_both(problem, tolerance, max_iterations, initial, callback, can_go_on):
    mixed, records = iterate_mixed(problem, tolerance, max_iterations, initial, callback)
    parts = {
        "maps": problem.physical(mixed.maps),
        "dual": mixed.relative_dual() if can_go_on else None,
        "prices": _physical_prices(problem, mixed.prices),
        "sources": problem.physical(mixed.u) if can_go_on else None,
    }
    if can_go_on:
        parts |= mixed.fields()
    return parts, records


def _physical_prices(problem, prices):
    return prices * problem.unit / problem.scales


def _run_variation():
    problem = _tiny("isotropic")
    relative_dual(problem, iterate(problem, 1.0, 1, None, None)[0])


def _run_fields():
    iterate(_tiny("tgv"), 1.0, 1, None, None)


def run_late():
    """Compile the kernels that a fusion by variation needs late, on a tiny problem."""
    problem = _tiny("isotropic")
    state = problem.state()
    problem.record(state)
    refine(coarser(problem).state(), state)
    relative_dual(problem, state)


def run_sieve():
    """Compile the kernels of sieves by running them on a tiny problem."""
    iterate_sieve(_tiny("sieve"), 1.0, 1, None, None)


def _tiny(regulariser):
    one = np.ones((1, 16, 16))  # large enough for a coarser grid
    number = np.ones(1)
    totals = np.full(1, np.nan)
    cost = Cost(one, one[0], one, number, 0.0, 1.0, number, number, totals, (regulariser,))
    return Problem.scaled(cost)


def warn_if_unconverged(result, tolerance):
    """Log a warning if the relative gap is above the tolerance."""
    if not result.converged:
        _logger.warning(
            "Fusion stopped after %d iterations at a relative gap of %.1e, but %.1e was "
            "requested. Below 1e-3, maps hardly change any more. Otherwise, raise "
            "max_iterations or tolerance.",
            result.iterations,
            result.optimality,
            tolerance,
            kind="not converged",
            about=float(result.optimality),
        )

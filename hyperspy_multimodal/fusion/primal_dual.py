"""The primal-dual loop: start, records, stop."""

import numpy as np

from ..kernels.primal_dual import iterations
from ..kernels.state import Room
from ..kernels.total_variation import project
from .steps import StepSizes
from .threads import rows_per_chunk

_RELAXATION = np.float32(1.8)
_LATE_RELAXATION = np.float32(1.9)
_LATE = 50
# A record costs about as much as two iterations.
_ITERATIONS_PER_RECORD = 10
# Newton's method goes on where its step may move a map by more than this share of a bright value.
_PRECISION = np.float32(0.01)
# Of the net counts of a pixel, at the start.
_LEAST_SHARE = np.float32(1e-3)
# Of a total in float32, relative.
_ROUNDING = 1e-6
# Maps whose loop moves more values than this do not stay in a cache.
_VALUES_IN_CACHE = 1_500_000


def maps_at_start(problem, initial):
    """Return the maps to start from, in the problem's unit, with the totals to keep."""
    if initial is None:
        # Not 0 where there are counts: without background these would be impossible.
        net = problem.data.counts - problem.data.background
        maps = np.maximum(problem.first_guess(), _LEAST_SHARE * net)
    else:
        maps = initial.maps / problem.scales.astype(np.float32)[:, None, None]
    problem.meet_totals(maps)
    return maps


def start(problem, initial):
    """Return the `State` that the loop starts from: cold, or that of an earlier result."""
    state = problem.state()
    state.maps[:] = maps_at_start(problem, initial)
    state.relaxed[:] = state.maps
    if initial is not None:
        dual_y, dual_x = initial.dual * problem.data.bounds[:, None, None]
        state.dual_y[:, 1:] = dual_y
        state.dual_x[:, :, 1:] = dual_x
        kept = np.isfinite(problem.data.totals)
        state.prices[:] = np.where(kept, initial.prices * problem.scales / problem.unit, 0.0)
        state.residual[:] = initial.residual / np.sqrt(problem.unit)
        return state
    state.residual[:] = problem.data.haadf
    gamma = problem.data.gamma
    for weight, x in zip(problem.data.weights, state.maps, strict=True):
        state.residual[:] -= weight * (x if gamma == 1 else x**gamma)
    return state


def iterate(problem, tolerance, max_iterations, initial, callback):
    """Run the loop on ``problem``.

    Return the final state, and a list of (iteration, `Record`, relative gap).
    """
    state = start(problem, initial)
    shape = state.maps.shape
    chunk = rows_per_chunk(shape)
    room = Room.for_chunks(-(-shape[1] // chunk), shape[0], shape[2])
    moved = np.empty((2, *shape[:2]))
    steps = StepSizes(problem)

    def record(iteration):
        problem.meet_totals(state.maps)
        found = problem.record(state)
        gap = max(problem.relative(found), problem.total_error(state.maps))
        return iteration, found, float(gap)

    records = [record(0)]
    done = 0
    while done < max_iterations:
        n = min(_ITERATIONS_PER_RECORD, max_iterations - done)
        iterations(
            n,
            chunk,
            state.maps.size > _VALUES_IN_CACHE,
            problem.data,
            state,
            room,
            steps.primal,
            steps.dual,
            _RELAXATION if done < _LATE else _LATE_RELAXATION,
            _PRECISION,
            moved,
        )
        done += n
        records.append(record(done))
        gap = records[-1][2]
        stop = callback is not None and callback(done, problem.physical(state.maps), gap)
        if gap <= tolerance or stop:
            break
        steps.balance(*moved.sum(axis=2))
    if records[-1][1].cost > records[0][1].cost:
        # Too few iterations to gain anything on the maps of the start, but on their certificate.
        first = maps_at_start(problem, initial)
        if problem.total_error(first) <= problem.total_error(state.maps) + _ROUNDING:
            state.maps[:] = first
            records[-1] = record(done)
    return state, records


def relative_dual(problem, state):
    """Return the dual variable of the total variation over its bounds, shape (2, K, ny, nx)."""
    dual = np.empty((2, *state.maps.shape), np.float32)
    bounds = np.maximum(problem.data.bounds, np.float32(1e-30))[:, None, None]
    np.divide(state.dual_y[:, 1:], bounds, out=dual[0])
    np.divide(state.dual_x[:, :, 1:], bounds, out=dual[1])
    project(dual, np.ones(len(bounds), np.float32))
    return dual

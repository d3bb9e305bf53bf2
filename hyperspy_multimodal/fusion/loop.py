"""The primal-dual loop: start, records, stop."""

import numpy as np

from ..kernels import Room, iterations, move_fields
from ..threads import (
    no_more_than_pay,
    one_thread_where_cores_are_shared,
    rows_per_chunk,
    take_what_is_left,
)
from . import fields
from .coarse import can_be_coarser, coarser, refine
from .steps import StepSizes

_RELAXATION = np.float32(1.8)
_LATE_RELAXATION = np.float32(1.9)
_LATE = 50
# Rounds of 10 iterations on blocks of 2 x 2 pixels; twice as many on larger ones.
_ROUNDS, _MOST_ROUNDS = 2, 4
# Iterations between balances of the steps, and at least between records, each of which takes as
# long as four.
_ITERATIONS_PER_RECORD = 10
# The next record comes after this share of the iterations expected until the tolerance, but at most
# this many, and at most as many as were done.
_FAR = 1.0  # relative gap
_SHARE_OF_WAY, _MOST_BETWEEN = 0.3, 40
# Up to this many iterations, a copy of the maps of the start is kept, as they may be the best.
_FEW = 100
# Newton's method continues where its step may move a map by more than this share of a bright value.
_PRECISION = np.float32(0.01)
# Smallest share of the net counts of a pixel at the start.
_LEAST_SHARE = np.float32(1e-3)
# Relative rounding error of a total in float32.
_ROUNDING = 1e-6
# Maps whose loop moves more values than this do not stay in a cache.
_VALUES_IN_CACHE = 1_500_000


def start(problem, initial):
    """Return the `State` that the loop starts from: that of an earlier result, or a cold one.

    A cold start comes from iterations on a coarser grid, more of them on coarser ones. The coarsest
    grid starts from the net counts averaged over blocks.
    """
    return _restarted(problem, initial) if initial is not None else _cold(problem, _ROUNDS)


def _cold(problem, rounds):
    state = problem.state()
    if can_be_coarser(problem):
        coarse = coarser(problem)
        with no_more_than_pay(coarse.data.counts.size):
            rough = _cold(coarse, min(2 * rounds, _MOST_ROUNDS))
            passes = Passes(coarse, rough)
            for _ in range(rounds):
                passes.advance(_ITERATIONS_PER_RECORD)
        refine(rough, state)
    else:
        _from_block_means(problem, state)
    # Not 0 where there are counts, which would be impossible without background.
    net = problem.data.counts - problem.data.background
    net *= _LEAST_SHARE
    np.maximum(state.maps, net, out=state.maps)
    problem.meet_totals(state.maps)
    state.relaxed[:] = state.maps
    return state


def _restarted(problem, initial):
    state = problem.state()
    np.divide(initial.maps, problem.scales.astype(np.float32)[:, None, None], out=state.maps)
    bounds = problem.data.bounds[:, None, None]
    if initial.dual is not None:
        np.multiply(initial.dual[0], bounds, out=state.dual_y[:, 1:])
        np.multiply(initial.dual[1], bounds, out=state.dual_x[:, :, 1:])
    fields.restart(problem, state, initial)
    kept = np.isfinite(problem.data.totals)
    state.prices[:] = np.where(kept, initial.prices * problem.scales / problem.unit, 0.0)
    state.residual[:] = initial.residual / np.sqrt(problem.unit)
    problem.meet_totals(state.maps)
    state.relaxed[:] = state.maps
    return state


def _from_block_means(problem, state):
    state.maps[:] = problem.first_guess()
    np.subtract(problem.data.haadf, problem.haadf_model(state.maps), out=state.residual)


def iterate(problem, tolerance, max_iterations, initial, callback):
    """Minimise the cost of ``problem``, from a cold start or an earlier result.

    Return the final state, and a list of (iteration, `Evaluation`, relative gap).
    """
    state = start(problem, initial)
    first = (state.maps.copy(), state.field.copy()) if max_iterations <= _FEW else None
    state, records = loop(problem, state, tolerance, max_iterations, callback)
    if records[-1][1].cost > records[0][1].cost:
        # Too few iterations to improve the maps of the start, but enough for their certificate.
        if first is None:
            again = start(problem, initial)
            first = (again.maps, again.field)
        if problem.total_error(first[0]) <= problem.total_error(state.maps) + _ROUNDING:
            state.maps[:], state.field[:] = first
            records[-1] = recorded(problem, state, records[-1][0])
    return state, records


class Passes:
    """Iterations on a state, with step sizes that are balanced on the way."""

    def __init__(self, problem, state):
        n_maps, ny, _ = state.maps.shape
        self.problem, self.state = problem, state
        self.steps = StepSizes(problem)
        self.chunk = self.room = None
        self.moved = np.empty((2, n_maps, ny))
        self.done = 0

    def advance(self, n_iterations, balance=True):
        """Do some iterations, after balancing the steps according to the last one."""
        if self.done > 0 and balance:
            self.steps.balance(*self.moved.sum(axis=2))
        self._cut_up()
        has_fields = self.state.field.size > 0
        # The rounding of long steps would slow down fields, which move far at the end.
        is_late = self.done >= _LATE and not has_fields
        relaxation = _LATE_RELAXATION if is_late else _RELAXATION
        with one_thread_where_cores_are_shared():
            for _ in range(n_iterations if has_fields else 1):
                iterations(
                    1 if has_fields else n_iterations,
                    self.chunk,
                    self.state.maps.size > _VALUES_IN_CACHE,
                    self.problem.data,
                    self.state,
                    self.room,
                    self.steps.primal,
                    self.steps.dual,
                    relaxation,
                    _PRECISION,
                    self.moved,
                )
                if has_fields:
                    self._move_fields(relaxation)
        self.done += n_iterations

    def _cut_up(self):
        """Cut the maps into chunks of rows for the threads that there are."""
        n_maps, ny, nx = self.state.maps.shape
        take_what_is_left(self.state.maps.size)
        chunk = rows_per_chunk(self.state.maps.shape)
        if chunk != self.chunk:
            self.chunk, self.room = chunk, Room.for_chunks(-(-ny // chunk), n_maps, nx)

    def _move_fields(self, relaxation):
        move_fields(
            self.chunk,
            self.problem.data,
            self.state,
            self.steps.dual,
            self.steps.field,
            self.steps.stress,
            relaxation,
            self.moved,
        )


def recorded(problem, state, iteration):
    """Return (iteration, `Evaluation`, gap) of ``state``, its maps brought to the totals."""
    problem.meet_totals(state.maps)
    found = problem.record(state)
    gap = max(problem.relative(found), problem.total_error(state.maps, found.sums))
    return iteration, found, float(gap)


def loop(problem, state, tolerance, max_iterations, callback=None):
    """Move ``state``, in place, until the relative gap is at most ``tolerance``.

    Return it, and a list of (iteration, `Evaluation`, relative gap). With a ``callback``, there is
    a record every 10 iterations. Without one, records are rarer while the gap is far from the
    tolerance.
    """
    passes = Passes(problem, state)
    records = [recorded(problem, state, 0)]
    if records[0][2] > _FAR and state.prices.any():
        # Prices of another cost may be far off, and come back slowly: none may be better.
        prices = state.prices.copy()
        state.prices[:] = 0
        without = recorded(problem, state, 0)
        if without[2] < records[0][2]:
            records = [without]
        else:
            state.prices[:] = prices
    following = 0
    while passes.done < max_iterations:
        following += _ITERATIONS_PER_RECORD
        if callback is None:
            following += _unrecorded(passes.done, records[-1][2], tolerance)
        following = min(following, max_iterations)
        while passes.done < following:
            passes.advance(min(_ITERATIONS_PER_RECORD, following - passes.done))
        records.append(recorded(problem, state, passes.done))
        gap = records[-1][2]
        stop = callback is not None and callback(passes.done, problem.physical(state.maps), gap)
        if gap <= tolerance or stop:
            break
    return state, records


def _unrecorded(done, gap, tolerance):
    """Return how many additional iterations may pass without a record.

    The gap falls with the square of the number of iterations, or faster.
    """
    if not gap > tolerance:
        return 0
    away = done * (np.sqrt(min(gap / tolerance, 1e6)) - 1)
    usual = _ITERATIONS_PER_RECORD
    return usual * max(int(min(_SHARE_OF_WAY * away, _MOST_BETWEEN, done) / usual) - 1, 0)

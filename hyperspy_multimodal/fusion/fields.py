"""Conversion of dual variables and fields between a state and a result."""

import numpy as np

from ..kernels import certify_fields, project
from ..threads import one_thread_where_cores_are_shared, rows_per_chunk

#: Weight of second differences relative to first differences, in pixels.
BETA = 1.0
_LEAST_BOUND = np.float32(1e-30)
# Fields are compared with fields up to this many times as long as the longest, plus this.
_LIMIT = np.float32(1.5), np.float32(0.01)


def places_of(has_field):
    """Return the position of each map's fields, consecutively, or -1 if it has none."""
    return np.where(has_field, np.cumsum(has_field) - 1, -1).astype(np.int64)


def blank(places, ny, nx):
    """Return the arrays of a `State` for fields, filled with 0."""
    n_fields = np.count_nonzero(places >= 0)
    shapes = (2, n_fields, ny, nx), (2, n_fields, ny, nx + 1), (3, n_fields, ny + 1, nx + 1)
    return dict(
        zip(("field", "lead", "stress"), (np.zeros(s, np.float32) for s in shapes), strict=True)
    )


def restart(problem, state, initial):
    """Write fields and stresses of an earlier result to ``state``."""
    chosen = problem.data.places >= 0
    if not chosen.any() or initial.fields is None:
        return
    scales = problem.scales[chosen].astype(np.float32)[:, None, None]
    np.divide(initial.fields[:, chosen], scales, out=state.field)
    bounds = problem.data.stress_bounds[chosen][:, None, None]
    state.stress[:, :, 1:, 1:] = initial.stresses[:, chosen] * bounds


def certified(problem, state):
    """Return ``state`` with the dual variables that certify fields, and sums by row.

    These are the regulariser and its gap, (2, F, ny), for maps with fields.
    """
    data = problem.data
    n_maps, ny, _ = state.maps.shape
    chosen = data.places >= 0
    longest = np.zeros(n_maps, np.float32)
    longest[chosen] = np.abs(state.field).max(axis=(0, 2, 3))
    dual_y, dual_x = state.dual_y.copy(), state.dual_x.copy()
    sums = np.zeros((2, n_maps, ny))
    with one_thread_where_cores_are_shared():
        certify_fields(
            rows_per_chunk(state.maps.shape),
            data,
            state,
            _LIMIT[0] * longest + _LIMIT[1],
            dual_y,
            dual_x,
            sums,
        )
    return state._replace(dual_y=dual_y, dual_x=dual_x), sums[:, chosen]


def relative_dual(problem, state):
    """Return the dual variable of the total variation over its bounds, shape (2, K, ny, nx)."""
    dual = np.empty((2, *state.maps.shape), np.float32)
    bounds = np.maximum(problem.data.bounds, _LEAST_BOUND)[:, None, None]
    np.divide(state.dual_y[:, 1:], bounds, out=dual[0])
    np.divide(state.dual_x[:, :, 1:], bounds, out=dual[1])
    project(dual, np.ones(len(bounds), np.float32))
    return dual


def physical(problem, state):
    """Return ``fields`` and ``stresses`` of a `FusionResult`, None if no map has any."""
    chosen = problem.data.places >= 0
    if not chosen.any():
        return {"fields": None, "stresses": None}
    shape = state.maps.shape
    fields, stresses = np.zeros((2, *shape), np.float32), np.zeros((3, *shape), np.float32)
    fields[:, chosen] = state.field * problem.scales[chosen].astype(np.float32)[:, None, None]
    bounds = np.maximum(problem.data.stress_bounds[chosen], _LEAST_BOUND)[:, None, None]
    stresses[:, chosen] = state.stress[:, :, 1:, 1:] / bounds
    yy, xx, xy = stresses
    stresses /= np.maximum(np.sqrt(yy**2 + xx**2 + 2 * xy**2), np.float32(1))
    return {"fields": fields, "stresses": stresses}

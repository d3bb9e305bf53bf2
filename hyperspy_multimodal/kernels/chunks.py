"""One iteration of the primal-dual loop on a chunk of rows, in one pass over memory.

The dual variable p belongs only to the total variation. The HAADF term couples only the K values
of a pixel, so it stays with the Poisson term in the primal step: the proximal map of both together
is a search for one number per pixel, the HAADF residual r. Given r, each x_i is the closed Poisson
prox at v_i + tau_i g_i r, where g_i is the slope of w_i x_i^gamma. The resulting residual decreases
with r. One step of Newton's method from the r of the previous iteration, with x_i moved along, is
exact up to the square of that step, which vanishes as the loop converges. A segment in which the
step is long is evaluated again. The step sizes do not depend on lambda_1, however small it is.

The dual step of a row needs the row below it. It follows directly after the primal step of that
row, while both are in the cache. Only the last row of a chunk waits until all chunks are done.
"""

import numpy as np

from .array_parts import prefetch, segment
from .compile import leaf, within
from .denormals import flush_denormals, restore_denormals
from .generalised import GENERALISED
from .power import power
from .regulariser_rows import begin_chunk, move_dual, place
from .rows import bend_row, curved_prox_row, newton_row, prox_row, relax_row, tangent_row
from .state import SEGMENT

_ZERO = np.float32(0)
_ONE = np.float32(1)
_NEWTON_LIMIT = 24
_CACHE_LINE = 16
# Where the HAADF term is concave, this much of its negative curvature damps the step.
_DAMPING = np.float32(2)
# In one step, a dark pixel may move as far as the reach. For gamma > 1, its tangent is therefore
# damped as if it had the slope at the reach; otherwise, such pixels oscillate between 0 and the
# reach.
_REACH = np.float32(0.1)


@within(leaf)
def move_chunk(
    k,
    rows_per_chunk,
    beyond_cache,
    keep,
    data,
    state,
    room,
    primal_steps,
    dual_steps,
    relaxation,
    limit,
    moved,
    sums,
):
    """Move the maps of chunk ``k``, and the dual variable of all its rows but the last.

    ``moved`` and ``sums`` receive sums over the rows. ``keep`` says whether to write the maps.
    Newton's method ends if the HAADF residual moves by no more than ``limit``. The other arguments
    are those of `iterations`.
    """
    counts, background, haadf = data.counts, data.background, data.haadf
    directions_y, directions_x = data.directions_y, data.directions_x
    weights, gamma, fidelity = data.weights, data.gamma, data.fidelity
    relaxed, maps, residual, prices = state.relaxed, state.maps, state.residual, state.prices
    dual_y, dual_x, regularisers = state.dual_y, state.dual_x, data.regularisers
    steps, slopes, x, rise = room.steps, room.slopes, room.x, room.rise
    rising, misfit, descent, ahead = room.rising, room.misfit, room.descent, room.ahead
    places, unread, first = room.place, room.unread, room.first
    above, shifted = room.above, room.shifted
    n_maps, ny, nx = counts.shape
    n_segments = (nx + SEGMENT - 1) // SEGMENT
    uniform = background.shape[1] == 1
    has_directions = directions_y.size == haadf.size
    bending = gamma - _ONE
    damping = _DAMPING * (_ONE - gamma)
    as_before = flush_denormals()
    begin = k * rows_per_chunk
    end = min(begin + rows_per_chunk, ny)
    for i in range(n_maps):
        begin_chunk(i, begin, data, state, segment(above, (k, i, 0), nx))
    for row in range(begin, end):
        background_row = 0 if uniform else row
        now = row & 1
        for i in range(n_maps):
            moved[0, i, row] = 0.0
            moved[1, i, row] = 0.0
            sums[i, row] = 0.0
        for part in range(n_segments):
            start = part * SEGMENT
            n = min(SEGMENT, nx - start)
            next_row = row
            next_start = start + n
            if next_start == nx:
                next_row = row + 1
                next_start = 0
            next_stop = next_start
            if beyond_cache and next_row < end:
                next_stop = min(next_start + SEGMENT, nx)
            r = segment(residual, (row, start), n)
            for col in range(next_start, next_stop, _CACHE_LINE):
                prefetch(residual, (next_row, col))
                prefetch(haadf, (next_row, col))
            if has_directions:
                for col in range(next_start, next_stop, _CACHE_LINE):
                    prefetch(directions_y, (next_row, col))
                    prefetch(directions_x, (next_row, col))
            # the gradient step, and the HAADF model at the maps
            for i in range(n_maps):
                for col in range(next_start, next_stop, _CACHE_LINE):
                    prefetch(dual_y, (i, next_row + 1, col))
                    prefetch(dual_x, (i, next_row, col))
                    prefetch(relaxed, (i, next_row, col))
                place(
                    regularisers[i],
                    i,
                    row,
                    start,
                    n,
                    primal_steps[i],
                    prices[i],
                    relaxed,
                    dual_y,
                    dual_x,
                    directions_y,
                    directions_x,
                    segment(above, (k, i, start), n),
                    segment(shifted, (k, 0), n + 1),
                    segment(places, (k, i, 0), n),
                )
            for col in range(n):
                rising[k, col] = -haadf[row, start + col]
            if gamma != _ONE:
                for i in range(n_maps):
                    for col in range(next_start, next_stop, _CACHE_LINE):
                        prefetch(maps, (i, next_row, col))
                    tangent_row(
                        n,
                        weights[i],
                        gamma,
                        segment(maps, (i, row, start), n),
                        segment(slopes, (k, i, 0), n),
                        segment(rising, (k, 0), n),
                    )
                for i in range(n_maps):
                    steepest = _ZERO
                    if gamma > _ONE:
                        steepest = gamma * weights[i] * power(_REACH, gamma - _ONE)
                    bend_row(
                        n,
                        primal_steps[i],
                        bending,
                        damping,
                        steepest,
                        segment(maps, (i, row, start), n),
                        segment(slopes, (k, i, 0), n),
                        segment(rising, (k, 0), n),
                        segment(places, (k, i, 0), n),
                        segment(steps, (k, i, 0), n),
                    )
            # the residual of the maps at this residual
            for _ in range(_NEWTON_LIMIT):
                for col in range(n):
                    misfit[k, col] = r[col] + rising[k, col]
                    descent[k, col] = _ONE
                for i in range(n_maps):
                    for col in range(next_start, next_stop, _CACHE_LINE):
                        prefetch(counts, (i, next_row, col))
                        prefetch(background, (i, 0 if uniform else next_row, col))
                    if gamma == _ONE:
                        prox_row(
                            n,
                            primal_steps[i],
                            fidelity[i],
                            weights[i],
                            segment(places, (k, i, 0), n),
                            r,
                            segment(counts, (i, row, start), n),
                            segment(background, (i, background_row, start), n),
                            segment(x, (k, i, 0), n),
                            segment(rise, (k, i, 0), n),
                            segment(misfit, (k, 0), n),
                            segment(descent, (k, 0), n),
                        )
                    else:
                        curved_prox_row(
                            n,
                            fidelity[i],
                            segment(places, (k, i, 0), n),
                            segment(steps, (k, i, 0), n),
                            r,
                            segment(counts, (i, row, start), n),
                            segment(background, (i, background_row, start), n),
                            segment(maps, (i, row, start), n),
                            segment(slopes, (k, i, 0), n),
                            segment(x, (k, i, 0), n),
                            segment(rise, (k, i, 0), n),
                            segment(misfit, (k, 0), n),
                            segment(descent, (k, 0), n),
                        )
                next_stop = next_start
                beyond = newton_row(
                    n, limit, r, segment(misfit, (k, 0), n), segment(descent, (k, 0), n)
                )
                if beyond == _ZERO:
                    break
            # the maps, and the dual step of the row above
            for i in range(n_maps):
                out = segment(unread, (k, 0), n)
                if keep:
                    out = segment(maps, (i, row, start), n)
                change, total = relax_row(
                    n,
                    relaxation,
                    segment(x, (k, i, 0), n),
                    segment(rise, (k, i, 0), n),
                    segment(misfit, (k, 0), n),
                    segment(relaxed, (i, row, start), n),
                    out,
                    segment(ahead, (k, now, i, start), n),
                )
                moved[0, i, row] += change
                sums[i, row] += total
                if start + n == nx:
                    ahead[k, now, i, nx] = ahead[k, now, i, nx - 1]
                if row == begin:
                    for col in range(start, start + n):
                        first[k, i, col] = ahead[k, now, i, col]
            if row > begin:
                here = ahead[k, 1 - now]
                beneath = ahead[k, now]
                move_dual_row(
                    row - 1, start, n, here, beneath, data, state, dual_steps, relaxation, moved
                )
    restore_denormals(as_before)


@within(leaf)
def move_last_row(k, rows_per_chunk, data, state, room, dual_steps, relaxation, moved):
    """Move the dual variable of the last row of chunk ``k``, after the maps of the next chunk."""
    _, ny, nx = data.counts.shape
    last = min((k + 1) * rows_per_chunk, ny) - 1
    here = room.ahead[k, last & 1]
    beneath = room.first[k + 1] if last < ny - 1 else here
    as_before = flush_denormals()
    for start in range(0, nx, SEGMENT):
        n = min(SEGMENT, nx - start)
        move_dual_row(last, start, n, here, beneath, data, state, dual_steps, relaxation, moved)
    restore_denormals(as_before)


@within(leaf)
def move_dual_row(row, start, n, here, beneath, data, state, dual_steps, relaxation, moved):
    """Move the dual variable between a segment of ``row`` and what is below and right of it.

    ``here`` (K, nx + 1) and ``beneath`` (K, at least nx) contain twice the maps minus their relaxed
    values, for this row and the next. Dual variables of maps with fields are not changed.
    """
    for i in range(here.shape[0]):
        if data.regularisers[i] & GENERALISED:
            continue
        moved[1, i, row] += move_dual(
            i,
            row,
            start,
            n,
            dual_steps[i],
            relaxation,
            data,
            state,
            segment(here, (i, start), n + 1),
            segment(beneath, (i, start), n),
        )

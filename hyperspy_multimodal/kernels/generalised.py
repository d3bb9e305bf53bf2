"""Total generalised variation: differences minus a field, and the differences of the field.

R(x) is the minimum over fields w of sum |D (grad x - w)| + beta |E w|. D removes the part along
given directions, if any, and E w = (grad w + (grad w)^T) / 2 is the strain of the field. w lies on
the grid of the differences of x. The strains yy and xx lie on pixels and xy on corners; there are
none across the border. The dual variable of E w is the stress q, with the length
sqrt(yy^2 + xx^2 + 2 xy^2).

The functions for rows are those of `isotropic` and `directional`, except for the field.
"""

import numpy as np

from .array_parts import segment
from .compile import inlined, leaf, within
from .directional import across
from .projection import dual_change
from .tasks import kernel, share

_ZERO = np.float32(0)
_ONE = np.float32(1)
_TWO = np.float32(2)
_HALF = np.float32(0.5)
_TINY = np.float32(1e-30)
#: Bit of the codes of regularisers with a field.
GENERALISED = 2


@inlined
def dual_row(n, step, bound, relaxation, ahead, ahead_below, lead_y, lead_x, below, right):
    """Move p along the gradient of ``ahead`` (n + 1) minus the field."""
    moved = _ZERO
    for col in range(n):
        here = ahead[col]
        change_y, change_x = dual_change(
            below[col],
            right[col],
            ahead_below[col] - here - lead_y[col],
            ahead[col + 1] - here - lead_x[col],
            step,
            _ONE,
            bound,
        )
        below[col] += relaxation * change_y
        right[col] += relaxation * change_x
        moved += change_y * change_y + change_x * change_x
    return moved


@inlined
def directional_dual_row(
    n, step, bound, relaxation, ahead, ahead_below, lead_y, lead_x, directions_y, directions_x,
    below, right,
):  # fmt: skip
    """As `dual_row`, without the part along the directions."""
    moved = _ZERO
    for col in range(n):
        here = ahead[col]
        dy, dx = across(
            directions_y[col],
            directions_x[col],
            ahead_below[col] - here - lead_y[col],
            ahead[col + 1] - here - lead_x[col],
        )
        change_y, change_x = dual_change(below[col], right[col], dy, dx, step, _ONE, bound)
        below[col] += relaxation * change_y
        right[col] += relaxation * change_x
        moved += change_y * change_y + change_x * change_x
    return moved


@inlined
def ahead_row(n, relaxation, x, relaxed, ahead):
    """Write 2 x minus its previous, relaxed value to n of n + 1 columns."""
    stretch = _ONE / (relaxation - _ONE)
    for col in range(n):
        ahead[col] = x[col] + stretch * (relaxed[col] - x[col])
    ahead[n] = ahead[n - 1]


@inlined
def strain(row, col, ny, nx, y, y_below, x, x_below):
    """Return the strain yy, xx and xy of a field whose rows are y and x, and those below."""
    right = min(col + 1, nx - 1)
    yy = y_below[col] - y[col] if row < ny - 2 else _ZERO
    xx = x[right] - x[col] if col < nx - 2 else _ZERO
    xy = _ZERO
    if row < ny - 1 and col < nx - 1:
        xy = _HALF * ((y[right] - y[col]) + (x_below[col] - x[col]))
    return yy, xx, xy


@inlined
def within_bound(bound, yy, xx, xy):
    """Return a stress, projected onto its bound."""
    square = yy * yy + xx * xx + _TWO * xy * xy
    furthest = bound * bound
    shrink = bound * (_ONE / np.sqrt((square if square > furthest else furthest) + _TINY))
    return yy * shrink, xx * shrink, xy * shrink


@inlined
def force(col, yy_above, xy_above, yy, xx, xy):
    """Return E^T q at a column, from the rows of the stress there and above, and their border."""
    y = yy_above[col + 1] - yy[col + 1] + xy[col] - xy[col + 1]
    x = xx[col] - xx[col + 1] + xy_above[col + 1] - xy[col + 1]
    return y, x


@inlined
def field_row(
    n, step, relaxation, py, px, yy_above, xy_above, yy, xx, xy, wy, wx, lead_y, lead_x
):  # fmt: skip
    """Move a row of the field along D p - E^T q."""
    for col in range(n):
        y, x = force(col, yy_above, xy_above, yy, xx, xy)
        y = step * (py[col] - y)
        x = step * (px[col] - x)
        lead_y[col] = wy[col] + _TWO * y
        lead_x[col] = wx[col] + _TWO * x
        wy[col] += relaxation * y
        wx[col] += relaxation * x


@inlined
def stress_row(
    n, step, bound, relaxation, down, level, slanted, y, y_below, x, x_below, yy, xx, xy
):  # fmt: skip
    """Move columns of the stress along the strain of a field, whose rows have one column more.

    ``down``, ``level`` and ``slanted`` are 1, or 0 where the neighbours are beyond the border.
    """
    for col in range(n):
        e_yy = down * (y_below[col] - y[col])
        e_xx = level * (x[col + 1] - x[col])
        e_xy = slanted * _HALF * ((y[col + 1] - y[col]) + (x_below[col] - x[col]))
        t_yy, t_xx, t_xy = within_bound(
            bound, yy[col] + step * e_yy, xx[col] + step * e_xx, xy[col] + step * e_xy
        )
        yy[col] += relaxation * (t_yy - yy[col])
        xx[col] += relaxation * (t_xx - xx[col])
        xy[col] += relaxation * (t_xy - xy[col])


@inlined
def across_row(n, directions_y, directions_x, below, right, py, px):
    """Write the dual variable minus its part along the directions."""
    for col in range(n):
        py[col], px[col] = across(directions_y[col], directions_x[col], below[col], right[col])


def move_fields(
    rows_per_chunk, data, state, dual_steps, field_steps, stress_steps, relaxation, moved
):
    """Move fields, stresses and dual variables of maps with fields, after `iterations` moved x.

    Parameters
    ----------
    rows_per_chunk : int
    data, state : Data, State
        Maps and their relaxed values are those after one iteration.
    dual_steps, field_steps, stress_steps : numpy.ndarray
        float32, shape (K,).
    relaxation : numpy.float32
        Relaxation of the iteration, > 1.
    moved : numpy.ndarray
        As in `iterations`: receives the squared change of p.
    """
    _, ny, nx = data.counts.shape
    rows = np.empty((-(-ny // rows_per_chunk), 2, nx + 1), np.float32)
    _move_all(
        rows_per_chunk, data, state, rows, dual_steps, field_steps, stress_steps, relaxation, moved
    )


@kernel
def _move_all(
    pool, rows_per_chunk, data, state, rows, dual_steps, field_steps, stress_steps, relaxation,
    moved,
):  # fmt: skip
    n_chunks = rows.shape[0]
    share(
        pool,
        n_chunks,
        _move_chunk_of_field,
        (rows_per_chunk, data, state, rows, field_steps, relaxation),
    )
    share(
        pool,
        n_chunks,
        _move_chunk_of_dual,
        (rows_per_chunk, data, state, rows, dual_steps, stress_steps, relaxation, moved),
    )


@within(leaf)
def _move_chunk_of_field(k, rows_per_chunk, data, state, rows, field_steps, relaxation):
    _, ny, nx = data.counts.shape
    places, regularisers = data.places, data.regularisers
    directions_y, directions_x = data.directions_y, data.directions_x
    dual_y, dual_x = state.dual_y, state.dual_x
    field, lead, stress = state.field, state.lead, state.stress
    for row in range(k * rows_per_chunk, min((k + 1) * rows_per_chunk, ny)):
        for i in range(places.size):
            f = places[i]
            if f < 0:
                continue
            py = segment(dual_y, (i, row + 1, 0), nx)
            px = segment(dual_x, (i, row, 1), nx)
            if regularisers[i] != GENERALISED:
                across_row(
                    nx,
                    segment(directions_y, (row, 0), nx),
                    segment(directions_x, (row, 0), nx),
                    py,
                    px,
                    segment(rows, (k, 0, 0), nx),
                    segment(rows, (k, 1, 0), nx),
                )
                py = segment(rows, (k, 0, 0), nx)
                px = segment(rows, (k, 1, 0), nx)
            field_row(
                nx,
                field_steps[i],
                relaxation,
                py,
                px,
                segment(stress, (0, f, row, 0), nx + 1),
                segment(stress, (2, f, row, 0), nx + 1),
                segment(stress, (0, f, row + 1, 0), nx + 1),
                segment(stress, (1, f, row + 1, 0), nx + 1),
                segment(stress, (2, f, row + 1, 0), nx + 1),
                segment(field, (0, f, row, 0), nx),
                segment(field, (1, f, row, 0), nx),
                segment(lead, (0, f, row, 0), nx),
                segment(lead, (1, f, row, 0), nx),
            )


@within(leaf)
def _move_chunk_of_dual(
    k, rows_per_chunk, data, state, rows, dual_steps, stress_steps, relaxation, moved
):
    """Move p and the stress, after the fields of the next row."""
    _, ny, nx = data.counts.shape
    places, regularisers = data.places, data.regularisers
    directions_y, directions_x = data.directions_y, data.directions_x
    maps, relaxed = state.maps, state.relaxed
    dual_y, dual_x = state.dual_y, state.dual_x
    lead, stress = state.lead, state.stress
    for i in range(places.size):
        f = places[i]
        if f < 0:
            continue
        begin = k * rows_per_chunk
        for row in range(begin, min(begin + rows_per_chunk, ny)):
            beneath = min(row + 1, ny - 1)
            # the next row, and at first this one
            for other in range(beneath if row > begin else row, beneath + 1):
                ahead_row(
                    nx,
                    relaxation,
                    segment(maps, (i, other, 0), nx),
                    segment(relaxed, (i, other, 0), nx),
                    segment(rows, (k, other & 1, 0), nx + 1),
                )
            here = segment(rows, (k, row & 1, 0), nx + 1)
            next_row = segment(rows, (k, beneath & 1, 0), nx)
            lead_y = segment(lead, (0, f, row, 0), nx)
            lead_x = segment(lead, (1, f, row, 0), nx)
            below = segment(dual_y, (i, row + 1, 0), nx)
            right = segment(dual_x, (i, row, 1), nx)
            step = dual_steps[i]
            bound = data.bounds[i]
            if regularisers[i] != GENERALISED:
                moved[1, i, row] = directional_dual_row(
                    nx,
                    step,
                    bound,
                    relaxation,
                    here,
                    next_row,
                    lead_y,
                    lead_x,
                    segment(directions_y, (row, 0), nx),
                    segment(directions_x, (row, 0), nx),
                    below,
                    right,
                )
            else:
                moved[1, i, row] = dual_row(
                    nx, step, bound, relaxation, here, next_row, lead_y, lead_x, below, right
                )
            down = _ONE if row < ny - 2 else _ZERO
            start = 0
            while start < nx:
                # all columns but two, which have fewer neighbours each
                n = max(nx - 2 - start, 1)
                stress_row(
                    n,
                    stress_steps[i],
                    data.stress_bounds[i],
                    relaxation,
                    down,
                    _ONE if start < nx - 2 else _ZERO,
                    _ONE if row < ny - 1 and start < nx - 1 else _ZERO,
                    segment(lead, (0, f, row, start), n + 1),
                    segment(lead, (0, f, beneath, start), n + 1),
                    segment(lead, (1, f, row, start), n + 1),
                    segment(lead, (1, f, beneath, start), n + 1),
                    segment(stress, (0, f, row + 1, start + 1), n),
                    segment(stress, (1, f, row + 1, start + 1), n),
                    segment(stress, (2, f, row + 1, start + 1), n),
                )
                start += n

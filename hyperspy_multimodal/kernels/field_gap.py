"""The gap of total generalised variation, and the dual variable that it certifies.

With p and q within their bounds, the gap of R is the sum of lambda |D d| - <p, D d> for d = grad x
- w, of beta lambda |E w| - <q, E w>, and of the largest increase of <r, w>, r = D p - E^T q, among
fields within a limit. All are >= 0. With the p of the loop, r is as large as the error of the loop
in every pixel. Instead, p = D^-1 E^T q, projected onto its bound, is certified: r is then 0 where
the bound does not bind, and p is as close to a solution as q is.
"""

import numpy as np

from .array_parts import segment
from .compile import leaf, within
from .directional import across
from .generalised import GENERALISED, force, strain, within_bound
from .tasks import kernel, share

_ONE = np.float32(1)
_TWO = np.float32(2)
_TINY_LENGTH = np.float32(1e-20)
# Directions are shorter than 1, by at least this in squares: D can be inverted.
_LEAST_LEFT = np.float32(1e-6)


def certify_fields(rows_per_chunk, data, state, limits, dual_y, dual_x, sums):
    """Sum the regulariser and its gap by row, of maps with a field.

    Parameters
    ----------
    rows_per_chunk : int
    data, state : Data, State
    limits : numpy.ndarray
        Largest component of the fields to compare with, float32, shape (K,).
    dual_y, dual_x : numpy.ndarray
        On return the certified p, in the form of `State`; other maps are not changed.
    sums : numpy.ndarray
        On return sums of the regulariser and of its gap (both times lambda_2), float64, shape (2,
        K, ny); other maps are not changed.
    """
    _, ny, nx = data.counts.shape
    q = np.zeros((-(-ny // rows_per_chunk), 2, 3, nx + 1), np.float32)
    _certify_all(rows_per_chunk, data, state, q, limits, dual_y, dual_x, sums)


@kernel
def _certify_all(pool, rows_per_chunk, data, state, q, limits, dual_y, dual_x, sums):
    share(
        pool,
        q.shape[0],
        _certify_chunk_of_fields,
        (rows_per_chunk, data, state, q, limits, dual_y, dual_x, sums),
    )


@within(leaf)
def _certify_chunk_of_fields(k, rows_per_chunk, data, state, q, limits, dual_y, dual_x, sums):
    _, ny, nx = data.counts.shape
    maps, field, stress = state.maps, state.field, state.stress
    begin = k * rows_per_chunk
    for i in range(data.places.size):
        f = data.places[i]
        if f < 0:
            continue
        bound = data.bounds[i]
        stress_bound = data.stress_bounds[i]
        limit = limits[i]
        follows = data.regularisers[i] != GENERALISED
        for row in range(begin - 1, min(begin + rows_per_chunk, ny)):
            now = row & 1
            for col in range(nx):
                yy, xx, xy = within_bound(
                    stress_bound,
                    stress[0, f, row + 1, col + 1],
                    stress[1, f, row + 1, col + 1],
                    stress[2, f, row + 1, col + 1],
                )
                q[k, now, 0, col + 1] = yy
                q[k, now, 1, col + 1] = xx
                q[k, now, 2, col + 1] = xy
            if row < begin:
                continue
            yy_above = segment(q, (k, 1 - now, 0, 0), nx + 1)
            xy_above = segment(q, (k, 1 - now, 2, 0), nx + 1)
            yy = segment(q, (k, now, 0, 0), nx + 1)
            xx = segment(q, (k, now, 1, 0), nx + 1)
            xy = segment(q, (k, now, 2, 0), nx + 1)
            beneath = min(row + 1, ny - 1)
            here = segment(maps, (i, row, 0), nx)
            x_below = segment(maps, (i, beneath, 0), nx)
            wy = segment(field, (0, f, row, 0), nx)
            wx = segment(field, (1, f, row, 0), nx)
            wy_below = segment(field, (0, f, beneath, 0), nx)
            wx_below = segment(field, (1, f, beneath, 0), nx)
            variation = 0.0
            gap = 0.0
            for col in range(nx):
                fy, fx = force(col, yy_above, xy_above, yy, xx, xy)
                dy = x_below[col] - here[col] - wy[col]
                dx = here[min(col + 1, nx - 1)] - here[col] - wx[col]
                py = fy
                px = fx
                if follows:
                    direction_y = data.directions_y[row, col]
                    direction_x = data.directions_x[row, col]
                    dy, dx = across(direction_y, direction_x, dy, dx)
                    left = _ONE - (direction_y * direction_y + direction_x * direction_x)
                    along = direction_y * fy + direction_x * fx
                    along /= left if left > _LEAST_LEFT else _LEAST_LEFT
                    py = fy + direction_y * along
                    px = fx + direction_x * along
                length = np.sqrt(py * py + px * px)
                shrink = bound / ((length if length > bound else bound) + _TINY_LENGTH)
                py *= shrink
                px *= shrink
                dual_y[i, row + 1, col] = py
                dual_x[i, row, col + 1] = px
                steep = bound * np.sqrt(dy * dy + dx * dx)
                unpaired = steep - (py * dy + px * dx)
                if follows:
                    py, px = across(direction_y, direction_x, py, px)
                ry = py - fy
                rx = px - fx
                drift = limit * (np.abs(ry) + np.abs(rx)) - (ry * wy[col] + rx * wx[col])
                e_yy, e_xx, e_xy = strain(row, col, ny, nx, wy, wy_below, wx, wx_below)
                bent = stress_bound * np.sqrt(e_yy * e_yy + e_xx * e_xx + _TWO * e_xy * e_xy)
                idle = bent - (yy[col + 1] * e_yy + xx[col + 1] * e_xx + _TWO * xy[col + 1] * e_xy)
                variation += np.float64(steep) + np.float64(bent)
                gap += np.float64(unpaired) + np.float64(idle) + np.float64(drift)
            sums[0, i, row] = variation
            sums[1, i, row] = gap

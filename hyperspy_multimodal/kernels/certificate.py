"""Cost and duality gap of the loop's state, in one pass over the rows.

With the HAADF term replaced by that of the tangent at x, the cost is convex. With the dual
variables r (of the HAADF residual) and p (of the total variation), its duality gap is the sum of
three Fenchel-Young gaps: those of the HAADF, the Poisson and the total variation term. The sum is 0
if and only if x is a stationary point of the cost. For gamma = 1, it is the duality gap of the cost
itself, an upper bound of cost(x) - minimum.
"""

import numpy as np

from .array_parts import segment
from .compile import leaf, within
from .gaps import lower_row, model_row, poisson_row
from .regulariser_rows import variation
from .tasks import kernel, share

# Rows in the room of a chunk: those shared by all maps, and those of each map.
_OF_ALL, _OF_EACH = 3, 4


@within(leaf)
def certify_chunk(
    k, rows_per_chunk, data, state, room, ceilings, reaches, certified, haadf_sums, map_sums
):
    """Sum cost and gaps of the rows of chunk ``k``; the arguments are those of `certificate`."""
    counts, background, haadf = data.counts, data.background, data.haadf
    weights, gamma, fidelity = data.weights, data.gamma, data.fidelity
    maps, residual, prices = state.maps, state.residual, state.prices
    n_maps, ny, nx = counts.shape
    uniform = background.shape[1] == 1
    begin = k * rows_per_chunk
    px = segment(room, (k, 0, 0), nx + 1)
    ahead = segment(room, (k, 1, 0), nx + 1)
    misfit = segment(room, (k, 2, 0), nx)
    for row in range(max(begin - 1, 0), min(begin + rows_per_chunk, ny)):
        inside = row >= begin
        for i in range(n_maps):
            py = segment(room, (k, _OF_ALL + _OF_EACH * i + (row & 1), 0), nx)
            py_above = segment(room, (k, _OF_ALL + _OF_EACH * i + 1 - (row & 1), 0), nx)
            divergence = segment(room, (k, _OF_ALL + _OF_EACH * i + 2, 0), nx)
            of_row, gap = variation(i, row, nx, data, state, ahead, py, segment(px, (1,), nx))
            if inside:
                map_sums[2, i, row] = of_row
                map_sums[3, i, row] = gap
            for col in range(nx):
                divergence[col] = (py[col] - py_above[col]) + (px[col + 1] - px[col])
        if not inside:
            continue
        for col in range(nx):
            misfit[col] = -haadf[row, col]
            certified[row, col] = residual[row, col]
        lowered = segment(certified, (row, 0), nx)
        r = segment(residual, (row, 0), nx)
        for i in range(n_maps):
            model_row(
                nx,
                weights[i],
                gamma,
                segment(maps, (i, row, 0), nx),
                segment(room, (k, _OF_ALL + _OF_EACH * i + 3, 0), nx),
                misfit,
            )
            lower_row(
                nx,
                prices[i],
                fidelity[i],
                min(ceilings[i], reaches[i]),
                segment(counts, (i, row, 0), nx),
                segment(room, (k, _OF_ALL + _OF_EACH * i + 2, 0), nx),
                segment(room, (k, _OF_ALL + _OF_EACH * i + 3, 0), nx),
                r,
                lowered,
            )
        for i in range(n_maps):
            deviance, gap, total = poisson_row(
                nx,
                prices[i],
                fidelity[i],
                ceilings[i],
                reaches[i],
                segment(maps, (i, row, 0), nx),
                segment(counts, (i, row, 0), nx),
                segment(background, (i, 0 if uniform else row, 0), nx),
                segment(room, (k, _OF_ALL + _OF_EACH * i + 2, 0), nx),
                segment(room, (k, _OF_ALL + _OF_EACH * i + 3, 0), nx),
                lowered,
            )
            map_sums[0, i, row] = deviance
            map_sums[1, i, row] = gap
            map_sums[4, i, row] = total
        squares = 0.0
        apart = 0.0
        for col in range(nx):
            squares += np.float64(misfit[col]) ** 2
            apart += (np.float64(lowered[col]) + np.float64(misfit[col])) ** 2
        haadf_sums[0, row] = squares
        haadf_sums[1, row] = apart


@kernel
def certificate(
    pool, rows_per_chunk, data, state, room, ceilings, reaches, certified, haadf_sums, map_sums
):
    """Sum cost and gaps by row.

    Parameters
    ----------
    rows_per_chunk : int
    data, state : Data, State
        The dual variable p is projected onto its bounds on the way.
    room : numpy.ndarray
        Rows for each chunk, from `room_to_certify`.
    ceilings, reaches : numpy.ndarray
        Maps are compared with maps up to the ceiling and within the reach, float32, shape (K,).
    certified : numpy.ndarray
        On return the certified dual variable of the HAADF: ``state.residual``, lowered where this
        helps; float32, shape (ny, nx).
    haadf_sums : numpy.ndarray
        On return sums of the squared HAADF residual and of its squared distance from its dual
        variable, float64, shape (2, ny).
    map_sums : numpy.ndarray
        On return sums of the Poisson deviance, of its gap (times lambda_1), of the total variation,
        of its gap (times lambda_2) and of the map, float64, shape (5, K, ny).
    """
    ny = data.haadf.shape[0]
    share(
        pool,
        (ny + rows_per_chunk - 1) // rows_per_chunk,
        certify_chunk,
        (rows_per_chunk, data, state, room, ceilings, reaches, certified, haadf_sums, map_sums),
    )


def room_to_certify(rows_per_chunk, shape):
    """Return the room that `certificate` needs for maps of a shape (K, ny, nx)."""
    n_maps, ny, nx = shape
    n_chunks = -(-ny // rows_per_chunk)
    return np.zeros((n_chunks, _OF_ALL + _OF_EACH * n_maps, nx + 1), np.float32)

"""Steps of maps that are no sharper than a Gaussian, x = K u with u >= 0, over the rows of maps.

All arrays are float32 (K, ny, nx) unless stated otherwise; sums by row are float64. The blur K is
applied elsewhere: the functions here treat each pixel separately.
"""

import numpy as np

from .array_parts import segment
from .compile import inlined, leaf, within
from .gaps import log_gap, model_row
from .tasks import kernel, share

_ZERO = np.float32(0)
_ONE = np.float32(1)
_TINY = np.float32(1e-20)
# At least this is expected in each pixel, so that the deviance remains finite.
_LEAST = np.float32(1e-12)


@kernel
def slopes_of_cost(pool, data, maps, slopes, curvatures, residual, haadf_sums, map_sums):
    """Write the slopes of the HAADF and Poisson terms at ``maps``; sum both terms by row.

    ``curvatures`` receives the approximate derivative of these slopes, times x: lambda_1 and the
    part from the HAADF model. ``residual`` (ny, nx) receives the HAADF minus its model,
    ``haadf_sums`` (ny,) its squares, and ``map_sums`` (K, ny) the Poisson deviance.
    """
    share(
        pool,
        maps.shape[1],
        _row_of_cost,
        (data, maps, slopes, curvatures, residual, haadf_sums, map_sums),
    )


@within(leaf)
def _row_of_cost(row, data, maps, slopes, curvatures, residual, haadf_sums, map_sums):
    n_maps, _, nx = maps.shape
    uniform = data.background.shape[1] == 1
    haadf = segment(data.haadf, (row, 0), nx)
    misfit = segment(residual, (row, 0), nx)
    for col in range(nx):
        misfit[col] = -haadf[col]
    for i in range(n_maps):
        model_row(
            nx,
            data.weights[i],
            data.gamma,
            segment(maps, (i, row, 0), nx),
            segment(slopes, (i, row, 0), nx),
            misfit,
        )
    squares = 0.0
    for col in range(nx):
        squares += np.float64(misfit[col]) ** 2
    haadf_sums[row] = squares
    for i in range(n_maps):
        map_sums[i, row] = _map_row(
            nx,
            data.fidelity[i],
            segment(maps, (i, row, 0), nx),
            segment(data.counts, (i, row, 0), nx),
            segment(data.background, (i, 0 if uniform else row, 0), nx),
            haadf,
            misfit,
            segment(slopes, (i, row, 0), nx),
            segment(curvatures, (i, row, 0), nx),
        )
    for col in range(nx):
        misfit[col] = -misfit[col]


@inlined
def _map_row(n, fidelity, x, counts, background, haadf, misfit, slopes, curvatures):
    deviance = 0.0
    for col in range(n):
        y = counts[col]
        z = x[col] + background[col]
        z = z if z > _LEAST else _LEAST
        model = misfit[col] + haadf[col]
        pull = slopes[col]
        slopes[col] = pull * misfit[col] + fidelity * ((z - y) / z)
        curvatures[col] = fidelity + pull * (model if model > _ZERO else _ZERO)
        floored = y if y > _TINY else _TINY
        deviance += np.float64(y * log_gap((z - floored) / floored) if y > _TINY else z)
    return deviance


@kernel
def displaced(pool, u, back, curvatures, ridges, floors, step, prices, moved, sums):
    """Write sources u >= 0 after a step down the slopes ``back`` + ridge u, each at its own pace.

    The pace of a pixel is u / ``curvatures``, at least ``floors`` (K,), times ``step``. ``prices``
    (K,), times the pace divided by the step, are added. ``sums`` (2, K, ny) receives the sums of
    ``moved`` and the derivatives of these sums with respect to the price.
    """
    n_maps, ny, _ = u.shape
    share(
        pool,
        n_maps * ny,
        _displaced_row,
        (u, back, curvatures, ridges, floors, step, prices, moved, sums),
    )


@within(leaf)
def _displaced_row(place, u, back, curvatures, ridges, floors, step, prices, moved, sums):
    _, ny, nx = u.shape
    i, row = place // ny, place % ny
    total = 0.0
    rise = 0.0
    for col in range(nx):
        here = u[i, row, col]
        pace = _pace(here, curvatures[i, row, col], floors[i])
        slope = back[i, row, col] + ridges[i] * here
        there = here + pace * (prices[i] - step * slope)
        inside = there > _ZERO
        there = there if inside else _ZERO
        moved[i, row, col] = there
        total += np.float64(there)
        rise += np.float64(pace if inside else _ZERO)
    sums[0, i, row] = total
    sums[1, i, row] = rise


@inlined
def _pace(here, curvature, floor):
    pace = here / curvature
    return pace if pace > floor else floor


@kernel
def descent(pool, u, moved, back, ridges, sums):
    """Sum the descent of the cost from ``u`` towards ``moved`` by row; ``sums`` is (K, ny)."""
    n_maps, ny, _ = u.shape
    share(pool, n_maps * ny, _descent_row, (u, moved, back, ridges, sums))


@within(leaf)
def _descent_row(place, u, moved, back, ridges, sums):
    _, ny, nx = u.shape
    i, row = place // ny, place % ny
    total = 0.0
    for col in range(nx):
        here = u[i, row, col]
        slope = back[i, row, col] + ridges[i] * here
        total += np.float64(slope) * np.float64(moved[i, row, col] - here)
    sums[i, row] = total


@kernel
def square_sums(pool, u, sums):
    """Sum the squares of ``u`` by row; ``sums`` is (K, ny)."""
    n_maps, ny, _ = u.shape
    share(pool, n_maps * ny, _square_row, (u, sums))


@within(leaf)
def _square_row(place, u, sums):
    _, ny, nx = u.shape
    i, row = place // ny, place % ny
    total = 0.0
    for col in range(nx):
        here = np.float64(u[i, row, col])
        total += here * here
    sums[i, row] = total


@kernel
def secants(pool, u, back, moved, moved_back, curvatures, ridges, floors, sums):
    """Sum the terms of the step lengths of Barzilai and Borwein over each row.

    With the change s of the sources, the change y of their slopes and the pace d of each pixel,
    these are the sums of s^2 / d^2, s y / d, s y d and y^2 d^2; ``sums`` is (4, K, ny).
    """
    n_maps, ny, _ = u.shape
    share(
        pool,
        n_maps * ny,
        _secants_row,
        (u, back, moved, moved_back, curvatures, ridges, floors, sums),
    )


@within(leaf)
def _secants_row(place, u, back, moved, moved_back, curvatures, ridges, floors, sums):
    _, ny, nx = u.shape
    i, row = place // ny, place % ny
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    for col in range(nx):
        here = u[i, row, col]
        pace = _pace(here, curvatures[i, row, col], floors[i])
        s = moved[i, row, col] - here
        y = moved_back[i, row, col] - back[i, row, col] + ridges[i] * s
        over = s / pace
        times = y * pace
        first += np.float64(over) * np.float64(over)
        second += np.float64(over) * np.float64(y)
        third += np.float64(s) * np.float64(times)
        fourth += np.float64(times) * np.float64(times)
    sums[0, i, row] = first
    sums[1, i, row] = second
    sums[2, i, row] = third
    sums[3, i, row] = fourth


@kernel
def source_gap(pool, u, back, ridges, prices, sums):
    """Sum the ridge term, the duality gap, and terms that determine the best price over each row.

    With v = max(price - back, 0) / ridge, the gap is ridge (u - v)^2 / 2, plus (back - price) u
    where that is positive. ``sums`` (4, K, ny) receives ridge u^2 / 2, the gap, v, and the number
    of pixels with positive v.
    """
    n_maps, ny, _ = u.shape
    share(pool, n_maps * ny, _source_gap_row, (u, back, ridges, prices, sums))


@within(leaf)
def _source_gap_row(place, u, back, ridges, prices, sums):
    _, ny, nx = u.shape
    i, row = place // ny, place % ny
    own, gap, total, rise = 0.0, 0.0, 0.0, 0.0
    for col in range(nx):
        here = np.float64(u[i, row, col])
        over = np.float64(back[i, row, col]) - prices[i]
        best = -over / ridges[i] if over < 0.0 else 0.0
        own += here * here
        gap += 0.5 * ridges[i] * (here - best) ** 2 + (over * here if over > 0.0 else 0.0)
        total += best
        rise += 1.0 if over < 0.0 else 0.0
    sums[0, i, row] = 0.5 * ridges[i] * own
    sums[1, i, row] = gap
    sums[2, i, row] = total
    sums[3, i, row] = rise

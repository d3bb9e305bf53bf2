"""Means over blocks of pixels, and linear interpolation back to pixels."""

import numpy as np

from .compile import leaf


@leaf
def block_means(fine, rows, cols, out):
    """Write means over blocks of ``fine``, float32 (K, ny, nx), to ``out``, float32 (K, my, mx).

    Block (j, i) contains the rows from ``rows[j]`` to before ``rows[j + 1]``, and likewise for
    columns. Both arrays are int64, of length my + 1 and mx + 1.
    """
    n_maps, my, mx = out.shape
    nx = fine.shape[2]
    for j in range(my):
        height = rows[j + 1] - rows[j]
        for i in range(n_maps):
            line = np.zeros(nx, np.float32)
            for row in range(rows[j], rows[j + 1]):
                for col in range(nx):
                    line[col] += fine[i, row, col]
            for k in range(mx):
                total = np.float32(0)
                for col in range(cols[k], cols[k + 1]):
                    total += line[col]
                out[i, j, k] = total / np.float32(height * (cols[k + 1] - cols[k]))


@leaf
def squared_differences(maps, sums):
    """Sum squared differences between neighbours along y and x of each map.

    ``maps`` are float32, shape (K, ny, nx); ``sums``, float64, shape (K,), receives the sums.
    """
    n_maps, ny, nx = maps.shape
    for i in range(n_maps):
        total = 0.0
        for row in range(ny):
            along = np.float32(0)
            for col in range(nx - 1):
                along += (maps[i, row, col + 1] - maps[i, row, col]) ** 2
            down = np.float32(0)
            if row + 1 < ny:
                for col in range(nx):
                    down += (maps[i, row + 1, col] - maps[i, row, col]) ** 2
            total += np.float64(along) + np.float64(down)
        sums[i] = total


@leaf
def interpolate(coarse, rows, row_shares, cols, col_shares, factors, out):
    """Write ``factors[i]`` times the interpolated ``coarse`` (K, my, mx) to ``out`` (K, ny, nx).

    Row r lies between the coarse row ``rows[r]`` and the next one, which has the weight
    ``row_shares[r]``, and likewise for columns. With a weight of 0, the next one is not read. Row
    and column numbers are int64, everything else is float32.
    """
    n_maps, ny, nx = out.shape
    _, my, mx = coarse.shape
    for row in range(ny):
        above = rows[row]
        below = min(above + 1, my - 1)
        share = row_shares[row]
        line = np.empty(mx, np.float32)
        for i in range(n_maps):
            factor = factors[i]
            for k in range(mx):
                here = coarse[i, above, k]
                line[k] = factor * (here + share * (coarse[i, below, k] - here))
            for col in range(nx):
                here = line[cols[col]]
                out[i, row, col] = here + col_shares[col] * (
                    line[min(cols[col] + 1, mx - 1)] - here
                )

"""Gaussian blur of maps, with one width per map."""

import numpy as np

from .array_parts import segment
from .compile import inlined, leaf, within
from .tasks import kernel, share

# Number of rows that share the room for one.
_ROWS = 16


def blur(images, taps, radii, out):
    """Write ``images`` (K, ny, nx), each under its separable kernel, with mirrored borders.

    ``taps`` (K, longest radius + 1) contains the middle and one side of each symmetric kernel with
    unit sum, and ``radii`` (K,) the number of values per side. The blur preserves sums and is its
    own adjoint. ``images`` and ``out`` are different float32 arrays.
    """
    n_maps, ny, nx = images.shape
    n_chunks = -(-n_maps * ny // _ROWS)
    _blur_all(images, taps, radii, np.empty((n_chunks, nx + 2 * taps.shape[1]), np.float32), out)


@kernel
def _blur_all(pool, images, taps, radii, lines, out):
    share(pool, lines.shape[0], _blur_chunk, (images, taps, radii, lines, out))


@within(leaf)
def _blur_chunk(chunk, images, taps, radii, lines, out):
    n_maps, ny, nx = images.shape
    for place in range(chunk * _ROWS, min((chunk + 1) * _ROWS, n_maps * ny)):
        i, row = place // ny, place % ny
        radius = radii[i]
        line = segment(lines, (chunk, 0), nx + 2 * radius)
        middle = segment(line, (radius,), nx)
        _set(nx, taps[i, 0], segment(images, (i, row, 0), nx), middle)
        for k in range(1, radius - 2, 4):
            _add_four(
                nx,
                segment(taps, (i, k), 4),
                segment(images, (i, _mirrored(row - k, ny), 0), nx),
                segment(images, (i, _mirrored(row + k, ny), 0), nx),
                segment(images, (i, _mirrored(row - k - 1, ny), 0), nx),
                segment(images, (i, _mirrored(row + k + 1, ny), 0), nx),
                segment(images, (i, _mirrored(row - k - 2, ny), 0), nx),
                segment(images, (i, _mirrored(row + k + 2, ny), 0), nx),
                segment(images, (i, _mirrored(row - k - 3, ny), 0), nx),
                segment(images, (i, _mirrored(row + k + 3, ny), 0), nx),
                middle,
            )
        for k in range(1 + 4 * (radius // 4), radius + 1):
            above = segment(images, (i, _mirrored(row - k, ny), 0), nx)
            below = segment(images, (i, _mirrored(row + k, ny), 0), nx)
            _add(nx, taps[i, k], above, below, middle)
        for k in range(1, radius + 1):
            line[radius - k] = line[radius + _mirrored(-k, nx)]
            line[radius + nx - 1 + k] = line[radius + _mirrored(nx - 1 + k, nx)]
        blurred = segment(out, (i, row, 0), nx)
        _set(nx, taps[i, 0], middle, blurred)
        for k in range(1, radius - 2, 4):
            _add_four(
                nx,
                segment(taps, (i, k), 4),
                segment(line, (radius - k,), nx),
                segment(line, (radius + k,), nx),
                segment(line, (radius - k - 1,), nx),
                segment(line, (radius + k + 1,), nx),
                segment(line, (radius - k - 2,), nx),
                segment(line, (radius + k + 2,), nx),
                segment(line, (radius - k - 3,), nx),
                segment(line, (radius + k + 3,), nx),
                blurred,
            )
        for k in range(1 + 4 * (radius // 4), radius + 1):
            left = segment(line, (radius - k,), nx)
            right = segment(line, (radius + k,), nx)
            _add(nx, taps[i, k], left, right, blurred)


@inlined
def _set(n, tap, values, out):
    for col in range(n):
        out[col] = tap * values[col]


@inlined
def _add(n, tap, some, others, out):
    for col in range(n):
        out[col] += tap * (some[col] + others[col])


@inlined
def _add_four(n, taps, a1, b1, a2, b2, a3, b3, a4, b4, out):
    """Do the same as four calls of `_add`, but load and store ``out`` only once."""
    t1, t2, t3, t4 = taps[0], taps[1], taps[2], taps[3]
    for col in range(n):
        out[col] += (
            t1 * (a1[col] + b1[col])
            + t2 * (a2[col] + b2[col])
            + t3 * (a3[col] + b3[col])
            + t4 * (a4[col] + b4[col])
        )


@inlined
def _mirrored(index, n):
    """Return the index within n after reflection at the borders."""
    index = index % (2 * n)
    return index if index < n else 2 * n - 1 - index

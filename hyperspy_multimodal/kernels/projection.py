"""Projection of vectors of the dual variable onto their bounds."""

import numpy as np

from .array_parts import segment
from .compile import inlined, leaf, within
from .tasks import kernel, share

_ONE = np.float32(1)
_HALF = np.float32(0.5)
# The reciprocal of a denormal length would be infinite.
_TINY = np.float32(1e-30)
_TINY_LENGTH = np.float32(1e-20)


@inlined
def dual_change(py, px, dy, dx, step, soft, bound):
    """Return the change of (py, px) in one step along (dy, dx) and projection onto the bound.

    ``soft`` is the proximal factor 1 / (1 + step s) of s |p|^2 / 2, 1 for total variation.
    """
    ty = (py + step * dy) * soft
    tx = (px + step * dx) * soft
    square = ty * ty + tx * tx
    furthest = bound * bound
    shrink = bound * (_ONE / np.sqrt((square if square > furthest else furthest) + _TINY))
    return ty * shrink - py, tx * shrink - px


@inlined
def huber(bound, softness, dy, dx, py, px):
    """Return F(d), and F(d) + F*(p), of a difference d and a dual variable p within the bound.

    F*(p) = softness |p|^2 / 2 up to the bound. F(d) = |d|^2 / (2 softness) where its slope is at
    most the bound, and linear with that slope beyond. For softness 0, this is bound |d|.
    """
    square = dy * dy + dx * dx
    length = np.sqrt(square)
    knee = softness * bound
    curved = square * (_HALF / (softness + _TINY))
    straight = bound * (length - _HALF * knee)
    value = straight if length > knee else curved
    return value, value + _HALF * softness * (py * py + px * px)


@inlined
def feasible_row(n, bound, below, right, py, px):
    """Write the dual variable (below, right), projected onto the length ``bound``."""
    for col in range(n):
        y = below[col]
        x = right[col]
        length = np.sqrt(y * y + x * x)
        shrink = bound / ((length if length > bound else bound) + _TINY_LENGTH)
        py[col] = y * shrink
        px[col] = x * shrink


@kernel
def project(pool, p, bounds):
    """Project each vector of ``p`` (2, K, ny, nx) in place onto the length ``bounds[i]``.

    Both are float32.
    """
    share(pool, p.shape[2], _project_row, (p, bounds))


@within(leaf)
def _project_row(row, p, bounds):
    _, n_maps, _, nx = p.shape
    for i in range(n_maps):
        bound = bounds[i]
        below = segment(p, (0, i, row, 0), nx)
        right = segment(p, (1, i, row, 0), nx)
        for col in range(nx):
            py, px = below[col], right[col]
            length = np.sqrt(py * py + px * px)
            shrink = bound / (length + _TINY) if length > bound else _ONE
            below[col] = py * shrink
            right[col] = px * shrink

"""The problem on a grid of blocks of 2 x 2 pixels, whose solution is a start for the finer grid.

For maps that are constant over each block, the cost per block is that of the means of counts,
background and HAADF, times 4; a step between two blocks is seen by two of these 4 pixels, so
lambda_2 is halved. A second difference of blocks, of fields of differences, spans 4, so beta
lambda_2 is a quarter. The dual variables of the HAADF and of the totals are the same on both grids;
that of the total variation doubles, so that its divergence is the same, and the stress of a field
is four times as large.
"""

from functools import lru_cache

import numpy as np

from ..kernels import block_means, interpolate
from .problem import Problem

# Sides with fewer pixels than this are not made coarser.
_FEWEST = 16


def can_be_coarser(problem):
    """Return whether a solution on blocks is useful as a start.

    Maps must be large enough along both sides, or along the only one. Regularisers that follow
    directions do not constrain maps across the edges of the guide, where blocks blur them.
    """
    sides = problem.data.counts.shape[1:]
    large = max(sides) >= _FEWEST and all(n >= _FEWEST or n == 1 for n in sides)
    return large and problem.data.directions_y.size == 1


def coarser(problem):
    """Return the `Problem` on blocks of 2 x 2 pixels, without the reference of its gaps."""
    data = problem.data
    _, ny, nx = data.counts.shape
    rows, cols = block_limits(ny), block_limits(nx)
    counts = _means(data.counts, rows, cols)
    alike = data.background.shape[1] == 1
    background = _means(data.background, np.array([0, 1]) if alike else rows, cols)
    share = counts[0].size / data.counts[0].size
    return Problem(
        data._replace(
            counts=counts,
            background=background,
            haadf=_means(data.haadf[None], rows, cols)[0],
            bounds=data.bounds / 2,
            stress_bounds=data.stress_bounds / 4,
            softness=4 * data.softness,
            totals=data.totals * share,
        ),
        problem.scales,
        problem.unit,
    )


def refine(coarse, state):
    """Write the maps and dual variables of ``coarse``, interpolated, to the finer ``state``."""
    n_maps, ny, nx = state.maps.shape
    at_rows, under_rows = _pixels(ny), _edges(ny)
    at_cols, right_of_cols = _pixels(nx), _edges(nx)
    same, twice = np.ones(n_maps, np.float32), np.full(n_maps, 2, np.float32)
    interpolate(coarse.maps, *at_rows, *at_cols, same, state.maps)
    interpolate(coarse.residual[None], *at_rows, *at_cols, same[:1], state.residual[None])
    interpolate(coarse.dual_y, *under_rows, *at_cols, twice, state.dual_y)
    interpolate(coarse.dual_x, *at_rows, *right_of_cols, twice, state.dual_x)
    state.prices[:] = coarse.prices
    if state.field.size:
        _refine_fields(coarse, state)


def _refine_fields(coarse, state):
    """Write fields and stresses, as if all of them lay at the corners of pixels."""
    _, n_fields, ny, nx = state.field.shape
    rows, cols = block_limits(ny), block_limits(nx)
    at = (*_between(rows[1:], np.arange(1, ny + 1)), *_between(cols[1:], np.arange(1, nx + 1)))
    half, four = (np.full(n_fields, factor, np.float32) for factor in (0.5, 4))
    for fine, rough in zip(state.field, coarse.field, strict=True):
        interpolate(rough, *at, half, fine)
    inner = np.empty((n_fields, ny, nx), np.float32)
    for fine, rough in zip(state.stress, coarse.stress, strict=True):
        interpolate(np.ascontiguousarray(rough[:, 1:, 1:]), *at, four, inner)
        fine[:, 1:, 1:] = inner
    clear_border(state)


def clear_border(state):
    """Set fields and stresses to 0 beyond the border, where differences are 0."""
    state.field[0, :, -1:] = 0
    state.field[1, :, :, -1:] = 0
    yy, xx, xy = state.stress[:, :, 1:, 1:]
    yy[:, -2:] = 0
    xx[:, :, -2:] = 0
    xy[:, -1:] = 0
    xy[:, :, -1:] = 0


@lru_cache(maxsize=64)
def block_limits(n):
    """Return where blocks of 2 of n pixels begin, and n; the same from both ends.

    If n is odd, the block in the middle holds 1 or 3 pixels. The array is shared between calls,
    like those of `_pixels` and `_edges`.
    """
    half = np.arange(0, n // 2 + 1, 2)
    return np.unique(np.append(half, n - half))


def _means(maps, rows, cols):
    out = np.empty((len(maps), len(rows) - 1, len(cols) - 1), np.float32)
    block_means(maps, rows, cols, out)
    return out


@lru_cache(maxsize=64)
def _pixels(n):
    """Return where n pixels lie between the centres of their blocks."""
    limits = block_limits(n)
    return _between((limits[:-1] + limits[1:] - 1) / 2, np.arange(n))


@lru_cache(maxsize=64)
def _edges(n):
    """Return where the edges of n pixels lie between the edges of their blocks."""
    return _between(block_limits(n), np.arange(n + 1))


def _between(nodes, positions):
    """Return the node before each position, and the position's share of the way to the next."""
    before = np.clip(np.searchsorted(nodes, positions, "right") - 1, 0, len(nodes) - 1)
    after = np.minimum(before + 1, len(nodes) - 1)
    way = np.maximum(nodes[after] - nodes[before], 1e-30)
    shares = np.clip((positions - nodes[before]) / way, 0, 1)
    return before, np.where(after > before, shares, 0).astype(np.float32)

"""Iterations of the primal-dual loop, chunk by chunk of rows."""

import numpy as np

from .chunks import move_chunk, move_last_row
from .tasks import kernel, share

_ONE = np.float32(1)
_TINY = np.float32(1e-20)


@kernel
def iterations(
    pool,
    n_iterations,
    rows_per_chunk,
    beyond_cache,
    data,
    state,
    room,
    primal_steps,
    dual_steps,
    relaxation,
    precision,
    moved,
):
    """Do ``n_iterations`` iterations on ``state``, in place.

    Parameters
    ----------
    n_iterations, rows_per_chunk : int
    beyond_cache : bool
        Whether to load rows ahead of their use.
    data, state, room : Data, State, Room
        For gamma = 1, ``state.maps`` are written only in the last iteration.
    primal_steps, dual_steps : numpy.ndarray
        tau and sigma, float32, shape (K,).
    relaxation, precision : numpy.float32
        Newton's method continues where its step may move a map by more than the precision.
    moved : numpy.ndarray
        On return sums over rows of (x - relaxed)^2 and of the squared change of p, both before
        over-relaxation, in the last iteration; float64, shape (2, K, ny).
    """
    counts, weights, gamma, totals = data.counts, data.weights, data.gamma, data.totals
    n_maps, ny, nx = counts.shape
    n_chunks = (ny + rows_per_chunk - 1) // rows_per_chunk
    lever = _TINY
    for i in range(n_maps):
        lever = max(lever, primal_steps[i] * weights[i] * gamma)
    limit = precision / lever
    sums = np.empty((n_maps, ny), np.float64)
    for iteration in range(n_iterations):
        keep = gamma != _ONE or iteration == n_iterations - 1
        share(
            pool,
            n_chunks,
            move_chunk,
            (
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
            ),
        )
        share(
            pool,
            n_chunks,
            move_last_row,
            (rows_per_chunk, data, state, room, dual_steps, relaxation, moved),
        )
        for i in range(n_maps):
            if not np.isnan(totals[i]):
                # Sum over pixels and gradient act on orthogonal spaces: each takes its full step.
                excess = -totals[i]
                for row in range(ny):
                    excess += sums[i, row]
                state.prices[i] += relaxation * np.float32(excess / (primal_steps[i] * ny * nx))

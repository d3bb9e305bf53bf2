"""Arrays of the primal-dual loop, in the groups that kernels take."""

from typing import NamedTuple

import numpy as np

# Columns that are processed at a time, so that the results of one loop stay in the first-level
# cache for the next.
SEGMENT = 256


class Data(NamedTuple):
    """Data that the loop reads: float32 maps in units in which they are of order one.

    ``directions_y`` is 0 in the last row and ``directions_x`` in the last column, as differences
    are.
    """

    counts: np.ndarray  # (K, ny, nx)
    background: np.ndarray  # (K, ny, nx), or (K, 1, nx) where all rows are alike
    haadf: np.ndarray  # (ny, nx)
    directions_y: np.ndarray  # (ny, nx), or (1, 1) if no regulariser needs them
    directions_x: np.ndarray  # as directions_y
    weights: np.ndarray  # (K,)
    gamma: np.float32
    fidelity: np.ndarray  # (K,), lambda_1
    bounds: np.ndarray  # (K,), lambda_2
    stress_bounds: np.ndarray  # (K,), beta lambda_2 of total generalised variation
    softness: np.ndarray  # (K,), s of s p^2 / 2 in Huber's form, 0 for total variation
    regularisers: np.ndarray  # (K,), int64, some of `CODES`
    places: np.ndarray  # (K,), int64, where the map's fields are in `State`, -1 if it has none
    totals: np.ndarray  # (K,), float64, NaN where free


class State(NamedTuple):
    """What the loop moves, float32.

    The dual variable p of the total variation lies between pixels: ``dual_y[:, row + 1]`` below
    ``row``, ``dual_x[:, :, col + 1]`` to the right of ``col``, in a border of zeros. The last three
    belong to the F maps with total generalised variation (see `generalised`). Their values for
    ``row`` and ``col`` are at [row, col], and those of the stress, which has a border of zeros
    before it, at [row + 1, col + 1]. ``lead`` has zeros after the last column.
    """

    relaxed: np.ndarray  # (K, ny, nx)
    maps: np.ndarray  # (K, ny, nx)
    dual_y: np.ndarray  # (K, ny + 1, nx)
    dual_x: np.ndarray  # (K, ny, nx + 1)
    residual: np.ndarray  # (ny, nx), the dual variable of the HAADF term
    prices: np.ndarray  # (K,), those of the totals
    field: np.ndarray  # (2, F, ny, nx), w: what of the gradient costs nothing by itself
    lead: np.ndarray  # (2, F, ny, nx + 1), twice the field less what it was relaxed to
    stress: np.ndarray  # (3, F, ny + 1, nx + 1), the dual variable of E w: yy, xx and xy


class Room(NamedTuple):
    """Storage for the segments and rows of each chunk, float32."""

    place: np.ndarray  # (chunks, K, SEGMENT)
    steps: np.ndarray  # (chunks, K, SEGMENT)
    slopes: np.ndarray  # (chunks, K, SEGMENT)
    x: np.ndarray  # (chunks, K, SEGMENT)
    rise: np.ndarray  # (chunks, K, SEGMENT)
    rising: np.ndarray  # (chunks, SEGMENT)
    misfit: np.ndarray  # (chunks, SEGMENT)
    descent: np.ndarray  # (chunks, SEGMENT)
    unread: np.ndarray  # (chunks, SEGMENT)
    shifted: np.ndarray  # (chunks, SEGMENT + 1)
    ahead: np.ndarray  # (chunks, 2, K, nx + 1)
    first: np.ndarray  # (chunks, K, nx)
    above: np.ndarray  # (chunks, K, nx)

    @classmethod
    def for_chunks(cls, n_chunks, n_maps, nx):
        shapes = [(n_maps, SEGMENT)] * 5 + [(SEGMENT,)] * 4
        shapes += [(SEGMENT + 1,), (2, n_maps, nx + 1), (n_maps, nx), (n_maps, nx)]
        return cls(*(np.zeros((n_chunks, *shape), np.float32) for shape in shapes))

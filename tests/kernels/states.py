"""Random problems and states of the primal-dual loop, and calls of its kernels on copies."""

import numpy as np
import pytest

from hyperspy_multimodal.fusion import fields
from hyperspy_multimodal.kernels import (
    CODES,
    Data,
    Room,
    State,
    certificate,
    iterations,
    room_to_certify,
)
from hyperspy_multimodal.kernels.generalised import GENERALISED
from hyperspy_multimodal.kernels.regulariser_rows import DIRECTIONAL, ISOTROPIC

from .variants import one_a_map, sparse_counts, uniform

ALL_ISOTROPIC = (ISOTROPIC,) * 3
MIXED = (DIRECTIONAL, ISOTROPIC, DIRECTIONAL)
#: The codes of those without a field, by name.
PLAIN = {name: code for name, code in CODES.items() if not code & GENERALISED}
#: Each of these of two maps, the second in Huber's form, beside isotropic Huber.
REGULARISERS = [(code, ISOTROPIC, code) for code in PLAIN.values()]
with_regularisers = pytest.mark.parametrize("regularisers", REGULARISERS, ids=list(PLAIN))


def random_directions(rng, shape):
    """Vectors no longer than 1, without a part across the border, shape (2, ny, nx)."""
    directions = uniform(rng, (2, *shape), -0.7, 0.7)
    directions[0, -1] = 0
    directions[1, :, -1] = 0
    return directions


def random_data(rng, shape, gamma=1, regularisers=ALL_ISOTROPIC, totals=False):
    n_maps, ny, nx = shape
    regularisers = np.array(regularisers[:n_maps])
    directions = np.zeros((2, 1, 1), np.float32)
    if (regularisers != ISOTROPIC).any():
        directions = random_directions(rng, (ny, nx))
    background = uniform(rng, shape, 0, 0.4)
    background[rng.uniform(size=shape) < 0.2] = 0
    kept = rng.uniform(0.3, 0.8, n_maps) * ny * nx
    return Data(
        counts=sparse_counts(rng, shape),
        background=background,
        haadf=uniform(rng, (ny, nx), 0, 1.5),
        directions_y=directions[0],
        directions_x=directions[1],
        weights=one_a_map(rng, n_maps, 0.2, 1),
        gamma=np.float32(gamma),
        fidelity=one_a_map(rng, n_maps, 0.05, 0.5),
        bounds=one_a_map(rng, n_maps, 0.05, 0.3),
        stress_bounds=one_a_map(rng, n_maps, 0.05, 0.3),
        softness=softness_of(rng, n_maps),
        regularisers=regularisers,
        places=fields.places_of(regularisers & GENERALISED > 0),
        totals=np.where(totals, kept, np.nan),
    )


def softness_of(rng, n_maps):
    """Total variation of the first map, Huber's form of it for the others."""
    softness = one_a_map(rng, n_maps, 0.2, 3)
    softness[0] = 0
    return softness


def random_state(rng, shape, places=None):
    """Far from any optimum; the dual variables are in part out of bounds."""
    n_maps, ny, nx = shape
    dual_y, dual_x = np.zeros((n_maps, ny + 1, nx)), np.zeros((n_maps, ny, nx + 1))
    dual_y[:, 1:-1] = rng.normal(0, 0.1, (n_maps, ny - 1, nx))
    dual_x[:, :, 1:-1] = rng.normal(0, 0.1, (n_maps, ny, nx - 1))
    own = fields.blank(np.full(n_maps, -1) if places is None else places, ny, nx)
    own["field"][0, :, :-1] = rng.normal(0, 0.2, own["field"][0, :, :-1].shape)
    own["field"][1, :, :, :-1] = rng.normal(0, 0.2, own["field"][1, :, :, :-1].shape)
    own["lead"][..., :-1] = own["field"]
    own["stress"][0, :, 1:-2, 1:] = rng.normal(0, 0.1, own["stress"][0, :, 1:-2, 1:].shape)
    own["stress"][1, :, 1:, 1:-2] = rng.normal(0, 0.1, own["stress"][1, :, 1:, 1:-2].shape)
    own["stress"][2, :, 1:-1, 1:-1] = rng.normal(0, 0.1, own["stress"][2, :, 1:-1, 1:-1].shape)
    return State(
        relaxed=uniform(rng, shape, -0.5, 1.5),
        maps=uniform(rng, shape, 0.01, 1) * (rng.uniform(size=shape) > 0.2).astype(np.float32),
        dual_y=dual_y.astype(np.float32),
        dual_x=dual_x.astype(np.float32),
        residual=uniform(rng, (ny, nx), -0.3, 0.5),
        prices=one_a_map(rng, n_maps, -0.1, 0.1),
        **own,
    )


def state_at_start(data):
    maps = np.maximum(data.counts - data.background, np.float32(0.1))
    blank = random_state(np.random.default_rng(0), data.counts.shape, data.places)
    return State(maps.copy(), maps, *(np.zeros_like(array) for array in blank[2:]))


def some_steps(n_maps, scale=1):
    """tau and sigma of each map, with tau sigma = 1/8."""
    primal = scale * np.linspace(0.3, 1.5, n_maps).astype(np.float32)
    return primal, np.float32(0.125) / primal


def iterate(
    data,
    state,
    n_iterations=1,
    rows_per_chunk=None,
    beyond_cache=False,
    steps=None,
    relaxation=1.8,
    precision=1e-12,
):
    """Return the new state and ``moved``."""
    n_maps, ny, nx = data.counts.shape
    rows_per_chunk = rows_per_chunk or ny
    after = State(*(array.copy() for array in state))
    moved = np.full((2, n_maps, ny), np.nan)
    iterations(
        n_iterations,
        rows_per_chunk,
        beyond_cache,
        data,
        after,
        Room.for_chunks(-(-ny // rows_per_chunk), n_maps, nx),
        *(some_steps(n_maps) if steps is None else steps),
        np.float32(relaxation),
        np.float32(precision),
        moved,
    )
    return after, moved


def at_rest(data, n_iterations=3000):
    """The state after so many iterations that no more move it, and the steps that led there."""
    steps = some_steps(len(data.weights), np.float32(0.3))
    state, _ = iterate(data, state_at_start(data), n_iterations, steps=steps, precision=1e-4)
    return state, steps


def limits(data, state):
    """Ceilings and reaches, as the loop chooses them."""
    brightest = state.maps.max(axis=(1, 2))
    reaches = 0.1 * brightest + 0.01 if data.gamma != 1 else np.full(len(brightest), np.inf)
    return (1.5 * brightest + 0.25).astype(np.float32), reaches.astype(np.float32)


def certify(data, state, rows_per_chunk=None):
    """Return the certified residual, and the sums of the HAADF and of the maps by row."""
    n_maps, ny, _ = data.counts.shape
    chunk = rows_per_chunk or ny
    room = room_to_certify(chunk, data.counts.shape)
    certified = np.full(data.haadf.shape, np.nan, np.float32)
    haadf_sums, map_sums = np.full((2, ny), np.nan), np.full((5, n_maps, ny), np.nan)
    args = (data, state, room, *limits(data, state), certified, haadf_sums, map_sums)
    certificate(chunk, *args)
    return certified, haadf_sums, map_sums


def gap(haadf_sums, map_sums):
    return haadf_sums[1].sum() / 2 + map_sums[1].sum() + map_sums[3].sum()

"""Total generalised variation: strains of fields, their transpose, values, steps and gaps."""

import numpy as np

from .arrays import by_map
from .regularisers import across_of, dual, gradient, lengths, project

# xy stands for two equal entries of a matrix.
TWICE = np.array([1.0, 1.0, 2.0])[:, None, None, None]


def strain(w):
    """yy, xx and xy of fields (2, K, ny, nx), 0 where a neighbour is beyond the border."""
    w = np.asarray(w, dtype=np.float64)
    out = np.zeros((3, *w.shape[1:]))
    if w.shape[2] > 2:
        out[0, :, :-2] = np.diff(w[0], axis=1)[:, :-1]
    if w.shape[3] > 2:
        out[1, :, :, :-2] = np.diff(w[1], axis=2)[:, :, :-1]
    along_x, along_y = np.diff(w[0], axis=2)[:, :-1], np.diff(w[1], axis=1)[:, :, :-1]
    out[2, :, :-1, :-1] = (along_x + along_y) / 2
    return out


def force(q):
    """The transpose of the matrix whose columns are the strains of single entries."""
    n_maps, *shape = np.shape(q)[1:]
    there = np.zeros((2, *shape), bool)
    there[0, :-1], there[1, :, :-1] = True, True
    places = np.nonzero(there)
    units = np.zeros((2, places[0].size, *shape))
    units[places[0], np.arange(places[0].size), places[1], places[2]] = 1
    out = np.zeros((2, n_maps, *shape))
    out[places[0], :, places[1], places[2]] = np.einsum(
        "cuyx,ckyx->uk", TWICE * strain(units), np.asarray(q, dtype=np.float64)
    )
    return out


def stress_lengths(q):
    return np.sqrt((TWICE * np.square(q)).sum(axis=0))


def project_stress(q, bounds):
    far = stress_lengths(q)
    bounds = by_map(bounds) + 0 * far
    return q * np.where(far > bounds, bounds / np.maximum(far, 1e-300), 1.0)


def field_step(data, state, field_steps, stress_steps, relaxation):
    """The field, its lead and the stress after one iteration."""
    chosen = data.places >= 0
    p, w = across_of(dual(state), data)[:, chosen], np.float64(state.field)
    q = np.float64(state.stress[:, :, 1:, 1:])
    moved = w + by_map(field_steps[chosen]) * (p - force(q))
    lead = 2 * moved - w
    target = q + by_map(stress_steps[chosen]) * strain(lead)
    target = project_stress(target, data.stress_bounds[chosen])
    lead = np.pad(lead, ((0, 0), (0, 0), (0, 0), (0, 1)))
    return w + relaxation * (moved - w), lead, q + relaxation * (target - q)


def certified_dual(data, state):
    """p = D^-1 E^T q of maps with fields, within its bound, by solving for each pixel."""
    chosen = data.places >= 0
    q = project_stress(np.float64(state.stress[:, :, 1:, 1:]), data.stress_bounds[chosen])
    pull = force(q)
    for i, row, col in np.ndindex(pull.shape[1:]):
        matrix = np.eye(2)
        if data.regularisers[chosen][i] % 2:
            direction = [data.directions_y[row, col], data.directions_x[row, col]]
            matrix -= np.outer(direction, direction).astype(float)
        pull[:, i, row, col] = np.linalg.solve(matrix, pull[:, i, row, col])
    return project(pull, data.bounds[chosen]), q


def field_gap(data, state, limits):
    """The regulariser and its gap of maps with fields, by row, (2, F, ny), times lambda_2."""
    chosen = data.places >= 0
    p, q = certified_dual(data, state)
    w = np.float64(state.field)
    whole = np.zeros((2, *state.maps.shape))
    whole[:, chosen] = p
    differences = gradient(state.maps)
    differences[:, chosen] -= w
    differences = across_of(differences, data)[:, chosen]
    strains = strain(w)
    value = by_map(data.bounds[chosen]) * lengths(differences)
    value += by_map(data.stress_bounds[chosen]) * stress_lengths(strains)
    left = across_of(whole, data)[:, chosen] - force(q)
    gap = value - (p * differences).sum(axis=0) - (TWICE * q * strains).sum(axis=0)
    gap += (by_map(limits[chosen]) * np.abs(left) - left * w).sum(axis=0)
    return np.stack([value, gap]).sum(axis=3)


def generalised_variation(x, w, beta=1.0, across=None):
    """One value a map, for a given field."""
    differences = gradient(x) - w
    differences = differences if across is None else across(differences)
    return (lengths(differences) + beta * stress_lengths(strain(w))).sum(axis=(1, 2))

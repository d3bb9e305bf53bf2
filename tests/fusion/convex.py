"""Minima of convex costs by an interior-point solver that knows nothing of this package."""

import warnings

import cvxpy as cp
import naive
import numpy as np
import scipy.sparse as sparse

from hyperspy_multimodal.fusion.directions import directions_of


def differences(n):
    """Forward differences along n pixels, 0 at the last."""
    matrix = sparse.diags([-np.ones(n), np.ones(max(n - 1, 0))], [0, 1], shape=(n, n)).tolil()
    matrix[n - 1] = 0
    return matrix.tocsr()


def _inner(n, left_out):
    """The identity, but for the last entries."""
    return sparse.diags(np.append(np.ones(max(n - left_out, 0)), np.zeros(min(left_out, n))))


def with_field(dy, dx, shape, beta=1.0):
    """Differences less a field, a new variable; and the sum of the lengths of its strains."""
    ny, nx = shape
    there = sparse.kron(_inner(ny, 1), sparse.eye(nx)), sparse.kron(sparse.eye(ny), _inner(nx, 1))
    wy, wx = (each @ cp.Variable(ny * nx) for each in there)
    yy = sparse.kron(_inner(ny, 2) @ differences(ny), sparse.eye(nx)) @ wy
    xx = sparse.kron(sparse.eye(ny), _inner(nx, 2) @ differences(nx)) @ wx
    xy = sparse.kron(_inner(ny, 1), differences(nx)) @ wy
    xy = (xy + sparse.kron(differences(ny), _inner(nx, 1)) @ wx) / 2
    lengths = cp.norm(cp.vstack([yy, xx, np.sqrt(2) * xy]), 2, axis=0)
    return dy - wy, dx - wx, beta * cp.sum(lengths)


def poisson_and_variation(
    x, counts, lambdas, background, directions=None, directional=None, knees=0.0, with_fields=None
):
    """The weighted Poisson and total variation terms of variable ``x`` (K, ny nx).

    Differences count by their squares up to the knees. ``with_fields`` says for which maps the
    total variation is generalised.
    """
    n_maps, ny, nx = counts.shape
    along_y = sparse.kron(differences(ny), sparse.eye(nx))
    along_x = sparse.kron(sparse.eye(ny), differences(nx))
    background = np.broadcast_to(background, counts.shape).reshape(n_maps, -1)
    lambda_1, lambda_2, knees = (np.broadcast_to(each, n_maps) for each in (*lambdas, knees))
    terms = []
    for i in range(n_maps):
        y = counts[i].ravel()
        counted = np.flatnonzero(y)
        terms.append(lambda_1[i] * (cp.sum(x[i]) + background[i].sum()))
        if counted.size:
            logarithm = cp.log(x[i, counted] + background[i, counted])
            terms.append(-lambda_1[i] * (y[counted] @ logarithm))
        if lambda_2[i] > 0:
            dy, dx = along_y @ x[i], along_x @ x[i]
            if with_fields is not None and with_fields[i]:
                dy, dx, strains = with_field(dy, dx, (ny, nx))
                terms.append(lambda_2[i] * strains)
            if directional is not None and directional[i]:
                direction_y, direction_x = (each.ravel() for each in directions)
                along = cp.multiply(direction_y, dy) + cp.multiply(direction_x, dx)
                dy, dx = dy - cp.multiply(direction_y, along), dx - cp.multiply(direction_x, along)
            lengths = cp.norm(cp.vstack([dy, dx]), 2, axis=0)
            if knees[i] > 0:
                lengths = cp.huber(lengths, knees[i]) / (2 * knees[i])
            terms.append(lambda_2[i] * cp.sum(lengths))
    return sum(terms)


def solved(cost, x, shape, constraints, accuracy):
    problem = cp.Problem(cp.Minimize(cost), list(constraints))
    # Where rounding stops the solver short of an accuracy, up to a hundred times that will do.
    for each in (accuracy, 10 * accuracy, 100 * accuracy):
        tight = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), each)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            problem.solve(solver=cp.CLARABEL, **tight)
        if problem.status == cp.OPTIMAL:
            break
    assert problem.status == cp.OPTIMAL
    return np.maximum(x.value, 0).reshape(shape), problem.value


def minimiser(**known):
    """Return the maps (K, ny, nx) of least cost, for gamma = 1."""
    return minimum(**known)[0]


def minimum(
    counts,
    haadf,
    gamma,
    lambdas,
    background=0.0,
    weights=None,
    offset=0.0,
    totals=None,
    guide=None,
    directional=None,
    knees=0.0,
    with_fields=None,
):
    """Return the maps (K, ny, nx) of least cost, for gamma = 1, and that cost."""
    assert gamma == 1
    n_maps = len(counts)
    weights = np.broadcast_to(1.0 if weights is None else weights, n_maps)
    x = cp.Variable((n_maps, haadf.size), nonneg=True)
    residual = haadf.ravel() - offset - weights @ x
    directions = None
    if guide is not None:
        directions = directions_of(guide)
        directional = [True] * n_maps if directional is None else directional
    cost = 0.5 * cp.sum_squares(residual)
    cost += poisson_and_variation(
        x, counts, lambdas, background, directions, directional, knees, with_fields
    )
    kept = [] if totals is None else [(i, t) for i, t in enumerate(totals) if np.isfinite(t)]
    return solved(cost, x, counts.shape, [cp.sum(x[i]) == total for i, total in kept], 1e-8)


def minimiser_near(maps, reach, slopes, residual, counts, lambdas, background):
    """Return the best maps within ``reach``, the HAADF model being linear: residual and slopes."""
    n_maps = len(counts)
    x = cp.Variable((n_maps, counts[0].size), nonneg=True)
    move = x - maps.reshape(n_maps, -1)
    modelled = cp.sum(cp.multiply(slopes.reshape(n_maps, -1), move), axis=0)
    cost = 0.5 * cp.sum_squares(residual.ravel() - modelled)
    cost += poisson_and_variation(x, counts, lambdas, background)
    reach = np.broadcast_to(reach, maps.shape).reshape(n_maps, -1)
    return solved(cost, x, counts.shape, [move <= reach, move >= -reach], 1e-7)[0]


def best_sources(
    ridges,
    counts,
    haadf,
    gamma,
    lambdas,
    background,
    weights,
    offset,
    totals=None,
    regularisers=None,
    guide=None,
):
    """Return the sources (K, ny, nx) of the maps x = K u of least cost, for gamma = 1.

    Where ``regularisers`` names another one than sieves, K is 1, and the ridge 0.
    """
    assert gamma == 1
    n_maps, ny, nx = counts.shape
    names = ("sieve",) * n_maps if regularisers is None else regularisers
    are_sieves = np.isin(names, ("sieve", "smooth"))
    ridges = np.where(are_sieves, ridges, 0)
    directions = None if guide is None else directions_of(guide)
    directional = ["directional" in name for name in names]
    with_fields = ["tgv" in name for name in names]
    weights = np.broadcast_to(1.0 if weights is None else weights, n_maps)
    lambda_1, lambda_2 = (np.broadcast_to(value, n_maps) for value in lambdas)
    widths = np.where(are_sieves, np.sqrt(2 * lambda_2 / lambda_1) * (haadf.size > 1), 0)
    u = cp.Variable((n_maps, haadf.size), nonneg=True)
    blurs = [np.kron(naive.blur_matrix(ny, each), naive.blur_matrix(nx, each)) for each in widths]
    x = cp.vstack([blurs[i] @ u[i] for i in range(n_maps)])
    cost = 0.5 * cp.sum_squares(haadf.ravel() - offset - weights @ x)
    lambdas = lambda_1, np.where(are_sieves, 0, lambda_2)
    cost += poisson_and_variation(
        x, counts, lambdas, background, directions, directional, with_fields=with_fields
    )
    cost += sum(ridges[i] / 2 * cp.sum_squares(u[i]) for i in range(n_maps))
    kept = [] if totals is None else [(i, t) for i, t in enumerate(totals) if np.isfinite(t)]
    return solved(cost, u, counts.shape, [cp.sum(u[i]) == total for i, total in kept], 1e-9)[0]

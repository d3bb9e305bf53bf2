"""The same convex problem (gamma = 1) by a generic first-order solver: CVXPY with SCS.

Usage: python against_cvxpy.py (needs the packages of ``pip install hyperspy_multimodal[tests]``).
"""

import time

import cvxpy as cp
import numpy as np
import scipy.sparse as sparse
from solver import best_time
from specimens import atomic, problem

from hyperspy_multimodal.fusion import solve_fusion


def differences(n):
    """Forward differences along n pixels, 0 at the last."""
    return sparse.diags([np.append(-np.ones(n - 1), 0), np.ones(n - 1)], [0, 1], shape=(n, n))


def with_scs(known, accuracy):
    """Maps by SCS to its own accuracy, and the seconds in the solver alone."""
    counts = known["counts"].astype(float)
    n_maps, ny, nx = counts.shape
    lambda_1, lambda_2 = (np.broadcast_to(value, n_maps) for value in known["lambdas"])
    along_y = sparse.kron(differences(ny), sparse.eye(nx))
    along_x = sparse.kron(sparse.eye(ny), differences(nx))
    x = cp.Variable((n_maps, ny * nx), nonneg=True)
    cost = 0.5 * cp.sum_squares(known["haadf"].ravel() - known["weights"] @ x)
    for i in range(n_maps):
        y, background = counts[i].ravel(), known["background"][i].ravel()
        counted = np.flatnonzero(y)
        cost += lambda_1[i] * cp.sum(x[i])
        cost -= lambda_1[i] * (y[counted] @ cp.log(x[i, counted] + background[counted]))
        gradient = cp.vstack([along_y @ x[i], along_x @ x[i]])
        cost += lambda_2[i] * cp.sum(cp.norm(gradient, 2, axis=0))
    task = cp.Problem(cp.Minimize(cost))
    began = time.perf_counter()
    task.solve(solver=cp.SCS, eps_abs=accuracy, eps_rel=accuracy, max_iters=20_000)
    seconds = task.solver_stats.solve_time or time.perf_counter() - began
    return np.maximum(x.value, 0).reshape(counts.shape).astype(np.float32), seconds


def gap_of(maps, known, least):
    """Cost above the minimum, relative as `solve_fusion` has it."""
    counts, background = known["counts"].astype(float), known["background"]
    lambda_1, lambda_2 = (np.broadcast_to(value, len(counts)) for value in known["lambdas"])
    expected = np.maximum(maps + background, 1e-12)
    poisson = (expected - counts * np.log(expected)).sum(axis=(1, 2))
    dy = np.diff(maps, axis=1, append=maps[:, -1:])
    dx = np.diff(maps, axis=2, append=maps[:, :, -1:])
    residual = known["haadf"] - np.tensordot(known["weights"], maps, 1)
    cost = 0.5 * np.sum(residual.astype(float) ** 2)
    cost += lambda_1 @ poisson + lambda_2 @ np.hypot(dy, dx).sum(axis=(1, 2))
    return (cost - least.cost) / (least.cost - likeliest(known))


def likeliest(known):
    """The Poisson term of the likeliest maps, below which no cost is."""
    counts, lambda_1 = known["counts"].astype(float), known["lambdas"][0]
    expected = np.maximum(counts, known["background"])
    logarithm = np.log(np.maximum(expected, 1e-12))
    return lambda_1 * np.sum(expected - counts * logarithm)


def table(sizes=(32,)):
    """Print one row for each size."""
    print("\n<!-- table: against-cvxpy -->\n")
    print("| size | SCS | its cost above the minimum | ours to the same cost | faster |")
    print("|---|---|---|---|---|")
    for size in sizes:
        known = problem(atomic(size, 20), 1.0, 1e-2, 1.0)
        least = solve_fusion(**known, tolerance=1e-6, max_iterations=5000)
        maps, seconds = with_scs(known, 1e-4)
        aim = gap_of(maps, known, least)
        iterations = 10
        while True:
            ours = solve_fusion(**known, tolerance=1e-12, max_iterations=iterations)
            if gap_of(ours.maps, known, least) <= aim or iterations > 1000:
                break
            iterations += 10
        took = best_time(
            lambda n=iterations, k=known: solve_fusion(**k, tolerance=1e-12, max_iterations=n)
        )
        print(
            f"| {size}² x 3 | {seconds:.1f} s | {aim:.0e} of the excess | {1e3 * took:.1f} ms, "
            f"{iterations} iterations | {seconds / took:.0f} x |"
        )


if __name__ == "__main__":
    table()

"""The cost of `solve_fusion`, and what gaps are relative to."""

import numpy as np

from .arrays import by_map
from .haadf import haadf_residual
from .poisson import poisson_likelihood
from .regularisers import huber_variation


def cost(
    maps,
    counts,
    haadf,
    gamma,
    lambdas,
    background=0.0,
    weights=None,
    offset=0.0,
    guide=None,
    directional=None,
    knees=0.0,
):
    """Return the HAADF, Poisson and total variation terms of the fusion cost, weighted.

    With ``knees`` differences count by their squares up to there.
    """
    counts = np.asarray(counts, dtype=np.float64)
    weights = np.ones(len(counts)) if weights is None else np.broadcast_to(weights, len(counts))
    lambda_1, lambda_2 = (np.broadcast_to(value, len(counts)) for value in lambdas)
    background = np.broadcast_to(background, counts.shape)
    return np.array(
        [
            0.5 * np.sum(haadf_residual(maps, haadf, weights, offset, gamma) ** 2),
            np.sum(lambda_1 * poisson_likelihood(maps, counts, background)),
            np.sum(lambda_2 * huber_variation(maps, knees, guide, directional)),
        ]
    )


def excess(maps, problem):
    """Cost above what is unavoidable, plus what keeps it from 0."""
    counts = np.asarray(problem["counts"], dtype=np.float64)
    likeliest = np.maximum(counts - problem.get("background", 0.0), 0)
    means = likeliest.mean(axis=(1, 2))
    haadf, gamma = problem["haadf"] - problem.get("offset", 0.0), problem["gamma"]
    weights = problem.get("weights", None)
    model = np.sum((1.0 if weights is None else np.asarray(weights)) * means**gamma)
    bright = max(haadf.mean(), 0)
    dimmed = (bright / model) ** (1 / gamma) if model > bright else 1.0
    flat = np.broadcast_to(by_map(max(dimmed, 1e-6) * means), counts.shape)
    least = cost(likeliest, **problem)[1]
    missed = problem["haadf"] - problem.get("offset", 0.0)
    if weights is None or np.any(np.asarray(weights) != 0):
        missed = np.minimum(missed, 0)
    least += 0.5 * np.sum(missed**2)
    weighted = np.sum(np.broadcast_to(problem["lambdas"][0], len(counts)) * counts.sum(axis=(1, 2)))
    of_flat = cost(flat, **problem).sum() - least
    return cost(maps, **problem).sum() - least + 0.01 * of_flat + 1e-4 * weighted

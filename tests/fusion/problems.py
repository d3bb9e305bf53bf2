"""Small fusion problems with known ingredients: the arguments of `solve_fusion` as dictionaries."""

import numpy as np

from hyperspy_multimodal.fusion.inputs import checked_regularisers
from hyperspy_multimodal.fusion.problem import Cost, Problem


def truth(shape, level):
    """Net counts: K rectangles that overlap, on an empty field."""
    n_maps, ny, nx = shape
    maps = np.zeros(shape)
    for i in range(n_maps):
        top, left = (i * ny) // (2 * n_maps), (i * nx) // (2 * n_maps)
        maps[i, top : top + ny // 2 + 1, left : left + nx // 2 + 1] = level / (1 + i)
    return maps


def problem(shape, *, level, background=0.0, weights="fitted", offset=0.1, seed=0, **known):
    """Poisson counts of `truth` over a background, and a HAADF with a little noise.

    ``known`` gives gamma, 1 unless said, lambdas and whatever else goes to the solver.
    """
    rng = np.random.default_rng(seed)
    net = truth(shape, level)
    fitted = 1 / (level * np.arange(1.0, shape[0] + 1))
    gamma = known.setdefault("gamma", 1)
    used = (fitted**gamma) if isinstance(weights, str) else weights
    drawn = np.ones(shape[0]) if used is None else np.broadcast_to(used, shape[0])
    model = offset + np.tensordot(drawn, net**gamma, 1)
    return known | {
        "counts": rng.poisson(net + background).astype(np.float64),
        "haadf": model + 0.02 * rng.normal(size=shape[1:]),
        "background": background,
        "weights": used,
        "offset": offset,
    }


def sloping(shape, low, high):
    return np.broadcast_to(np.linspace(low, high, shape[-1]), shape)


CONVEX = {
    "not square": problem((2, 7, 11), level=6, background=0.5, lambdas=(0.02, 0.02)),
    "own lambdas, sloping background": problem(
        (3, 9, 5),
        level=8,
        background=sloping((3, 9, 5), 0.2, 2),
        lambdas=([0.01, 0.05, 0.2], [0.03, 0.01, 0.1]),
    ),
    "one pixel wide": problem((2, 15, 1), level=5, background=0.3, lambdas=(0.02, 0.02)),
    "one pixel high": problem((2, 1, 17), level=5, background=0.3, lambdas=(0.02, 0.02)),
    "one pixel": problem((2, 1, 1), level=5, background=0.3, lambdas=(0.02, 0.02)),
    "no background, weights of 1": problem(
        (2, 6, 8), level=2, weights=None, offset=0.0, lambdas=(0.1, 0.1)
    ),
    "without the HAADF": problem(
        (1, 8, 9), level=4, background=1.0, weights=0.0, lambdas=(1.0, 1.0)
    ),
    "unequal weights, one of them 0": problem(
        (3, 6, 7), level=5, background=0.2, weights=[0.2, 0, 0.1], lambdas=(0.05, 0.03)
    ),
    "few counts": problem((2, 10, 12), level=0.2, weights=[3, 2], lambdas=(0.1, 0.02)),
    "many counts": problem((2, 8, 9), level=1000, background=50.0, lambdas=(1e-3, 1e-3)),
    "weak Poisson term": problem((2, 7, 8), level=10, background=1.0, lambdas=(1e-4, 1e-4)),
    "one map without total variation": problem(
        (2, 6, 9), level=4, background=0.5, lambdas=(0.05, [0.0, 0.05])
    ),
    "six elements": problem((6, 5, 6), level=12, background=0.5, lambdas=(0.05, 0.05)),
    "directional": problem((2, 12, 11), level=4, background=0.5, lambdas=(0.05, 0.08))
    | {"guide": truth((2, 12, 11), 1.0).sum(axis=0)},
    "one map directional": problem((2, 9, 13), level=6, lambdas=(0.02, [0.03, 0.05]))
    | {"guide": truth((2, 9, 13), 1.0)[0], "directional": [False, True]},
    "directional without background, with a total": problem((2, 8, 9), level=5, lambdas=(0.1, 0.1))
    | {"guide": truth((2, 8, 9), 1.0)[0], "totals": [100.0, np.nan]},
    "totals": problem((2, 7, 9), level=5, background=0.4, lambdas=(0.02, 0.05))
    | {"totals": [110.0, 70.0]},
    "one total of two": problem((2, 7, 9), level=5, background=0.4, lambdas=(0.02, 0.05))
    | {"totals": [np.nan, 70.0]},
}


def in_own_units(problem):
    """The same problem as the solver sees it, totals left free."""
    n_maps = len(problem["counts"])
    cost = Cost(
        problem["counts"],
        problem["haadf"],
        np.broadcast_to(problem["background"], problem["counts"].shape),
        np.broadcast_to(1.0 if problem["weights"] is None else problem["weights"], n_maps),
        problem["offset"],
        problem["gamma"],
        *(np.broadcast_to(value, n_maps) for value in problem["lambdas"]),
        np.full(n_maps, np.nan),
        *checked_regularisers(
            problem.get("guide"), problem.get("directional"), problem["counts"].shape
        ),
    )
    return Problem.scaled(cost)


def without(problem, *names):
    return {name: value for name, value in problem.items() if name not in names}

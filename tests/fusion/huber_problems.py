"""Problems whose total variation has Huber's form, solved, and their costs and optima."""

import naive
import numpy as np

from hyperspy_multimodal.fusion.inputs import checked_regularisers
from hyperspy_multimodal.fusion.problem import Cost, Problem
from hyperspy_multimodal.fusion.solver import minimise

from .convex import minimiser
from .problems import problem, sloping, truth, without

HUBER = {"isotropic": "huber", "directional": "directional huber"}

PROBLEMS = {
    "not square": problem((2, 7, 11), level=6, background=0.5, lambdas=(0.02, 0.03))
    | {"knees": [1.0, 0.5]},
    "knee above all differences": problem((2, 6, 9), level=6, background=0.3, lambdas=(0.02, 0.05))
    | {"knees": [50.0, 80.0]},
    "small knee": problem((2, 9, 8), level=8, lambdas=(0.05, 0.05)) | {"knees": [0.02, 0.01]},
    "own lambdas, sloping background": problem(
        (3, 9, 5),
        level=8,
        background=sloping((3, 9, 5), 0.2, 2),
        lambdas=([0.01, 0.05, 0.2], [0.03, 0.01, 0.1]),
    )
    | {"knees": [0.5, 1.0, 0.3]},
    "one pixel high": problem((2, 1, 17), level=5, background=0.3, lambdas=(0.02, 0.02))
    | {"knees": [0.4, 0.4]},
    "without the HAADF": problem((1, 8, 9), level=4, background=1.0, weights=0.0, lambdas=(1, 1))
    | {"knees": [0.5]},
    "many counts": problem((2, 8, 9), level=1000, background=50.0, lambdas=(1e-3, 1e-3))
    | {"knees": [60.0, 60.0]},
    "directional": problem((2, 12, 11), level=4, background=0.5, lambdas=(0.05, 0.08))
    | {"knees": [0.5, 0.5], "guide": truth((2, 12, 11), 1.0).sum(axis=0)},
    "each of another kind": problem((4, 8, 9), level=6, background=0.4, lambdas=(0.05, 0.06))
    | {"guide": truth((4, 8, 9), 1.0)[0], "directional": [True, False, True, False]}
    | {"knees": [0.4, 0.4, 0.0, 0.0]},
    "totals": problem((2, 7, 9), level=5, background=0.4, lambdas=(0.02, 0.05))
    | {"totals": [110.0, np.nan], "knees": [0.5, 0.5]},
}


def cost_of(known):
    """The `Cost`; total variation where the knee is 0."""
    n_maps, shape = len(known["counts"]), known["counts"].shape
    names, directions = checked_regularisers(known.get("guide"), known.get("directional"), shape)
    knees = np.broadcast_to(known["knees"], n_maps)
    names = (HUBER[name] if knee > 0 else name for name, knee in zip(names, knees, strict=True))
    return Cost(
        known["counts"],
        known["haadf"],
        np.broadcast_to(known["background"], shape),
        np.broadcast_to(1.0 if known["weights"] is None else known["weights"], n_maps),
        known["offset"],
        known["gamma"],
        *(np.broadcast_to(value, n_maps).astype(float) for value in known["lambdas"]),
        np.array(known.get("totals", np.full(n_maps, np.nan))),
        tuple(names),
        directions,
        knees,
    )


def in_own_units(known):
    return Problem.scaled(cost_of(known))


def solved(known, tolerance=3e-7, max_iterations=4000, **options):
    return minimise(cost_of(known), tolerance, max_iterations, **options)


def terms(maps, known):
    return naive.cost(maps, **without(known, "totals"))


def total_cost(maps, known):
    return terms(maps, known).sum()


def excess(maps, known):
    return naive.excess(maps, without(known, "totals"))


def optimum(known):
    return minimiser(**known)

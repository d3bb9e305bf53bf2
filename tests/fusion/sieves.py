"""Small problems whose maps are sieves, and their costs in float64."""

import naive
import numpy as np

from hyperspy_multimodal.fusion import solve_fusion
from hyperspy_multimodal.fusion.regularisers import REGULARISERS

from .problems import CONVEX, in_own_units, problem, sloping, without


def with_width(known, width):
    """The same problem with lambda_2 of a Gaussian of so many pixels, one for all or one a map."""
    lambda_1 = np.broadcast_to(known["lambdas"][0], len(known["counts"]))
    return known | {"lambdas": (lambda_1, lambda_1 * np.square(width) / 2)}


PROBLEMS = {
    "not square": with_width(CONVEX["not square"], 1.0),
    "own widths, sloping background": with_width(
        CONVEX["own lambdas, sloping background"], [0.5, 1.0, 1.8]
    ),
    "one pixel wide": with_width(CONVEX["one pixel wide"], 1.5),
    "one pixel high": with_width(CONVEX["one pixel high"], 1.5),
    "one pixel": with_width(CONVEX["one pixel"], 1.5),
    "without background": with_width(CONVEX["no background, weights of 1"], 0.8),
    "without the HAADF": with_width(CONVEX["without the HAADF"], 1.2),
    "a width of 0": with_width(CONVEX["not square"], [0.0, 1.0]),
    "many counts": with_width(CONVEX["many counts"], 1.0),
    "totals": with_width(CONVEX["totals"], 1.0),
    "one total of two": with_width(CONVEX["one total of two"], 1.3),
}
TIGHT = {"tolerance": 1e-6, "max_iterations": 5000}


def ridges_of(known, names="sieve"):
    """The ridge of each map, all of one regulariser or each of its own."""
    shares = [REGULARISERS[name].ridge for name in np.broadcast_to(names, len(known["counts"]))]
    lambda_1 = np.broadcast_to(known["lambdas"][0], len(known["counts"]))
    return np.array(shares) * lambda_1 / in_own_units(without(known, "totals")).scales


def cost_of(known):
    """The naive twin of a problem."""
    return naive.Sources(ridges_of(known), **without(known, "totals"))


def sieved(known, **options):
    return solve_fusion(**known, regularisers="sieve", **options)


def full_problem(gamma, shape=(3, 7, 10), width=(0.7, 1.0, 1.5), **known):
    known = {"level": 6, "background": sloping(shape, 0.3, 1), "lambdas": (0.1, 0.0)} | known
    return with_width(problem(shape, gamma=gamma, **known), width)

"""float32 kernels end where the naive loop in float64 ends."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose
from slow_repeats import slow

from hyperspy_multimodal.fusion import solve_fusion
from hyperspy_multimodal.fusion.loop import start
from hyperspy_multimodal.fusion.steps import StepSizes

from . import huber_problems
from .problems import CONVEX, in_own_units, problem

# At most; maps that move by less than this share of the largest value in so many iterations are
# there.
NAIVE_ITERATIONS, AT_REST, SO_MANY = 1500, 1e-7, 50


def closed_form(v, steps, counts, background):
    """As `naive.poisson_prox`, without the search for the root."""
    rest = v + background - steps
    root = np.sqrt(rest**2 + 4 * steps * counts)
    x = np.where(rest > 0, (rest + root) / 2, 2 * steps * counts / np.maximum(root - rest, 1e-300))
    return np.maximum(x - background, 0)


def solved_in_double_precision(own):
    """The maps after many iterations of the naive twin, its step sizes never balanced."""
    data = own.data._replace(
        **{
            name: np.asarray(value, np.float64)
            for name, value in own.data._asdict().items()
            if name not in ("regularisers", "places")
        }
    )
    state = start(own, None)
    state = state._replace(**{k: np.asarray(v, np.float64) for k, v in state._asdict().items()})
    steps = StepSizes(own)
    primal, dual = np.float64(steps.primal), np.float64(steps.dual)
    before = np.inf
    for number in range(NAIVE_ITERATIONS):
        if number % SO_MANY == 0:
            if np.abs(state.maps - before).max() < AT_REST * state.maps.max():
                break
            before = state.maps.copy()
        (relaxed, maps, p, residual, prices), _ = naive.iteration(data, state, primal, dual, 1.8)
        state = state._replace(relaxed=relaxed, maps=maps, residual=residual, prices=prices)
        state.dual_y[:, 1:], state.dual_x[:, :, 1:] = p
    return state.maps * naive.by_map(own.scales)


@pytest.mark.parametrize(
    "known",
    [
        slow(CONVEX["no background, weights of 1"]),
        slow(CONVEX["few counts"]),
        CONVEX["one pixel high"],
        problem((2, 6, 7), level=6, background=0.5, gamma=1.7, lambdas=(0.1, 0.05)),
        slow(problem((2, 6, 7), level=6, background=0.5, gamma=2.5, lambdas=(0.1, 0.05))),
        problem((2, 6, 7), level=6, background=0.5, lambdas=(0.1, 0.05))
        | {"guide": np.arange(42.0).reshape(6, 7) % 5, "directional": [True, False]},
    ],
    ids=["no background", "few counts", "one row", "gamma 1.7", "gamma 2.5", "directional"],
)
def test_the_result_is_that_of_the_naive_loop_in_double_precision(known, monkeypatch):
    monkeypatch.setattr(naive.poisson, "poisson_prox", closed_form)
    result = solve_fusion(**known, tolerance=1e-7, max_iterations=3000)
    expected = solved_in_double_precision(in_own_units(known))
    assert_allclose(result.maps, expected, atol=1e-4 * expected.max())


@pytest.mark.parametrize("name", [slow("small knee"), "each of another kind"])
def test_hubers_form_is_that_of_the_naive_loop_in_double_precision(name, monkeypatch):
    monkeypatch.setattr(naive.poisson, "poisson_prox", closed_form)
    known = huber_problems.PROBLEMS[name]
    maps = huber_problems.solved(known, 1e-7, 3000).maps
    expected = solved_in_double_precision(huber_problems.in_own_units(known))
    assert_allclose(maps, expected, atol=3e-4 * expected.max())

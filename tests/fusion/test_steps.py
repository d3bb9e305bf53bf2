"""Step sizes: their product is fixed, and their ratio follows the movement, ever less."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.fusion.steps import StepSizes

from .problems import in_own_units, problem


@pytest.fixture
def steps():
    """Of three maps, the last without total variation."""
    known = problem((3, 8, 9), level=9, background=0.5, lambdas=(0.1, [0.1, 0.3, 0]))
    return StepSizes(in_own_units(known))


def test_their_product_is_that_of_the_gradients_norm(steps):
    """tau sigma |grad|^2 <= 1, with |grad|^2 <= 8."""
    rng = np.random.default_rng(0)
    for _ in range(10):
        assert_allclose(steps.primal.astype(np.float64) * steps.dual, 1 / 8, rtol=1e-6)
        steps.balance(*rng.uniform(1e-6, 1, (2, 3)))


def test_equal_movement_leaves_them_alone(steps):
    before = steps.primal.copy()
    steps.balance(steps.primal.astype(np.float64), steps.dual.astype(np.float64))
    assert_allclose(steps.primal, before, rtol=1e-6)


@pytest.mark.parametrize("ahead", [100, 0.01])
def test_a_map_that_is_ahead_of_its_dual_gets_the_longer_step(ahead, steps):
    before = steps.primal.copy()
    steps.balance(*([ahead, 1, 1] * steps.primal, steps.dual.astype(np.float64)))
    assert (steps.primal[0] > 1.2 * before[0]) if ahead > 1 else (steps.primal[0] < before[0] / 1.2)
    assert_allclose(steps.primal[1:], before[1:], rtol=1e-6)


def test_a_map_that_rests_keeps_its_step(steps):
    before = steps.primal.copy()
    steps.balance(np.zeros(3), np.ones(3))
    steps.balance(np.ones(3), np.zeros(3))
    assert_allclose(steps.primal, before)


@pytest.mark.parametrize(("maps_moved", "dual_moved"), [(1e6, 1e-6), (1e-6, 1e6)])
def test_they_settle(maps_moved, dual_moved, steps):
    """However far apart the movements stay, corrections die out geometrically."""
    taken = []
    for _ in range(60):
        taken.append(steps.primal.astype(np.float64))
        steps.balance(np.full(3, maps_moved), np.full(3, dual_moved))
    changes = np.abs(np.diff(np.log(taken), axis=0))
    assert np.all(changes[0, :2] > 0.1)
    assert np.all(changes[-10:] < 1e-5)


def test_they_are_finite_without_total_variation(steps):
    assert np.all(np.isfinite(steps.primal))
    assert np.all(np.isfinite(steps.dual))
    assert np.all(steps.primal > 0)

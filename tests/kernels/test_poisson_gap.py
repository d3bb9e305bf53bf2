"""The Poisson gap of one row, and the residual that is lowered for its sake."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.kernels import gaps

from .variants import as_compiled_and_python, sparse_counts, uniform

on_lengths = pytest.mark.parametrize("n", [1, 5, 33])


def poisson_problem(rng, n):
    counts, background = sparse_counts(rng, n), uniform(rng, n, 0, 0.4)
    background[rng.uniform(size=n) < 0.3] = 0
    x = uniform(rng, n, 0.01, 1)
    x[(rng.uniform(size=n) < 0.3) & (background > 0)] = 0
    return {
        "x": x,
        "counts": counts,
        "background": background,
        "divergence": uniform(rng, n, -0.3, 0.3),
        "slopes": uniform(rng, n, 0, 2),
        "residual": uniform(rng, n, -0.3, 0.5),
    }


PRICE, FIDELITY, CEILING = 0.1, 0.4, 1.3


def poisson_sums(function, problem, reach=np.inf):
    numbers = (np.float32(value) for value in (PRICE, FIDELITY, CEILING, reach))
    return np.array(function(problem["x"].size, *numbers, *problem.values()))


def with_pull(problem, s):
    """The same problem, its dual variable such that the slope is s."""
    missing = s - problem["slopes"].astype(np.float64) * problem["residual"] + PRICE
    return problem | {"divergence": missing.astype(np.float32)}


def likelihood_slope(problem):
    args = (problem[name] for name in ("x", "counts", "background"))
    return FIDELITY * naive.poisson_gradient(*args)


@pytest.mark.parametrize("reach", [0.05, 0.4, np.inf])
@on_lengths
@as_compiled_and_python
def test_poisson_row_agrees_with_trying_every_point(variant, n, reach, rng):
    problem = poisson_problem(rng, n)
    x, y, b = (problem[name][None, None] for name in ("x", "counts", "background"))
    s = problem["slopes"].astype("f8") * problem["residual"] + problem["divergence"] - PRICE
    gap = naive.poisson_gap(x.astype("f8"), s[None, None], y, b, [FIDELITY], [CEILING], [reach])
    expected = naive.poisson_deviance(x, y, b).sum(), gap.sum(), x.sum()
    assert_allclose(
        poisson_sums(variant(gaps.poisson_row), problem, reach), expected, rtol=1e-5, atol=1e-5
    )


@as_compiled_and_python
def test_poisson_gap_is_0_at_the_slope_of_the_likelihood(variant, rng):
    problem = poisson_problem(rng, 33)
    problem = with_pull(problem, likelihood_slope(problem))
    assert poisson_sums(variant(gaps.poisson_row), problem)[1] == pytest.approx(0, abs=2e-5)


@pytest.mark.parametrize("at, beyond", [("floor", -0.3), ("ceiling", 0.3), ("reach", 0.3)])
@as_compiled_and_python
def test_poisson_gap_is_0_where_a_limit_holds_the_map_back(variant, at, beyond, rng):
    problem = poisson_problem(rng, 33)
    problem["background"] += np.float32(0.1)
    problem["x"][:] = {"floor": 0, "ceiling": CEILING, "reach": 0.5}[at]
    problem = with_pull(problem, likelihood_slope(problem) + beyond)
    reach = 0 if at == "reach" else np.inf
    assert poisson_sums(variant(gaps.poisson_row), problem, reach)[1] == pytest.approx(0, abs=2e-5)


@pytest.mark.parametrize("off", [-0.3, 0.3])
def test_poisson_gap_is_positive_away_from_that_slope(off, rng):
    problem = poisson_problem(rng, 33)
    problem["x"] = np.maximum(problem["x"], np.float32(0.1))
    problem["counts"] += np.float32(0.5)
    problem = with_pull(problem, likelihood_slope(problem) + off)
    for pixel in range(33):
        one = {name: values[pixel : pixel + 1] for name, values in problem.items()}
        assert poisson_sums(gaps.poisson_row, one)[1] > 1e-4


@pytest.mark.parametrize("reach", [0.01, np.inf])
def test_poisson_gap_is_never_negative_but_for_rounding(reach, rng):
    for _ in range(1000):
        problem = poisson_problem(rng, 1)
        assert poisson_sums(gaps.poisson_row, problem, reach)[1] >= -1e-7


def test_deviance_is_0_where_the_model_meets_the_counts_and_else_positive(rng):
    problem = poisson_problem(rng, 33)
    problem["counts"] = problem["x"] + problem["background"]
    assert poisson_sums(gaps.poisson_row, problem)[0] == pytest.approx(0, abs=1e-9)
    problem["counts"] *= np.float32(1.01)
    assert poisson_sums(gaps.poisson_row, problem)[0] > 1e-5


def lowered(function, problem, limit=1.0):
    out = problem["residual"].copy()
    numbers = (np.float32(value) for value in (PRICE, FIDELITY, limit))
    arrays = (problem[name] for name in ("counts", "divergence", "slopes", "residual"))
    function(out.size, *numbers, *arrays, out)
    return out


@as_compiled_and_python
def test_lower_row_brings_the_pull_at_empty_pixels_down_to_the_fidelity(variant, rng):
    problem = poisson_problem(rng, 33)
    problem["slopes"] += np.float32(0.3)
    problem = with_pull(problem, FIDELITY + uniform(rng, 33, -0.2, 0.08))
    out = lowered(variant(gaps.lower_row), problem)
    pull = problem["slopes"] * out + problem["divergence"] - PRICE
    above = problem["slopes"] * problem["residual"] + problem["divergence"] - PRICE > FIDELITY
    chosen = above & (problem["counts"] == 0)
    assert 3 < chosen.sum() < 30
    assert_allclose(pull[chosen], FIDELITY, rtol=1e-6)
    assert np.all(out[chosen] < problem["residual"][chosen])
    assert_array_equal(out[~chosen], problem["residual"][~chosen])


@as_compiled_and_python
def test_lower_row_raises_nothing_that_another_map_has_lowered(variant, rng):
    problem = poisson_problem(rng, 33)
    low = problem["residual"] - np.float32(5)
    out = low.copy()
    args = (problem[name] for name in ("counts", "divergence", "slopes", "residual"))
    variant(gaps.lower_row)(33, *(np.float32(v) for v in (PRICE, FIDELITY, 1)), *args, out)
    assert_array_equal(out, low)


@as_compiled_and_python
def test_lower_row_leaves_what_would_cost_more_than_it_gains(variant, rng):
    problem = poisson_problem(rng, 33)
    problem["counts"][:] = 0
    problem["slopes"][:] = 0.1
    problem = with_pull(problem, FIDELITY + 0.05)
    assert_array_equal(lowered(variant(gaps.lower_row), problem, 1), problem["residual"])
    assert np.all(lowered(variant(gaps.lower_row), problem, 10) < problem["residual"])

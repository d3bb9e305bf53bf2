"""The problem in the solver's own units: scales, and the cost that they leave unchanged."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.fusion.problem import map_scales

from .problems import in_own_units, problem, sloping


@pytest.mark.parametrize("level", [0.1, 5, 2000])
@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_the_cost_in_scaled_units_is_the_cost(gamma, level):
    shape = (2, 7, 9)
    known = problem(
        shape,
        level=level,
        background=sloping(shape, level / 10, level / 3),
        gamma=gamma,
        lambdas=([0.1, 0.3], 0.2),
    )
    maps = np.random.default_rng(5).uniform(0, level, shape)
    own = in_own_units(known)
    terms, residual = own.cost_terms((maps / naive.by_map(own.scales)).astype(np.float32))
    assert_allclose(own.unit * np.array(terms), naive.cost(maps, **known), rtol=1e-5)
    args = (known["haadf"], known["weights"], known["offset"], gamma)
    brightest = np.sqrt(own.unit)
    assert_allclose(brightest * residual, naive.haadf_residual(maps, *args), atol=1e-5 * brightest)


def test_maps_are_of_order_one_in_their_own_units():
    for level in (0.5, 20, 1e5):
        known = problem((3, 20, 24), level=level, background=level / 9, lambdas=(1, 1))
        own = in_own_units(known)
        brightest = np.percentile(own.counts, 99, axis=(1, 2))
        assert np.all((brightest > 0.5) & (brightest < 10))


@pytest.mark.parametrize(
    ("gross", "background", "expected"),
    [(4.0, 1.0, 3.0), (1.0, 3.0, 1.0), (0.0, 2.0, 2.0), (0.0, 0.0, 1.0)],
)
def test_scales_are_positive_whatever_was_counted(gross, background, expected):
    counts, expected_background = np.full((1, 5, 6), gross), np.full((1, 5, 6), background)
    assert_allclose(map_scales(counts, expected_background), [expected], rtol=1e-6)


def test_the_likeliest_maps_have_the_least_likelihood_cost():
    known = problem((2, 7, 9), level=3, background=0.5, lambdas=(0.1, 0.1))
    own, rng = in_own_units(known), np.random.default_rng(2)
    likeliest = np.maximum(own.counts - own.background, 0)
    assert own.least_likelihood == pytest.approx(own.likelihood(likeliest))
    for _ in range(10):
        other = rng.uniform(0, 3, own.counts.shape).astype(np.float32)
        assert own.likelihood(other) > own.least_likelihood

"""The cost of the documentation, in which maps enter as x_i / s_i."""

import naive
import numpy as np
import pytest

from hyperspy_multimodal.fusion.scaled import fuse_scaled

from .problems import problem, sloping


@pytest.mark.parametrize("gamma", [1, 1.7])
@pytest.mark.parametrize("lambda_2", [0.3, np.array([0.2, 0.5])])
def test_its_cost_is_that_of_the_documentation(lambda_2, gamma):
    shape, scales = (2, 9, 11), np.array([40.0, 0.5])
    known = problem(shape, level=20, background=0.0, gamma=gamma, lambdas=(1, 1))
    background, weights = sloping(shape, 0.5, 2), np.array([0.8, 0.01])
    result = fuse_scaled(
        known["counts"],
        background,
        known["haadf"],
        scales=scales,
        weights=weights,
        offset=0.1,
        gamma=gamma,
        lambda_1=0.05,
        lambda_2=lambda_2,
        totals=None,
        tolerance=1e-3,
        max_iterations=1000,
    )
    in_scales = result.maps / naive.by_map(scales)
    residual = naive.haadf_residual(in_scales, known["haadf"], weights, 0.1, gamma)
    expected = (
        0.5 * np.sum(residual**2),
        0.05 * naive.poisson_likelihood(result.maps, known["counts"], background).sum(),
        np.sum(lambda_2 / np.sqrt(scales) * naive.total_variation(result.maps)),
    )
    assert result.cost_terms[:, -1] == pytest.approx(expected, rel=1e-5)

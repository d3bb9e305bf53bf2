"""The HAADF residual: value, slope and limits."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.kernels import haadf_residual

from .variants import as_compiled_and_python, on_shapes, one_a_map, uniform


def residual(kernel, x, haadf, weights, offset, gamma):
    out = np.full(haadf.shape, np.nan, np.float32)
    kernel(x, haadf, weights, np.float32(offset), np.float32(gamma), out)
    return out


@on_shapes
@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
@as_compiled_and_python
def test_haadf_residual_agrees_with_naive(variant, gamma, shape, rng):
    x, haadf = uniform(rng, shape, 0, 2), uniform(rng, shape[1:])
    x[rng.uniform(size=shape) < 0.3] = 0
    weights = one_a_map(rng, shape[0], 0, 1)
    assert_allclose(
        residual(variant(haadf_residual), x, haadf, weights, 0.2, gamma),
        naive.haadf_residual(x, haadf, weights, np.float32(0.2), np.float32(gamma)),
        atol=5e-6,
    )


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_haadf_residual_of_its_own_model_is_zero(gamma, rng):
    x, weights = uniform(rng, (3, 5, 8), 0, 2), np.array([0.5, 0.0, 1.5], np.float32)
    model = 0.25 + np.einsum("i,iyx->yx", weights, x**gamma)
    out = residual(haadf_residual, x, model.astype(np.float32), weights, 0.25, gamma)
    assert_allclose(out, 0, atol=5e-6)


@pytest.mark.parametrize("gamma", [0.7, 1.7])
def test_empty_maps_leave_the_haadf_above_its_pedestal(gamma, rng):
    """Exactly: x^gamma of an empty pixel adds nothing, for gamma < 1 too."""
    haadf = uniform(rng, (5, 8))
    out = residual(
        haadf_residual, np.zeros((2, 5, 8), np.float32), haadf, np.ones(2, "f4"), 0.5, gamma
    )
    np.testing.assert_array_equal(out, haadf - np.float32(0.5))


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_haadf_term_falls_along_slope_times_residual(gamma, rng):
    """d/dx_i of 1/2 r^2 is -(slope of w_i x_i^gamma) r, here against finite differences."""
    x, haadf = uniform(rng, (2, 3, 4), 0.3, 1.5), uniform(rng, (3, 4))
    weights, h = np.array([0.4, 1.2], np.float32), 2.0**-6
    out = residual(haadf_residual, x, haadf, weights, 0, gamma)
    for i in range(2):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        terms = [
            0.5 * residual(haadf_residual, moved, haadf, weights, 0, gamma).astype("f8") ** 2
            for moved in (up, down)
        ]
        slopes = naive.haadf_slopes(x, weights, gamma)[i]
        assert_allclose((terms[0] - terms[1]) / (2 * h), -slopes * out, atol=2e-3)

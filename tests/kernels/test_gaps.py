"""What the gaps are put together from: t - log(1 + t), the HAADF model."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.kernels import gaps
from hyperspy_multimodal.kernels.compile import leaf

from .variants import as_compiled_and_python, on_lengths, uniform


@leaf
def all_log_gaps(values, out):
    for i in range(values.size):
        out[i] = gaps.log_gap(values[i])


def compiled_loop(values):
    out = np.empty_like(values)
    all_log_gaps(values, out)
    return out


def interpreted_scalar(values):
    return np.array([gaps.log_gap.py_func(value) for value in values])


@pytest.mark.parametrize("log_gap", [compiled_loop, interpreted_scalar])
def test_log_gap_is_accurate_however_small(log_gap):
    magnitudes = np.geomspace(1e-18, 0.999, 3000)
    t = np.concatenate([-magnitudes, magnitudes, np.geomspace(1, 1e6, 500)]).astype(np.float32)
    exact = t.astype(np.float64) - np.log1p(t.astype(np.float64))
    small = np.abs(t) < 1e-3  # where float64 cancels, too: t^2/2 - t^3/3 + t^4/4
    series = t.astype(np.float64) ** 2 * (0.5 - t / 3.0 + t.astype(np.float64) ** 2 / 4)
    found = log_gap(t)
    assert found.dtype == np.float32
    assert_allclose(found, np.where(small, series, exact), rtol=1e-5)
    assert log_gap(np.zeros(1, np.float32)) == 0


@pytest.mark.parametrize("gamma", [0.5, 1, 1.7])
@on_lengths
@as_compiled_and_python
def test_model_row_has_slopes_and_values_in_the_dark_too(variant, n, gamma, rng):
    x, misfit = np.append(0, uniform(rng, n - 1) ** 8).astype(np.float32), uniform(rng, n)
    before, slopes = misfit.copy(), np.full(n, np.nan, np.float32)
    variant(gaps.model_row)(n, np.float32(0.6), np.float32(gamma), x, slopes, misfit)
    assert_allclose(slopes, naive.haadf_slopes(x[None, None], [0.6], gamma)[0, 0], rtol=5e-6)
    assert_allclose(misfit, before + 0.6 * naive.power(x, gamma), atol=1e-6)
    assert misfit[0] == before[0]

"""Kernels compile whether or not Numba finds a folder for its cache."""

import numba
import numpy as np
import pytest

from hyperspy_multimodal.kernels import compile as compiling


def double(values, out):
    for i in numba.prange(values.size):
        out[i] = 2 * values[i]


@pytest.mark.parametrize("decorator", [compiling.kernel, compiling.leaf, compiling.inlined])
def test_without_a_cache_folder(decorator, monkeypatch):
    njit = numba.njit

    def refuse_to_cache(cache=False, **flags):
        if cache:

            def fail(function):
                raise RuntimeError("cannot cache function: no locator available")

            return fail
        return njit(**flags)

    monkeypatch.setattr(numba, "njit", refuse_to_cache)
    out = np.empty(3)
    decorator(double)(np.arange(3.0), out)
    np.testing.assert_array_equal(out, [0, 2, 4])


@pytest.mark.parametrize("decorator", [compiling.kernel, compiling.leaf, compiling.inlined])
def test_releases_the_gil_and_keeps_nan(decorator):
    compiled = decorator(double)
    assert compiled.targetoptions["nogil"]
    out = np.empty(2)
    compiled(np.array([np.nan, np.inf]), out)
    assert np.isnan(out[0])
    assert out[1] == np.inf

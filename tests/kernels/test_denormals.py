"""Denormals count as zeros within a chunk of the loop, and nowhere else."""

import platform

import numpy as np
import pytest

from hyperspy_multimodal.kernels.compile import leaf
from hyperspy_multimodal.kernels.denormals import flush_denormals, restore_denormals
from hyperspy_multimodal.kernels.state import State

from .states import iterate, random_data, random_state

SMALL = np.float32(1e-30)
IS_X86 = platform.machine().lower() in ("x86_64", "amd64", "i386", "i686")


@leaf
def products(a, b, out):
    out[0] = a[0] * b[0]
    before = flush_denormals()
    out[1] = a[1] * b[1]
    restore_denormals(before)
    out[2] = a[2] * b[2]


@pytest.mark.skipif(not IS_X86, reason="only x86 is slow with denormals, and is told to flush them")
def test_results_are_zero_between_flushing_and_restoring():
    a, b = np.full(3, SMALL), np.full(3, np.float32(1e-10))
    out = np.ones(3, np.float32)
    products(a, b, out)
    np.testing.assert_allclose(out, [1e-40, 0, 1e-40], rtol=1e-4)
    assert SMALL * np.float32(1e-10) != 0  # NumPy still has denormals


@pytest.mark.skipif(not IS_X86, reason="only x86 is slow with denormals, and is told to flush them")
def test_dual_variables_in_vacuum_do_not_linger_as_denormals(rng):
    shape = 2, 6, 9
    data = random_data(rng, shape)
    data.counts[...] = 0
    data.haadf[...] = 0
    vacuum = State(*(np.zeros_like(array) for array in random_state(rng, shape)))
    vacuum.dual_y[:, 1:-1] = 1e-40
    vacuum.dual_x[:, :, 1:-1] = 1e-40
    after, _ = iterate(data, vacuum)
    assert not after.maps.any()
    assert not after.dual_y.any()
    assert not after.dual_x.any()

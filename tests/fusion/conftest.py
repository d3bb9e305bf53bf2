import numba
import numpy as np
import pytest


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    """Maps as small as those here are done sooner than two threads have met."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


@pytest.fixture
def rng():
    return np.random.default_rng(20220127)

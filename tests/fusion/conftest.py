import numba
import pytest


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    """Maps as small as those here are done sooner than two threads have met."""
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)

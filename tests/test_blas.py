"""The limit of BLAS to one thread, and its end."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from hyperspy_multimodal import blas
from hyperspy_multimodal.blas import one_blas_thread


@pytest.fixture
def limits(monkeypatch):
    """What was asked of BLAS, in place of its threads, of which tests have only one."""
    asked = []

    class Limits:
        def __init__(self, limits, user_api):
            asked.append((limits, user_api))

        def restore_original_limits(self):
            asked.append("end")

    monkeypatch.setattr(blas, "threadpool_limits", Limits)
    return asked


def test_the_limit_ends_with_the_last_that_asked_for_it(limits):
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert limits == [(1, "blas")]
    second.__exit__(None, None, None)
    assert limits == [(1, "blas"), "end"]
    with one_blas_thread():
        pass
    assert limits == [(1, "blas"), "end"] * 2


def test_the_limit_ends_with_an_error(limits):
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        1 / 0  # noqa: B018
    assert limits == [(1, "blas"), "end"]


def test_the_limit_is_that_of_the_library():
    np.ones((2, 2)) @ np.ones((2, 2))
    with one_blas_thread():
        found = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
    assert found and set(found) == {1}

"""The progress bar names kernels while they are compiled; the log does without a bar."""

import io
import logging

import numpy as np
import pytest
from numba.core import caching, event

from hyperspy_multimodal.kernels.compile import inlined, leaf
from hyperspy_multimodal.recovery import progress
from hyperspy_multimodal.recovery.progress import Progress


@pytest.fixture
def fresh_kernel():
    """Return a kernel that is not compiled yet, and contains another function."""

    @inlined
    def twice(x):
        return x + x

    def _add_twice(x):
        return x + twice(x)

    _add_twice.__module__ = "hyperspy_multimodal.kernels.of_a_test"
    kernel = leaf(_add_twice)
    kernel._cache = caching.NullCache()
    return kernel


@pytest.fixture
def shown(monkeypatch):
    """Return what bars are told."""
    texts = []

    class Bar:
        def __init__(self, **_):
            pass

        def set_postfix_str(self, text, refresh=True):
            texts.append(text)

        def close(self):
            pass

    monkeypatch.setattr(progress, "progressbar", Bar)
    return texts


def test_the_bar_names_the_kernel_while_it_is_compiled(shown, fresh_kernel):
    with Progress("Fusing", True):
        fresh_kernel(np.float32(1))
        fresh_kernel(np.float32(1))
    assert shown == ["compiling kernel 1: add_twice", ""]


def test_other_functions_and_other_times_are_not_named(shown, fresh_kernel):
    fresh_kernel.py_func.__module__ = "elsewhere"
    with Progress("Fusing", True):
        fresh_kernel(np.float32(1))
    fresh_kernel.py_func.__module__ = "hyperspy_multimodal.kernels.of_a_test"
    fresh_kernel(np.float64(1))
    assert not shown


def test_the_log_says_how_long_it_took(logged, fresh_kernel):
    with Progress("Fusing", False):
        fresh_kernel(np.float32(1))
    [(level, text)] = {(r.levelno, r.getMessage()) for r in logged.records}
    assert level == logging.INFO
    assert text.startswith("The kernel add_twice was compiled in ")


def test_the_end_of_what_began_before_is_ignored(shown):
    with Progress("Fusing", True):
        event.end_event("numba:compile", data={})
    assert not shown


def test_a_real_bar_takes_it(monkeypatch, fresh_kernel):
    text = io.StringIO()
    monkeypatch.setattr("sys.stderr", text)
    with Progress("Fusing", True):
        fresh_kernel(np.float32(1))
    assert "compiling kernel 1: add_twice" in text.getvalue()

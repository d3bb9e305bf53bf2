"""The first call says that it compiles; later ones, and those from the cache, do not."""

import os
import subprocess
import sys
import threading

import pytest

from hyperspy_multimodal.fusion import compilation

SCRIPT = """
import logging
import numpy as np
logging.basicConfig(format="%(message)s")
from hyperspy_multimodal.fusion import compilation, solve_fusion
compilation._PATIENCE = 0.0 if "impatient" in __import__("sys").argv else compilation._PATIENCE
for _ in range(2):
    solve_fusion(np.ones((1, 4, 5)), np.ones((4, 5)), gamma=1, lambdas=(0.1, 0.1), tolerance=1)
"""


@pytest.fixture(scope="module")
def impatient():
    """How often a process says that it compiles, if it has no patience."""
    return messages("impatient")


def messages(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.count("Compiling the fusion kernels")


def test_it_is_said_once(impatient):
    assert impatient == 1


def test_it_is_not_said_when_the_kernels_are_in_the_cache(impatient):
    assert messages() == 0


@pytest.fixture
def fresh(monkeypatch):
    monkeypatch.setattr(compilation, "_done", set())


def test_only_one_of_many_threads_compiles(fresh):
    runs = []

    def run():
        runs.append(1)

    threads = [threading.Thread(target=compilation.compile_once, args=(run,)) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(runs) == 1


def test_what_failed_is_tried_again(fresh):
    def fails():
        raise MemoryError

    with pytest.raises(MemoryError):
        compilation.compile_once(fails)
    runs = []
    compilation.compile_once(lambda: runs.append(1))
    assert runs

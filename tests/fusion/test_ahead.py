"""A second process fills the cache, and the first neither waits for it nor depends on it."""

import multiprocessing
import os
import subprocess
import sys

import numba
import pytest

from hyperspy_multimodal.fusion import ahead
from hyperspy_multimodal.kernels import tasks
from hyperspy_multimodal.kernels.compile import leaf, within

SCRIPT = """
import subprocess, sys
from hyperspy_multimodal.fusion import ahead
from hyperspy_multimodal.kernels import certificate
from hyperspy_multimodal.selection.chains import run_chains
started, popen = [], subprocess.Popen
def start(*given, **named):
    started.append(popen(*given, **named))
    return started[-1]
subprocess.Popen = start
ahead.compile_ahead([run_chains])
ahead.compile_ahead([run_chains])
assert [each.wait(timeout=300) for each in started] == [0], started
from hyperspy_multimodal.kernels import lengthen
run_chains()
print(sum(lengthen.stats.cache_hits.values()), len(lengthen.signatures))
"""


@pytest.fixture
def started(monkeypatch):
    """Return a list that takes the commands of processes, which do not start."""
    commands = []

    class Process:
        def __init__(self, command, **_):
            commands.append(command)

        def kill(self):
            pass

        def wait(self):
            pass

    monkeypatch.setattr(ahead, "_started", ahead.threading.Lock())
    monkeypatch.setattr(ahead.subprocess, "Popen", Process)
    monkeypatch.setattr(ahead.atexit, "register", lambda *given: None)
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 2)
    monkeypatch.setattr(ahead.certificate, "is_to_be_cached", lambda: True)
    return commands


def step():
    pass


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="only one thread is available")
def test_what_the_second_process_compiles_is_in_the_cache(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["1", "1"]


def test_it_starts_once(started):
    for _ in range(2):
        ahead.compile_ahead([step])
    [[program, _, code]] = started
    assert program == sys.executable
    assert code.endswith("import step\nstep()")
    compile(code, "second process", "exec")


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        (numba.config, "NUMBA_NUM_THREADS", 1),
        (multiprocessing, "parent_process", lambda: "one"),
        (ahead, "in_worker", lambda: True),
        (sys, "frozen", True),
        (sys, "executable", None),
        (sys, "executable", "/opt/microscope/application"),
        (ahead.certificate, "is_to_be_cached", lambda: False),
    ],
    ids=["one core", "a worker", "of Dask", "frozen", "unknown", "embedded", "cached"],
)
def test_it_does_not_start(started, monkeypatch, where, name, value):
    monkeypatch.setattr(where, name, value, raising=False)
    ahead.compile_ahead([step])
    assert not started


def test_where_no_process_may_start_the_reason_is_logged(started, monkeypatch, caplog):
    def refuse(*_, **__):
        raise PermissionError("not allowed")

    ended = []
    monkeypatch.setattr(ahead.subprocess, "Popen", refuse)
    monkeypatch.setattr(ahead.atexit, "register", lambda *call: ended.append(call))
    with caplog.at_level("INFO", "hyperspy_multimodal"):
        ahead.compile_ahead([step])
    assert "not allowed" in caplog.text
    assert not ended


@tasks.kernel
def nothing(pool, out):
    tasks.share(pool, out.size, leave, (out,))


@within(leaf)
def leave(k, out):
    pass


def test_without_a_cache_folder_nothing_is_to_be_cached(monkeypatch):
    monkeypatch.setattr(nothing.compiled, "_cache", numba.core.caching.NullCache())
    assert not nothing.is_to_be_cached()

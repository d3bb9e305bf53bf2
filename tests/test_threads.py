"""Fusions from several threads at a time do not harm each other, whatever pool Numba has."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import dask
import numba
import pytest

from hyperspy_multimodal import threads
from hyperspy_multimodal.threads import (
    fuse_side_by_side,
    rows_per_chunk,
    side_by_side,
    take_what_is_left,
    threads_for,
)

SCRIPT = """
import sys, threading
import numpy as np
from hyperspy_multimodal import solve_fusion

counts = np.random.default_rng(0).poisson(3, (2, 24, 20))
haadf = counts.sum(axis=0) / 10
found = {}

def fuse(number):
    found[number] = solve_fusion(counts, haadf, gamma=1, lambdas=(0.1, 0.1)).maps

threads = [threading.Thread(target=fuse, args=(number,)) for number in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(found) == 4
assert all(np.array_equal(maps, found[0]) for maps in found.values())
print("threads", flush=True)

if "callback" in sys.argv:
    known = {"haadf": np.ones((4, 5)), "gamma": 1, "lambdas": (0.1, 0.1)}
    fuse = lambda *told: solve_fusion(np.ones((1, 4, 5)), **known) is None
    solve_fusion(np.ones((1, 4, 5)), **known, callback=fuse)
    print("callback", flush=True)
"""


@pytest.fixture(scope="module")
def said():
    """Return a function for what a process says that fuses, by threading layer."""

    @cache
    def run(layer, *arguments):
        return subprocess.run(
            [sys.executable, "-c", SCRIPT, *arguments],
            env=os.environ | {"NUMBA_THREADING_LAYER": layer},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_a_callback_may_fuse(said):
    done = said("workqueue", "callback")
    assert done.stdout.split()[-1:] == ["callback"], done.stderr


@pytest.mark.parametrize("arguments", [("workqueue", "callback"), ("default",)])
def test_four_threads_at_a_time(said, arguments):
    done = said(*arguments)
    assert done.stdout.split()[:1] == ["threads"], done.stderr
    assert done.returncode == 0, done.stderr


LARGE = 10**9


@pytest.fixture(autouse=True)
def all_threads():
    """Also where a worker of pytest-xdist has a share of them."""
    before = numba.get_num_threads()
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    yield
    numba.set_num_threads(before)


needs_two_threads = pytest.mark.skipif(
    numba.config.NUMBA_NUM_THREADS < 2, reason="only one thread is available"
)


@needs_two_threads
def test_the_number_set_in_numba_is_the_limit():
    before = numba.get_num_threads()
    try:
        for limit in (1, 2):
            numba.set_num_threads(limit)
            with threads_for(LARGE):
                assert numba.get_num_threads() == limit
            assert numba.get_num_threads() == limit
    finally:
        numba.set_num_threads(before)


@needs_two_threads
def test_the_number_of_workers_set_in_dask_is_the_limit():
    with dask.config.set(num_workers=1), threads_for(LARGE):
        assert numba.get_num_threads() == 1
    before = numba.get_num_threads()
    with dask.config.set(num_workers=100), threads_for(LARGE):
        assert numba.get_num_threads() == before


@needs_two_threads
def test_fusions_that_run_at_a_time_share_the_threads(monkeypatch):
    monkeypatch.setattr(threads, "_pool_takes_many_callers", lambda: True)
    all_of_them = numba.get_num_threads()
    with threads_for(LARGE):
        with threads_for(LARGE):
            assert numba.get_num_threads() == max(1, all_of_them // 2)
        assert numba.get_num_threads() == all_of_them


@needs_two_threads
def test_small_maps_take_one_thread():
    with threads_for(1000):
        assert numba.get_num_threads() == 1


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (3, 256, 256), (2, 4096, 10)])
def test_chunks_of_rows_cover_the_maps(shape):
    assert 1 <= rows_per_chunk(shape) <= max(64, shape[1])


@needs_two_threads
def test_fusions_side_by_side_share_the_threads_of_one(monkeypatch):
    monkeypatch.setattr(threads, "_pool_takes_many_callers", lambda: True)
    all_of_them = numba.get_num_threads()
    together = threading.Barrier(2, timeout=60)

    def fuse(n_values):
        with threads_for(n_values):
            together.wait()
            return numba.get_num_threads()

    assert fuse_side_by_side(fuse, [LARGE, LARGE]) == [max(1, all_of_them // 2)] * 2
    assert fuse_side_by_side(fuse, [1000, 1000]) == [1] * 2
    assert numba.get_num_threads() == all_of_them
    with threads_for(LARGE):
        assert numba.get_num_threads() == all_of_them


@needs_two_threads
def test_the_last_of_fusions_side_by_side_takes_the_threads_of_the_others(monkeypatch):
    monkeypatch.setattr(threads, "_pool_takes_many_callers", lambda: True)
    all_of_them, ended = numba.get_num_threads(), threading.Event()

    def fuse(is_last):
        with threads_for(LARGE):
            take_what_is_left(LARGE)
            before = numba.get_num_threads()
            if not is_last:
                ended.set()
                return before
            ended.wait(timeout=60)
            for _ in range(600):  # the other one is about to end
                take_what_is_left(1000)
                assert numba.get_num_threads() == before
                take_what_is_left(LARGE)
                if numba.get_num_threads() > before:
                    break
                time.sleep(0.1)
            return numba.get_num_threads()

    found = fuse_side_by_side(fuse, [True, False])
    assert found == [all_of_them, all_of_them // 2]
    take_what_is_left(LARGE)  # alone
    assert numba.get_num_threads() == all_of_them


@needs_two_threads
@pytest.mark.parametrize(("n_values", "most", "patience"), [(1000, 2, 60), (LARGE, 1, 0.1)])
def test_fusions_take_turns_where_a_pool_takes_one_caller(monkeypatch, n_values, most, patience):
    """Only those that use the pool; the first of these waits in vain for the second."""
    main = threading.current_thread()
    monkeypatch.setattr(threads, "_pool_takes_many_callers", lambda: False)
    monkeypatch.setattr(threads, "_limit", lambda: 4 if threading.current_thread() is main else 2)
    inside, seen, both = set(), [], threading.Barrier(2)

    def fuse(number):
        with threads_for(n_values):
            inside.add(number)
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(timeout=patience)
            seen.append(len(inside))
            inside.remove(number)

    fuse_side_by_side(fuse, range(2))
    assert max(seen) == most


def test_work_side_by_side_comes_back_in_order():
    taken = threading.Barrier(2, timeout=60) if numba.get_num_threads() > 1 else None

    def slowly(number):
        if taken is not None:
            taken.wait()  # for another thread
        return number**2

    assert side_by_side(slowly, [3, 2, 1, 0]) == [9, 4, 1, 0]


def test_work_side_by_side_keeps_to_the_limit():
    with dask.config.set(num_workers=1):
        names = side_by_side(lambda _: threading.current_thread().name, range(5))
    assert set(names) == {threading.current_thread().name}


@pytest.fixture
def cores(monkeypatch):
    """What is known of the cores, forgotten, with a clock that stands still until it is set."""
    clock = [0.0]
    monkeypatch.setattr(threads.time, "perf_counter", lambda: clock[0])
    threads._cores.forget()
    yield threads._cores, clock
    threads._cores.forget()


def test_threads_that_do_not_get_their_cores_are_seen(cores):
    known, clock = cores
    known.note(2, wall=0.1, worked=0.19)
    assert not known.are_shared
    known.note(2, wall=0.1, worked=0.11)  # one of two waited for the other
    assert known.are_shared
    clock[0] += 0.3
    assert not known.are_shared
    known.note(2, wall=0.1, worked=0.1)
    clock[0] += 0.3
    assert known.are_shared  # for longer the second time
    clock[0] += 10
    known.note(2, wall=0.1, worked=0.2)
    known.note(2, wall=0.1, worked=0.1)
    clock[0] += 0.3
    assert not known.are_shared


def test_moments_are_too_short_to_tell(cores):
    known, _ = cores
    for _ in range(4):
        known.note(2, wall=0.01, worked=0.01)
    assert not known.are_shared
    known.note(2, wall=0.02, worked=0.02)
    assert known.are_shared


def test_less_tells_that_cores_are_still_shared(cores):
    known, clock = cores
    known.note(2, wall=0.1, worked=0.1)
    clock[0] += 1
    known.note(2, wall=0.03, worked=0.03)
    assert known.are_shared


@needs_two_threads
def test_the_start_of_threads_tells_nothing_of_the_cores(cores, monkeypatch):
    noted = []
    monkeypatch.setattr(threads._cores, "note", lambda *given: noted.append(given))

    def loops():
        for count in (2, 2, 1, 2):
            numba.set_num_threads(count)
            with threads.one_thread_where_cores_are_shared():
                pass
        return len(noted)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(loops).result() == 2


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="Numba has one thread")
@pytest.mark.parametrize("watched", [True, False])
def test_one_thread_runs_where_cores_are_shared(cores, watched):
    known, clock = cores
    before = numba.get_num_threads()
    numba.set_num_threads(2)
    try:
        known.note(2, wall=1.0, worked=1.0)
        with threads.one_thread_where_cores_are_shared(watched):
            assert numba.get_num_threads() == 1
        assert numba.get_num_threads() == 2
        clock[0] += 1
        with threads.one_thread_where_cores_are_shared(watched):
            assert numba.get_num_threads() == 2
    finally:
        numba.set_num_threads(before)

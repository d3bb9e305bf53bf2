"""Kernels compile whether or not Numba finds a folder for its cache."""

import os
import runpy
import subprocess
import sys

import numba
import numpy as np
import pytest

from hyperspy_multimodal.kernels import compile as compiling
from hyperspy_multimodal.kernels import tasks

needs_two_threads = pytest.mark.skipif(
    numba.config.NUMBA_NUM_THREADS < 2, reason="only one thread is available"
)


def double(values, out):
    for i in range(values.size):
        out[i] = 2 * values[i]


@pytest.mark.parametrize("decorator", [compiling.leaf, compiling.inlined])
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


@pytest.mark.parametrize("decorator", [compiling.leaf, compiling.inlined])
def test_releases_the_gil_and_keeps_nan(decorator):
    compiled = decorator(double)
    assert compiled.targetoptions["nogil"]
    out = np.empty(2)
    compiled(np.array([np.nan, np.inf]), out)
    assert np.isnan(out[0])
    assert out[1] == np.inf


def twice(value):
    return 2 * value


@pytest.mark.parametrize("decorator", [compiling.leaf, compiling.inlined])
def test_what_is_within_kernels_is_refused_in_python(decorator):
    inner = compiling.within(decorator)(twice)
    assert compiling.leaf(lambda value: inner(value) + 1)(3) == 7
    with pytest.raises(TypeError, match="twice is for kernels"):
        inner(3)


@compiling.within(compiling.leaf)
def add_twice(k, values, out):
    out[k] += twice_of(values[k])


@compiling.inlined
def twice_of(value):
    return 2 * value


@compiling.within(compiling.leaf)
def note_thread(k, out):
    out[k] = numba.get_thread_id()


@tasks.kernel
def note_thread_everywhere(pool, out):
    tasks.share(pool, out.size, note_thread, (out,))


@tasks.kernel
def add_twice_everywhere(pool, values, out):
    tasks.share(pool, out.size, add_twice, (values, out))


@pytest.fixture
def threads():
    """Return a function that sets the number of threads, for this test."""
    before = numba.get_num_threads()
    yield lambda n: numba.set_num_threads(min(n, numba.config.NUMBA_NUM_THREADS))
    numba.set_num_threads(before)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_loop_does_its_task_once_for_each_number(threads, n_threads):
    threads(n_threads)
    values, out = np.arange(100.0), np.ones(100)
    add_twice_everywhere(values, out)
    np.testing.assert_array_equal(out, 1 + 2 * values)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_loop_over_nothing_writes_nothing(threads, n_threads):
    threads(n_threads)
    around = np.ones(4)
    add_twice_everywhere(np.empty(0), around[2:2])
    np.testing.assert_array_equal(around, 1)


@needs_two_threads
def test_a_loop_is_compiled_once_for_one_thread_and_several(threads, rng):
    values, one, several = rng.normal(size=99), *np.zeros((2, 99))
    threads(1)
    add_twice_everywhere(values, one)
    compiled = add_twice_everywhere.compiled
    before = compiled.overloads.copy()
    threads(2)
    add_twice_everywhere(values, several)
    assert compiled.overloads == before
    np.testing.assert_array_equal(one, several)


@needs_two_threads
def test_tasks_are_shared_out_among_threads(threads):
    threads(2)
    out = np.zeros(64, np.int64)
    note_thread_everywhere(out)
    assert set(out) == {0, 1}
    threads(1)
    note_thread_everywhere(out)
    assert len(set(out)) == 1


def test_one_thread_compiles_nothing_for_several():
    script = (
        "import numba, numpy as np\n"
        "from hyperspy_multimodal.kernels import project, tasks\n"
        "numba.set_num_threads(1)\n"
        "project(np.ones((2, 1, 3, 3), 'f4'), np.ones(1, 'f4'))\n"
        "assert not tasks._do_all.signatures\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_is_within_kernels_has_no_machine_code_of_its_own():
    """Kernels would take it for theirs, which is optimised."""
    add_twice_everywhere(np.arange(3.0), np.ones(3))
    add_twice_everywhere.compiled.recompile()  # which may have come from the cache, without parts
    for part in (add_twice, twice_of):
        compiled = next(iter(part.overloads.values()))
        name = compiled.fndesc.llvm_func_name
        assert compiled.library.get_pointer_to_function(name) == 0


def test_the_cache_goes_by_what_files_contain_not_by_their_time(tmp_path):
    file = tmp_path / "some_kernels.py"

    def call(source, time):
        """Return what a function in a file gives, and whether it came from the cache."""
        file.write_text(source)
        os.utime(file, (time, time))
        compiling._state.cache_clear()
        found = runpy.run_path(str(file))["twice"]
        return found(3), sum(found.stats.cache_hits.values()) == 1

    head = "from hyperspy_multimodal.kernels.compile import leaf\n@leaf\ndef twice(x):\n"
    assert call(head + "    return 2 * x\n", 1e9) == (6, False)
    assert call(head + "    return 2 * x\n", 1.1e9) == (6, True)
    assert call(head + "    return 3 * x\n", 1.1e9) == (9, False)

"""Kernels compile whether or not Numba finds a folder for its cache."""

import os
import runpy

import numba
import numpy as np
import pytest

from hyperspy_multimodal.kernels import compile as compiling
from hyperspy_multimodal.kernels.tasks import do, task


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
    for each in [compiled.alone, compiled.shared] if decorator is compiling.kernel else [compiled]:
        assert each.targetoptions["nogil"]
    out = np.empty(2)
    compiled(np.array([np.nan, np.inf]), out)
    assert np.isnan(out[0])
    assert out[1] == np.inf


def sums(values, out):
    for i in numba.prange(out.size):
        total = np.float32(0)
        for k in range(values.shape[1]):
            total += values[i, k] * values[i, k]
        out[i] = total


@pytest.fixture
def threads():
    """Return a function that sets the number of threads, for this test."""
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


def test_one_thread_compiles_nothing_for_several(threads):
    compiled = compiling.kernel(sums)
    threads(1)
    compiled(np.ones((2, 3), np.float32), np.empty(2))
    assert compiled.alone.signatures and not compiled.shared.signatures


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="only one thread is available")
def test_one_thread_gives_what_several_give(threads, rng):
    compiled = compiling.kernel(sums)
    values, several, one, alone = rng.normal(size=(9, 999)).astype("f4"), *np.empty((3, 9))
    threads(2)
    compiled(values, several)
    assert compiled.shared.signatures and not compiled.alone.signatures
    threads(1)
    compiled(values, alone)
    compiled.shared(values, one)
    np.testing.assert_array_equal(one, several)
    np.testing.assert_array_equal(alone, several)


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


@compiling.kernel
def add_twice_everywhere(values, out):
    body, place = task(add_twice, (values, out))
    for k in numba.prange(out.size):
        do(body, place, k)


@pytest.mark.parametrize("variant", ["alone", "shared"])
def test_a_loop_does_its_task_once_for_each_number(variant):
    values, out = np.arange(100.0), np.ones(100)
    getattr(add_twice_everywhere, variant)(values, out)
    np.testing.assert_array_equal(out, 1 + 2 * values)


def test_what_is_within_kernels_has_no_machine_code_of_its_own():
    """Kernels would take it for theirs, which is optimised."""
    add_twice_everywhere.alone(np.arange(3.0), np.ones(3))
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

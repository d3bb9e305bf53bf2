"""Any array layout and type gives the same result; nothing that was given is changed."""

import numba
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hyperspy_multimodal.fusion import solve_fusion

from .problems import problem

ARRAYS = ("counts", "haadf", "background")


def whole_numbers():
    """A problem whose values every type here holds exactly."""
    shape = (2, 9, 12)
    known = problem(shape, level=7, background=1.0, gamma=1.7, lambdas=(0.1, 0.1))
    known["haadf"] = np.rint(8 * np.clip(known["haadf"], 0, None))
    known["background"] = np.broadcast_to([[[1.0]], [[2.0]]], shape).copy()
    return known | {"max_iterations": 60, "tolerance": 1e-12}


def recast(known, change):
    return known | {name: change(known[name]) for name in ARRAYS}


def strided(array):
    roomy = np.zeros(tuple(2 * n for n in array.shape), array.dtype)
    view = roomy[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def reversed_view(array):
    return array[..., ::-1].copy()[..., ::-1]


@pytest.mark.parametrize(
    "change",
    [
        lambda array: array.astype(np.float32),
        lambda array: array.astype(np.int64),
        lambda array: array.astype(np.uint8),
        lambda array: array.astype(">f8"),
        np.asfortranarray,
        strided,
        reversed_view,
        np.ndarray.tolist,
    ],
    ids=["float32", "int64", "uint8", "big-endian", "Fortran", "strided", "reversed", "list"],
)
def test_layout_and_type_do_not_matter(change):
    known = whole_numbers()
    maps = solve_fusion(**recast(known, change)).maps
    assert maps.flags.c_contiguous
    assert_array_equal(maps, solve_fusion(**known).maps)


def test_read_only_arrays_are_accepted():
    def locked(array):
        array = array.copy()
        array.flags.writeable = False
        return array

    known = whole_numbers()
    assert_array_equal(solve_fusion(**recast(known, locked)).maps, solve_fusion(**known).maps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gamma", [1, 1.7])
def test_inputs_are_not_modified(gamma, dtype):
    known = recast(whole_numbers(), lambda array: array.astype(dtype)) | {"gamma": gamma}
    known |= {"weights": np.array([0.1, 0.2]), "totals": np.array([300.0, np.nan])}
    known |= {"lambdas": (np.array([0.1, 0.2]), np.array([0.1, 0.0]))}
    names = [*ARRAYS, "weights", "totals"]
    before = {name: known[name].copy() for name in names}
    solve_fusion(**known)
    for name in names:
        assert_array_equal(known[name], before[name])
    assert_array_equal(known["lambdas"][0], [0.1, 0.2])
    assert_array_equal(known["lambdas"][1], [0.1, 0.0])


@pytest.mark.parametrize("shape", [(), (2, 1, 1), (9, 12), (12,), (1, 9, 1)])
def test_background_broadcasts(shape):
    known = whole_numbers()
    full = np.broadcast_to(np.full(shape, 1.5), known["counts"].shape).copy()
    assert_array_equal(
        solve_fusion(**known | {"background": np.full(shape, 1.5)}).maps,
        solve_fusion(**known | {"background": full}).maps,
    )


def test_numbers_stand_for_one_number_an_element():
    known = whole_numbers() | {"weights": 0.2, "lambdas": (0.1, 0.05)}
    spelled = known | {"weights": [0.2, 0.2], "lambdas": ([0.1, 0.1], np.array([0.05, 0.05]))}
    assert_array_equal(solve_fusion(**spelled).maps, solve_fusion(**known).maps)


def test_weights_are_1_unless_given():
    known = whole_numbers()
    assert_array_equal(
        solve_fusion(**known | {"weights": None}).maps, solve_fusion(**known | {"weights": 1}).maps
    )


@pytest.mark.parametrize("gamma", [1, 1.7])
def test_the_result_does_not_depend_on_the_number_of_threads(gamma):
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("only one thread is available")
    before = numba.get_num_threads()
    known = problem((3, 70, 41), level=5, background=0.4, gamma=gamma, lambdas=(0.05, 0.05))
    results = []
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            results.append(solve_fusion(**known, tolerance=1e-9, max_iterations=60))
    finally:
        numba.set_num_threads(before)
    assert_array_equal(results[0].maps, results[1].maps)
    assert_array_equal(results[0].cost_terms, results[1].cost_terms)
    assert results[0].optimality == results[1].optimality


def test_the_result_is_reproducible():
    assert_array_equal(solve_fusion(**whole_numbers()).maps, solve_fusion(**whole_numbers()).maps)


def test_counts_that_are_one_row_repeated_are_read_as_such():
    row = np.random.default_rng(0).poisson(4, (2, 1, 9)).astype(np.float32)
    known = {"haadf": np.ones((6, 9)), "gamma": 1, "lambdas": (0.1, 0.1), "background": 0.5}
    repeated = solve_fusion(np.broadcast_to(row, (2, 6, 9)), **known).maps
    assert_array_equal(repeated, solve_fusion(np.repeat(row, 6, axis=1), **known).maps)

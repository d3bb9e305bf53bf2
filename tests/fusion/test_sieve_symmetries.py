"""What the cost of sieves does not distinguish, the solver does not distinguish."""

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from .problems import without
from .sieves import TIGHT, full_problem, sieved

with_gammas = pytest.mark.parametrize("gamma", [0.7, 1, 1.7])


def fused(known):
    return sieved(known, **TIGHT).maps


def assert_same(maps, others):
    """They end at the same maps; rounding takes them there by other steps."""
    assert_allclose(maps, others, atol=1e-2 * others.max())


@with_gammas
@pytest.mark.parametrize(
    "turn",
    [lambda a: np.swapaxes(a, -1, -2), lambda a: np.flip(a, -1), lambda a: np.flip(a, -2)],
    ids=["transposed", "mirrored", "upside down"],
)
def test_a_turned_scan_gives_turned_maps(gamma, turn):
    known = full_problem(gamma)
    turned = {name: turn(known[name]) for name in ("counts", "background", "haadf")}
    assert_same(fused(known | turned), turn(fused(known)))


@with_gammas
def test_permuted_elements_give_permuted_maps(gamma):
    known, order = full_problem(gamma), [2, 0, 1]
    permuted = {name: known[name][order] for name in ("counts", "background", "weights")}
    permuted["lambdas"] = tuple(np.asarray(each)[order] for each in known["lambdas"])
    assert_same(fused(known | permuted), fused(known)[order])


@with_gammas
def test_counts_in_other_units_give_maps_in_these(gamma):
    known, units = full_problem(gamma), np.array([1000.0, 0.01, 7.0])
    by_map = units[:, None, None]
    scaled = {name: known[name] * by_map for name in ("counts", "background")}
    scaled["weights"] = known["weights"] / units**gamma
    scaled["lambdas"] = tuple(each / units for each in known["lambdas"])
    assert_same(fused(known | scaled) / by_map, fused(known))


@with_gammas
def test_a_haadf_in_other_units_gives_the_same_maps(gamma):
    known, unit = full_problem(gamma), 250.0
    scaled = {name: known[name] * unit for name in ("haadf", "weights", "offset")}
    scaled["lambdas"] = tuple(each * unit**2 for each in known["lambdas"])
    assert_same(fused(known | scaled), fused(known))


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="has one thread")
def test_threads_do_not_change_a_bit(monkeypatch):
    from hyperspy_multimodal import threads

    monkeypatch.setattr(threads, "_VALUES_PER_THREAD", 1)
    known, found = full_problem(1), []
    before = numba.get_num_threads()
    for n_threads in (1, 2):
        numba.set_num_threads(n_threads)
        found.append(fused(known))
    numba.set_num_threads(before)
    assert_array_equal(*found)


@with_gammas
def test_no_counts_give_no_maps(gamma):
    known = full_problem(gamma)
    known["counts"] = 0 * known["counts"]
    found = sieved(without(known, "haadf") | {"haadf": 0 * known["haadf"]})
    assert np.isfinite(found.cost)
    assert found.maps.max() < 1e-2

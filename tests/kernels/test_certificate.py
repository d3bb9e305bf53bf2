"""Cost and gap of a state: what they bound, and that they vanish at an optimum."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from .states import (
    MIXED,
    at_rest,
    certify,
    gap,
    iterate,
    limits,
    random_data,
    random_state,
    state_at_start,
    with_regularisers,
)
from .variants import uniform

SHAPES = [(1, 1, 1), (1, 1, 7), (2, 7, 1), (3, 5, 6), (2, 3, 300)]

on_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
for_gammas = pytest.mark.parametrize("gamma", [0.7, 1, 1.7])


def some_state(rng, shape):
    """With a finite likelihood everywhere."""
    state = random_state(rng, shape)
    state.maps[:] += np.float32(0.01)
    return state


@on_shapes
@with_regularisers
@for_gammas
def test_sums_agree_with_naive(gamma, regularisers, shape, rng):
    data, state = random_data(rng, shape, gamma, regularisers), some_state(rng, shape)
    state.maps[(data.background > 0) & (rng.uniform(size=shape) < 0.1)] = 0
    certified, haadf_sums, map_sums = certify(data, state)
    expected = naive.certificate(data, state, *limits(data, state), certified)
    names = ["deviance", "Poisson gap", "variation", "variation gap", "sum"]
    assert_allclose(haadf_sums, expected[0], rtol=1e-5, atol=1e-5)
    for name, found, exact in zip(names, map_sums, expected[1], strict=True):
        assert_allclose(found, exact, rtol=1e-5, atol=3e-5, err_msg=name)


@on_shapes
@with_regularisers
@for_gammas
def test_chunks_of_any_height_and_one_row_of_background_give_the_same_sums(
    gamma, regularisers, shape, rng
):
    data, state = random_data(rng, shape, gamma, regularisers), some_state(rng, shape)
    data.background[:] = data.background[:, :1]
    one_row = data._replace(background=data.background[:, :1].copy())
    whole = certify(data, state)
    for rows_per_chunk in (1, 2, 3):
        for same in (data, one_row):
            for found, expected in zip(certify(same, state, rows_per_chunk), whole, strict=True):
                assert_array_equal(found, expected)


def test_the_state_is_left_alone(rng):
    data, state = random_data(rng, (3, 5, 6), 1.7, MIXED), some_state(rng, (3, 5, 6))
    before = [array.copy() for array in state]
    certify(data, state)
    for array, kept in zip(state, before, strict=True):
        assert_array_equal(array, kept)


@with_regularisers
@for_gammas
def test_every_gap_is_at_least_0_but_for_rounding(gamma, regularisers, rng):
    for _ in range(20):
        data = random_data(rng, (3, 5, 6), gamma, regularisers)
        for state in (some_state(rng, (3, 5, 6)), iterate(data, state_at_start(data), 50)[0]):
            _, haadf_sums, map_sums = certify(data, state)
            assert haadf_sums[1].min() >= 0
            assert map_sums[[1, 3]].min() >= -1e-6


@with_regularisers
@for_gammas
def test_the_gap_vanishes_as_iterations_come_to_rest(gamma, regularisers, rng):
    data = random_data(rng, (3, 6, 7), gamma, regularisers, totals=[True, False, False])
    state, _ = at_rest(data)
    certified, *sums = certify(data, state)
    assert gap(*sums) < 1e-4
    assert gap(*naive.certificate(data, state, *limits(data, state), certified)) < 1e-4
    start = state_at_start(data)
    assert gap(*certify(data, start)[1:]) > 0.1


@with_regularisers
@for_gammas
def test_lowering_the_residual_certifies_no_less_on_the_whole(gamma, regularisers, rng):
    ratios = []
    for n_iterations in np.repeat([5, 10, 30, 100, 300], 5):
        data = random_data(rng, (3, 6, 7), gamma, regularisers)
        state, _ = iterate(data, state_at_start(data), n_iterations, precision=0.01)
        certified, _, _ = certify(data, state)
        assert np.all(certified <= state.residual)
        lowered, as_it_is = (
            gap(*naive.certificate(data, state, *limits(data, state), each))
            for each in (certified, state.residual)
        )
        if as_it_is > 1e-5:  # beyond rounding
            ratios.append(lowered / as_it_is)
    assert np.mean(ratios) < 1.001
    assert max(ratios) < 1.4


def test_lowering_the_residual_certifies_much_more_where_maps_are_empty(rng):
    data = random_data(rng, (3, 6, 7))
    data.counts[:, :, 3:] = 0
    state, _ = iterate(data, state_at_start(data), 300, precision=0.01)
    state.residual[:, 3:] += np.float32(0.01)
    certified, *sums = certify(data, state)
    as_it_is = naive.certificate(data, state, *limits(data, state), state.residual)
    assert np.any(certified < state.residual)
    assert gap(*sums) < 0.7 * gap(*as_it_is)


def tangent_cost(y, data, x):
    """Cost of maps y, its HAADF model replaced by the tangent at x."""
    gamma = np.float64(data.gamma)
    slopes = naive.haadf_slopes(x, data.weights, gamma)
    misfit = naive.haadf_residual(x, data.haadf, data.weights, 0, gamma)
    misfit = misfit - (slopes * (y - x)).sum(axis=0)
    poisson = naive.poisson_deviance(y, data.counts, data.background).sum(axis=(1, 2))
    variation = naive.variation_of(y, data).sum(axis=(1, 2))
    return np.sum(misfit**2) / 2 + data.fidelity @ poisson + variation.sum()


def others_within_limits(rng, data, state, n):
    """Maps anywhere below the ceiling and within the reach, far from x and close to it."""
    ceilings, reaches = (naive.by_map(values) for values in limits(data, state))
    for share in np.geomspace(1e-3, 1, n):
        x = state.maps.astype(np.float64)
        y = x + share * (uniform(rng, x.shape) * ceilings - x)
        yield np.clip(y, np.maximum(x - reaches, 1e-6), x + reaches)


@pytest.mark.parametrize("n_iterations", [0, 3, 30])
@with_regularisers
@for_gammas
def test_no_maps_within_the_limits_cost_less_by_more_than_the_gap(
    gamma, regularisers, n_iterations, rng
):
    for _ in range(5):
        data = random_data(rng, (3, 5, 6), gamma, regularisers)
        state, _ = iterate(data, state_at_start(data), n_iterations)
        state.maps[:] = np.maximum(state.maps, np.float32(1e-6))
        bound = gap(*certify(data, state)[1:])
        here = tangent_cost(state.maps, data, state.maps)
        others = list(others_within_limits(rng, data, state, 10))
        if gamma == 1:
            others.append(at_rest(data, 1000)[0].maps + 1e-7)
        for other in others:
            assert here - tangent_cost(other, data, state.maps) <= bound + 1e-5


@with_regularisers
def test_the_gap_with_prices_bounds_the_cost_among_maps_of_the_same_totals(regularisers, rng):
    data = random_data(rng, (3, 5, 6), 1, regularisers, totals=True)
    best = at_rest(data)[0].maps.astype(np.float64) + 1e-7
    for n_iterations in (3, 30, 300):
        state, _ = iterate(data, state_at_start(data), n_iterations)
        state.maps[:] *= naive.by_map(data.totals / state.maps.sum(axis=(1, 2)))
        here = tangent_cost(state.maps, data, state.maps)
        bound = gap(*certify(data, state)[1:])
        assert np.any(state.prices != 0)
        assert here - tangent_cost(best, data, state.maps) <= bound + 1e-5


@pytest.mark.parametrize("tiny", [0, 1e-42, 1e-30])
@pytest.mark.parametrize("emptied", ["counts", "background", "haadf", "weights", "bounds"])
@for_gammas
def test_zeros_and_denormals_give_finite_sums(gamma, emptied, tiny, rng):
    data = random_data(rng, (2, 5, 20), gamma, MIXED)
    array = getattr(data, emptied)
    array[rng.uniform(size=array.shape) < 0.7] = tiny
    state, _ = iterate(data, state_at_start(data), 20)
    possible = (data.counts == 0) | (data.background > 1e-20)
    state.maps[possible & (rng.uniform(size=state.maps.shape) < 0.3)] = tiny
    for found in certify(data, state):
        assert np.all(np.isfinite(found))


def test_counts_where_none_can_be_expected_have_an_infinite_cost(rng):
    data = random_data(rng, (2, 5, 20), 1, MIXED)
    state, _ = iterate(data, state_at_start(data), 20)
    data.background[:] = 0
    state.maps[1, 2, 3], data.counts[1, 2, 3] = 0, 1
    _, _, map_sums = certify(data, state)
    assert np.isinf(map_sums[0, 1, 2])
    assert np.isfinite(map_sums[0, 0]).all()

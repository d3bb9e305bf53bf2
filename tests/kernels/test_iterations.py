"""Iterations: what one of them does, and that chunks, segments and their number do not matter."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from slow_repeats import alternating

from hyperspy_multimodal.kernels.state import SEGMENT

from .states import (
    MIXED,
    REGULARISERS,
    iterate,
    random_data,
    random_state,
    some_steps,
    with_regularisers,
)

SHAPES = [(1, 1, 1), (1, 1, 7), (2, 7, 1), (3, 5, 6), (2, 3, 300)]

on_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
GAMMAS = [0.7, 1, 1.7]
for_gammas = pytest.mark.parametrize("gamma", GAMMAS)


def assert_same_bits(found, expected):
    for name, one, other in zip(expected._fields, found, expected, strict=True):
        assert_array_equal(one, other, err_msg=name)


def test_shapes_include_rows_longer_than_a_segment():
    assert max(nx for _, _, nx in SHAPES) > SEGMENT


@alternating(gamma=GAMMAS, regularisers=REGULARISERS, shape=SHAPES)
def test_one_iteration_agrees_with_naive(gamma, regularisers, shape, rng):
    data = random_data(rng, shape, gamma, regularisers, totals=[True, False, True][: shape[0]])
    before = random_state(rng, shape)
    after, moved = iterate(data, before)
    expected, movement = naive.iteration(data, before, *some_steps(shape[0]), 1.8)
    found = (after.relaxed, after.maps, naive.dual(after), after.residual, after.prices)
    for name, one, other in zip(
        ("relaxed", "maps", "dual", "residual", "prices"), found, expected, strict=True
    ):
        assert_allclose(one, other, atol=2e-5, err_msg=name)
    assert_allclose(moved, movement, rtol=2e-4, atol=1e-6)


@for_gammas
def test_prices_rise_by_what_the_totals_exceed_theirs_and_stay_where_they_are_free(gamma, rng):
    shape, steps = (3, 5, 6), some_steps(3)
    data, before = random_data(rng, shape, gamma), random_state(rng, shape)
    free, _ = iterate(data, before)
    ahead = (2 * free.maps.astype(np.float64) - before.relaxed).sum(axis=(1, 2))
    bound = data._replace(totals=np.array([ahead[0] - 6, np.nan, ahead[2] + 9]))
    after, _ = iterate(bound, before)
    assert_array_equal(free.prices, before.prices)
    rise = np.array([1.8 * 6 / 30 / steps[0][0], 0, -1.8 * 9 / 30 / steps[0][2]])
    assert_allclose(after.prices - before.prices, rise, atol=1e-6)


@on_shapes
@with_regularisers
@for_gammas
def test_chunks_of_any_height_give_the_same_bits(gamma, regularisers, shape, rng):
    data = random_data(rng, shape, gamma, regularisers, totals=True)
    before = random_state(rng, shape)
    whole, moved = iterate(data, before, 3, rows_per_chunk=shape[1])
    for rows_per_chunk in (1, 2, 3):
        after, in_chunks = iterate(data, before, 3, rows_per_chunk)
        assert_same_bits(after, whole)
        assert_allclose(in_chunks, moved, rtol=1e-5)


@on_shapes
@with_regularisers
@pytest.mark.parametrize("rows_per_chunk", [2, None])
def test_loading_ahead_does_not_change_a_bit(rows_per_chunk, regularisers, shape, rng):
    data, before = random_data(rng, shape, 1, regularisers), random_state(rng, shape)
    after, moved = iterate(data, before, 3, rows_per_chunk)
    ahead, moved_ahead = iterate(data, before, 3, rows_per_chunk, beyond_cache=True)
    assert_same_bits(ahead, after)
    assert_array_equal(moved_ahead, moved)


@on_shapes
@for_gammas
def test_one_background_for_all_rows_may_be_given_as_one_row(gamma, shape, rng):
    data, before = random_data(rng, shape, gamma), random_state(rng, shape)
    row = data.background[:, :1].copy()
    repeated = np.broadcast_to(row, shape).copy()
    for beyond_cache in (False, True):
        options = {"rows_per_chunk": 2, "beyond_cache": beyond_cache}
        short, _ = iterate(data._replace(background=row), before, 3, **options)
        full, _ = iterate(data._replace(background=repeated), before, 3, **options)
        assert_same_bits(short, full)


@on_shapes
@with_regularisers
@for_gammas
def test_five_iterations_are_five_times_one(gamma, regularisers, shape, rng):
    data = random_data(rng, shape, gamma, regularisers, totals=True)
    before = random_state(rng, shape)
    at_once, moved = iterate(data, before, 5, rows_per_chunk=2)
    state = before
    for _ in range(5):
        state, moved_last = iterate(data, state, rows_per_chunk=2)
    assert_same_bits(at_once, state)
    assert_array_equal(moved, moved_last)


@on_shapes
@with_regularisers
@pytest.mark.parametrize("rows_per_chunk", [1, 2, None])
def test_no_dual_variable_leaves_the_image(rows_per_chunk, regularisers, shape, rng):
    data, before = random_data(rng, shape, 1, regularisers), random_state(rng, shape)
    after, _ = iterate(data, before, 5, rows_per_chunk)
    for border in (after.dual_y[:, [0, -1]], after.dual_x[:, :, [0, -1]]):
        assert_array_equal(border, 0)


@on_shapes
@with_regularisers
def test_no_dual_variable_is_longer_than_its_bound(regularisers, shape, rng):
    data, before = random_data(rng, shape, 1, regularisers), random_state(rng, shape)
    after, _ = iterate(data, before, relaxation=1)
    assert np.all(naive.lengths(naive.dual(after)) <= naive.by_map(data.bounds) * (1 + 1e-6))


@on_shapes
@with_regularisers
def test_without_lambda_2_the_dual_variable_is_0(regularisers, shape, rng):
    data, before = random_data(rng, shape, 1, regularisers), random_state(rng, shape)
    data.bounds[:] = 0
    before.dual_y[:] = 0
    before.dual_x[:] = 0
    after, _ = iterate(data, before, 3)
    assert_array_equal(naive.dual(after), 0)
    assert np.all(np.isfinite(after.maps))


@pytest.mark.parametrize("tiny", [0, 1e-42, 1e-30])
@pytest.mark.parametrize("emptied", ["counts", "background", "haadf", "weights", "bounds"])
@for_gammas
def test_zeros_and_denormals_give_finite_values(gamma, emptied, tiny, rng):
    data, before = random_data(rng, (2, 5, 20), gamma, MIXED), random_state(rng, (2, 5, 20))
    array = getattr(data, emptied)
    array[rng.uniform(size=array.shape) < 0.7] = tiny
    before.maps[rng.uniform(size=before.maps.shape) < 0.5] = tiny
    before.relaxed[:, :, 3:] = before.maps[:, :, 3:]
    before.relaxed[0, 1] = tiny
    after, moved = iterate(data, before, 20)
    for name, values in after._asdict().items():
        assert np.all(np.isfinite(values)), name
    assert np.all(np.isfinite(moved))
    assert np.all(after.maps >= 0)

"""Total generalised variation: strains and their transpose, steps, and the gap of a field."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from slow_repeats import alternating

from hyperspy_multimodal.kernels import CODES, certify_fields, move_fields
from hyperspy_multimodal.kernels.generalised import force, strain, within_bound

from .states import iterate, random_data, random_state, some_steps
from .variants import as_compiled_and_python, single

SHAPES = [(1, 1, 1), (1, 1, 7), (2, 7, 1), (1, 2, 2), (3, 5, 6)]
on_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
TGV, DIRECTED = CODES["tgv"], CODES["directional tgv"]
COPIED = ("dual_y", "dual_x", "stress")
MIXES = {"tgv": (TGV,) * 3, "directed": (DIRECTED, TGV, DIRECTED), "some": (0, DIRECTED, TGV)}
on_mixes = pytest.mark.parametrize("codes", MIXES.values(), ids=MIXES)


def some(rng, shape, codes, gamma=1):
    """Data without softness, which fields do not go with, and a state."""
    data = random_data(rng, shape, gamma, codes)
    data.softness[:] = 0
    return data, random_state(rng, shape, data.places)


def iterated(data, state, rows_per_chunk=None):
    """State after one iteration of maps and fields, squared movements, and steps of fields."""
    n_maps, ny, _ = data.counts.shape
    after, moved = iterate(data, state, rows_per_chunk=rows_per_chunk)
    lows_and_highs = ((0.1, 0.3), (0.4, 0.2))
    steps = [np.linspace(low, high, n_maps).astype("f4") for low, high in lows_and_highs]
    dual_steps = some_steps(n_maps)[1]
    rows = rows_per_chunk or ny
    move_fields(rows, data, after, dual_steps, *steps, np.float32(1.8), moved)
    return after, moved, steps


def naively_iterated(data, state, steps):
    """The same in float64."""
    w, lead, q = naive.fields.field_step(data, state, *steps, 1.8)
    state = state._replace(
        field=w, lead=lead, **{name: getattr(state, name).copy() for name in COPIED}
    )
    found = naive.iteration(data, state, *some_steps(len(data.weights)), 1.8)
    (relaxed, maps, p, residual, prices), moved = found
    state = state._replace(relaxed=relaxed, maps=maps, residual=residual, prices=prices)
    state.stress[:, :, 1:, 1:] = q
    state.dual_y[:, 1:], state.dual_x[:, :, 1:] = p
    return state, moved


def certified(data, state, limits, rows_per_chunk=None):
    n_maps, ny, _ = data.counts.shape
    duals, sums = (state.dual_y.copy(), state.dual_x.copy()), np.zeros((2, n_maps, ny))
    certify_fields(rows_per_chunk or ny, data, state, limits, *duals, sums)
    return *duals, sums


@as_compiled_and_python
def test_force_is_the_transpose_of_strain(variant, rng):
    ny, nx = 6, 7
    w = np.zeros((2, ny, nx), np.float32)
    w[0, :-1], w[1, :, :-1] = rng.normal(size=(ny - 1, nx)), rng.normal(size=(ny, nx - 1))
    q = np.zeros((3, ny + 1, nx + 1), np.float32)
    q[0, 1:-2, 1:] = rng.normal(size=(ny - 2, nx))
    q[1, 1:, 1:-2] = rng.normal(size=(ny, nx - 2))
    q[2, 1:-1, 1:-1] = rng.normal(size=(ny - 1, nx - 1))
    strains, forces = np.zeros((3, ny, nx)), np.zeros((2, ny, nx))
    for row, col in np.ndindex(ny, nx):
        below = min(row + 1, ny - 1)
        rows = w[0, row], w[0, below], w[1, row], w[1, below]
        strains[:, row, col] = variant(strain)(row, col, ny, nx, *rows)
        rows = q[0, row], q[2, row], q[0, row + 1], q[1, row + 1], q[2, row + 1]
        forces[:, row, col] = variant(force)(col, *rows)
    assert_allclose(strains, naive.fields.strain(w[:, None])[:, 0], atol=1e-6)
    paired = np.sum(strains * q[:, 1:, 1:] * [[[1]], [[1]], [[2]]])
    assert paired == pytest.approx(np.sum(forces * w), abs=1e-5)
    assert_array_equal(forces[0, -1], 0)
    assert_array_equal(forces[1, :, -1], 0)


def test_fields_of_planes_and_of_rotations_have_no_strain():
    row, col = np.mgrid[:6, :8].astype(float)
    plane = naive.gradient((2 * row - 3 * col + 1)[None])
    turning = np.stack([-col, row])[:, None]
    for field in (plane, turning):
        assert_allclose(naive.fields.strain(field), 0)


@as_compiled_and_python
def test_a_stress_is_brought_back_to_its_bound(variant):
    inside = variant(within_bound)(*single(2, 1, 1, 0.5))
    assert_allclose(inside, [1, 1, 0.5])
    far = np.array(variant(within_bound)(*single(2, 3, -4, 5)))
    assert np.sqrt(far[0] ** 2 + far[1] ** 2 + 2 * far[2] ** 2) == pytest.approx(2)
    assert_allclose(far / far[0], [1, -4 / 3, 5 / 3], rtol=1e-6)


def in_float64(state):
    return state._replace(
        **{name: np.array(values, np.float64) for name, values in state._asdict().items()}
    )


@alternating(
    gamma=[1, 1.7],
    codes=list(MIXES.values()),
    shape=[*SHAPES, (2, 3, 300)],  # longer than a segment, too
)
def test_an_iteration_is_that_of_the_naive_loop(gamma, codes, shape, rng):
    data, state = some(rng, shape, codes, gamma)
    after, moved, steps = iterated(data, state)
    expected, movement = naively_iterated(data, in_float64(state), steps)
    for name, one, other in zip(after._fields, after, expected, strict=True):
        assert_allclose(one, other, atol=2e-5, err_msg=name)
    assert_allclose(moved, movement, rtol=5e-4, atol=1e-6)


@on_mixes
def test_ten_iterations_end_where_the_naive_ones_in_float64_do(codes, rng):
    data, state = some(rng, (3, 5, 6), codes)
    exact = in_float64(state)
    for _ in range(10):
        state, _, steps = iterated(data, state)
        exact, _ = naively_iterated(data, exact, steps)
    for name, one, other in zip(state._fields, state, exact, strict=True):
        assert_allclose(one, other, atol=5e-4, err_msg=name)


@on_shapes
@on_mixes
def test_the_certificate_is_the_naive_one(codes, shape, rng):
    data, state = some(rng, shape, codes)
    limits = np.array([0.5, 0.7, 1.0], np.float32)[: shape[0]]
    dual_y, dual_x, sums = certified(data, state, limits)
    chosen = data.places >= 0
    p, _ = naive.fields.certified_dual(data, state)
    assert_allclose(np.stack([dual_y[chosen, 1:], dual_x[chosen, :, 1:]]), p, atol=1e-5)
    assert_array_equal(dual_y[~chosen], state.dual_y[~chosen])
    expected = naive.fields.field_gap(data, state, limits)
    assert_allclose(sums[:, chosen], expected, rtol=1e-5, atol=2e-5)


@on_shapes
@on_mixes
def test_chunks_of_any_height_give_the_same(codes, shape, rng):
    data, state = some(rng, shape, codes)
    limits = np.full(shape[0], 1.0, np.float32)
    whole = iterated(data, state)[0]
    certificate = certified(data, state, limits)
    for rows in (1, 2, 3):
        for one, other in zip(iterated(data, state, rows)[0], whole, strict=True):
            assert_array_equal(one, other)
        for one, other in zip(certified(data, state, limits, rows), certificate, strict=True):
            assert_array_equal(one, other)


@on_shapes
@on_mixes
def test_nothing_is_beyond_the_border(codes, shape, rng):
    data, state = some(rng, shape, codes)
    for _ in range(3):
        state = iterated(data, state)[0]
    yy, xx, xy = state.stress
    borders = [state.field[0, :, -1:], state.field[1, :, :, -1:], state.stress[:, :, 0]]
    borders += [state.stress[:, :, :, 0], yy[:, -2:], xx[:, :, -2:], xy[:, -1:], xy[:, :, -1:]]
    for border in borders:
        assert_array_equal(border, 0)


@on_mixes
def test_the_gap_is_never_negative_within_the_limit(codes, rng):
    for _ in range(20):
        data, state = some(rng, (3, 5, 6), codes)
        limits = np.full(3, np.abs(state.field).max(), np.float32)
        assert certified(data, state, limits)[2][1].min() >= -1e-6

"""Pooling: the expectation of measured background counts."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.pooling import pool, pool_between_steps

SHAPES = [(64, 64), (33, 70), (5, 7), (1, 50), (1, 1)]


def sparse(shape, mean=0.4, seed=0):
    """Poisson counts around a gradient, with a bright spot."""
    ny, nx = shape
    expected = mean * (0.2 + np.arange(nx) / nx) * np.ones((ny, 1))
    expected[ny // 3, nx // 3] += 40
    return np.random.default_rng(seed).poisson(expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mean", [0.01, 0.4, 30])
def test_keeps_total_shape_and_sign(shape, mean):
    counts = sparse(shape, mean)
    pooled = pool(counts)
    assert pooled.shape == shape
    assert pooled.dtype == np.float64
    assert pooled.min() >= 0
    np.testing.assert_allclose(pooled.sum(), counts.sum(), rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("value", [1e-3, 0.7, 5.0])
def test_constant_map_is_unchanged(shape, value):
    np.testing.assert_allclose(pool(np.full(shape, value)), value, rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_counts_give_no_background(shape):
    assert not pool(np.zeros(shape, dtype=np.uint8)).any()


@pytest.mark.parametrize("shape", [(64, 64), (33, 70)])
@pytest.mark.parametrize("mean", [0.1, 3])
@pytest.mark.parametrize(
    "turn",
    [lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a.T],
    ids=["rows", "columns", "transpose"],
)
def test_commutes_with_flips_and_transposition(shape, mean, turn):
    counts = sparse(shape, mean)
    np.testing.assert_allclose(pool(turn(counts)), turn(pool(counts)), rtol=1e-10)


# Neighbourhoods of 2 pixels hold 151 counts at a mean of 3; at 0.05 it takes 16 pixels (161).
@pytest.mark.parametrize(("mean", "width", "fields"), [(3.0, 2, 4), (0.2, 8, 6), (0.05, 16, 8)])
def test_noise_of_a_constant_field_is_that_of_its_neighbourhoods(mean, width, fields):
    counts = np.random.default_rng(1).poisson(mean, (fields, 256, 256))
    # away from the edges, where neighbourhoods are cut
    inner = slice(2 * width, -2 * width)
    pooled = np.stack([pool(field)[inner, inner] for field in counts])
    noise = np.sqrt(np.square(pooled - mean).mean())
    theory = np.sqrt(mean / (4 * np.pi * width**2))
    assert noise == pytest.approx(theory, rel=0.15)
    assert noise / mean < 0.1
    assert noise < 0.15 * counts.std()


def test_starved_map_gets_its_mean():
    counts = np.zeros((32, 32))
    counts[3, 4] = counts[20, 9] = 1
    np.testing.assert_allclose(pool(counts), counts.mean(), rtol=1e-12)


def test_levels_far_apart_do_not_mix():
    """Neighbourhoods stay narrow where there are counts: 20 and 2 a pixel, side by side."""
    expected = np.where(np.arange(128) < 64, 20.0, 2.0) * np.ones((128, 1))
    pooled = pool(np.random.default_rng(2).poisson(expected))
    assert pooled[:, :48].mean() == pytest.approx(20, rel=0.02)
    assert pooled[:, 80:].mean() == pytest.approx(2, rel=0.05)


def test_input_is_not_modified():
    counts = sparse((20, 30)).astype(float)
    before = counts.copy()
    pool(counts)
    np.testing.assert_array_equal(counts, before)


def test_several_maps_are_smoothed_alike():
    """Each keeps its total; the neighbourhoods are those of their sum."""
    maps = np.stack([sparse((40, 30), 0.4, seed=3), sparse((40, 30), 3, seed=4)])
    pooled = pool(maps)
    np.testing.assert_allclose(pooled.sum(axis=(1, 2)), maps.sum(axis=(1, 2)), rtol=1e-12)
    doubled = pool(np.stack([maps[0], maps[0]]), 200)
    np.testing.assert_allclose(doubled, np.stack([pool(maps[0], 100)] * 2), rtol=1e-12)


def step(seed=0, low=5.0, high=60.0, shape=(96, 96)):
    ny, nx = shape
    truth = np.where(np.arange(nx) < nx // 2, low, high) * np.ones((ny, 1))
    return truth, np.random.default_rng(seed).poisson(truth)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mean", [0.01, 0.4, 30])
def test_between_steps_total_shape_and_sign_are_kept(shape, mean):
    counts = sparse(shape, mean)
    pooled = pool_between_steps(counts)
    assert pooled.shape == shape
    assert pooled.min() >= 0
    np.testing.assert_allclose(pooled.sum(), counts.sum(), rtol=1e-12)


@pytest.mark.parametrize(
    "turn",
    [lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a.T],
    ids=["rows", "columns", "transpose"],
)
def test_between_steps_commutes_with_flips_and_transposition(turn):
    counts = sparse((33, 70), 3)
    np.testing.assert_allclose(
        pool_between_steps(turn(counts)), turn(pool_between_steps(counts)), rtol=1e-9
    )


def test_between_steps_constants_are_unchanged():
    np.testing.assert_allclose(pool_between_steps(np.full((20, 33), 2.5)), 2.5, rtol=1e-12)
    assert not pool_between_steps(np.zeros((20, 33))).any()


def test_step_is_kept_where_plain_pooling_blurs_it():
    truth, counts = step()
    beside = slice(46, 50)  # two columns on either side
    kept, blurred = pool_between_steps(counts), pool(counts)
    error, plain = (np.abs(found - truth)[:, beside].mean() for found in (kept, blurred))
    assert error < plain / 2
    far = np.r_[:32, 64:96]
    assert (kept - truth)[:, far].std() < 0.7 * (counts - truth)[:, far].std()


def test_several_maps_are_pooled_alike():
    rng = np.random.default_rng(0)
    level = np.ones((32, 32))
    level[:, 16:] = 20
    first = rng.poisson(level).astype(float)
    pooled = pool(np.stack([first, 3 * first]), 400)
    np.testing.assert_allclose(pooled[1], 3 * pooled[0])
    np.testing.assert_allclose(pooled.sum(axis=(1, 2)), [first.sum(), 3 * first.sum()])
    np.testing.assert_allclose(pool(first[None])[0], pool(first))


@pytest.mark.parametrize("level", [3, 30, 300, 3000])
def test_pooling_between_steps_is_never_worse_than_none(level):
    rng = np.random.default_rng(0)
    expected = np.full((64, 64), float(level))
    expected[20:40, 10:50] *= 4
    counts = rng.poisson(expected)
    pooled = pool_between_steps(counts)

    def error(found):
        return np.sqrt(np.mean((found - expected) ** 2 / expected))

    assert error(pooled) < 0.8 * error(counts)
    assert level < 100 or error(pooled) < 0.5 * error(pool(counts))
    assert pooled.sum() == pytest.approx(counts.sum())

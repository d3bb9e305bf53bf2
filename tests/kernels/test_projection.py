"""Vectors of the dual variable, brought back into their bounds."""

import naive
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.kernels import project
from hyperspy_multimodal.kernels.projection import dual_change, feasible_row

from .variants import (
    as_compiled_and_python,
    on_lengths,
    on_shapes,
    one_a_map,
    several,
    single,
    uniform,
)


def any_field(rng, shape):
    """Not 0 at the border, where differences are."""
    return rng.normal(size=(2, *shape)).astype(np.float32)


@on_shapes
@as_compiled_and_python
def test_project_agrees_with_naive(variant, shape, rng):
    p, bounds = any_field(rng, shape), one_a_map(rng, shape[0], 0.2, 2)
    projected = p.copy()
    variant(project)(projected, bounds)
    assert_allclose(projected, naive.project(p, bounds), rtol=1e-6, atol=1e-7)


def test_project_leaves_what_is_inside_untouched(rng):
    p = uniform(rng, (2, 2, 5, 8), -1, 1)
    kept = p.copy()
    project(kept, np.array([1.5, 2.0], np.float32))
    assert_array_equal(kept, p)


def test_project_is_idempotent(rng):
    once = any_field(rng, (2, 5, 8))
    bounds = np.array([0.3, 1.1], np.float32)
    project(once, bounds)
    twice = once.copy()
    project(twice, bounds)
    assert_allclose(twice, once, rtol=2e-7)


def test_project_finds_the_nearest_point(rng):
    """No other point of the disc is on p's side of its projection: <p - P p, q - P p> <= 0."""
    p, bounds = any_field(rng, (2, 5, 8)), np.array([0.3, 1.1], np.float32)
    nearest = p.copy()
    project(nearest, bounds)
    for _ in range(50):
        other = naive.project(3 * any_field(rng, (2, 5, 8)), bounds)
        assert np.max(np.sum((p - nearest) * (other - nearest), axis=0)) < 1e-5


def test_project_to_length_zero_gives_zero():
    """Whatever the length: where its square underflows, its reciprocal may overflow."""
    lengths = np.geomspace(1e-44, 1e18, 500).astype(np.float32)
    p = np.broadcast_to(lengths, (2, 1, 3, 500)).copy()
    project(p, np.zeros(1, np.float32))
    assert_allclose(p, 0, atol=1e-12)


@as_compiled_and_python
def test_dual_change_leads_to_the_projection(variant, rng):
    for _ in range(20):
        p, d = rng.normal(size=(2, 2, 1, 1, 1)).astype(np.float32)
        change = variant(dual_change)(*p.ravel(), *d.ravel(), *single(0.7, 1.2))
        expected = naive.project(p + 0.7 * d, [1.2]) - p
        assert_allclose(change, expected.ravel(), atol=1e-6)


@as_compiled_and_python
def test_dual_change_without_a_bound_ends_at_0_however_short_the_gradient(variant):
    """Where its square underflows, its reciprocal may overflow."""
    for length in np.append(0, np.geomspace(1e-44, 1e18, 60)):
        change = variant(dual_change)(*single(0, 0, length, -length, 1, 0))
        assert_allclose(change, 0, atol=1e-12)


@on_lengths
@as_compiled_and_python
def test_feasible_row_is_the_nearest_within_the_bound(variant, n, rng):
    below, right = several(rng, n, 2)
    py, px = np.full((2, n), np.nan, np.float32)
    variant(feasible_row)(n, np.float32(0.8), below, right, py, px)
    expected = naive.project(np.stack([below, right])[:, None, None], [0.8])[:, 0, 0]
    assert_allclose(np.stack([py, px]), expected, atol=1e-6)


@as_compiled_and_python
def test_feasible_row_without_a_bound_is_0(variant):
    below = np.append(0, np.geomspace(1e-44, 1e18, 60)).astype(np.float32)
    py, px = np.full((2, below.size), np.nan, np.float32)
    variant(feasible_row)(below.size, np.float32(0), below, below, py, px)
    assert_array_equal([py, px], 0)

"""Vectors of the dual variable, brought back into their bounds."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.kernels import project
from hyperspy_multimodal.kernels.projection import dual_change, feasible_row, huber

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
def test_project_agrees_with_naive(shape, rng):
    p, bounds = any_field(rng, shape), one_a_map(rng, shape[0], 0.2, 2)
    projected = p.copy()
    project(projected, bounds)
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
        change = variant(dual_change)(*p.ravel(), *d.ravel(), *single(0.7, 1, 1.2))
        expected = naive.project(p + 0.7 * d, [1.2]) - p
        assert_allclose(change, expected.ravel(), atol=1e-6)


def disc(bound):
    """Points that fill a disc, (2, n)."""
    radii, angles = np.meshgrid(np.linspace(0, bound, 41), np.linspace(0, 2 * np.pi, 200))
    return np.stack([radii * np.sin(angles), radii * np.cos(angles)]).reshape(2, -1)


@pytest.mark.parametrize("softness", [0.1, 1.0, 10.0])
@as_compiled_and_python
def test_dual_change_of_hubers_form_is_the_best_step(variant, softness, rng):
    """It minimises |q - p - step d|^2 / (2 step) + softness |q|^2 / 2 among all |q| <= bound."""
    step, bound = 0.7, 1.2
    for _ in range(20):
        p, d = rng.normal(0, 2, size=(2, 2)).astype(np.float32)
        soft = 1 / (1 + step * softness)
        found = p + np.array(variant(dual_change)(*p, *d, *single(step, soft, bound)))

        def cost(q, p=p, d=d):
            q = q.reshape(2, -1)
            away = np.square(q - (p + step * d)[:, None]).sum(axis=0) / (2 * step)
            return away + softness * np.square(q).sum(axis=0) / 2

        assert np.hypot(*found) <= bound * (1 + 1e-6)
        assert cost(found)[0] <= cost(disc(bound)).min() + 1e-5


@pytest.mark.parametrize("softness", [0.0, 0.1, 1.0, 10.0])
@as_compiled_and_python
def test_hubers_form_is_the_conjugate_of_what_its_dual_variable_costs(variant, softness, rng):
    """F(d) is the most that <p, d> - F*(p) comes to, so that no gap is below 0."""
    bound, points = 0.8, disc(0.8)
    for d in rng.normal(0, 2, (20, 2)).astype(np.float32):
        gaps = []
        for p in points.T[::7].astype(np.float32):
            value, both = variant(huber)(*single(bound, softness), *d, *p)
            gaps.append(both - p @ d)
        pairings = points.T @ d - softness * np.square(points).sum(axis=0) / 2
        assert value == pytest.approx(pairings.max(), abs=2e-3)
        assert min(gaps) >= -1e-6


@pytest.mark.parametrize("softness", [0.0, 0.1, 1.0, 10.0])
@as_compiled_and_python
def test_the_gap_of_hubers_form_is_0_at_its_slope(variant, softness, rng):
    for d in rng.normal(0, 2, (20, 2)).astype(np.float32):
        slope = 0.8 * d / max(np.hypot(*d), 0.8 * softness)
        _, both = variant(huber)(*single(0.8, softness), *d, *slope.astype(np.float32))
        assert both - slope @ d == pytest.approx(0, abs=2e-6)


@as_compiled_and_python
def test_hubers_form_is_a_parabola_up_to_its_knee_and_a_line_beyond(variant):
    bound, softness = 0.5, 4.0  # the knee lies at 2

    def value(length):
        return variant(huber)(*single(bound, softness, 0.6 * length, -0.8 * length, 0, 0))[0]

    assert value(1) == pytest.approx(1 / 8)
    assert value(2) == pytest.approx(0.5)
    assert value(2.001) - value(1.999) == pytest.approx(0.001, rel=0.01)
    assert value(9) == pytest.approx(0.5 + 0.5 * 7)


@as_compiled_and_python
def test_without_softness_it_is_total_variation(variant, rng):
    for py, px, dy, dx in rng.normal(size=(50, 4)).astype(np.float32):
        value, both = variant(huber)(*single(0.8, 0), dy, dx, py, px)
        assert value == pytest.approx(0.8 * np.hypot(dy, dx), rel=1e-6)
        assert both == value


@pytest.mark.parametrize("softness", [0, 1e-42, 1e-30, 1e30])
@as_compiled_and_python
def test_hubers_form_is_finite_and_not_negative_however_short_the_gradient(variant, softness):
    for length in np.append(0, np.geomspace(1e-44, 10, 60)):
        value, _ = variant(huber)(*single(0.8, softness, length, -length, 0, 0))
        assert np.isfinite(value)
        assert value >= 0


@as_compiled_and_python
def test_dual_change_without_a_bound_ends_at_0_however_short_the_gradient(variant):
    """Where its square underflows, its reciprocal may overflow."""
    for length in np.append(0, np.geomspace(1e-44, 1e18, 60)):
        change = variant(dual_change)(*single(0, 0, length, -length, 1, 1, 0))
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

"""Directional total variation: what a guide does, and what it leaves alone."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.fusion import solve_fusion

from .problems import problem, truth

SHAPE = (2, 14, 17)


@pytest.fixture(params=[1, 1.7])
def known(request):
    return problem(SHAPE, level=6, background=0.5, gamma=request.param, lambdas=(0.1, 0.2))


@pytest.fixture
def guide():
    return truth(SHAPE, 1.0).sum(axis=0)


def test_a_guide_without_edges_changes_nothing(known):
    flat = solve_fusion(**known, guide=np.full(SHAPE[1:], 4.0))
    assert_allclose(flat.maps, solve_fusion(**known).maps, atol=1e-5)


def test_elements_that_do_not_follow_the_guide_are_isotropic(known, guide):
    none = solve_fusion(**known, guide=guide, directional=[False, False])
    assert_array_equal(none.maps, solve_fusion(**known).maps)


def test_without_haadf_each_element_has_its_own_regulariser(known, guide):
    known["weights"] = 0.0
    options = {"tolerance": 1e-6}
    one = solve_fusion(**known, guide=guide, directional=[True, False], **options)
    both = solve_fusion(**known, guide=guide, **options)
    neither = solve_fusion(**known, **options)
    assert_allclose(one.maps[0], both.maps[0], atol=0.02)
    assert_allclose(one.maps[1], neither.maps[1], atol=0.02)
    assert np.abs(one.maps[0] - neither.maps[0]).max() > 0.2


def test_all_follow_the_guide_unless_told(known, guide):
    told = solve_fusion(**known, guide=guide, directional=[True, True])
    assert_array_equal(told.maps, solve_fusion(**known, guide=guide).maps)


def test_cost_terms_are_those_of_the_maps(known, guide):
    directional = [True, False]
    result = solve_fusion(**known, guide=guide, directional=directional)
    expected = naive.cost(result.maps, **known, guide=guide, directional=directional)
    assert_allclose(result.cost_terms[:, -1], expected, rtol=1e-5)


def test_an_edge_of_the_guide_costs_next_to_nothing():
    """However strong total variation is, a step that the guide shares stays."""
    step = np.where(np.arange(24) < 12, 2.0, 9.0) * np.ones((20, 1))
    counts = np.random.default_rng(0).poisson(step)[np.newaxis]
    options = {"gamma": 1, "lambdas": (1.0, 30.0), "weights": 0.0}
    guided = solve_fusion(counts, step, guide=step, **options).maps[0]
    assert guided[:, 17:].mean() - guided[:, :7].mean() > 6
    plain = solve_fusion(counts, step, **options).maps[0]
    assert plain[:, 17:].mean() - plain[:, :7].mean() < 1


def test_an_edge_of_the_guide_alone_leaves_no_trace():
    """No edge is forced: flat counts stay flat across a step of the guide."""
    step = np.where(np.arange(24) < 12, 0.0, 1.0) * np.ones((20, 1))
    counts = np.random.default_rng(1).poisson(5, (1, 20, 24))
    guided = solve_fusion(counts, step, guide=step, gamma=1, lambdas=(1.0, 30.0), weights=0.0)
    left, right = guided.maps[0][:, :12].mean(), guided.maps[0][:, 12:].mean()
    measured = counts[0][:, 12:].mean() - counts[0][:, :12].mean()
    assert abs(right - left) < abs(measured) + 0.05

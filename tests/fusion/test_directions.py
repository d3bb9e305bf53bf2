"""Edge directions of a guide image."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.fusion.directions import directions_of


@pytest.fixture
def guide(rng):
    return rng.normal(size=(12, 15)) + 9 * (np.arange(15) > 7)


def test_they_agree_with_naive(guide):
    assert_allclose(directions_of(guide), naive.directions_of(guide), atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1)])
def test_a_side_of_one_pixel_has_no_edges_along_it(shape, rng):
    edges = np.stack(directions_of(rng.normal(size=shape)))
    assert np.isfinite(edges).all()
    for axis in (0, 1):
        if shape[axis] == 1:
            assert_array_equal(edges[axis], 0)


def test_they_are_shorter_than_1_and_long_only_at_edges(guide):
    lengths = np.hypot(*directions_of(np.repeat(guide[:1] * 0 + 5 * (np.arange(15) > 7), 12, 0)))
    assert lengths.max() < 1
    assert np.all(lengths[:, 7] > 0.99)
    assert np.all(lengths[:, :3] < 0.01)


@pytest.mark.parametrize(("factor", "offset"), [(1e-9, 0), (1e6, 0), (3, -40), (-1, 0)])
def test_the_unit_of_the_guide_does_not_matter(factor, offset, guide):
    expected = np.sign(factor) * np.stack(directions_of(guide))
    assert_allclose(directions_of(factor * guide + offset), expected, atol=1e-6)


def test_a_constant_guide_has_no_edges():
    assert_array_equal(directions_of(np.full((5, 6), 3.7)), 0)


def test_the_guide_is_not_modified(guide):
    before = guide.copy()
    directions_of(guide)
    assert_array_equal(guide, before)

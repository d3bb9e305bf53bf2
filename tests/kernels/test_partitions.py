"""Sums over parts of a partition, and images between its nodes, against NumPy's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.kernels.partitions import (
    between_nodes,
    sum_hats,
    sum_parts,
    weigh_steps,
)

from .variants import as_compiled_and_python

N_PARTS = 5


def pixels(rng, size):
    """Parts, nodes before pixels, weights of the nodes after them, and an image."""
    numbers, left = (rng.integers(n, size=size).astype(np.uint16) for n in (N_PARTS, N_PARTS - 1))
    return numbers, left, rng.random(size), rng.normal(size=size)


@as_compiled_and_python
@pytest.mark.parametrize("size", [0, 1, 3, 4, 103])
def test_sums_over_parts_are_those_of_bincount(variant, size, rng):
    numbers, _, _, image = pixels(rng, size)
    sums = np.zeros((4, N_PARTS))
    variant(sum_parts)(numbers, image, sums)
    assert_allclose(sums.sum(axis=0), np.bincount(numbers, image, N_PARTS), atol=1e-12)


@as_compiled_and_python
def test_sums_of_hats_are_those_of_their_images(variant, rng):
    numbers, left, step, image = pixels(rng, 103)
    sums, hat = np.zeros((4, N_PARTS, N_PARTS)), np.empty(103)
    variant(sum_hats)(numbers, left, step, image, sums)
    for node, values in enumerate(np.eye(N_PARTS)):
        variant(between_nodes)(left, step, values, hat)
        assert_allclose(
            sums.sum(axis=0)[:, node], np.bincount(numbers, hat * image, N_PARTS), atol=1e-12
        )


@as_compiled_and_python
def test_images_between_nodes_are_those_of_interp(variant, rng):
    _, left, step, _ = pixels(rng, 103)
    values, found = rng.normal(size=N_PARTS), np.empty(103)
    variant(between_nodes)(left, step, values, found)
    assert_allclose(found, np.interp(left + step, np.arange(N_PARTS), values))


@as_compiled_and_python
def test_nodes_weigh_as_much_as_their_means(variant, rng):
    _, left, step, _ = pixels(rng, 103)
    means, found, even = rng.uniform(0.1, 9, N_PARTS), np.empty(103), np.empty(103)
    variant(weigh_steps)(left, step, means, found)
    ratio = found * (1 - step) / ((1 - found) * step)
    assert_allclose(ratio, means[left + 1] / means[left])
    variant(weigh_steps)(left, step, np.full(N_PARTS, 7.0), even)
    assert_allclose(even, step)

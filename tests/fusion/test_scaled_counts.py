"""Counts in the units of a problem, which are the same for all fusions of these counts."""

from dataclasses import fields

import numpy as np
import pytest

from hyperspy_multimodal.fusion.scaled_counts import ScaledCounts


@pytest.fixture
def counts():
    rng = np.random.default_rng(0)
    return rng.poisson(4.0, (3, 13, 18)).astype(np.float32)


@pytest.mark.parametrize("background", ["uniform", "by pixel"])
def test_each_map_is_scaled_independently_of_the_others(counts, background):
    rows = np.linspace(0.5, 1.5, 13)[:, None] if background == "by pixel" else np.full((1, 1), 0.5)
    chosen = [2, 0]
    there, own = (np.broadcast_to(rows, each.shape) for each in (counts, counts[chosen]))
    part = ScaledCounts.of(counts, there).part(chosen)
    alone = ScaledCounts.of(counts[chosen], own)
    for each in fields(ScaledCounts):
        np.testing.assert_array_equal(getattr(part, each.name), getattr(alone, each.name))


def test_scales_turn_the_counts_back_and_sums_are_those_of_the_scaled_counts(counts):
    found = ScaledCounts.of(counts, np.zeros_like(counts))
    np.testing.assert_allclose(found.counts * found.scales[:, None, None], counts, rtol=1e-6)
    np.testing.assert_allclose(found.means, found.counts.mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(found.gross, found.counts.sum(axis=(1, 2)), rtol=1e-5)
    # The likeliest maps fit exactly without background, and constant ones do not.
    np.testing.assert_allclose(found.deviance, 0, atol=1e-5)
    assert (found.flat_deviance > 10).all()

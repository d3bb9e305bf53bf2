"""Counts in windows, with noise of the detector beside that of counts."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.floor_maps import FloorMaps

INSIDE, BESIDE = np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])
FLOORS = np.array([3.0, 9.0])


def maps(means, seed=0, shape=(150, 150)):
    rng = np.random.default_rng(seed)
    means = np.broadcast_to(np.array(means)[:, None, None], (2, *shape))
    noise = np.sqrt(FLOORS)[:, None, None] * rng.normal(size=means.shape)
    segments = rng.poisson(means) + noise
    return FloorMaps(
        ["a"], segments, INSIDE, BESIDE, np.full((1, 1, 1), 0.5), has_steps=True, floors=FLOORS
    )


@pytest.mark.parametrize("means", [(0, 0), (2, 1), (40, 60)])
def test_variance_and_shifted_counts(means):
    found = maps(means)
    expected = means[1] - 0.5 * means[0]
    error = np.sqrt(found.net.var() / found.net[0].size)
    assert found.net.mean() == pytest.approx(expected, abs=5 * error)
    # what is negative by chance counts as 0
    assert found.net_variance.mean() == pytest.approx(found.net.var(), rel=0.15)
    above = found.counts - found.background
    assert above.mean() == pytest.approx(expected, abs=0.35 + 5 * error)
    # the background is known from many pixels; twice the floor is more than enough
    assert found.background.min() >= 2 * FLOORS[1] * 0.999
    assert found.background.mean() == pytest.approx(2 * FLOORS[1] + 0.5 * means[0], rel=0.05)


@pytest.mark.parametrize("means", [(0, 0), (2, 1), (40, 60)])
def test_halves_are_independent(means):
    found = maps(means)
    ((first, second),) = found.halves(1, 3)
    np.testing.assert_allclose(first.net + second.net, found.net, atol=1e-9)
    correlation = np.corrcoef(first.net.ravel(), second.net.ravel())[0, 1]
    assert abs(correlation) < 0.05
    expected = (means[1] - 0.5 * means[0]) / 2
    error = np.sqrt(first.net.var() / first.net[0].size)
    assert first.net.mean() == pytest.approx(expected, abs=5 * error)
    assert first.net_variance.mean() == pytest.approx(first.net.var(), rel=0.2)
    with pytest.raises(ValueError, match=r"0\.5"):
        found.split(0.3, np.random.default_rng(0))


def test_drawn_counts_are_as_noisy_as_measured_ones():
    found = maps((40, 60))
    drawn = found.drawn(np.full((1, 150, 150), 40.0), np.random.default_rng(1))
    assert drawn.net.mean() == pytest.approx(40, rel=0.02)
    # of the background only the pooled expectation is in a pixel
    assert drawn.net.var() == pytest.approx(60 + FLOORS[1], rel=0.05)
    assert drawn.counts.mean() == pytest.approx(found.counts.mean(), rel=0.02)

"""Noise of counts in windows that share channels, against counts that are drawn again."""

import numpy as np

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.counts.raw_noise import noise_of_windows

# three windows: the first two share a segment, and the background of the third is the first
INSIDE = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])
BESIDE = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
RATIOS = np.array([0.0, 0.0, 0.5])[:, None, None]
EXPECTED = np.array([4.0, 6.0, 5.0, 8.0])[:, None, None] * np.ones((4, 5, 6))


def measured(rng, gain=1.0):
    maps = ElementMaps(["a", "b", "c"], rng.poisson(EXPECTED).astype(float), INSIDE, BESIDE, RATIOS)
    return maps, noise_of_windows(maps, np.array([0.0, 0.0, 0.1]), gain=gain)


def test_variances_and_covariances_are_those_of_draws(rng):
    totals, stated = [], []
    for _ in range(1500):
        maps, noise = measured(rng)
        totals.append(maps.net.sum(axis=(1, 2)))
        deviation = np.sqrt([v.sum() for v in noise["variances"].values()])
        stated.append(noise["correlation"] * np.outer(deviation, deviation))
        assert set(noise["covariances"]) == {("b", "a"), ("c", "a")}
    np.testing.assert_allclose(np.cov(np.transpose(totals)), np.mean(stated, axis=0), atol=60)
    assert np.mean(stated, axis=0)[0, 1] > 150 and np.mean(stated, axis=0)[0, 2] < -50


def test_maps_of_pairs_add_up_to_the_correlation(rng):
    maps, noise = measured(rng)
    deviation = np.sqrt([v.sum() for v in noise["variances"].values()])
    for pair, covariance in noise["covariances"].items():
        i, j = (maps.names.index(name) for name in pair)
        expected = noise["correlation"][i, j] * deviation[i] * deviation[j]
        np.testing.assert_allclose(covariance.sum(), expected)
    np.testing.assert_allclose(np.diag(noise["correlation"]), 1)


def test_what_is_common_is_the_background_and_what_others_add(rng):
    maps, noise = measured(rng)
    background = float((maps.counts - maps.net)[2].sum())
    np.testing.assert_allclose(
        np.sqrt(np.diag(noise["common_covariance"])), [0, 0, background / 10]
    )
    foreign = np.array([[0.0, 5.0, 0.0], [0.0, 0.0, 0.0], [0.0, -7.0, 0.0]])
    common = noise_of_windows(maps, np.zeros(3), foreign)["common_covariance"]
    np.testing.assert_allclose(common, [[25, 0, -35], [0, 0, 0], [-35, 0, 49]])


def test_a_gain_scales_counts_and_their_errors():
    one, other = (measured(np.random.default_rng(0), gain)[1] for gain in (1.0, 3.0))
    for name in "abc":
        np.testing.assert_allclose(other["variances"][name], 9 * one["variances"][name])
        np.testing.assert_allclose(other["totals"][name], 3 * one["totals"][name])
        assert other["variances_per_count"][name] == 3
    np.testing.assert_allclose(other["common_covariance"], 9 * one["common_covariance"])

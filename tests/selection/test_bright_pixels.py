"""Tests of single pixels with more counts than those around them."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection import kept_structure
from hyperspy_multimodal.selection.lost_structure import Expectation
from hyperspy_multimodal.selection.significance import unit_of_pixels

SHAPE = (128, 128)
FREE = np.array([np.nan])


def lost_in(counts, level):
    maps = ElementMaps(["a"], counts[None], np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1)))
    return kept_structure(maps, np.full((1, *SHAPE), level), FREE)[1]


def heavy_tailed(seed):
    """Return shares in units in which their variance is their mean, but their tail is heavier."""
    rng = np.random.default_rng(seed)
    shares = rng.poisson(8.0, SHAPE) * rng.lognormal(0.0, 0.4, SHAPE)
    return shares * (shares.mean() / shares.var())


@pytest.mark.parametrize("seed", range(4))
def test_pixels_of_noise_with_a_heavy_tail_are_not_restored(seed):
    shares = heavy_tailed(seed)
    assert not [each for each in lost_in(shares, shares.mean()) if len(each.pixels[0]) == 1]


def test_hot_pixels_are_found_in_such_noise_and_in_counts():
    rng = np.random.default_rng(0)
    for counts in (heavy_tailed(0), rng.poisson(4.0, SHAPE).astype(float)):
        hot, level = [(16, 80), (30, 16), (51, 100), (64, 50), (99, 30)], counts.mean()
        counts[tuple(np.transpose(hot))] += 60
        found = [each.pixels for each in lost_in(counts, level) if len(each.pixels[0]) == 1]
        assert sorted((int(row[0]), int(col[0])) for row, col in found) == hot


@pytest.mark.parametrize("level", [0.02, 0.3, 3.0, 100.0])
def test_poisson_counts_have_the_unit_of_windows(level):
    there = np.ones(SHAPE, bool)
    for seed in range(5):
        counts = np.random.default_rng(seed).poisson(level, SHAPE).astype(float)
        images = counts, np.full(SHAPE, level), np.zeros(SHAPE)
        assert unit_of_pixels(images, there, 1.0) < 1.12
        assert unit_of_pixels(images, there, 1.5) == 1.5


def test_masked_pixels_tell_nothing_nor_do_few():
    counts = np.full(SHAPE, 2.0)
    counts[:, 60:] = 50.0
    images = counts, np.full(SHAPE, 2.0), np.zeros(SHAPE)
    there = np.zeros(SHAPE, bool)
    there[:, :60] = True
    assert unit_of_pixels(images, there, 1.0) == 1.0
    there[:, :] = False
    there[:5, 60:70] = True
    assert unit_of_pixels(images, there, 1.0) == 1.0


def test_sums_of_more_pixels_keep_their_unit():
    shares = heavy_tailed(0)
    maps = ElementMaps(["a"], shares[None], np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1)))
    search = Expectation(maps).search(0, np.full(SHAPE, shares.mean()))
    assert search.unit < 1.05
    assert search.unit_of_pixels > 1.15

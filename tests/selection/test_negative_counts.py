"""Net counts that are significantly below 0."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal.selection import negative_counts

SHAPE = (48, 40)


def counted(truth, background, taken=1.0, seed=0, mask=None):
    """Poisson counts over a background of which ``taken`` times as much is subtracted."""
    rng = np.random.default_rng(seed)
    truth = np.broadcast_to(truth, SHAPE)
    background = np.broadcast_to(background, SHAPE)
    counts = rng.poisson(truth + background).astype(float)
    net = counts - taken * background
    return SimpleNamespace(net=net[None], net_variance=counts[None], mask=mask)


def half(value):
    truth = np.zeros(SHAPE)
    truth[:, :20] = value
    return truth


@pytest.mark.parametrize("background", [0.05, 1.0, 30.0, 1000.0])
@pytest.mark.parametrize("seed", range(4))
def test_noise_below_zero_is_no_proof(background, seed):
    found = negative_counts(counted(half(3.0), background, seed=seed), half(1.0))
    assert found.shares[0] == found.sums[0] == found.errors[0] == found.pixels[0] == 0
    assert not found.are_large[0]


def test_too_much_background_is_found_where_nothing_hides_it():
    maps = counted(half(400.0), 100.0, taken=1.2)
    found = negative_counts(maps, half(1.0))
    assert found.are_large[0]
    assert 750 < found.pixels[0] <= 48 * 20
    lacking = maps.net[0][:, 20:].sum()
    assert 1.1 * lacking < found.sums[0] < 0.9 * lacking
    assert found.shares[0] == pytest.approx(-found.sums[0] / maps.net.sum())


def test_a_little_too_much_is_found_in_dark_or_bright_pixels():
    """Each square is too small to tell: particles of few pixels."""
    y, x = np.indices(SHAPE)
    bright = np.where((y // 3 + x // 3) % 2, 1.0, 0.0)
    maps = counted(40.0 * bright, 20.0, taken=1.15)
    for haadf in (bright, 1 - bright):
        assert negative_counts(maps, haadf).are_large[0]
    assert negative_counts(maps, half(1.0)).shares[0] == 0


def test_few_negative_counts_are_not_large():
    background = np.full(SHAPE, 100.0)
    background[:8, 32:] = 150.0
    maps = counted(half(400.0), background)
    maps.net[0][:8, 32:] -= 50.0
    found = negative_counts(maps, half(1.0))
    assert 0 < found.shares[0] < 0.03 and not found.are_large[0]
    assert found.pixels[0] <= 100


def test_masked_pixels_prove_nothing():
    mask = np.zeros(SHAPE, bool)
    mask[:, 20:] = True
    maps = counted(half(400.0), 100.0, mask=mask)
    maps.net[0][mask] = -1e4
    assert negative_counts(maps, half(1.0)).shares[0] == 0


def test_more_below_than_above_is_limited():
    found = negative_counts(counted(0.0, 100.0, taken=1.2), half(1.0))
    assert found.shares[0] == pytest.approx(9.99)


def test_the_unit_of_counts_matters_little_for_many():
    maps = counted(half(400.0), 100.0, taken=1.2)
    once = negative_counts(maps, half(1.0))
    maps.net_variance, maps.net = 4 * maps.net_variance, 2 * maps.net
    assert negative_counts(maps, half(1.0)).sums[0] == pytest.approx(2 * once.sums[0], rel=0.05)

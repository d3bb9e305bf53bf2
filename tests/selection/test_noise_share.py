"""How much of the contrast of fused maps is noise."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.notes import gathered
from hyperspy_multimodal.recovery.evidence import are_flat, say_noisy_contrast
from hyperspy_multimodal.recovery.verdict import verdicts_of
from hyperspy_multimodal.selection import noise_share as noise_share_module
from hyperspy_multimodal.selection.noise_share import NoiseShare, block_sums, noise_share

from .scans import held_out


def halves_of(signal, noise, rng, mask=None):
    """Return what `noise_share` takes, as if halves of the counts had been fused."""
    fused = [(signal + rng.normal(0, noise * np.sqrt(2), signal.shape)) / 2 for _ in range(2)]
    net = [each[None] for each in fused]
    variance, result = np.full(net[0].shape, noise**2 / 2), np.array(net)
    return SimpleNamespace(
        splits=[[SimpleNamespace(net=each, net_variance=variance) for each in net]],
        mask=mask,
        n_maps=1,
        fused_halves=lambda _: result,
    )


@pytest.mark.parametrize("noise", [0.3, 1.0, 3.0])
def test_it_is_the_variance_of_the_noise_over_that_of_the_map(noise, rng):
    signal = 5 + np.sqrt(2) * np.sin(np.linspace(0, 20, 64))[:, None] * np.ones(64)
    shares = [noise_share(halves_of(signal, noise, rng), None) for _ in range(20)]
    expected = noise**2 / (noise**2 + signal.var())
    found = np.array([each.shares[0] for each in shares])
    assert found.mean() == pytest.approx(expected, rel=0.03)
    stated = np.mean([each.errors[0] for each in shares])
    assert 0.5 < found.std() / stated < 2


def test_blocks_are_sums_of_equal_squares(rng):
    images = rng.normal(0, 1, (2, 64, 48))
    expected = images.reshape(2, 16, 4, 16, 3).sum(axis=(2, 4)).reshape(2, -1)
    np.testing.assert_allclose(block_sums(images), expected)
    odd = rng.normal(0, 1, (2, 37, 5))
    assert block_sums(odd).shape == (2, 16 * 5)
    np.testing.assert_allclose(block_sums(odd).sum(axis=1), odd.sum(axis=(1, 2)))


@pytest.mark.parametrize(("share", "is_tested"), [(0.04, False), (0.06, True)])
def test_noise_below_a_twentieth_of_the_variance_needs_no_test(rng, share, is_tested):
    """Of a map with an offset, whose masked pixels do not count."""
    signal = 100 + rng.normal(0, 1, (64, 64))
    mask = np.arange(64) < 8 * np.ones((64, 1))
    halves = halves_of(signal, 0.0, rng, mask)
    for half in halves.splits[0]:
        half.net[:, mask] = 0.0
        half.net_variance = np.where(mask, 1e3, share / 2 * signal[~mask].var())[None]
    halves.fused_halves = lambda _: pytest.fail("fused")
    if is_tested:
        with pytest.raises(pytest.fail.Exception):
            noise_share(halves, None)
    else:
        noise_share(halves, None)


def test_fine_noise_in_a_hundredth_of_the_variance_is_not_seen(rng):
    signal = np.linspace(0, 8, 96)[:, None] * np.ones(96)
    for size, is_seen in ((0.2, False), (1.0, True)):  # of spots, in each half
        halves = halves_of(signal, 1e-9, rng)
        halves.splits[0][0].net_variance[:] = 1.0
        for each in halves.fused_halves(None):
            spots = ndimage.gaussian_filter(rng.normal(0, 1, signal.shape), 1.5)
            each += size * spots / spots.std()
        assert (noise_share(halves, None).grain[0] > 0) == is_seen


def test_noise_too_small_to_be_seen_as_fine_structure_needs_no_search(rng, monkeypatch):
    signal = np.linspace(0, 8, 96)[:, None] * np.ones(96)
    searched, searches, seen = noise_share_module._grain, [], 0
    for size in np.geomspace(0.2, 1.2, 12):
        halves = halves_of(signal, 1e-9, rng)
        halves.splits[0][0].net_variance[:] = 1.0
        for each in halves.fused_halves(None):
            spots = ndimage.gaussian_filter(rng.normal(0, 1, signal.shape), 1.0)
            each += size * spots / spots.std()
        with monkeypatch.context() as patch:
            patch.setattr(
                noise_share_module, "_grain", lambda *a: searches.append(1) or searched(*a)
            )
            found = noise_share(halves, None).grain
            patch.setattr(noise_share_module, "_SURELY", 0.0)
            np.testing.assert_array_equal(found, noise_share(halves, None).grain)
        seen += found[0] > 0
    assert 0 < seen < 12
    assert seen <= len(searches) - 12 < 12  # the second time, each is searched


def test_spots_of_noise_on_a_broad_signal_are_told_by_their_size(rng):
    signal = np.linspace(0, 8, 96)[:, None] * np.ones(96)
    for broad, least in ((0.0, 0.0), (1.5, 4.0), (4.0, 16.0)):
        halves = halves_of(signal, 1e-9, rng)
        halves.splits[0][0].net_variance[:] = 1.0  # not negligible
        for each in halves.fused_halves(None):
            spots = ndimage.gaussian_filter(rng.normal(0, 1, signal.shape), broad)
            each += (broad > 0) * spots / spots.std()
        found = noise_share(halves, None)
        assert found.grain[0] >= least
        assert (found.grain[0] > 0) == (broad > 0)
        assert found.shares[0] < 0.35


def test_masked_pixels_have_no_say(rng):
    signal = np.ones((64, 64))
    signal[:, 32:] = 3
    halves = halves_of(signal, 1.0, rng, np.arange(64) % 4 == np.zeros((64, 1)))
    clean = noise_share(halves, None)
    for each in halves.fused_halves(None):
        each[:, halves.mask] = rng.normal(0, 100, each[:, halves.mask].shape)
    np.testing.assert_allclose(noise_share(halves, None).shares, clean.shares)


def test_without_regularisation_it_is_that_of_the_counts(maps, models, alone):
    raw = replace(alone, ratios=(1e-3,) * 3, regularisers=("isotropic",) * 3)
    tried = held_out(maps, models)
    noise = maps.net_variance.mean(axis=(1, 2)) / maps.net.var(axis=(1, 2))
    found = noise_share(tried, raw).shares
    # x >= 0 cuts noise off where the background is high, as that of O
    np.testing.assert_allclose(found[[0, 2]], noise[[0, 2]], rtol=0.25)
    assert 0.5 * noise[1] < found[1] < noise[1]
    # and regularisation removes most of it
    assert np.all(noise_share(tried, alone).shares < 0.5 * noise)


def test_maps_with_many_counts_cost_no_fusion(maps, models, alone, monkeypatch):
    tried = held_out(maps, models)
    monkeypatch.setattr(tried, "fused_halves", lambda _: pytest.fail("fused"))
    many = [
        SimpleNamespace(net=1e3 * half.net, net_variance=1e3 * half.net_variance)
        for half in tried.splits[0]
    ]
    tried.splits[0] = many
    assert not np.any(noise_share(tried, alone).shares)


def test_no_more_than_all_contrast_is_noise(rng):
    halves = halves_of(np.ones((64, 64)), 1.0, rng)
    first, second = halves.fused_halves(None)
    second[:] = 2.0 - first + 0.1 * second  # halves that contradict each other
    assert noise_share(halves, None).shares[0] == 1


def test_a_map_is_flat_if_it_varies_by_little_or_by_little_noise(rng):
    fused = np.ones((4, 64, 64))
    fused[0] += 0.001 * rng.random((64, 64))
    fused[1:3, 10, 10] += 0.1
    fused[3] += 0.1 * rng.random((64, 64))
    np.testing.assert_array_equal(are_flat(fused), [True, False, False, False])
    noise = NoiseShare(np.array([1.0, 1.0, 0.1, 1.0]), np.full(4, 0.1), np.zeros(4))
    np.testing.assert_array_equal(are_flat(fused, noise), [True, True, False, False])


def test_what_is_said_depends_on_the_share_less_its_error():
    names = ["Co_Ka", "O_Ka", "S_Ka", "Ti_Ka", "Cu_Ka"]
    noise = NoiseShare(np.array([0.1, 0.25, 0.4, 0.8, 0.9]), np.full(5, 0.1), np.zeros(5))
    flat = np.arange(5) == 4
    with gathered() as notes:
        say_noisy_contrast(names, noise, flat)
    found = [each.verdict for each in verdicts_of(names, notes)]
    assert found == ["sound", "sound", "with care", "not to be trusted", "sound"]
    with gathered() as finer:
        say_noisy_contrast(names, noise._replace(grain=np.array([0, 8, 8, 8, 8])), flat)
    found = [each.verdict for each in verdicts_of(names, finer)]
    assert found == ["sound", "with care", "with care", "not to be trusted", "sound"]
    assert "O_Ka (below about 8 pixels)" in finer[-1].text
    assert "Ti_Ka (80 ± 10 %)" in notes[0].text and "S_Ka (40 ± 10 %)" in notes[1].text

"""Noise of maps that are no counts: gain and floor from moments."""

import numpy as np
import pytest

from hyperspy_multimodal.data import core_shell, oxide_interface, swap
from hyperspy_multimodal.maps.map_noise import estimate_noise
from hyperspy_multimodal.maps.ready_maps import halved_counts, ready_maps

GAIN, FLOOR = 0.04, 0.02
SEEDS = 10


def truth(counts, make=core_shell):
    """Expected counts of two elements, of so many at the brightest pixel."""
    maps = make((128, 128), 10).counts[:2]
    return [each.data / each.data.max() * counts for each in maps]


def scaled(mean, rng):
    return GAIN * rng.poisson(mean)


def compound(mean, rng):
    """Electrons of which each makes a signal of its own size: an effective gain of 1.5 times."""
    counts = rng.poisson(mean)
    return GAIN * np.where(counts > 0, rng.gamma(2 * np.maximum(counts, 1), 0.5), 0.0)


def with_floor(mean, rng):
    return scaled(mean, rng) + rng.normal(0, FLOOR, mean.shape)


@pytest.mark.parametrize("counts", [0.1, 1, 10, 30])
@pytest.mark.parametrize(("draw", "gain"), [(scaled, GAIN), (compound, 1.5 * GAIN)])
def test_gain_without_a_floor(draw, gain, counts):
    """Also where 95 % of the pixels are exactly 0."""
    for mean in truth(counts):
        found = [estimate_noise(draw(mean, np.random.default_rng(seed))) for seed in range(SEEDS)]
        gains = np.array([each.gain for each in found])
        assert np.mean(gains) == pytest.approx(gain, rel=0.12)
        assert np.all(np.abs(gains / gain - 1) < 0.3)
        assert max(each.floor for each in found) < 0.3 * gain**2 * max(counts, 1)


@pytest.mark.parametrize("make", [core_shell, oxide_interface])
def test_gain_and_floor(make):
    for mean in truth(10, make):
        for seed in range(SEEDS):
            found = estimate_noise(with_floor(mean, np.random.default_rng(seed)))
            assert found.gain == pytest.approx(GAIN, rel=0.25)
            assert found.floor == pytest.approx(FLOOR**2, rel=0.5)


@pytest.mark.parametrize("make", [core_shell, oxide_interface, swap])
@pytest.mark.parametrize("counts", [100, 1000])
def test_edges_and_columns_are_no_noise(make, counts):
    """Steps are as high as a thousand counts, whose noise is 30."""
    for mean in truth(counts, make):
        assert estimate_noise(np.random.default_rng(0).poisson(mean)).gain < 1.6


@pytest.mark.parametrize("make", [core_shell, oxide_interface, swap])
def test_counts_with_edges_are_not_taken_for_scaled_ones(make, caplog):
    maps = [np.random.default_rng(0).poisson(mean).astype(float) for mean in truth(1000, make)]
    _, source = ready_maps(["A", "B"], np.array(maps), None, None, 1, 0)
    assert source == "counts"


def test_units_change_nothing():
    image = scaled(truth(3)[0], np.random.default_rng(0))
    one, other = estimate_noise(image), estimate_noise(1e4 * image)
    assert other.gain == pytest.approx(1e4 * one.gain, rel=0.01)  # rounding orders equal levels
    assert other.gain_error == pytest.approx(1e4 * one.gain_error, rel=0.05)


def test_stated_errors_cover():
    """Of maps of one element without structure, and with some."""
    for mean in (np.full((128, 128), 2.0), truth(3)[0]):
        found = [estimate_noise(scaled(mean, np.random.default_rng(seed))) for seed in range(30)]
        pulls = [
            (each.gain - GAIN) / each.gain_error for each in found if np.isfinite(each.gain_error)
        ]
        assert np.mean(np.abs(pulls) < 2.5) > 0.7


def test_published_maps_have_the_noise_of_their_electrons(shared_data):
    import h5py

    path = shared_data / "Co3O4_Mn3O4.h5"
    if not path.is_file():
        pytest.skip(f"{path.name} is not on this machine")
    with h5py.File(path) as file:
        gains = {name: estimate_noise(file[name][()]).gain for name in ("Co", "Mn", "O")}
    assert 0.008 < gains["Co"] < 0.012 and 0.008 < gains["Mn"] < 0.012
    assert 0.03 < gains["O"] < 0.05


@pytest.mark.parametrize("mean", [0.05, 0.5, 5.0, 200.0])
def test_errors_of_halves_are_independent(mean):
    """Also of maps that are 0 nearly everywhere."""
    rng = np.random.default_rng(0)
    sizes = rng.gamma(2, 0.5, (400, 400))
    net = rng.poisson(mean, sizes.shape) * (1 if mean > 1 else sizes) / (1 if mean > 1 else 1.5)
    net = net[None] + 0.5 * rng.standard_normal(net.shape)
    (first,) = halved_counts(net, np.array([0.25]), 1, 1)
    second = net - first
    correlation = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    assert abs(correlation) < 0.08
    assert first.mean() == pytest.approx(second.mean(), abs=0.02 * max(mean, 0.5))


def test_what_is_0_stays_0_in_both_halves():
    net = np.zeros((1, 40, 40))
    net[0, 10:20, 10:20] = 0.7
    for first in halved_counts(net, np.zeros(1), 3, 0):
        assert np.all(first[net == 0] == 0) and np.ptp(first[net > 0]) > 0

"""Gains that are given with maps, but contradicted by their noise."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.doubtful_gain import is_contradicted
from hyperspy_multimodal.given.noisy_maps import ready_maps
from hyperspy_multimodal.notes import gathered
from hyperspy_multimodal.recovery.verdict import verdicts_of

NAMES = ["Co", "O"]
SIDE = 128


def doubted(maps, gain, **options):
    """Return the maps whose gain is doubted, and check that it is used."""
    with gathered() as notes:
        ready, source = ready_maps(NAMES, maps, gain, options.get("background"), 0, 0)
    assert source == "given"
    np.testing.assert_allclose(ready.gains, gain)
    doubts = [note for note in notes if note.kind == "wrong gain"]
    verdicts = verdicts_of(NAMES, doubts)
    return [each.name for each in verdicts if each.words == ["doubtful gain"]]


def counts(seed=0, level=20.0):
    shade = np.tile(np.linspace(0.02, 1, SIDE), (SIDE, 1))
    expected = level * np.array([shade, shade.T])
    return np.random.default_rng(seed).poisson(expected).astype(float)


def noise_of_readout(units):
    return 0.2 * units[:, None, None] * np.random.default_rng(9).normal(size=(2, SIDE, SIDE))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("level", [1.0, 20.0])
def test_right_gains_are_not_doubted(seed, level):
    maps = counts(seed, level)
    units = np.array([0.01, 3.0])
    scaled = units[:, None, None] * maps
    for more in (0.0, noise_of_readout(units)):  # of the latter the noise is estimated
        for wrong in (1.0, 1.5, 0.7):
            assert doubted(scaled + more, wrong * units) == []
    assert doubted(maps, 1.0) == []


@pytest.mark.parametrize("gain", [5.0, 0.2])
@pytest.mark.parametrize("is_whole", [True, False])
def test_wrong_gains_are_doubted(gain, is_whole):
    maps = counts() + (0.0 if is_whole else noise_of_readout(np.ones(2)))
    assert doubted(maps, [gain, gain]) == NAMES
    assert doubted(maps, [1.0, gain]) == ["O"]


@pytest.mark.parametrize(
    ("gain", "found", "error", "is_wrong"),
    [
        (1.0, 5.0, 0.1, True),
        (5.0, 1.0, 0.1, True),
        (1.0, 1.9, 0.01, False),
        (1.0, 0.45, 0.12, False),
        (1.0, 5.0, 1.5, False),
        (1.0, 5.0, np.inf, False),
        (1.0, np.nan, np.nan, False),
    ],
)
def test_a_contradiction_is_a_factor_and_several_errors(gain, found, error, is_wrong):
    assert is_contradicted(gain, found, error) == is_wrong

"""Counts in vacuum that a uniform background does not explain."""

import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.given.noisy_maps import ready_maps
from hyperspy_multimodal.given.pedestal import in_vacuum, without_pedestal
from hyperspy_multimodal.given.uneven_vacuum import uneven_vacuum

SHAPE = (64, 60)
ROWS, COLS = np.indices(SHAPE)
DISTANCE = np.hypot(ROWS - 30, COLS - 28)
VACUUM = DISTANCE >= 14
#: A disc whose HAADF has a weak tail in the vacuum around it, and maps that do not follow it.
TAIL = np.exp(-(DISTANCE - 14) / 8) * VACUUM
HAADF = 1.0 * ~VACUUM + 0.05 * TAIL + np.random.default_rng(9).normal(0, 0.002, SHAPE)
UNEVEN = {"HAADF": 0.6 * TAIL, "position": 0.3 * (COLS >= 30)}


def drawn(background, seed=0):
    expected = 8.0 * ~VACUUM + background
    return np.random.default_rng(seed).poisson(expected, SHAPE).astype(float)


def ready(image, **options):
    maps, _ = ready_maps(["Co"], image[None], options.get("gain"), None, 2, 0)
    return maps


def said_of(caplog):
    return [each.getMessage() for each in caplog.records if "vacuum" in each.getMessage()]


@pytest.mark.parametrize("where", UNEVEN)
def test_a_pedestal_of_an_uneven_vacuum_is_doubted(caplog, where):
    maps = ready(drawn(0.3 + UNEVEN[where]))
    subtracted, pedestal = without_pedestal(maps, "vacuum", HAADF)
    [said] = said_of(caplog)
    assert "not uniform" in said and "(Co)" in said
    there = in_vacuum(maps, HAADF, few_counts=0.5)
    assert 0.1 < there.uneven[0] < 0.4
    # the truth is among what the error allows
    total = subtracted.net.sum()
    error = np.sqrt(subtracted.common[0, 0]) * total
    assert error >= there.uneven[0] * maps.net[0].size * 0.99
    assert abs(pedestal[0] - 0.3) * maps.net[0].size < 1.5 * error


@pytest.mark.parametrize("background", [0.02, 0.3, 3.0])
def test_nothing_is_said_of_a_uniform_background(caplog, background):
    for seed in range(40):
        maps = ready(drawn(background, seed))
        assert in_vacuum(maps, HAADF, few_counts=0.5).uneven[0] == 0
        without_pedestal(maps, "vacuum", HAADF)
    assert not said_of(caplog)


def test_noise_that_neighbours_share_is_not_uneven():
    """Sums of such pixels vary more than the pixels show."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        blocks = np.repeat(np.repeat(rng.normal(1, 1, (32, 30)), 2, 0), 2, 1)
        variance = np.full((1, *SHAPE), 4.0)
        assert uneven_vacuum(blocks[None], variance, HAADF, VACUUM)[0] == 0


def test_few_counts_tell_nothing():
    image = np.zeros((1, *SHAPE))
    image[0, :3, :3] = 1.0
    assert uneven_vacuum(image, image, HAADF, VACUUM)[0] == 0


def test_maps_are_told_apart(caplog):
    arrays = np.stack([drawn(0.3), drawn(0.3 + UNEVEN["HAADF"])])
    maps, _ = ready_maps(["Co", "O"], arrays, None, None, 2, 0)
    for pedestal in ("vacuum", None):
        caplog.clear()
        without_pedestal(maps, pedestal, HAADF)
        [said] = said_of(caplog)
        assert "not uniform" in said
        assert "(O)" in said if pedestal else "not uniform in O." in said
        assert not pedestal or "Co" not in said


def test_the_verdict_is_with_care():
    maps = {"Co": drawn(0.3), "O": drawn(0.3 + UNEVEN["HAADF"], 1)}
    options = {"lambdas": (0.01, 0.02), "show_progressbar": False, "full_output": True}
    _, output = fuse_maps(maps, HAADF, pedestal="vacuum", **options)
    first, second = output["verdicts"]
    assert "doubtful background" not in first["because"]
    assert second["verdict"] == "with care" and second["because"] == ["doubtful background"]

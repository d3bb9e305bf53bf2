"""Maps that are fractions of a total are told, also if some of them are left out."""

import numpy as np
import pytest

from hyperspy_multimodal import composition, fuse_maps, region_sums
from hyperspy_multimodal.given.shares import are_shares, warn_of_shares

ROWS, COLS = np.indices((64, 64))
DISC = np.hypot(ROWS - 30, COLS - 30) < 20
#: Of two elements in a disc, and one everywhere.
TRUTH = np.stack([DISC * (1 + 0.5 * np.sin(COLS / 9)), 1.0 * DISC, 0.3 + 0.5 * DISC])


def counts(level, seed=0):
    return np.random.default_rng(seed).poisson(level * TRUTH).astype(float)


def shares(of):
    total = of.sum(axis=0)
    return np.divide(of, total, out=np.zeros_like(of), where=total > 0)


@pytest.mark.parametrize("pair", [[0, 1], [0, 2], [1, 2]])
@pytest.mark.parametrize("level", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_some_shares_are_told(pair, level, unit, caplog):
    """They add up to the whole where what was left out has no counts."""
    some = (unit * shares(counts(level)))[pair].astype(np.float32).astype(float)
    assert are_shares(some)
    warn_of_shares(some)
    assert f"The maps add up to {unit:.0f} in several pixels, and never to more" in caplog.text


@pytest.mark.parametrize("level", [0.3, 3.0, 100.0])
def test_all_shares_are_told_although_some_pixels_are_empty(level, caplog):
    some = shares(counts(level))
    some[:, :5] = 0.0
    warn_of_shares(some)
    assert "The maps add up to 1 in every pixel" in caplog.text


def saturated(maps):
    return np.minimum(maps, np.quantile(maps, 0.9, axis=(1, 2))[:, None, None])


FORMS = {
    "counts": lambda maps: maps,
    "in one unit": lambda maps: maps / maps.sum(axis=0).max(),
    "in units of their own": lambda maps: (
        maps * np.array([0.11, 0.27, 0.5])[: len(maps), None, None]
    ),
    "over their highest values": lambda maps: maps / maps.max(axis=(1, 2), keepdims=True),
    "saturated": saturated,
    "as images": lambda maps: np.minimum(np.rint(400 * maps / maps.max()), 255),
    "saturated and normalised": lambda maps: saturated(maps) / max(saturated(maps).max(), 1),
    "of one element": lambda maps: shares(maps)[:1],
    "empty": lambda maps: 0 * maps,
    "constant in the same pixels": lambda maps: np.stack([DISC * 0.4, DISC * 0.6]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("level", [0.3, 1.0, 3.0, 10.0, 100.0])
@pytest.mark.parametrize("n_maps", [2, 3])
def test_maps_that_are_no_shares_are_not_told(form, level, n_maps):
    for seed in range(5):
        assert not are_shares(FORMS[form](counts(level, seed)[:n_maps]))


def test_two_phases_beside_each_other_are_no_shares():
    """Where one is as bright as it may be, the other is not there."""
    drawn = np.random.default_rng(0).poisson(np.stack([3.0 * DISC, 3.0 * ~DISC])).astype(float)
    assert not are_shares(saturated(drawn) / saturated(drawn).max(axis=(1, 2), keepdims=True))


@pytest.mark.parametrize("chosen", [[0, 1], [0, 1, 2]])
def test_fractions_have_no_composition(chosen):
    maps = dict(zip(["Ti_Ka", "Fe_Ka", "O_Ka"], shares(counts(3)), strict=True))
    used = {name: maps[name] for name in [*maps][: len(chosen)]}
    fused = fuse_maps(
        used, DISC + 0.1, gamma=1, lambdas=(0.01, 0.02), full_output=True, show_progressbar=False
    )
    with pytest.raises(ValueError, match="they are fractions: together"):
        composition(*fused, dict.fromkeys(used, 1.0), {"disc": DISC})
    assert "the maps are fractions" in region_sums(*fused, {"disc": DISC}).table()

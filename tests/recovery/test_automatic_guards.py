"""What the automatic choice must not make up, and must not erase."""

import numpy as np
import pytest

from hyperspy_multimodal.data import flat, haadf_only, swap


def automatic(specimen):
    return specimen.signal.multimodal_fusion(specimen.haadf, "auto")


def test_a_flat_film_comes_out_flat():
    specimen = flat((48, 48), counts=20)
    for fused, truth in zip(automatic(specimen), specimen.counts, strict=True):
        assert fused.data.std() < 0.02 * truth.data.mean()
        assert fused.data.mean() == pytest.approx(truth.data.mean(), rel=0.02)


def test_what_only_the_haadf_shows_is_not_in_the_maps():
    """Of a disc in vacuum, where there are no counts."""
    discs, plain = (haadf_only((64, 64), counts=20, contrast=x) for x in (0.3, 0.0))
    nothing = sum(m.data for m in discs.counts) == 0
    disc = nothing & (discs.haadf.data > plain.haadf.data + 1)
    assert disc.sum() > 20
    for found, without in zip(automatic(discs), automatic(plain), strict=True):
        assert np.abs(found.data - without.data)[disc].max() < 0.02 * np.ptp(without.data)


def test_what_the_haadf_does_not_show_stays_in_the_maps():
    """Nickel in place of chromium, at one brightness."""
    specimen = swap((64, 64), counts=20, radius=9)
    disc = specimen.counts[1].data > 0
    for fused, truth in zip(automatic(specimen), specimen.counts, strict=True):
        found, expected = (
            each[disc].mean() - each[~disc].mean() for each in (fused.data, truth.data)
        )
        assert found / expected > 0.85

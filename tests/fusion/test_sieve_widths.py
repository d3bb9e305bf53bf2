"""Maps that are no sharper than a Gaussian, at the ends of its widths."""

import numpy as np
import pytest

from hyperspy_multimodal.fusion.scaled import fuse_scaled
from hyperspy_multimodal.fusion.sieve import Sieve

from .problems import problem


@pytest.fixture
def fused():
    def fuse(width):
        known = problem((2, 12, 20), level=20, background=0.0, gamma=1, lambdas=(1, 1))
        return fuse_scaled(
            known["counts"],
            np.zeros_like(known["counts"]),
            known["haadf"],
            scales=np.ones(2),
            weights=np.zeros(2),
            offset=0.0,
            gamma=1.0,
            lambda_1=0.05,
            lambda_2=0.05 * width**2 / 2,
            regularisers=("sieve",) * 2,
            totals=known["counts"].sum(axis=(1, 2)),
            tolerance=1e-6,
            max_iterations=2000,
        ), known["counts"]

    return fuse


def test_map_is_its_counts_at_no_width(fused):
    result, counts = fused(0)
    assert result.maps == pytest.approx(counts, abs=0.05 * counts.max())


@pytest.mark.parametrize("width", [100, 1e4])
def test_map_is_flat_at_widths_beyond_the_scan(fused, width):
    result, counts = fused(width)
    means = counts.mean(axis=(1, 2), keepdims=True)
    assert result.maps == pytest.approx(np.broadcast_to(means, counts.shape), rel=1e-4)


def test_kernels_are_no_longer_than_the_scan_needs(fused, monkeypatch):
    """Time grows with them."""
    radii = []
    start = Sieve.start
    monkeypatch.setattr(Sieve, "start", lambda s, u: (radii.append(s.radii.max()), start(s, u))[1])
    fused(1e6)
    assert radii[0] <= 10 * 20

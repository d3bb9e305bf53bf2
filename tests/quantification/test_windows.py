"""`composition` of maps from windows: known noise, and errors where windows hold other lines."""

import numpy as np
import pytest

from hyperspy_multimodal import composition

WHOLE = np.ones((32, 32), bool)


@pytest.fixture(scope="module")
def windows(fused):
    return fused.specimen.signal.multimodal_fusion(
        *(fused.specimen.haadf, 1, (0.01, 0.02)), map_method="windows", full_output=True
    )


def test_a_line_whose_background_holds_another_has_a_large_error(fused, windows):
    """Co L lies beside O K: less of its counts are found, by several errors of counts."""
    found = composition(*windows, fused.kfactors, WHOLE)
    counts = np.array([each.data.sum() for each in fused.specimen.xrays])
    atoms = counts * found.atomic_percent[0] / found.counts[0]
    true = 100 * atoms / atoms.sum()
    o = found.elements.index("O")
    off = np.abs(found.atomic_percent[0] - true)
    assert off[o] > 3 * found.errors["counts"][0, o]
    assert np.all(off < 2 * found.errors["total"][0])


def test_variance_covariance_and_background_are_those_of_segments(windows):
    """The sum of a map's variances is that of its counts and of the background below them."""
    _, output = windows
    noise = output["raw_noise"]
    for raw in output["raw_maps"]:
        line = raw.metadata.Sample.xray_lines[0]
        assert noise["variances"][line].sum() > raw.data.sum()
        assert noise["totals"][line] == pytest.approx(float(raw.data.sum()))
        assert noise["variances_per_count"][line] == 1.0
    assert np.all(np.diag(noise["common_covariance"]) >= 0)


def test_regions_are_found_in_maps_of_windows(fused, windows):
    found = composition(*windows, fused.kfactors)
    assert found.masks.any() and np.isfinite(found.counts).all()

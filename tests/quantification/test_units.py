"""Compositions do not depend on what an electron makes of counts."""

from copy import deepcopy
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal import composition
from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.quantification.absence import region_states

SIDE = 32
HALVES = {"left": np.indices((SIDE, SIDE))[1] < 16, "right": np.indices((SIDE, SIDE))[1] >= 16}


@cache
def found(gain, finds_regions):
    specimen = core_loss((SIDE, SIDE), counts=200)
    signal = deepcopy(specimen.signal)
    signal.data = gain * signal.data
    maps, output = signal.multimodal_fusion(
        *(specimen.haadf, 1, (0.01, 0.02)), gain=gain, map_method="fit", full_output=True
    )
    return composition(maps, output, regions=None if finds_regions else HALVES)


@pytest.mark.parametrize("finds_regions", [False, True])
def test_composition_does_not_depend_on_the_gain(finds_regions):
    ones, many = found(1.0, finds_regions), found(7.0, finds_regions)
    assert ones.regions == many.regions
    np.testing.assert_array_equal(many.masks, ones.masks)
    np.testing.assert_allclose(many.counts, 7.0 * ones.counts, rtol=1e-3)
    np.testing.assert_allclose(many.atomic_percent, ones.atomic_percent, rtol=1e-3)
    np.testing.assert_allclose(many.per_count, 7.0 * ones.per_count, rtol=1e-3)


@pytest.mark.parametrize("gain", [0.01, 7.0])
@pytest.mark.parametrize("least", [0.1, 0.3, 1.0, 3.0, 10.0])
def test_what_is_scarce_does_not_depend_on_the_gain(least, gain):
    counts = np.array([[900.0, 9.0, 0.0]])

    def states(unit):
        percent = 100 * counts / counts.sum()
        limits = np.full(counts.shape, 4.0)
        region = SimpleNamespace(
            units="atomic",
            counts=unit * counts,
            counts_errors=unit * np.sqrt(counts + 1),
            per_count=np.full(3, unit),
            atomic_percent=percent,
            detection_limit_counts=unit * limits,
            detection_limits=100 * limits / (counts.sum() + limits),
            detected=counts > 0,
            false_discovery_rate=0.05,
        )
        return region_states(region, least)

    np.testing.assert_array_equal(states(gain), states(1.0))

"""The whole scan as the only region."""

import numpy as np
import pytest

from hyperspy_multimodal import composition, fuse_maps, region_sums

SETTINGS = {"gamma": 1, "lambdas": (0.01, 0.02), "full_output": True, "show_progressbar": False}


@pytest.mark.parametrize("function", [region_sums, composition])
def test_the_whole_scan_is_a_region(function):
    rng, level = np.random.default_rng(0), np.linspace(1, 30, 32) * np.ones((24, 1))
    counts = {name: rng.poisson(level) for name in ("Co_Ka", "O_Ka")}
    maps, output = fuse_maps(counts, counts["O_Ka"], **SETTINGS)
    factors = () if function is region_sums else ({"Co_Ka": 1.0, "O_Ka": 0.5},)
    found = function(maps, output, *factors, "whole")
    shape = maps[0].data.shape
    wanted = function(maps, output, *factors, {"scan": np.ones(shape, bool)})
    assert found.table() == wanted.table()
    np.testing.assert_allclose(found.counts[0], [raw.data.sum() for raw in output["raw_maps"]])
    with pytest.raises(TypeError, match=r"'whole' [(]the whole scan[)]"):
        function(maps, output, *factors, "all")

"""What the table of existing maps says of noise below 0 that was cut off."""

import numpy as np

from hyperspy_multimodal import fuse_maps, region_sums

SETTINGS = {"gamma": 1, "lambdas": (0.01, 0.02), "full_output": True, "show_progressbar": False}


def test_the_limit_of_cut_off_noise_is_less_by_the_pedestal():
    rng, rows = np.random.default_rng(0), np.indices((96, 96))[0]
    level = 0.1 + 4 / (1 + np.exp((55 - rows) / 3))
    noisy = {
        name: rng.poisson(level) + rng.normal(0, 0.5, level.shape) for name in ("Co_Ka", "O_Ka")
    }
    maps = {name: np.maximum(each, 0) for name, each in noisy.items()}
    before, after = (
        fuse_maps(maps, level, pedestal=pedestal, **SETTINGS) for pedestal in (None, 0.02)
    )
    less = "+ 3 standard errors), less the pedestal"
    assert less not in region_sums(*before, "whole").table()
    assert less in region_sums(*after, "whole").table()

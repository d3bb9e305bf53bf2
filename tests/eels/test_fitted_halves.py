"""Halves of fitted EELS maps whose counts are no whole electrons."""

import numpy as np

from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.eels.edge_fit import plan_edge_fit
from hyperspy_multimodal.lazy import read_now


def test_halves_of_few_electrons_are_independent_where_maps_are_clipped():
    """What x >= 0 makes of a first half tells nothing of the noise of the second."""
    correlations = []
    for seed in range(4):
        specimen = core_loss((32, 32), 1.0, background_ratio=2.0, seed=seed)
        signal = specimen.signal.deepcopy()
        signal.data = 3.3 * signal.data.astype(float)  # some 30 electrons in a spectrum, at most
        maps = read_now(signal, plan_edge_fit(signal, None, None, 3.3), 3).maps
        expected = np.array([each.data for each in specimen.counts]) / maps.gains[:, None, None]
        bright = expected.sum(axis=0) > 0
        for first, second in maps.halves(3, 0):
            noise = (second.net - expected / 2)[:, bright]
            clipped = np.maximum(first.net, 0)[:, bright]
            correlations += [np.corrcoef(a, b)[0, 1] for a, b in zip(clipped, noise, strict=True)]
    assert abs(np.mean(correlations)) < 0.04

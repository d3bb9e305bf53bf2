"""Held-out errors that are known, in place of those of fusions."""

import numpy as np

from hyperspy_multimodal.counts.reading import SPLITS
from hyperspy_multimodal.selection import GuidedModels, HaadfModel, HeldOut
from hyperspy_multimodal.selection.brightness import Bias

from .scans import SHAPE

BOTH = "directional", "isotropic"
MIXED = "directional", "isotropic", "directional"


class Landscape:
    """Held-out errors as a function of the setting: the best setting is known."""

    ratios = (1.0, 8.0, 0.5)
    regularisers = MIXED
    lambda_1 = 3.16e-4
    gamma = 1.4
    gain = (0.3, 0.3, 0.3)  # of the HAADF, by element
    spread = 0.1  # of the gain over blocks
    leak = (0.0, 0.0, 0.0)  # of the HAADF into bright pixels, by element, in standard errors
    own_bias = (0.0, 0.0, 0.0)  # the same without its pull
    structured = (True, True, True)  # whether elements are predicted better than by a constant

    def errors(self, setting):
        octaves = np.log2(np.array(setting.ratios) / self.ratios)
        errors = 2 + 0.02 * octaves**2
        errors += 0.1 * (np.array(setting.regularisers) != self.regularisers)
        if setting.model:
            decades = abs(np.log10(setting.lambda_1 / self.lambda_1))
            misfit = 0.1 * decades + 0.3 * abs(setting.model.gamma - self.gamma)
            errors -= np.where(setting.apart, 0, np.array(self.gain) - misfit)
        return errors

    def bias(self, setting):
        pulled = (setting.model is not None) & ~np.array(setting.apart)
        return np.where(pulled, self.leak, self.own_bias)

    def blocks(self, setting):
        even = np.tile(self.errors(setting)[:, None] / 100, 100)
        if setting.model:
            even += self.spread / 100 * np.resize([1.0, -1.0], 100)
        return even


class Known(HeldOut):
    """Errors of a landscape, in place of those of fusions."""

    def __init__(self, landscape, models):
        super().__init__(NoMaps(), models, 0, np.ones(3, bool), lambda: None)
        self.landscape = landscape
        self._noise = np.full(3, 0.1)

    def _error(self, setting, number, elements):
        blocks = self.landscape.blocks(setting)[list(elements)] / SPLITS
        return (blocks, np.zeros((len(elements), 3))), [None] * len(elements)

    def bias(self, setting, concerned=None):
        return self._bias_so_far(setting)

    def has_structure(self, setting):
        return np.array(self.landscape.structured)

    def _bias_so_far(self, setting):
        sums = np.outer(self.landscape.bias(setting), [-1.0, 1.0, 0.5])
        return Bias(sums, np.ones((3, 3)), np.full((3, 3), 20.0), np.full(3, 100))


class NoMaps:
    """Counts that are significant, and nothing else."""

    names, mask = "ABC", None
    net, net_variance = np.full((3, *SHAPE), 100.0), np.ones((3, *SHAPE))
    counts, background = net, np.zeros((3, *SHAPE))

    def halves(self, splits, seed):
        return [(self, self)] * splits


def known(landscape, gammas=(1.0, 1.4, 1.8), weight=1.0):
    """Return the `HeldOut` of a landscape."""
    models = [HaadfModel(np.ones(3), np.full(3, weight), 0.0, gamma, 0.0, 0.9) for gamma in gammas]
    return Known(landscape, GuidedModels(np.zeros(SHAPE), models))

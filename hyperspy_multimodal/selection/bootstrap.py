"""Errors of fused maps, by parametric bootstrap and by counts that are held out."""

from dataclasses import dataclass, replace

import numpy as np

from ..counts.contracts import Maps
from ..counts.reading import SPLITS
from .given_back import given_back
from .held_out import GuidedModels, effort, fuse_setting
from .normalised_haadf import noise_of, smoothed

#: Simulated scans of all counts, and of half of them.
DRAWS, HALF_DRAWS = 20, 10
#: Fusions for standard deviations: of a rougher truth, draws, halves.
FUSIONS = 1 + DRAWS + HALF_DRAWS + 2 * SPLITS
_TOLERANCE = 1e-3
_MAX_ITERATIONS = 300
# Total variation of the maps that are taken for the truth, as a share of that of the fused ones.
_ROUGHER = 0.5


@dataclass(frozen=True)
class Bootstrap:
    """Errors of fusions of drawn counts.

    Attributes
    ----------
    whole : numpy.ndarray
        Errors of fusions of as many counts as were measured, float32, shape (draws, K, ny, nx).
    halves : numpy.ndarray or None
        Of half as many; None where counts cannot be split.
    held_out : list of (numpy.ndarray, numpy.ndarray)
        Fusion of one half of the measured counts less the net counts of the other, and the variance
        of those, float32, shape (K, ny, nx); empty where counts cannot be split.
    """

    whole: np.ndarray
    halves: np.ndarray | None
    held_out: list


class Fusions:
    """Fusions with one setting, of measured and drawn counts, and of halves of them.

    Parameters
    ----------
    models : GuidedModels
        HAADF models.
    setting : Setting
        Parameters of the fusion.
    kept : numpy.ndarray
        Which net totals fusion keeps, bool, shape (K,).
    progress : callable
        Called once a fusion.
    lost : sequence of Lost
        Windows in which maps are given back what fusion erases.
    """

    def __init__(self, models, setting, kept, progress, lost=()):
        self.models, self.setting, self.kept = models, setting, kept
        self._progress, self._lost = progress, lost

    def of(self, maps, initial=None, scale=1.0, haadf=None, setting=None):
        """Return the fusion of maps that hold a share ``scale`` of the counts."""
        setting = setting or self.setting
        models = self.models
        if haadf is not None:
            models = _Drawn(models, self.setting.model or models.first, haadf)
        totals = np.where(self.kept, maps.totals, np.nan)
        fused = fuse_setting(
            maps,
            models,
            setting,
            scale=scale,
            totals=totals,
            initial=initial,
            **effort(setting, _TOLERANCE, _MAX_ITERATIONS),
        )
        self._progress()
        return replace(fused, maps=given_back(fused.maps, maps, self._lost, totals))


def bootstrap(maps: Maps, models, setting, fused, kept, refit, seed, progress, lost=()):
    """Fuse counts and HAADF that are drawn anew, and halves of those that were measured.

    Counts and HAADF are drawn from maps that are taken for the truth, and fused with the same
    parameters. What is found deviates from that truth by noise and by what the total variation
    flattens. For the latter to show, the truth has to have what was flattened in the fused maps: it
    is a fusion with half their total variation. Weights and pedestal of the HAADF model are fitted
    to each draw. What the model misses shows in measured counts alone: each half of them is fused,
    and compared with the other half; of draws of half the counts, errors are known.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    models : GuidedModels
        HAADF models.
    setting : Setting
        Parameters of the fusion.
    fused : FusionResult
        The fused maps, of ``maps`` with ``setting``.
    kept : numpy.ndarray
        Which net totals fusion keeps, bool, shape (K,).
    refit : callable
        Called as ``refit(maps, haadf)`` with drawn maps and a HAADF at their resolution; returns
        their `HaadfModel`.
    seed : int
        Seed of draws and halves.
    progress : callable
        Called once a fusion.
    lost : sequence of Lost
        Windows in which the fused maps were given back what they had lost: so are the truth, and
        what is found of each draw and half.

    Returns
    -------
    Bootstrap
    """
    fusions = Fusions(models, setting, kept, progress, lost)
    rougher = replace(setting, ratios=tuple(_ROUGHER * ratio for ratio in setting.ratios))
    pilot = fusions.of(maps, fused, setting=rougher)
    truth = np.asarray(pilot.maps, dtype=np.float64)
    generator = np.random.default_rng(seed)
    model = setting.model or models.first
    noise, expected = noise_of(models.haadf), model.modelled(truth)

    def haadf():
        # The noise of the HAADF enters as it does in the scan: before the blur.
        return expected + smoothed(generator.normal(0.0, noise, truth.shape[1:]), model.blur)

    whole = np.empty((DRAWS, *truth.shape), np.float32)
    for error in whole:
        drawn, image = maps.drawn(truth, generator), haadf()
        own = replace(setting, model=refit(drawn, image)) if setting.model else setting
        error[:] = fusions.of(drawn, pilot, haadf=image, setting=own).maps - truth
    if not can_be_split(maps):
        return Bootstrap(whole, None, [])
    pairs = maps.halves(SPLITS, seed)
    held_out, found = [], None
    for pair in pairs:
        for half, other in (pair, pair[::-1]):
            found = fusions.of(half, found, 0.5)
            arrays = found.maps - other.net, other.net_variance
            held_out.append(tuple(np.asarray(each, np.float32) for each in arrays))
    halves = np.empty((HALF_DRAWS, *truth.shape), np.float32)
    for error in halves:
        drawn = pairs[0][0].drawn(truth / 2, generator)
        error[:] = fusions.of(drawn, found, 0.5, haadf()).maps - truth / 2
    return Bootstrap(whole, halves, held_out)


def can_be_split(maps: Maps):
    """Return whether halves of the counts are independent: counts as recorded, and not none."""
    return maps.splits_rounded or (maps.are_integers and maps.divisor == 1)


class _Drawn(GuidedModels):
    """A drawn HAADF at the resolution of the maps, with the directions of the measured one."""

    def __init__(self, models, model, haadf):
        super().__init__(models.haadf, models.models)
        self._measured, self._model, self._haadf = models, model, haadf

    def matched(self, model):
        return self._haadf

    def directions(self, model):
        return self._measured.directions(self._model)

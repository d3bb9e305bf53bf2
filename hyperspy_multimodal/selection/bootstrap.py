"""Errors of fused maps by parametric bootstrap."""

from dataclasses import dataclass, replace

import numpy as np

from ..counts.contracts import Maps
from ..fusion.regularisers import are_sieves
from .given_back import given_back
from .guided_models import GuidedModels
from .moves import is_huber
from .normalised_haadf import noise_of, smoothed
from .settings import effort, fuse_setting

#: Simulated scans, an even number.
DRAWS = 30
#: Fusions for standard deviations: of a rougher truth, and of draws.
FUSIONS = 1 + DRAWS
_TOLERANCE = 1e-3
_MAX_ITERATIONS = 300
# Squared width of sieves of the maps that are taken for the truth, as a share of that of the fused
# ones.
_NARROWER = 0.5
# Ratios of total variation and of its Huber form that flatten next to nothing.
_LEAST, _LEAST_HUBER = 0.25, 0.5


@dataclass(frozen=True)
class Bootstrap:
    """Errors of fusions of drawn counts.

    Attributes
    ----------
    errors : numpy.ndarray
        Errors of what is found from each draw, float32, shape (draws, K, ny, nx).
    noise : numpy.ndarray
        Noise of the net counts of each draw, float32, shape (draws, K, ny, nx).
    """

    errors: np.ndarray
    noise: np.ndarray


class Fusions:
    """Fusions with one setting, of measured and drawn counts.

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
    shared : SharedStructure, optional
        How maps follow each other.
    mask : numpy.ndarray, optional
        Pixels without counts, bool, shape (ny, nx).
    """

    def __init__(self, models, setting, kept, progress, lost=(), shared=None, mask=None):
        self.models, self.setting, self.kept = models, setting, kept
        self._progress, self._lost = progress, lost
        self._shared, self._mask = shared, mask

    def rough(self, maps, initial):
        """Return the fusion of measured maps that are taken for the truth, see `bootstrap`."""
        return self._fused(maps, _rougher(self.setting), None, initial)

    def of(self, maps, initial=None, haadf=None, setting=None):
        """Return the fusion of measured or drawn maps."""
        return self._fused(maps, setting or self.setting, self._shared, initial, haadf)

    def _fused(self, maps, setting, shared, initial, haadf=None):
        models = self.models
        if haadf is not None:
            models = _Drawn(models, self.setting.model or models.first, haadf)
        totals = np.where(self.kept, maps.totals, np.nan)
        fused = fuse_setting(
            maps,
            models,
            setting,
            totals=totals,
            initial=initial,
            **effort(setting, _TOLERANCE, _MAX_ITERATIONS),
        )
        self._progress()
        found = fused.maps
        if shared is not None:
            found = shared.applied(found, maps, self._mask)
        return replace(fused, maps=given_back(found, maps, self._lost, totals))


def bootstrap(
    maps: Maps, models, setting, fused, kept, refit, seed, progress, lost=(), shared=None
):
    """Fuse counts and HAADF that are drawn anew.

    Counts and HAADF are drawn from maps that are taken for the truth, and fused with the same
    parameters. What is found deviates from that truth by noise and by what the total variation
    flattens. For the latter to show, the truth has to have what was flattened in the fused maps: it
    is a fusion with less total variation, see `_rougher`, and does not follow other elements:
    structure of one element alone is flattened where its map follows others. Weights and pedestal
    of the HAADF model are fitted to each draw. The noise that was drawn says how far fused maps
    follow it, which `calibrated` needs to find from the measured counts what the model misses.

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
        Seed of the draws.
    progress : callable
        Called once a fusion.
    lost : sequence of Lost
        Windows in which the fused maps were given back what they had lost: so are the truth, and
        what is found of each draw.
    shared : SharedStructure, optional
        How maps follow each other, measured and drawn ones.

    Returns
    -------
    Bootstrap
    """
    fusions = Fusions(models, setting, kept, progress, lost, shared, maps.mask)
    pilot = fusions.rough(maps, fused)
    truth = np.asarray(pilot.maps, dtype=np.float64)
    generator = np.random.default_rng(seed)
    model = setting.model or models.first
    noise, expected = noise_of(models.haadf), model.modelled(truth)

    def haadf():
        # The noise of the HAADF enters as it does in the scan: before the blur.
        return expected + smoothed(generator.normal(0.0, noise, truth.shape[1:]), model.blur)

    errors, of_counts = (np.empty((DRAWS, *truth.shape), np.float32) for _ in range(2))
    for i in range(DRAWS):
        drawn, image = maps.drawn(truth, generator), haadf()
        own = replace(setting, model=refit(drawn, image)) if setting.model else setting
        errors[i] = fusions.of(drawn, pilot, image, own).maps - truth
        of_counts[i] = drawn.net - truth
    return Bootstrap(errors, of_counts)


def _rougher(setting):
    """Return the setting of the maps that are taken for the truth.

    The ratio of total variation is the geometric mean of its own and one that flattens next to
    nothing: the heavier total variation is, the more it has flattened. Sieves have half the squared
    width.
    """
    ratios = []
    for name, ratio, is_sieve in zip(
        setting.regularisers, setting.ratios, are_sieves(setting.regularisers), strict=True
    ):
        least = min(ratio, _LEAST_HUBER if is_huber(name) else _LEAST)
        ratios.append(_NARROWER * ratio if is_sieve else float(np.sqrt(ratio * least)))
    return replace(setting, ratios=tuple(ratios))


class _Drawn(GuidedModels):
    """A drawn HAADF at the resolution of the maps, with the directions of the measured one."""

    def __init__(self, models, model, haadf):
        super().__init__(models.haadf, models.models)
        self._measured, self._model, self._haadf = models, model, haadf

    def matched(self, model):
        return self._haadf

    def directions(self, model):
        return self._measured.directions(self._model)

"""Standard deviations of fused maps, by parametric bootstrap."""

from dataclasses import replace

import numpy as np

from ..counts.contracts import Maps
from .given_back import given_back
from .held_out import GuidedModels, fuse_setting
from .normalised_haadf import noise_of, smoothed

#: Simulated scans.
DRAWS = 10
_TOLERANCE = 1e-3
_MAX_ITERATIONS = 300
# Total variation of the maps that are taken for the truth, as a share of that of the fused ones.
_ROUGHER = 0.5
# Squared deviations of so few draws are pooled over neighbours by a Gaussian of this many pixels.
_POOLING = 1.0


def standard_deviations(maps: Maps, models, setting, fused, kept, refit, seed, progress, lost=()):
    """Return the root-mean-square error that fusion makes on scans like the measured one.

    Counts and HAADF are drawn anew, ten times, from maps that are taken for the truth, and fused
    with the same parameters. What is found deviates from that truth by noise and by what the total
    variation flattens; both are in the result. For the latter to show, the truth has to have what
    was flattened in the fused maps: it is a fusion with half their total variation. Weights and
    pedestal of the HAADF model are fitted to each draw. What the model misses is not in the result.

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
        Called once a solve.
    lost : sequence of Lost
        Windows in which the fused maps were given back what they had lost: so are the truth and
        what is found of each draw, whose noise of the windows is in the result thereby.

    Returns
    -------
    numpy.ndarray
        Shape (K, ny, nx), in the counts of ``maps``.
    """
    generator = np.random.default_rng(seed)
    options = {"tolerance": _TOLERANCE, "max_iterations": _MAX_ITERATIONS}
    rougher = replace(setting, ratios=tuple(_ROUGHER * ratio for ratio in setting.ratios))
    totals = np.where(kept, maps.totals, np.nan)
    pilot = fuse_setting(maps, models, rougher, totals=totals, initial=fused, **options)
    progress()
    truth = given_back(np.asarray(pilot.maps, dtype=np.float64), maps, lost, totals)
    squares = np.zeros_like(truth)
    noise = noise_of(models.haadf)
    model = setting.model or models.first
    # The noise of the HAADF enters as it does in the scan: before the blur.
    expected = model.modelled(truth)
    for _ in range(DRAWS):
        drawn = maps.drawn(truth, generator)
        noisy = generator.normal(0.0, noise, truth.shape[1:])
        haadf = expected + smoothed(noisy, model.blur)
        drawn_totals = np.where(kept, drawn.totals, np.nan)
        found = fuse_setting(
            drawn,
            _Drawn(models, model, haadf),
            replace(setting, model=refit(drawn, haadf)) if setting.model else setting,
            totals=drawn_totals,
            initial=pilot,
            **options,
        )
        squares += np.square(given_back(found.maps, drawn, lost, drawn_totals) - truth)
        progress()
    return np.sqrt(smoothed(squares / DRAWS, _POOLING))


class _Drawn(GuidedModels):
    """A drawn HAADF at the resolution of the maps, with the directions of the measured one."""

    def __init__(self, models, model, haadf):
        super().__init__(models.haadf, models.models)
        self._measured, self._model, self._haadf = models, model, haadf

    def matched(self, model):
        return self._haadf

    def directions(self, model):
        return self._measured.directions(self._model)

"""Held-out errors of fusions, by count splitting: fuse one half, predict the other."""

from dataclasses import dataclass

import numpy as np

from ..counts.contracts import Counts, Maps
from ..counts.reading import SPLITS
from ..fusion.regularisers import are_directional, are_sieves
from ..fusion.scaled import fuse_scaled
from .brightness import brightness_classes, class_sums, described_bias, held_out_bias
from .moves import by_element
from .normalised_haadf import guide_directions

# What `halves` gives.
_FRACTION = 0.5
# Scans of so many pixels are split once; smaller ones more often, up to `SPLITS` times.
_LARGE = 3 * 128**2
_TOLERANCE = 1e-3
_SIGNIFICANT = 5.0  # standard errors
_MAX_ITERATIONS = 300
_SIEVES_SETTLE = 5  # times as fast
#: An element whose lambdas are this many times the others' follows its counts, not the HAADF.
APART = 100.0


@dataclass(frozen=True)
class Setting:
    """Free parameters of a fusion.

    Parameters
    ----------
    model : HaadfModel or None
        None: without HAADF.
    lambda_1 : float or tuple of float
        Weight of the Poisson term, one for all or one per element; 1 without HAADF, where only
        ratios matter.
    regularisers : tuple of str
        Name of each element's regulariser.
    ratios : tuple of float
        lambda_2 / lambda_1 of each element.
    apart : tuple of bool
        Elements that the HAADF does not pull, though they have their part in its model.
    """

    model: object
    lambda_1: float
    regularisers: tuple
    ratios: tuple
    apart: tuple

    @property
    def lambdas(self):
        """lambda_1 and lambda_2, one per element."""
        lambda_1 = np.asarray(self.lambda_1) * np.where(self.apart, APART, 1.0)
        return lambda_1, lambda_1 * np.array(self.ratios)


def effort(setting, tolerance, max_iterations):
    """Return tolerance and largest number of iterations for one of many trial fusions.

    Sources of sieves move on, far below the noise of their maps, long after these have settled.
    """
    if are_sieves(setting.regularisers).any():
        tolerance, max_iterations = 10 * tolerance, max_iterations // _SIEVES_SETTLE
    return {"tolerance": tolerance, "max_iterations": max_iterations}


def fuse_setting(maps: Counts, models, setting, scale=1.0, totals=None, **options):
    """Fuse maps as a `Setting` says.

    Parameters
    ----------
    maps : Counts
        Measured or drawn maps.
    models : GuidedModels
        What depends on the HAADF alone.
    setting : Setting
        Free parameters.
    scale : float
        Share of the counts that ``maps`` hold, default 1.
    totals : numpy.ndarray or None
        Net totals to keep, NaN where free.
    **options
        As of `minimise`.

    Returns
    -------
    FusionResult
    """
    model = setting.model or models.first
    lambda_1, lambda_2 = setting.lambdas
    needs_directions = any(are_directional(setting.regularisers))
    return fuse_scaled(
        maps.counts,
        maps.background,
        models.matched(model),
        scales=scale * model.scales,
        weights=model.weights if setting.model else 0 * model.weights,
        offset=model.offset,
        gamma=model.gamma,
        lambda_1=lambda_1,
        lambda_2=lambda_2,
        totals=totals,
        regularisers=setting.regularisers,
        directions=models.directions(model) if needs_directions else None,
        **options,
    )


class GuidedModels:
    """HAADF models, the best first, with the blurred HAADF and its directions for each blur.

    Parameters
    ----------
    haadf : numpy.ndarray
        HAADF of unit range, shape (ny, nx).
    models : list of HaadfModel
        Not empty.
    others : list of HaadfModel, optional
        For each of the models one with other weights that explains as much.
    """

    def __init__(self, haadf, models, others=()):
        self.haadf = haadf
        self.models = models
        self.others = others
        self._directions, self._matched = {}, {}

    @property
    def first(self):
        """The model that explains most of the HAADF; its blur guides fusion without HAADF too."""
        return self.models[0]

    def other(self, model):
        """Return the model with other weights that explains as much, None if there is none."""
        if not self.others:
            return None
        pairs = zip(self.models, self.others, strict=True)
        return next((other for each, other in pairs if each is model), None)

    def matched(self, model):
        """Return the HAADF at the resolution of the maps."""
        if model.blur not in self._matched:
            self._matched[model.blur] = model.matched(self.haadf)
        return self._matched[model.blur]

    def directions(self, model):
        """Return directions across the edges of the blurred HAADF, along y and along x."""
        if model.blur not in self._directions:
            self._directions[model.blur] = guide_directions(self.haadf, model.blur)
        return self._directions[model.blur]


class CroppedModels(GuidedModels):
    """The same models over a part of the scan.

    Parameters
    ----------
    whole : GuidedModels
        Models of the whole scan.
    rows, cols : slice
        The part.
    """

    def __init__(self, whole, rows, cols):
        super().__init__(whole.haadf[rows, cols], whole.models, whole.others)
        self._whole, self._part = whole, (rows, cols)

    def matched(self, model):
        """Return the HAADF at the resolution of the maps."""
        return np.ascontiguousarray(self._whole.matched(model)[self._part])

    def directions(self, model):
        """Return directions across the edges of the blurred HAADF, along y and along x."""
        whole = self._whole.directions(model)
        return tuple(np.ascontiguousarray(each[self._part]) for each in whole)


class HeldOut:
    """Squared errors of predictions of held-out counts, for settings tried so far.

    The counts are split binomially into two independent halves: three times for scans of up to
    128 x 128 pixels, less often for larger ones, which tell as much by themselves. Of each split
    the first half is fused, and the squared difference to the unclipped net maps of the second is
    summed by element; so is the difference itself, where the HAADF is dark and where it is bright.
    That tells a leak of the HAADF, and takes three splits of any scan.

    Parameters
    ----------
    maps : Maps
        Integer counts, or maps whose halves were drawn.
    models : GuidedModels
        HAADF models for the whole counts.
    seed : int
        Seed of the splits.
    kept : numpy.ndarray
        Which net totals fusion keeps, bool, shape (K,).
    progress : callable
        Called once a solve.
    """

    def __init__(self, maps: Maps, models, seed, kept, progress):
        self.splits = maps.halves(SPLITS, seed)
        # How many of them tell one setting from another.
        self._enough = min(SPLITS, -(-_LARGE // maps.net[0].size))
        self.models = models
        self._mask = maps.mask
        self.kept = kept
        self.progress = progress
        self.n_maps = len(maps.names)
        self._latest = [None] * len(self.splits)
        self._blocks = {}  # by setting: (elements, blocks)
        self._misses = {}  # by setting: (elements, classes of brightness) of each split fused
        self._classes = brightness_classes(models.matched(models.first), maps.mask)
        self._least = np.full(self.n_maps, np.inf)
        # What no prediction can be better than: the noise of the held-out halves.
        compared = self.splits[: self._enough]
        noise = sum(second.net_variance.sum(axis=(1, 2)) for _, second in compared)
        self._noise = np.maximum(noise, 0.0)
        #: Which elements have a say: those whose counts are more than noise.
        self.counted = _are_significant(self.splits[0])

    def errors(self, setting):
        """Return the squared error of each element, summed over pixels and splits."""
        return self.blocks(setting).sum(axis=1)

    def blocks(self, setting):
        """Return the squared errors by element and block of the scan, (K, blocks)."""
        if setting not in self._blocks:
            self._misses[setting] = []
            found = sum(self._error(number, setting) for number in range(self._enough))
            self._blocks[setting] = found
            self._least = np.minimum(self._least, found.sum(axis=1))
        return self._blocks[setting]

    def put_together(self, chosen, some, others):
        """Return ``others`` with chosen elements as in ``some``, both without HAADF.

        Elements do not feel each other then, so that nothing is fused for its errors.
        """
        setting = by_element(chosen, some, others)
        if setting not in self._blocks:
            which = np.asarray(chosen)[:, None]
            found = np.where(which, self.blocks(some), self.blocks(others))
            splits = zip(self._misses[some], self._misses[others], strict=False)  # as far as both
            self._misses[setting] = [np.where(which, *pair) for pair in splits]
            self._blocks[setting] = found
        return setting

    def bias(self, setting):
        """Return the `Bias` of the predictions where the HAADF is dark and bright."""
        self.blocks(setting)
        for number in range(len(self._misses[setting]), SPLITS):
            self._error(number, setting)
        return self._bias_so_far(setting)

    def _bias_so_far(self, setting):
        return held_out_bias(self._misses[setting], self.splits[0], self._classes)

    def squares_lost(self, setting, reference):
        """Return by how much the squared error of a fused scan is higher, about, by element."""
        # Halves hold half the counts, and so a quarter of the squares.
        return 4 / self._enough * (self.errors(setting) - self.errors(reference))

    def _error(self, number, setting):
        first, second = self.splits[number]
        fused = fuse_setting(
            first,
            self.models,
            setting,
            scale=_FRACTION,
            totals=np.where(self.kept, first.totals, np.nan),
            **effort(setting, _TOLERANCE, _MAX_ITERATIONS),
            initial=self._latest[number],
        )
        self._latest[number] = fused
        self.progress()
        expected = fused.maps * ((1 - _FRACTION) / _FRACTION)
        misses = second.net - expected
        self._misses[setting].append(class_sums(misses, self._classes))
        squares = np.square(misses)
        if self._mask is not None:
            squares[:, self._mask] = 0.0  # there is nothing to predict
        return _block_sums(squares)

    def relative(self, errors):
        """Return the errors of the elements over the least of all, summed.

        Elements with hardly any counts are ignored.
        """
        return float((errors / self._units)[self.counted].sum())

    @property
    def _units(self):
        """What errors are compared with, by element: the least of all, or the noise if more."""
        return np.maximum(np.maximum(self._least, self._noise), np.finfo(float).tiny)

    def standard_errors_gained(self, setting, reference):
        """Return by how much a setting predicts better, in standard errors over blocks."""
        gains = (self.blocks(reference) - self.blocks(setting))[self.counted]
        gains = (gains / self._units[self.counted, None]).sum(axis=0)
        return _significance(gains)

    def standard_errors_lost(self, setting, reference):
        """Return by how much each element is predicted worse, in standard errors over blocks."""
        return np.array(
            [_significance(lost) for lost in self.blocks(setting) - self.blocks(reference)]
        )

    def table(self):
        """Return what was tried, one dictionary a setting."""
        least = np.maximum(self._least, np.finfo(float).tiny)
        return [
            {
                "uses_haadf": setting.model is not None,
                "gamma": setting.model.gamma if setting.model else None,
                "haadf_blur": setting.model.blur if setting.model else None,
                "lambda_1": setting.lambda_1 if setting.model else None,
                "ratios": list(setting.ratios),
                "regularisers": list(setting.regularisers),
                "directional": are_directional(setting.regularisers),
                "apart": list(setting.apart),
                "relative_errors": (found.sum(axis=1) / least).tolist(),
                **described_bias(self._bias_so_far(setting)),
            }
            for setting, found in self._blocks.items()
        ]


def _are_significant(split):
    """Return which elements have net totals of more than five standard errors, bool, (K,)."""
    totals = sum(half.net.sum(axis=(1, 2), dtype=float) for half in split)
    variances = sum(half.net_variance.sum(axis=(1, 2), dtype=float) for half in split)
    return totals > _SIGNIFICANT * np.sqrt(np.maximum(variances, 0.0))


def _significance(gains):
    """Return a sum over blocks in units of its standard error."""
    spread = gains.std(ddof=1) * np.sqrt(gains.size) if gains.size > 1 else np.inf
    return gains.sum() / max(spread, np.finfo(float).tiny)


def _block_sums(errors):
    """Sum maps (K, ny, nx) over at most 16 x 16 blocks; return an array (K, blocks)."""
    for axis in (1, 2):
        size = errors.shape[axis]
        starts = np.unique(np.linspace(0, size, min(size, 16), endpoint=False).astype(int))
        errors = np.add.reduceat(errors, starts, axis=axis)
    return errors.reshape(len(errors), -1)

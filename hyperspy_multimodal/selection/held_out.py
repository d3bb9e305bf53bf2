"""Held-out errors of fusions, by count splitting: fuse one half, predict the other."""

import numpy as np

from ..counts.contracts import Maps
from ..counts.reading import SPLITS
from ..fusion.regularisers import are_directional, are_sieves
from ..threads import fuse_side_by_side
from .brightness import (
    Bias,
    brightness_classes,
    class_sums,
    counts_and_variances,
    described_bias,
    held_out_bias,
)
from .earlier import Earlier
from .moves import combined
from .noise_share import block_sums
from .settings import effort, fuse_setting

# What `halves` gives.
_FRACTION = 0.5
# Scans of so many pixels are split once; smaller ones more often, up to `SPLITS` times. On two
# splits of 128 x 128 pixels with few counts, the search stops too early.
_LARGE = 3 * 128**2
# Gaps up to which maps are fused, without sieves and with them.
_TOLERANCE, _TOLERANCE_WITH_SIEVES = 6e-3, 3e-3
_SIGNIFICANT = 5.0  # standard errors
_STRUCTURED = 3.0  # standard errors
_MAX_ITERATIONS = 300
# Results of each element and split that a fusion may start from.
_REMEMBERED = 4


class HeldOut:
    """Squared errors of predictions of held-out counts, for settings tried so far.

    The counts are split binomially into two independent halves. Of each split the first half is
    fused, and the squared difference to the unclipped net maps of the second is summed by element;
    so is the difference itself, where the HAADF is dark and where it is bright.

    There are three splits. Scans of up to 128 x 128 pixels take all of them, and larger ones fewer,
    which tell as much by themselves. A leak of the HAADF takes all of them, unless the first rules
    it out.

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
        self.mask = maps.mask
        self.kept = kept
        self.progress = progress
        self.n_maps = len(maps.names)
        self._earlier = [
            Earlier(_REMEMBERED if number < self._enough else 1)
            for number in range(len(self.splits))
        ]
        self._found = {}  # by setting: blocks and misses of each split fused
        # The same of elements without HAADF, by element, regulariser and ratio, and split.
        self._of_elements = {}
        self._classes = brightness_classes(models.matched(models.first), maps.mask)
        halves = (counts_and_variances(half, self._classes) for half in self.splits[0])
        self._of_classes = *map(sum, zip(*halves, strict=True)), self._classes.sum(axis=(1, 2))
        self._least = np.full(self.n_maps, np.inf)
        # What no prediction can be better than: the noise of the held-out halves.
        compared = self.splits[: self._enough]
        noise = sum(second.net_variance.sum(axis=(1, 2)) for _, second in compared)
        self._noise = np.maximum(noise, 0.0)
        #: Which elements have a say: those whose counts are more than noise.
        self.counted = _are_significant(self.splits[0])

    def try_out(self, settings):
        """Fuse settings that were not tried so far, side by side."""
        settings = [each for each in dict.fromkeys(settings) if not self._found.get(each)]
        self._up_to(self._enough, settings)
        for each in settings:
            self._least = np.minimum(self._least, self.errors(each))

    def errors(self, setting):
        """Return the squared error of each element, summed over pixels and splits."""
        return self.blocks(setting).sum(axis=1)

    def score(self, setting):
        """Return the errors of the elements over the least of each so far, summed."""
        return self.relative(self.errors(setting))

    def blocks(self, setting):
        """Return the squared errors by element and block of the scan, (K, blocks)."""
        if not self._found.get(setting):
            self.try_out([setting])
        return sum(blocks for blocks, _ in self._found[setting][: self._enough])

    def put_together(self, chosen, some, others):
        """Return ``others`` with chosen elements as in ``some``, both without HAADF.

        Elements do not feel each other then, so that nothing is fused for its errors.
        """
        return self.collected([some if each else others for each in chosen])

    def collected(self, parents):
        """Return a setting each of whose elements is as in another one, all without HAADF."""
        setting = combined(parents)
        self.try_out([setting])
        return setting

    def has_structure(self, setting):
        """Return for which elements a setting predicts clearly better than a constant, (K,)."""
        gains = self._of_constants() - self.blocks(setting)
        return np.array([_significance(each) > _STRUCTURED for each in gains])

    def _of_constants(self):
        """Return the squared errors of the mean of each first half, as `blocks` does."""
        there = np.ones(self.splits[0][0].net.shape[1:], bool) if self.mask is None else ~self.mask
        found = 0.0
        for first, second in self.splits[: self._enough]:
            means = first.net[:, there].mean(axis=1)
            found = found + block_sums(np.square(second.net - means[:, None, None]) * there)
        return found

    def bias(self, setting, concerned=None) -> Bias:
        """Return the `Bias` of the predictions where the HAADF is dark and bright.

        There are more splits as long as elements that are ``concerned``, by default all that have a
        say, may have a bias that counts.
        """
        concerned = self.counted if concerned is None else concerned
        for n_splits in range(self._enough, SPLITS + 1):
            self._up_to(n_splits, [setting])
            bias = self._bias_so_far(setting)
            if bias.is_negligible[concerned].all():
                break
        return bias

    def _bias_so_far(self, setting):
        misses = [misses for _, misses in self._found[setting]]
        return held_out_bias(misses, *self._of_classes)

    def squares_lost(self, setting, reference):
        """Return by how much the squared error of a fused scan is higher, about, by element."""
        # Halves hold half the counts, and so a quarter of the squares.
        return 4 / self._enough * (self.errors(setting) - self.errors(reference))

    def _up_to(self, n_splits, settings):
        """Find blocks and misses of the first splits of settings."""
        numbers = range(n_splits)
        everyone = tuple(range(self.n_maps))
        jobs, coming = [], set()
        for each in settings:
            for number in numbers[len(self._found.setdefault(each, [])) :]:
                if each.model is not None:
                    jobs.append((each, number, everyone))
                    continue
                keys = [(*key, number) for key in _of_elements(each)]
                new = [key not in self._of_elements and key not in coming for key in keys]
                coming.update(keys)
                if any(new):
                    jobs.append((each, number, tuple(np.flatnonzero(new).tolist())))
        self._fuse(jobs)
        for each in settings:
            found = self._found[each]
            for number in numbers[len(found) :]:
                parts = [self._of_elements[(*key, number)] for key in _of_elements(each)]
                found.append(tuple(map(np.stack, zip(*parts, strict=True))))

    def _fuse(self, jobs):
        """Fuse elements of settings and splits, side by side, all from what was fused before."""
        starts = [self._earlier[number].nearest(each, own) for each, number, own in jobs]
        jobs = [(*job, start) for job, start in zip(jobs, starts, strict=True)]
        for (setting, number, elements, _), (found, result) in zip(
            jobs, fuse_side_by_side(lambda job: self._error(*job), jobs), strict=True
        ):
            if setting.model is not None:
                self._found[setting].append(found)
            else:
                keys = _of_elements(setting)
                for i, *own in zip(elements, *found, strict=True):
                    self._of_elements[(*keys[i], number)] = own
            self._earlier[number].remember(setting, elements, result)
            self.progress()

    def _error(self, setting, number, elements, start):
        """Return squared errors by block, misses by class of brightness, and the fusion."""
        first, second = self.splits[number]
        fused = self._fused(first, setting, elements, start)
        expected = fused.maps * ((1 - _FRACTION) / _FRACTION)
        misses = second.net[list(elements)] - expected
        squares = np.square(misses)
        if self.mask is not None:
            squares[:, self.mask] = 0.0  # there is nothing to predict
        return (block_sums(squares), class_sums(misses, self._classes)), fused

    def _fused(self, half, setting, elements=None, start=None):
        has_sieves = are_sieves(setting.regularisers).any()
        tolerance = _TOLERANCE_WITH_SIEVES if has_sieves else _TOLERANCE
        return fuse_setting(
            half,
            self.models,
            setting,
            elements=elements,
            scale=_FRACTION,
            totals=np.where(self.kept, half.totals, np.nan),
            **effort(setting, tolerance, _MAX_ITERATIONS),
            initial=start,
        )

    def fused_halves(self, setting):
        """Return both halves of the first split, fused apart from each other, (2, K, ny, nx)."""
        everyone = range(self.n_maps)
        # The first one was fused before, as a rule.
        starts = self._earlier[0].nearest(setting, everyone), None
        jobs = zip(self.splits[0], starts, strict=True)
        fused = fuse_side_by_side(lambda job: self._fused(job[0], setting, None, job[1]).maps, jobs)
        return np.array(list(fused))

    def start(self, setting):
        """Return a start for the fusion of all counts: that of a half, with as many counts.

        None without sieves: for other maps a coarser grid is as good.
        """
        if not are_sieves(setting.regularisers).any():
            return None
        half = self._earlier[0].nearest(setting, range(self.n_maps))
        return None if half is None else half.times(1 / _FRACTION)

    def relative(self, errors):
        """Return the errors of the elements over the least of all, summed.

        Elements with hardly any counts are ignored.
        """
        return float((errors / self._units)[self.counted].sum())

    @property
    def _units(self):
        """What errors are compared with, by element: the least of all, or the noise if more."""
        return np.maximum(np.maximum(self._least, self._noise), np.finfo(float).tiny)

    def standard_errors_gained(self, setting, reference, chosen=None):
        """Return by how much a setting predicts better, in standard errors over blocks.

        Of the ``chosen`` elements together, bool (K,); by default of all that have a say.
        """
        chosen = self.counted if chosen is None else chosen
        gains = (self.blocks(reference) - self.blocks(setting))[chosen]
        gains = (gains / self._units[chosen, None]).sum(axis=0)
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
                "relative_errors": (self.errors(setting) / least).tolist(),
                **described_bias(self._bias_so_far(setting)),
            }
            for setting in self._found
        ]


def _of_elements(setting):
    """Return what the maps of a setting without HAADF are determined by, by element."""
    return list(zip(range(len(setting.ratios)), setting.regularisers, setting.ratios, strict=True))


def _are_significant(split):
    """Return which elements have net totals of more than five standard errors, bool, (K,)."""
    totals = sum(half.net.sum(axis=(1, 2), dtype=float) for half in split)
    variances = sum(half.net_variance.sum(axis=(1, 2), dtype=float) for half in split)
    return totals > _SIGNIFICANT * np.sqrt(np.maximum(variances, 0.0))


def _significance(gains):
    """Return a sum over blocks in units of its standard error."""
    spread = gains.std(ddof=1) * np.sqrt(gains.size) if gains.size > 1 else np.inf
    return gains.sum() / max(spread, np.finfo(float).tiny)

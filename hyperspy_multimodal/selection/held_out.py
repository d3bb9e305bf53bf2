"""Held-out errors of fusions, by count splitting: fuse one half, predict the other."""

import numpy as np

from ..counts.contracts import Maps
from ..counts.reading import SPLITS
from ..fusion.regularisers import are_directional, are_sieves
from ..fusion.scaled_counts import ScaledCounts
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

# Type of the result of `halves`.
_FRACTION = 0.5
# Scans of this many pixels are split once, and smaller ones more often, up to `SPLITS` times. With
# two splits of 128 x 128 pixels with few counts, the search stops too early.
_LARGE = 3 * 128**2
# Gaps to which maps are fused to compare settings, and where more depends on them: sieves, and two
# halves whose difference must be noise alone.
_TOLERANCE, _FINE_TOLERANCE = 4.5e-3, 3e-3
_SIGNIFICANT = 5.0  # standard errors
_STRUCTURED, _WORSE = 3.0, 3.0  # standard errors
_MAX_ITERATIONS = 300
# Number of results of each element and split from which a fusion may start.
_REMEMBERED = 4


class HeldOut:
    """Squared errors of predictions of held-out counts, for the settings tried so far.

    The counts are split binomially into two independent halves. The first half of each split is
    fused. Its squared difference from the unclipped net maps of the second half is summed for each
    element, and so is the difference itself, where the HAADF is dark and where it is bright.

    There are three splits. Scans of up to 128 x 128 pixels use all of them; larger ones need fewer.
    The test for leaks of the HAADF uses all of them, unless the first rules out a leak.

    Parameters
    ----------
    maps : Maps
        Integer counts, or maps whose halves were drawn.
    models : GuidedModels
        HAADF models for all counts.
    seed : int
        Seed of the splits.
    kept : numpy.ndarray
        Which net totals fusion keeps, bool, shape (K,).
    progress : callable
        Called once per solve.
    """

    def __init__(self, maps: Maps, models, seed, kept, progress):
        self.splits = maps.halves(SPLITS, seed)
        # Number of splits with which settings are compared.
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
        self._halves = {}  # by setting: both halves of the first split, fused
        self._in_units = {}  # by split: the first half in the units of its fusions
        self._found = {}  # by setting: blocks and misses of each split fused
        # The same of elements without HAADF, by element, regulariser and ratio, and split.
        self._of_elements = {}
        self._classes = brightness_classes(models.matched(models.first), maps.mask)
        halves = (counts_and_variances(half, self._classes) for half in self.splits[0])
        self._of_classes = *map(sum, zip(*halves, strict=True)), self._classes.sum(axis=(1, 2))
        self._least = np.full(self.n_maps, np.inf)
        # The noise of the held-out halves, a lower limit for the error of any prediction.
        compared = self.splits[: self._enough]
        noise = sum(second.net_variance.sum(axis=(1, 2)) for _, second in compared)
        self._noise = np.maximum(noise, 0.0)
        #: Elements that are counted: those whose counts are more than noise.
        self.counted = _are_significant(self.splits[0])

    def try_out(self, settings):
        """Fuse settings that have not been tried yet, in parallel."""
        settings = [each for each in dict.fromkeys(settings) if not self._found.get(each)]
        self._up_to(self._enough, settings)
        for each in settings:
            self._least = np.minimum(self._least, self.errors(each))

    def errors(self, setting):
        """Return the squared error of each element, summed over pixels and splits."""
        return self.blocks(setting).sum(axis=1)

    def score(self, setting):
        """Return the sum of the errors of the elements, each relative to its smallest so far."""
        return self.relative(self.errors(setting))

    def blocks(self, setting):
        """Return the squared errors for each element and block of the scan, (K, blocks)."""
        if not self._found.get(setting):
            self.try_out([setting])
        return sum(blocks for blocks, _ in self._found[setting][: self._enough])

    def put_together(self, chosen, some, others):
        """Return ``others`` with chosen elements as in ``some``, both without HAADF.

        Elements are then independent, so that its errors are known without a fusion.
        """
        return self.collected([some if each else others for each in chosen])

    def collected(self, parents):
        """Return a setting in which each element is as in one of the parents, all without HAADF."""
        setting = combined(parents)
        self.try_out([setting])
        return setting

    def has_structure(self, setting):
        """Return whether a setting predicts each element clearly better than a constant, (K,)."""
        gains = self._of_constants() - self.blocks(setting)
        return np.array([_significance(each) > _STRUCTURED for each in gains])

    def _of_constants(self):
        """Return the squared errors of the mean of each first half, as in `blocks`."""
        there = np.ones(self.splits[0][0].net.shape[1:], bool) if self.mask is None else ~self.mask
        found = 0.0
        for first, second in self.splits[: self._enough]:
            means = first.net[:, there].mean(axis=1)
            found = found + block_sums(np.square(second.net - means[:, None, None]) * there)
        return found

    def bias(self, setting, concerned=None) -> Bias:
        """Return the `Bias` of the predictions where the HAADF is dark and bright.

        Splits are added as long as elements that are ``concerned``, by default all counted ones,
        may have a relevant bias.
        """
        concerned = self.counted if concerned is None else concerned
        for n_splits in (self._enough, SPLITS):
            self._up_to(n_splits, [setting])
            bias = self._bias_so_far(setting)
            if bias.is_negligible[concerned].all():
                break
        return bias

    def _bias_so_far(self, setting):
        misses = [misses for _, misses in self._found[setting]]
        return held_out_bias(misses, *self._of_classes)

    def squares_lost(self, setting, reference):
        """Return the approximate increase of each element's squared error in the fused scan."""
        # Halves contain half the counts, so squares are a quarter.
        return 4 / self._enough * (self.errors(setting) - self.errors(reference))

    def _up_to(self, n_splits, settings):
        """Compute blocks and misses for the first splits of settings."""
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
        """Fuse elements of settings and splits in parallel, all starting from earlier results."""
        for number in {number for _, number, _ in jobs} - set(self._in_units):
            first, _ = self.splits[number]
            self._in_units[number] = ScaledCounts.of(first.counts, first.background)
        for (setting, number, elements), (found, parts) in zip(
            jobs, fuse_side_by_side(lambda job: self._error(*job), jobs), strict=True
        ):
            if setting.model is not None:
                self._found[setting].append(found)
            else:
                keys = _of_elements(setting)
                for i, *own in zip(elements, *found, strict=True):
                    self._of_elements[(*keys[i], number)] = own
            self._earlier[number].remember(setting, elements, parts)
            self.progress()

    def _error(self, setting, number, elements):
        """Return squared errors per block, misses per class of brightness, and each map's result.

        The fusion starts from the earlier results.
        """
        first, second = self.splits[number]
        start = self._earlier[number].nearest(setting, elements)
        known = self._in_units[number]
        fused = self._fused(first, setting, elements, start, in_units=known)
        expected = fused.maps * ((1 - _FRACTION) / _FRACTION)
        # A slice copies nothing.
        own = slice(None) if len(elements) == self.n_maps else list(elements)
        misses = second.net[own] - expected
        squares = np.square(misses)
        if self.mask is not None:
            squares[:, self.mask] = 0.0  # there is nothing to predict
        found = block_sums(squares), class_sums(misses, self._classes)
        return found, [fused.part(slice(n, n + 1)) for n in range(len(elements))]

    def _fused(self, half, setting, elements=None, start=None, tolerance=_TOLERANCE, in_units=None):
        if are_sieves(setting.regularisers).any():
            tolerance = _FINE_TOLERANCE
        return fuse_setting(
            half,
            self.models,
            setting,
            elements=elements,
            scale=_FRACTION,
            totals=np.where(self.kept, half.totals, np.nan),
            **effort(setting, tolerance, _MAX_ITERATIONS),
            initial=start,
            in_units=in_units,
        )

    def fused_halves(self, setting):
        """Return both halves of the first split, fused separately, (2, K, ny, nx)."""
        if setting not in self._halves:
            self._halves = {setting: self._fuse_halves(setting)}
        return self._halves[setting]

    def _fuse_halves(self, setting):
        # They start from nothing: their small differences would else depend on the search.
        jobs = zip(self.splits[0], (self._in_units.get(0), None), strict=True)

        def fused(job):
            half, known = job
            found = self._fused(half, setting, tolerance=_FINE_TOLERANCE, in_units=known)
            return found.maps

        return np.array(fuse_side_by_side(fused, jobs))

    def relative(self, errors):
        """Return the sum of the errors of the elements, each relative to its smallest error.

        Elements with hardly any counts are ignored.
        """
        return float((errors / self._units)[self.counted].sum())

    @property
    def _units(self):
        """Reference of each element's errors: the smallest one, or the noise if larger."""
        return np.maximum(np.maximum(self._least, self._noise), np.finfo(float).tiny)

    def standard_errors_gained(self, setting, reference, chosen=None):
        """Return by how much a setting predicts better, in standard errors over blocks.

        This is for the ``chosen`` elements together, bool (K,), by default all counted ones.
        """
        chosen = self.counted if chosen is None else chosen
        gains = (self.blocks(reference) - self.blocks(setting))[chosen]
        gains = (gains / self._units[chosen, None]).sum(axis=0)
        return _significance(gains)

    def standard_errors_lost(self, setting, reference):
        """Return by how much a setting predicts each element worse, in standard errors."""
        return np.array(
            [_significance(lost) for lost in self.blocks(setting) - self.blocks(reference)]
        )

    def alternatives(self, setting, element):
        """Return what else an element may have without HAADF, the best prediction first.

        Parameters
        ----------
        setting : Setting
            Setting without HAADF.
        element : int
            Number of the element.

        Returns
        -------
        list of (str, float, float)
            Regulariser, ratio, and by how many standard errors they predict worse, if these are
            not many.
        """
        own = _of_elements(setting)[element]
        best, lost = self._blocks_of(own), {}
        for key in {key[:3] for key in self._of_elements if key[0] == element} - {own}:
            lost[key] = self._blocks_of(key) - best
        ranked = sorted(lost, key=lambda key: (lost[key].sum(), key))
        errors = [_significance(lost[key]) for key in ranked]
        return [(*key[1:], each) for key, each in zip(ranked, errors, strict=True) if each < _WORSE]

    def _blocks_of(self, key):
        """Return the squared errors of an element without HAADF for each block."""
        return sum(self._of_elements[(*key, number)][0] for number in range(self._enough))

    @property
    def tried(self):
        """Settings that were tried so far."""
        return list(self._found)

    def table(self):
        """Return the settings that were tried, one dictionary per setting."""
        least = np.maximum(self._least, np.finfo(float).tiny)
        return [
            {
                "uses_brightness": setting.model is not None,
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
    """Return the parameters of each element that determine its map in a setting without HAADF."""
    return list(zip(range(len(setting.ratios)), setting.regularisers, setting.ratios, strict=True))


def _are_significant(split):
    """Return which elements have net totals above five standard errors, in all parts, (K,)."""
    totals = sum(half.net.sum(axis=(1, 2), dtype=float) for half in split)
    variances = sum(half.net_variance.sum(axis=(1, 2), dtype=float) for half in split)
    return totals > _SIGNIFICANT * np.sqrt(np.maximum(variances, 0.0))


def _significance(gains):
    """Return a sum over blocks, divided by its standard error."""
    spread = gains.std(ddof=1) * np.sqrt(gains.size) if gains.size > 1 else np.inf
    return gains.sum() / max(spread, np.finfo(float).tiny)

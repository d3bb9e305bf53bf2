"""Choose lambdas by count splitting: fuse one half of the counts, score on the other."""

from dataclasses import dataclass, field

import numpy as np

from ..fusion.scaled import fuse_scaled

#: Ratios lambda_2 / lambda_1 on the coarse grid.
RATIOS = (0.5, 1.0, 2.0, 4.0, 8.0)
#: lambda_1 on the coarse grid, tried in this order; None is "no HAADF". The search ends where two
#: in a row, the second worse than the first, predict worse than an earlier one.
LAMBDAS_1 = (None, 1e-1, 1e-2, 1e-3, 1e-4)
_SPLITS = 3
_FRACTION = 0.5  # what `halves` gives
# What the HAADF has to gain over "no HAADF" to be used.
_STANDARD_ERRORS = 3.0
_TOLERANCE = 1e-3
_MAX_ITERATIONS = 200


@dataclass(frozen=True)
class Choice:
    """The lambdas that predict held-out counts best.

    Parameters
    ----------
    lambda_1 : float
        Weight of the Poisson term; 1 if ``uses_haadf`` is False, where only ratios matter.
    lambda_2 : numpy.ndarray
        Weight of the total variation, one an element.
    uses_haadf : bool
        False if "no HAADF" predicts best: then the HAADF term has to be left out.
    table : list of dict
        What was tried: lambda_1 (None for "no HAADF"), ratio lambda_2 / lambda_1, and the squared
        error of each element's prediction, relative to the best of that element.
    """

    lambda_1: float
    lambda_2: np.ndarray
    uses_haadf: bool
    table: list = field(repr=False)


def choose_lambdas(maps, haadf, model, gamma, seed, keep_totals, progress):
    """Search a coarse grid of lambdas by count splitting.

    The counts are split binomially into two independent halves, three times. For each candidate
    the first half is fused, and the squared difference to the unclipped net maps of the second is
    summed by element. lambda_1 is common; the ratio lambda_2 / lambda_1 is chosen by element.

    Parameters
    ----------
    maps : ElementMaps
        Integer counts.
    haadf : numpy.ndarray
        HAADF of unit range, shape (ny, nx).
    model : HaadfModel
        Scales, weights and pedestal for the whole counts.
    gamma : float
        Exponent of the HAADF model.
    seed : int
        Seed of the splits.
    keep_totals : bool
        Whether fusion keeps the net totals.
    progress : callable
        Called once a solve.

    Returns
    -------
    Choice
    """
    trials = _Trials(maps, haadf, model, gamma, seed, keep_totals, progress)
    trials.walk(None, len(RATIOS) // 2)
    start = int(np.searchsorted(RATIOS, np.median(trials.best_ratios(None))))
    tried = [None]
    for lambda_1 in LAMBDAS_1[1:] if model.has_weights else ():
        trials.walk(lambda_1, start)
        tried.append(lambda_1)
        sums = trials.relative_sums(tried)
        if len(tried) > 2 and min(sums[-2:]) > min(sums[:-2]) and sums[-1] > sums[-2]:
            break
    chosen = tried[int(np.argmin(trials.relative_sums(tried)))]
    if chosen is not None and trials.standard_errors_gained(chosen) < _STANDARD_ERRORS:
        chosen = None
    lambda_1 = chosen or 1.0
    return Choice(
        lambda_1, lambda_1 * trials.best_ratios(chosen), chosen is not None, trials.table()
    )


class _Trials:
    """Held-out squared errors of the candidates tried so far."""

    def __init__(self, maps, haadf, model, gamma, seed, keep_totals, progress):
        self.splits = maps.halves(_SPLITS, seed)
        self.latest = [None] * _SPLITS
        self.haadf = haadf
        self.model = model
        self.gamma = gamma
        self.keep_totals = keep_totals
        self.progress = progress
        self.errors = {}  # by candidate: (elements,)
        self.blocks = {}  # by candidate: (elements, blocks)

    def walk(self, lambda_1, start):
        """Try ratios from index ``start`` on, in both directions, while any element gains."""
        for direction in (1, -1):
            index = start
            while 0 <= index < len(RATIOS):
                found = self.error(lambda_1, RATIOS[index])
                if index != start:
                    before = self.error(lambda_1, RATIOS[index - direction])
                    if (found >= before).all():
                        break
                index += direction

    def error(self, lambda_1, ratio):
        """Return the squared error of each element, summed over pixels and splits."""
        if (lambda_1, ratio) not in self.blocks:
            self.blocks[lambda_1, ratio] = sum(
                self._split_error(number, lambda_1, ratio) for number in range(_SPLITS)
            )
            self.errors[lambda_1, ratio] = self.blocks[lambda_1, ratio].sum(axis=1)
        return self.errors[lambda_1, ratio]

    def _split_error(self, number, lambda_1, ratio):
        first, second = self.splits[number]
        fused = fuse_scaled(
            first.counts,
            first.background,
            self.haadf,
            scales=_FRACTION * self.model.scales,
            weights=self.model.weights if lambda_1 else 0 * self.model.weights,
            offset=self.model.offset,
            gamma=self.gamma,
            lambda_1=lambda_1 or 1.0,
            lambda_2=(lambda_1 or 1.0) * ratio,
            totals=first.totals if self.keep_totals else None,
            tolerance=_TOLERANCE,
            max_iterations=_MAX_ITERATIONS,
            initial=self.latest[number],
        )
        self.latest[number] = fused
        self.progress()
        expected = fused.maps * ((1 - _FRACTION) / _FRACTION)
        return _block_sums(np.square(second.net - expected))

    def of(self, lambda_1):
        """Return the ratios tried with ``lambda_1``, and their errors (ratios, elements)."""
        ratios = [ratio for tried, ratio in self.errors if tried == lambda_1]
        return np.array(ratios), np.array([self.errors[lambda_1, ratio] for ratio in ratios])

    def best_ratios(self, lambda_1):
        """Return each element's best ratio among those tried with ``lambda_1``."""
        ratios, found = self.of(lambda_1)
        return ratios[found.argmin(axis=0)]

    def relative_sums(self, lambdas_1):
        """Return, for each lambda_1, its elements' least errors over the least of all, summed."""
        return [(self.of(each)[1].min(axis=0) / self.least).sum() for each in lambdas_1]

    def standard_errors_gained(self, lambda_1):
        """Return the gain of ``lambda_1`` over "no HAADF" in its standard errors over blocks."""

        def relative(each):
            best = self.best_ratios(each)
            found = [self.blocks[each, ratio][i] for i, ratio in enumerate(best)]
            return (np.array(found) / self.least[:, None]).sum(axis=0)

        gains = relative(None) - relative(lambda_1)
        spread = gains.std(ddof=1) * np.sqrt(gains.size) if gains.size > 1 else np.inf
        return gains.sum() / max(spread, np.finfo(float).tiny)

    @property
    def least(self):
        """The least error of each element."""
        return np.maximum(np.min(list(self.errors.values()), axis=0), np.finfo(float).tiny)

    def table(self):
        """Return what was tried, one dictionary a candidate."""
        return [
            {
                "lambda_1": lambda_1,
                "ratio": ratio,
                "relative_errors": (error / self.least).tolist(),
            }
            for (lambda_1, ratio), error in self.errors.items()
        ]


def _block_sums(errors):
    """Sum maps (K, ny, nx) over at most 16 x 16 blocks; return an array (K, blocks)."""
    for axis in (1, 2):
        size = errors.shape[axis]
        starts = np.unique(np.linspace(0, size, min(size, 16), endpoint=False).astype(int))
        errors = np.add.reduceat(errors, starts, axis=axis)
    return errors.reshape(len(errors), -1)

"""Choose lambdas by count splitting: fuse one half of the counts, score on the other."""

import logging
from dataclasses import dataclass, field

import numpy as np

from ..fusion.scaled import fuse_scaled

_logger = logging.getLogger(__name__)

#: Ratios lambda_2 / lambda_1 on the coarse grid.
RATIOS = (0.5, 1.0, 2.0, 4.0, 8.0)
#: lambda_1 on the coarse grid; None is "no HAADF".
LAMBDAS_1 = (None, 1e-1, 1e-2, 1e-3)
_SPLITS = 3
_FRACTION = 0.5
_TOLERANCE = 5e-3
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
    generator = np.random.default_rng(seed)
    splits = [maps.split(_FRACTION, generator) for _ in range(_SPLITS)]
    errors = {}

    latest = [None] * _SPLITS

    def score(lambda_1, ratio):
        if (lambda_1, ratio) not in errors:
            total = 0.0
            for number, (first, second) in enumerate(splits):
                fused = fuse_scaled(
                    first.counts,
                    first.background,
                    haadf,
                    scales=_FRACTION * model.scales,
                    weights=model.weights if lambda_1 else 0 * model.weights,
                    offset=model.offset,
                    gamma=gamma,
                    lambda_1=lambda_1 or 1.0,
                    lambda_2=(lambda_1 or 1.0) * ratio,
                    totals=first.totals if keep_totals else None,
                    tolerance=_TOLERANCE,
                    max_iterations=_MAX_ITERATIONS,
                    initial=latest[number],
                )
                latest[number] = fused
                expected = fused.maps * ((1 - _FRACTION) / _FRACTION)
                total = total + np.square(second.net - expected).sum(axis=(1, 2))
                progress()
            errors[lambda_1, ratio] = total
        return errors[lambda_1, ratio]

    def best_ratio(lambda_1, start):
        """Walk along the ratios from ``start`` in both directions, while any element gains."""
        for direction in (1, -1):
            index = start
            while 0 <= index < len(RATIOS):
                found = score(lambda_1, RATIOS[index])
                before = index - direction
                if index != start and (found >= score(lambda_1, RATIOS[before])).all():
                    break
                index += direction
        return _by_element(errors, lambda_1)

    centre = len(RATIOS) // 2
    best_ratio(None, centre)
    for lambda_1 in LAMBDAS_1[1:]:
        typical = float(np.median(_by_element(errors, None)))
        best_ratio(lambda_1, int(np.argmin(np.abs(np.log(np.array(RATIOS) / typical)))))

    least = np.maximum(np.min(list(errors.values()), axis=0), np.finfo(float).tiny)
    sums = {
        lambda_1: sum(
            min(error[i] for (tried, _), error in errors.items() if tried == lambda_1) / least[i]
            for i in range(len(least))
        )
        for lambda_1 in LAMBDAS_1
    }
    chosen = min(LAMBDAS_1, key=sums.get)
    table = [
        {"lambda_1": lambda_1, "ratio": ratio, "relative_errors": (error / least).tolist()}
        for (lambda_1, ratio), error in errors.items()
    ]
    if chosen is None:
        _logger.info("Held-out counts are predicted best without the HAADF: it is left out.")
    return Choice(
        chosen or 1.0, (chosen or 1.0) * _by_element(errors, chosen), chosen is not None, table
    )


def _by_element(errors, lambda_1):
    """Return each element's best ratio among those tried with ``lambda_1``."""
    ratios = [ratio for tried, ratio in errors if tried == lambda_1]
    found = np.array([errors[lambda_1, ratio] for ratio in ratios])
    return np.array(ratios)[found.argmin(axis=0)]

"""Draws of the errors of fused maps, calibrated, and their standard deviations."""

from dataclasses import dataclass

import numpy as np

from ..counts.contracts import Maps
from .bootstrap import DRAWS, bootstrap
from .calibration import balanced, calibrated, evened
from .normalised_haadf import smoothed

# Squared errors of so few draws are pooled over neighbours by a Gaussian of this many pixels.
_POOLING = 1.0


@dataclass(frozen=True)
class ErrorDraws:
    """Errors that fused maps may have.

    Attributes
    ----------
    errors : numpy.ndarray
        Their mean is 0, float32, shape (draws, K, ny, nx).
    ratios : list of float or None
        By element: variance that the measured counts call for, over that of the bootstrap, in
        bright pixels; None where their noise is not known, as they are no whole numbers.
    common : list of float
        By element: standard error of the total beyond noise, as a share of it.
    """

    errors: np.ndarray
    ratios: list | None
    common: list

    @property
    def standard_deviations(self):
        """Of each pixel, shape (K, ny, nx)."""
        squares = np.square(self.errors, dtype=np.float64).mean(axis=0)
        return np.sqrt(smoothed(squares, _POOLING))

    @property
    def record(self):
        """What the record of a fusion has to hold of it."""
        return {
            "error_draws": len(self.errors),
            "error_ratios": self.ratios,
            "common_errors": self.common,
        }


def error_draws(maps: Maps, models, setting, fused, kept, refit, seed, progress, lost=()):
    """Return errors of fused maps, whose scale the measured counts have set.

    What total variation flattens is the same in all draws: it has the opposite sign in every other
    one, so that the spread of the draws holds it.

    Parameters
    ----------
    maps, models, setting, fused, kept, refit, seed, progress, lost
        As of `bootstrap`.

    Returns
    -------
    ErrorDraws
    """
    found = bootstrap(maps, models, setting, fused, kept, refit, seed, progress, lost)
    errors, ratios = balanced(found.errors), None
    if has_known_noise(maps):
        ratios = []
        for k in range(len(maps.names)):
            errors[:, k], ratio = calibrated(
                found.errors[:, k],
                found.noise[:, k],
                fused.maps[k] - maps.net[k],
                maps.net_variance[k],
                fused.maps[k],
                maps.mask,
                maps.variance_doubt,
            )
            ratios.append(ratio)
    for k, fused_map in enumerate(fused.maps):
        errors[:, k] = evened(errors[:, k], fused_map)
    common = np.zeros((len(maps.names),) * 2) if maps.common is None else maps.common
    factors = _common_factors(common, np.random.default_rng([seed, 1]))
    for error, factor in zip(errors, factors, strict=True):
        error += (factor[:, None, None] * fused.maps).astype(np.float32)
    return ErrorDraws(errors, ratios, np.sqrt(np.diag(common)).tolist())


def has_known_noise(maps: Maps):
    """Return whether counts are as they were recorded, so that their variance is known."""
    return maps.splits_rounded or (maps.are_integers and maps.divisor == 1)


def _common_factors(covariance, generator):
    """Return numbers of mean 0 with a covariance (K, K), one set a draw, shape (draws, K)."""
    values, vectors = np.linalg.eigh(covariance)
    numbers = generator.standard_normal((DRAWS, len(values)))
    numbers -= numbers.mean(axis=0)
    numbers /= numbers.std(axis=0)
    return numbers * np.sqrt(np.maximum(values, 0.0)) @ vectors.T

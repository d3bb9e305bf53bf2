"""Calibrated draws of the errors of fused maps, and their standard deviations."""

from dataclasses import dataclass

import numpy as np

from ..counts.contracts import Maps
from .bootstrap import DRAWS, bootstrap
from .calibration import balanced, calibrated, evened
from .normalised_haadf import smoothed

# Squared errors of few draws are averaged over neighbours with a Gaussian of this many pixels.
_POOLING = 1.0
# How far a map follows others is determined from the same counts, so that it is closer to them than
# maps of draws are to theirs: no variance of such an element becomes smaller.
_LEAST_SHARED = 1.0


@dataclass(frozen=True)
class ErrorDraws:
    """Possible errors of fused maps.

    Attributes
    ----------
    errors : numpy.ndarray
        Draws with mean 0, float32, shape (draws, K, ny, nx).
    ratios : list of float or None
        For each element, variance according to the measured counts divided by that of the
        bootstrap, in bright pixels; None if the noise is unknown because the counts are not whole
        numbers.
    common : list of float
        For each element, standard error of the total beyond noise, as a fraction of the total.
    """

    errors: np.ndarray
    ratios: list | None
    common: list

    @property
    def standard_deviations(self):
        """Standard deviations per pixel, shape (K, ny, nx)."""
        squares = np.square(self.errors, dtype=np.float64).mean(axis=0)
        return np.sqrt(smoothed(squares, _POOLING))

    @property
    def record(self):
        """Items for the record of a fusion."""
        return {
            "error_draws": len(self.errors),
            "error_ratios": self.ratios,
            "common_errors": self.common,
        }


def error_draws(
    maps: Maps, models, setting, fused, kept, refit, seed, progress, lost=(), shared=None
):
    """Return errors of fused maps, scaled according to the measured counts.

    The flattening by total variation is the same in all draws. It gets the opposite sign in every
    second draw, so that the spread of the draws includes it. Totals that fusion keeps have the
    errors of the counts, see `_with_error_of_total`.

    Parameters
    ----------
    maps, models, setting, fused, kept, refit, seed, progress, lost, shared
        As in `bootstrap`.

    Returns
    -------
    ErrorDraws
    """
    found = bootstrap(maps, models, setting, fused, kept, refit, seed, progress, lost, shared)
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
                _LEAST_SHARED if shared is not None and k in shared.elements else 0.0,
            )
            ratios.append(ratio)
    for k, fused_map in enumerate(fused.maps):
        errors[:, k] = evened(errors[:, k], fused_map)
    common = np.zeros((len(maps.names),) * 2) if maps.common is None else maps.common
    factors = _common_factors(common, np.random.default_rng([seed, 1]))
    for error, factor in zip(errors, factors, strict=True):
        error += (factor[:, None, None] * fused.maps).astype(np.float32)
    if ratios is not None:
        used = np.full(errors.shape[2:], True) if maps.mask is None else ~maps.mask
        for k in np.flatnonzero(kept):
            total = fused.maps[k][used].sum(dtype=np.float64)
            variance = maps.net_variance[k][used].sum(dtype=np.float64) + common[k, k] * total**2
            errors[:, k] = _with_error_of_total(errors[:, k], fused.maps[k], used, variance)
    return ErrorDraws(errors, ratios, np.sqrt(np.diag(common)).tolist())


def _with_error_of_total(errors, fused, used, variance):
    """Return errors of draws whose totals have the variance that is known.

    Errors were scaled for pixels and windows. What that adds to a total, or takes from it, is taken
    back in proportion to the map, so that sums over regions keep their errors relative to it.

    Parameters
    ----------
    errors : numpy.ndarray
        Shape (draws, ny, nx).
    fused : numpy.ndarray
        Fused map, shape (ny, nx).
    used : numpy.ndarray
        Pixels that are not masked, bool, shape (ny, nx).
    variance : float
        Of the total.
    """
    shares = np.where(used, np.maximum(fused, 0.0), 0.0)
    totals = errors[:, used].sum(axis=1, dtype=np.float64)
    spread = np.mean(np.square(totals))
    if not (shares.any() and spread > 0):
        return errors
    more = (np.sqrt(max(variance, 0.0) / spread) - 1) * totals
    return errors + (more[:, None, None] * (shares / shares.sum(dtype=np.float64))).astype(
        errors.dtype
    )


def has_known_noise(maps: Maps):
    """Return whether counts are as recorded, so that their variance is known."""
    return maps.splits_rounded or (maps.are_integers and maps.divisor == 1)


def _common_factors(covariance, generator):
    """Return numbers with mean 0 and a covariance (K, K), one set per draw, shape (draws, K)."""
    values, vectors = np.linalg.eigh(covariance)
    numbers = generator.standard_normal((DRAWS, len(values)))
    numbers -= numbers.mean(axis=0)
    numbers /= numbers.std(axis=0)
    return numbers * np.sqrt(np.maximum(values, 0.0)) @ vectors.T

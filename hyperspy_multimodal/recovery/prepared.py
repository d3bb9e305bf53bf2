"""Preparation of a scan before lambdas are chosen: HAADF models, totals, registration."""

from dataclasses import dataclass

import numpy as np

from ..counts.contracts import Maps
from ..selection import (
    GuidedModels,
    HaadfFit,
    moved_image,
    negative_counts,
    normalise_haadf,
    registration,
    trusted_totals,
    variance_beyond,
)
from .disturbed_lines import warn_of_disturbed_lines
from .messages import (
    say_shift,
    warn_of_lost_positions,
    warn_of_negative_counts,
    warn_of_registration,
)

_ATTEMPTS = 4


@dataclass(frozen=True)
class Prepared:
    """Measured maps with everything that fusion needs from the HAADF and the totals.

    Attributes
    ----------
    maps : Maps
        Measured maps.
    fit : HaadfFit
        Fits of the HAADF model; its ``haadf`` is normalised to about [0, 1].
    models : GuidedModels
        HAADF models, one per exponent, the one that explains most of the HAADF first.
    kept : numpy.ndarray
        Which net totals fusion keeps, bool, shape (K,).
    shift : numpy.ndarray
        Pixels (y, x) by which the HAADF was moved.
    beyond : numpy.ndarray
        From `variance_beyond`, shape (K, ny, nx).
    """

    maps: Maps
    fit: HaadfFit
    models: GuidedModels
    kept: np.ndarray
    shift: np.ndarray
    beyond: np.ndarray

    @property
    def haadf(self):
        """HAADF normalised to about [0, 1], shape (ny, nx)."""
        return self.fit.haadf

    def totals_of(self, maps):
        """Return the net totals that fusion keeps, of all maps or of a part; NaN if free."""
        return np.where(self.kept, maps.totals, np.nan)


def prepare(fit, parameters, shift=(0.0, 0.0)):
    """Return the `Prepared` scan for a HAADF that is registered to the maps.

    Parameters
    ----------
    fit : HaadfFit
        From `fit_of` or `registered_fit`.
    parameters : Parameters
        Checked parameters.
    shift : sequence of float
        Pixels (y, x) by which the HAADF was moved, default none.
    """
    weights = parameters.weights_of(len(fit.maps.names))
    found = [fit.model(gamma, weights, parameters.haadf_blur) for gamma in parameters.gammas]
    found = sorted(found, key=lambda model: -model.r_squared)
    others = []
    if isinstance(weights, str) and weights == "auto":
        others = [fit.model(model.gamma, "even", model.blur) for model in found]
    models = GuidedModels(fit.haadf, found, others)
    beyond = variance_beyond(fit.maps)
    kept = _kept_totals(fit.maps, fit.haadf, beyond, parameters)
    return Prepared(fit.maps, fit, models, kept, np.asarray(shift), beyond)


def fit_of(maps, haadf, scattering):
    """Return the `HaadfFit` of maps and a HAADF image as measured, shape (ny, nx)."""
    return HaadfFit(maps, *normalise_haadf(haadf), scattering)


def registered_fit(maps, haadf, scattering, parameters):
    """Return the `HaadfFit`, and the shift by which the HAADF was moved for it.

    With ``align``, the HAADF is moved, and moved again according to the new fit. Otherwise,
    warnings are logged for a shift, another orientation, and lost or disturbed scan positions.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    haadf : numpy.ndarray
        HAADF as measured, shape (ny, nx).
    scattering : sequence of float
        HAADF intensity for each count of the maps, up to a common factor, shape (K,).
    parameters : Parameters
        Checked parameters.
    """
    weights = parameters.weights_of(len(maps.names))
    shift, moved = np.zeros(2), haadf
    for attempt in range(_ATTEMPTS):
        fit = guide = fit_of(maps, moved, scattering)
        # The best prediction from a noisy map is less than the map by its share of noise.
        shares = fit.signal_shares()
        if parameters.fits_weights:
            start, expected = weights, scattering * shares
            if attempt == 0:
                # Weights fitted to a shifted HAADF would cause a shift.
                start, expected = "Z", _of_known_gains(maps, expected)
            guide = fit_of(maps, moved, expected)
        else:
            start = shares if weights is None else shares * weights
        # A linear model shows a shift best, for any exponent.
        model = guide.model(1.0, start, 0.0)
        found = registration(guide.predicted(model), fit.haadf, guide.predicted_noise(model))
        if attempt == 0:
            warn_of_registration(found, parameters.align)
            if found.orientation is None and found.distance == 0 and maps.mask is None:
                warn_of_lost_positions(maps, haadf)
                warn_of_disturbed_lines(maps, haadf)
        if not parameters.align or found.distance == 0 or attempt == _ATTEMPTS - 1:
            break
        shift += found.shift
        moved = moved_image(haadf, shift)
    if parameters.align:
        say_shift(shift)
    return fit, shift


def _of_known_gains(maps, scattering):
    """Return the HAADF intensity of each count, 0 where it is not known what a count is worth.

    A map whose gain is a guess may seem to hold a hundred times as many counts as the others. Its
    own contrast, such as that of what is left by other elements, would then be that of the HAADF.
    """
    known = np.where(getattr(maps, "gains_are_known", True), scattering, 0.0)
    return known if known.any() else scattering


def _kept_totals(maps, haadf, beyond, parameters):
    """Return which net totals fusion keeps, and log where net counts are below 0."""
    negative = negative_counts(maps, haadf, beyond)
    warn_of_negative_counts(maps.names, negative)
    if parameters.chooses_totals:
        return trusted_totals(maps, haadf) & ~negative.are_large
    positive = np.isfinite(maps.totals)
    return positive if parameters.keep_totals else np.zeros_like(positive)

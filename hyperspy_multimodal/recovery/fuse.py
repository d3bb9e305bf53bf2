"""From element maps and HAADF to fused signals: model, choice, solve, errors, results."""

import logging
from dataclasses import dataclass, replace

import numpy as np

from .. import __version__
from ..fusion.solver import warn_if_unconverged
from ..selection import (
    CroppedModels,
    GuidedModels,
    HaadfFit,
    Setting,
    choose_setting,
    fuse_setting,
    moved_image,
    normalise_haadf,
    part_to_choose_on,
    registration,
    standard_deviations,
    trusted_totals,
)
from .disturbed_lines import warn_of_disturbed_lines
from .masks import masked_maps, whole_mask
from .messages import (
    check_counts,
    say_what_was_left_out,
    warn_of_flat_maps,
    warn_of_lost_positions,
    warn_of_poor_model,
    warn_of_registration,
    warn_of_widest_blur,
)
from .progress import Progress

_logger = logging.getLogger(__name__)

#: Exponents that gamma="auto" chooses from.
GAMMAS = (1.0, 1.4, 1.8)
_ATTEMPTS = 4


@dataclass(frozen=True)
class Fused:
    """What a fusion gives, without signals.

    Attributes
    ----------
    maps : numpy.ndarray
        Fused maps in counts, shape (K, ny, nx).
    errors : numpy.ndarray or None
        Their standard deviations, if asked for.
    record : dict
        Every parameter, given or chosen, in types that metadata can hold.
    numbers : dict
        The numbers of ``full_output``.
    images : dict
        Its images by name: arrays (ny, nx).
    cost : tuple of numpy.ndarray
        Iterations, and the three terms of the cost at them.
    raw : numpy.ndarray or None
        Net counts as measured, shape (K, ny, nx).
    """

    maps: np.ndarray
    errors: np.ndarray | None
    record: dict
    numbers: dict
    images: dict
    cost: tuple
    raw: np.ndarray | None = None


def fuse_reading(reading, haadf, mask, per_count, parameters, known):
    """Fuse what was read from a spectrum image, in the counts of its spectra.

    Parameters
    ----------
    reading : SpectrumFit, Reading, EdgeMeasurement or EdgeFit
        What `hyperspy_multimodal.maps.read` returned.
    haadf : numpy.ndarray
        HAADF image, shape (ny, nx).
    mask : numpy.ndarray or None
        Pixels to leave out.
    per_count : numpy.ndarray
        HAADF intensity for each count of the spectra, up to a common factor, shape (K,).
    parameters : Parameters
        Checked parameters.
    known : dict
        What else the record has to hold.

    Returns
    -------
    Fused
    """
    mask = whole_mask(mask, reading)
    maps = masked_maps(reading.maps, mask)
    fused = fuse(maps, haadf, maps.gains * per_count, parameters)
    errors = None if fused.errors is None else reading.factor * fused.errors
    raw = reading.factor * reading.raw
    raw = raw if mask is None else np.where(mask, np.nan, raw)
    return replace(
        fused,
        maps=reading.factor * fused.maps,
        errors=errors,
        record={**fused.record, **known, **reading.record},
        raw=raw,
    )


def fuse(maps, haadf, scattering, parameters):
    """Fuse measured maps with a HAADF image.

    Parameters
    ----------
    maps : ElementMaps or FittedMaps
        Measured maps.
    haadf : numpy.ndarray
        HAADF image, shape (ny, nx).
    scattering : sequence of float
        HAADF intensity for each count of the maps, up to a common factor, shape (K,).
    parameters : Parameters
        Checked parameters.

    Returns
    -------
    Fused
    """
    automatic = isinstance(parameters.lambdas, str)
    check_counts(maps, automatic)
    n_maps = len(maps.names)
    mask = getattr(maps, "mask", None)
    lambdas = None if automatic else parameters.lambdas_of(n_maps)
    weights = parameters.weights_of(n_maps)
    directional = parameters.directional_of(n_maps)
    models, lowest_offset, shift = _registered_models(maps, haadf, scattering, weights, parameters)
    kept = _kept_totals(maps, models.haadf, parameters.keep_totals)
    table, errors = [], None
    window = part_to_choose_on(maps) if automatic else None
    with Progress("Fusing", parameters.show_progressbar) as progress:
        if automatic:
            choice = choose_setting(
                maps if window is None else maps.cropped(*window),
                models if window is None else CroppedModels(models, *window),
                parameters.seed,
                kept,
                parameters.kinds,
                progress.step,
                directional,
            )
            setting, table = choice.setting, choice.table
        else:
            setting = _given_setting(models.first, lambdas, directional)
        result = fuse_setting(
            maps,
            models,
            setting,
            totals=np.where(kept, maps.totals, np.nan),
            tolerance=parameters.tolerance,
            max_iterations=parameters.max_iterations,
            callback=progress.callback,
            can_go_on=parameters.uncertainty,
        )
        if parameters.uncertainty:

            def refit(drawn, image):
                again = HaadfFit(drawn, image, lowest_offset, scattering)
                even = any(setting.model is other for other in models.others)
                return again.model(setting.model.gamma, "even" if even else weights, 0.0)

            errors = standard_deviations(
                maps, models, setting, result, kept, refit, parameters.seed, progress.step
            )
    warn_if_unconverged(result, parameters.tolerance)
    model = setting.model or models.first
    uses_haadf = setting.model is not None
    if uses_haadf:
        warn_of_poor_model(model)
        warn_of_widest_blur(model, parameters.haadf_blur)
        say_what_was_left_out(maps.names, setting)
    elif automatic:
        empty = not np.any(maps.counts)
        say_what_was_left_out(maps.names, setting, parameters, models.first, empty)
    warn_of_flat_maps(maps.names, result.maps)

    gains = maps.gains
    weights = model.weights * uses_haadf
    lambda_1, lambda_2 = setting.lambdas
    shown = {
        "gamma": model.gamma,
        "gamma_chosen": isinstance(parameters.gamma, str),
        "lambda_1": np.broadcast_to(lambda_1, n_maps).tolist(),
        "lambda_2": lambda_2.tolist(),
        "lambdas_chosen": automatic,
        "chosen_on": window and [[each.start, each.stop] for each in window],
        "directional": list(setting.directional),
        "apart": list(setting.apart),
        "uses_haadf": uses_haadf,
        "weights": weights.tolist(),
        "weights_fitted": isinstance(parameters.weights, str),
        "offset": model.offset,
        "scales": (gains * model.scales).tolist(),
        "haadf_blur": model.blur,
        "haadf_shift": shift.tolist(),
        "r_squared": model.r_squared,
        "totals_kept": kept.tolist(),
        "iterations": result.iterations,
        "converged": result.converged,
        "optimality": result.optimality,
    }
    record = {
        **shown,
        "tv": parameters.tv if isinstance(parameters.tv, str) else list(parameters.tv),
        "keep_totals": parameters.keep_totals,
        "align": parameters.align,
        "masked_pixels": 0 if mask is None else int(mask.sum()),
        "tolerance": parameters.tolerance,
        "max_iterations": parameters.max_iterations,
        "seed": parameters.seed,
        "uncertainty": parameters.uncertainty,
        "version": __version__,
    }
    matched = models.matched(model)
    modelled = model.modelled(result.maps)
    images = {
        "haadf": matched,
        "modelled_haadf": modelled,
        "haadf_residual": matched - modelled,
    }
    in_counts = gains[:, None, None]
    return Fused(
        maps=in_counts * result.maps,
        errors=None if errors is None else in_counts * errors,
        record=record,
        numbers={**shown, "selection": table},
        images=images,
        cost=(result.cost_iterations, result.cost_terms),
    )


def _registered_models(maps, haadf, scattering, weights, parameters):
    """Return HAADF models, the lowest pedestal, and the shift by which the HAADF was moved.

    With ``align`` the HAADF is moved over the maps, and that again with what was fitted then.
    """
    shift, moved = np.zeros(2), haadf
    for attempt in range(_ATTEMPTS):
        normalised, lowest_offset = normalise_haadf(moved)
        fit = HaadfFit(maps, normalised, lowest_offset, scattering)
        models = _models(fit, weights, parameters)
        # Weights that were fitted to a shifted HAADF would make one. A linear model shows a shift
        # best, whatever the exponent.
        start = "Z" if attempt == 0 and isinstance(weights, str) else weights
        found = registration(fit.predicted(fit.model(1.0, start, 0.0)), normalised)
        if attempt == 0:
            warn_of_registration(found, parameters.align)
            if found.orientation is None and found.distance == 0 and not hasattr(maps, "mask"):
                warn_of_lost_positions(maps, haadf)
                warn_of_disturbed_lines(maps, haadf)
        if not parameters.align or found.distance == 0 or attempt == _ATTEMPTS - 1:
            break
        shift += found.shift
        moved = moved_image(haadf, shift)
    if shift.any():
        _logger.info("The HAADF is moved by (%.2f, %.2f) pixels (y, x).", *shift)
    return models, lowest_offset, shift


def _models(fit, weights, parameters):
    """Return the HAADF models, one an exponent, that which explains most of the HAADF first."""
    gammas = GAMMAS if isinstance(parameters.gamma, str) else (parameters.gamma,)
    found = [fit.model(gamma, weights, parameters.haadf_blur) for gamma in gammas]
    found = sorted(found, key=lambda model: -model.r_squared)
    others = []
    if isinstance(weights, str) and weights == "auto":
        others = [fit.model(model.gamma, "even", model.blur) for model in found]
    return GuidedModels(fit.haadf, found, others)


def _kept_totals(maps, haadf, keep):
    """Return which net totals fusion keeps."""
    positive = np.isfinite(maps.totals)
    if isinstance(keep, str):
        return trusted_totals(maps, haadf)
    return positive if keep else np.zeros_like(positive)


def _given_setting(model, lambdas, directional):
    """Return the setting of lambdas that were given, with one value an element."""
    lambda_1, lambda_2 = lambdas
    n_maps = len(lambda_1)
    return Setting(
        model=model if model.has_weights else None,
        lambda_1=tuple(lambda_1),
        directional=(True,) * n_maps if directional is None else directional,
        ratios=tuple(lambda_2 / lambda_1),
        apart=(False,) * n_maps,
    )

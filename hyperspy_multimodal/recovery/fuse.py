"""From element maps and HAADF to fused maps: prepare, choose, solve, errors, record."""

from dataclasses import dataclass, replace

import numpy as np

from ..blas import one_blas_thread
from ..counts.contracts import Maps, Reading
from ..counts.masked_maps import masked_maps, whole_mask
from ..fusion.minimise import warn_if_unconverged
from ..memory import reuse_memory
from ..selection import (
    SUMS,
    Expectation,
    error_draws,
    restored_windows,
    say_close_regularisers,
    settled_at,
    warn_of_scatter,
)
from .evidence import judged, messages_of, say_rough_errors, table_of
from .leaks import warn_of_bright_bias, warn_of_leaks
from .messages import (
    check_counts,
    say_what_was_given_back,
    say_what_was_left_out,
    warn_of_poor_model,
    warn_of_widest_blur,
)
from .noise_of_spectra import check_noise_of_spectra
from .prepared import prepare, registered_fit
from .progress import Progress
from .record import (
    images_of,
    metadata_record,
    numbers_of,
    restored_record,
    shared_record,
    verdict_record,
    windows_of,
)
from .restored import restored
from .setting import chosen_setting
from .shared_messages import say_what_is_shared
from .summary import summed_up
from .sums_by_brightness import (
    say_what_was_moved_back,
    warn_of_wrong_sums,
    wrong_by_brightness,
)


@dataclass(frozen=True)
class Fused:
    """Result of a fusion, without signals.

    Attributes
    ----------
    maps : numpy.ndarray
        Fused maps, in counts of the spectra or units of the given maps, shape (K, ny, nx).
    errors : numpy.ndarray or None
        Standard deviations, if requested.
    record : dict
        Every parameter, given or chosen, in types that metadata can hold.
    numbers : dict
        The numbers of ``full_output``.
    images : dict
        Images of ``full_output`` by name: arrays (ny, nx).
    cost : tuple of numpy.ndarray
        Iterations, and the three terms of the cost at each.
    raw : numpy.ndarray or None
        Net counts of the spectra as measured, shape (K, ny, nx).
    draws : numpy.ndarray or None
        Possible maps with drawn errors, float32, shape (draws, K, ny, nx).
    """

    maps: np.ndarray
    errors: np.ndarray | None
    record: dict
    numbers: dict
    images: dict
    cost: tuple
    raw: np.ndarray | None = None
    draws: np.ndarray | None = None


def fuse_reading(reading: Reading, haadf, mask, per_count, parameters, known):
    """Fuse what was read from a spectrum image, in the counts of its spectra.

    Parameters
    ----------
    reading : Reading
        Counts read from the spectra.
    haadf : numpy.ndarray
        HAADF image, shape (ny, nx).
    mask : numpy.ndarray or None
        Pixels to leave out.
    per_count : numpy.ndarray
        HAADF intensity for each count of the spectra, up to a common factor, shape (K,).
    parameters : Parameters
        Checked parameters.
    known : dict
        Further items of the record.

    Returns
    -------
    Fused
    """
    mask = whole_mask(mask, reading)
    check_noise_of_spectra(reading, mask)
    maps = masked_maps(reading.maps, mask)
    fused = fuse(maps, haadf, maps.gains * per_count, parameters)
    for verdict in fused.numbers["verdicts"]:
        verdict["counts_per_pixel"] /= reading.gain
    raw = reading.raw if mask is None else np.where(mask, np.nan, reading.raw)
    return replace(fused, record={**fused.record, **known, **reading.record}, raw=raw)


@summed_up
@one_blas_thread()
def fuse(maps: Maps, haadf, scattering, parameters):
    """Fuse measured maps with a HAADF image.

    Parameters
    ----------
    maps : Maps
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
    reuse_memory()
    check_counts(maps, parameters.chooses_lambdas)
    fit, shift = registered_fit(maps, haadf, scattering, parameters)
    prepared = prepare(fit, parameters, shift)
    with Progress("Fusing", parameters.show_progressbar) as progress:
        chosen = chosen_setting(prepared, parameters, progress.step)
        maps_now = restored(
            prepared,
            chosen,
            parameters.keep_significant,
            tolerance=parameters.tolerance,
            max_iterations=parameters.max_iterations,
            callback=progress.callback,
            can_go_on=parameters.uncertainty,
        )
        chosen = chosen.settled(maps_now.setting)
        result, lost, left = maps_now.result, maps_now.lost, maps_now.left
        found = None
        if parameters.uncertainty:
            known = prepared, chosen, result, lost
            found = _error_draws(*known, parameters, progress.step)
    warn_if_unconverged(result, settled_at(chosen.setting, parameters.tolerance))
    of_sums = [each for each in left if each.window.family in SUMS]
    known = wrong_by_brightness(maps, of_sums)
    _say(prepared, chosen.setting, maps_now.as_fused, result, parameters, known)
    scatters = Expectation(maps, prepared.beyond).scatters(result.maps)
    warn_of_scatter(maps.names, scatters, parameters.chooses_lambdas)
    say_close_regularisers(maps.names, chosen.setting, chosen.close)
    back = restored_windows(lost, left)
    say_what_was_given_back(maps, [each for each in back if not each.is_shown], result.maps)
    moved = [each for each in back if each.window.family in SUMS]
    say_what_was_moved_back(maps, moved, result.maps)
    open_gamma = parameters.chooses_lambdas and not parameters.chooses_gamma
    warn_of_wrong_sums(maps, of_sums, open_gamma)
    left = [each for each in left if each.window.family not in SUMS]
    if found is not None:
        say_rough_errors(maps.names, result.maps)
    verdicts = judged(prepared, chosen, result, left)
    numbers = numbers_of(prepared, chosen, result, parameters)
    numbers |= {} if found is None else found.record
    numbers |= restored_record(maps, back, result.maps)
    numbers |= shared_record(maps, chosen.shared, maps_now.as_fused.maps)
    gains = maps.gains[:, None, None]
    say_what_is_shared(maps.names, numbers["shared_coefficients"], gains * maps_now.as_fused.maps)
    numbers["differing"] = windows_of(maps, left, result.maps)
    return Fused(
        maps=gains * result.maps,
        errors=None if found is None else gains * found.standard_deviations,
        record={**metadata_record(numbers, maps, parameters), **verdict_record(verdicts)},
        numbers={
            **numbers,
            "verdicts": table_of(verdicts, maps),
            "messages": messages_of(verdicts),
            "selection": chosen.table,
        },
        images=images_of(prepared, chosen.setting, result),
        cost=(result.cost_iterations, result.cost_terms),
        draws=_draws(found, result, gains) if found and parameters.full_output else None,
    )


def _error_draws(prepared, chosen, result, lost, parameters, step):
    """Return the `ErrorDraws` of the fused maps."""
    setting = chosen.setting
    even = any(setting.model is other for other in prepared.models.others)
    weights = "even" if even else parameters.weights_of(len(prepared.maps.names))

    def refit(drawn, haadf):
        return prepared.fit.of(drawn, haadf).model(setting.model.gamma, weights, 0.0)

    return error_draws(
        prepared.maps,
        prepared.models,
        setting,
        result,
        prepared.kept,
        refit,
        parameters.seed,
        step,
        lost,
        chosen.shared,
    )


def _draws(found, result, gains):
    """Return possible maps with drawn errors, (draws, K, ny, nx)."""
    return gains.astype(np.float32) * (result.maps.astype(np.float32) + found.errors)


def _say(prepared, setting, as_fused, result, parameters, known):
    """Log messages about the HAADF and the maps, as fused and with what was restored.

    Sums of some maps by brightness are known to be wrong.
    """
    names = prepared.maps.names
    if setting.model is not None:
        warn_of_poor_model(setting.model)
        warn_of_widest_blur(setting.model, parameters.haadf_blur)
        say_what_was_left_out(names, setting)
        if not parameters.chooses_lambdas:
            warn_of_leaks(prepared, setting, as_fused)
    elif parameters.chooses_lambdas:
        empty = not np.any(prepared.maps.counts)
        say_what_was_left_out(names, setting, parameters, prepared.models.first, empty)
    if parameters.chooses_lambdas:
        warn_of_bright_bias(prepared, setting, result, known)

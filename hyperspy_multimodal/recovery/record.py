"""The record of a fusion: all parameters, given or chosen, and its images."""

import numpy as np

from .._version import __version__
from ..fusion.regularisers import are_directional
from ..selection import BRIGHTNESS, DISTANCE, OTHERS, POSITION, SUMS, described_bias
from .differences import bounds_of
from .haadf_use import uses_of_haadf
from .leaks import bias_found


def numbers_of(prepared, chosen, result, parameters):
    """Return the numbers of ``full_output``, in types that metadata can hold.

    Parameters
    ----------
    prepared : Prepared
        Measured maps and HAADF models.
    chosen : Chosen
        The setting.
    result : FusionResult
        Fused maps.
    parameters : Parameters
        Checked parameters.
    """
    setting, n_maps = chosen.setting, len(prepared.maps.names)
    model = setting.model or prepared.models.first
    uses_brightness = setting.model is not None
    lambda_1, lambda_2 = setting.lambdas
    return {
        "gamma": model.gamma,
        "gamma_chosen": parameters.chooses_gamma,
        "lambda_1": np.broadcast_to(lambda_1, n_maps).tolist(),
        "lambda_2": lambda_2.tolist(),
        "lambdas_chosen": parameters.chooses_lambdas,
        "chosen_on": chosen.part and [[each.start, each.stop] for each in chosen.part],
        "regularisers": list(setting.regularisers),
        "directional": are_directional(setting.regularisers),
        "apart": list(setting.apart),
        "haadf_use": uses_of_haadf(setting),
        "uses_brightness": uses_brightness,
        "weights": (model.weights * uses_brightness).tolist(),
        "weights_fitted": parameters.fits_weights,
        "offset": model.offset,
        "scales": (prepared.maps.gains * model.scales).tolist(),
        "haadf_blur": model.blur,
        "haadf_shift": prepared.shift.tolist(),
        "r_squared": model.r_squared,
        **described_bias(bias_found(prepared, setting, result)),
        "totals_kept": prepared.kept.tolist(),
        "iterations": result.iterations,
        "converged": result.converged,
        "optimality": result.optimality,
    }


def metadata_record(numbers, maps, parameters):
    """Return the record of a fusion for metadata, from its `numbers_of`."""
    mask = maps.mask
    return {
        **numbers,
        "regulariser": _plain(parameters.regulariser),
        "keep_totals": parameters.keep_totals,
        "keep_significant": parameters.keep_significant,
        "share_structure": parameters.shares_structure,
        "align": parameters.align,
        "masked_pixels": 0 if mask is None else int(mask.sum()),
        "tolerance": parameters.tolerance,
        "max_iterations": parameters.max_iterations,
        "seed": parameters.seed,
        "uncertainty": parameters.uncertainty,
        "version": __version__,
    }


def _plain(regulariser):
    return regulariser if isinstance(regulariser, str) else list(regulariser)


def verdict_record(verdicts):
    """Return the verdicts for the metadata, as lists with one item per map."""
    return {
        "verdict": [each.verdict for each in verdicts],
        "because": [each.words for each in verdicts],
        "reasons": [each.texts for each in verdicts],
    }


def restored_record(maps, restored, kept):
    """Return what the record says of sums that were restored; arguments are those of `windows_of`.

    Sums over ranges of brightness, over strips or rings, or beside other maps are no windows: of
    these, only the elements.
    """
    elements = {
        name: {each.element for each in restored if each.window.family == name} for name in SUMS
    }
    numbers = range(len(maps.names))
    windows = [each for each in restored if each.window.family not in SUMS]
    return {
        "relaxed": windows_of(maps, windows, kept),
        "bright_restored": [k in elements[BRIGHTNESS] for k in numbers],
        "strips_restored": [k in elements[POSITION] for k in numbers],
        "contrast_restored": [k in elements[OTHERS] for k in numbers],
        "rings_restored": [k in elements[DISTANCE] for k in numbers],
    }


def shared_record(maps, shared, as_fused):
    """Return what the record says of maps that follow others, None for each if none do.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    shared : SharedStructure or None
        How they follow each other.
    as_fused : numpy.ndarray
        Fused maps before that, shape (K, ny, nx).
    """
    if shared is None or not shared.elements:
        return {"shared_weights": None, "shared_coefficients": None}
    coefficients = maps.gains[:, None] * shared.coefficients(as_fused, maps, maps.mask)
    coefficients[:, :-1] /= maps.gains
    return {
        "shared_weights": shared.weights.tolist(),
        "shared_coefficients": coefficients.tolist(),
    }


def windows_of(maps, lost, kept):
    """Return windows in which fused maps were wrong, as lists by name, or None if there are none.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    lost : list of Lost
        The windows.
    kept : numpy.ndarray
        Fused maps with the structure, shape (K, ny, nx).
    """
    if not lost:
        return None
    gains = [float(maps.gains[each.element]) for each in lost]
    after = [float(kept[each.element][each.pixels].sum()) for each in lost]
    rows, columns = zip(*(each.centre for each in lost), strict=True)
    bounds = [sum(bounds_of(each.pixels), ()) for each in lost]
    row_starts, row_stops, column_starts, column_stops = zip(*bounds, strict=True)
    return {
        "scan_shape": list(kept.shape[1:]),
        "lines": [maps.names[each.element] for each in lost],
        "windows": [each.window.name for each in lost],
        "rows": list(rows),
        "columns": list(columns),
        "row_starts": list(row_starts),
        "row_stops": list(row_stops),
        "column_starts": list(column_starts),
        "column_stops": list(column_stops),
        "standard_errors": [each.significance for each in lost],
        "raw_counts": [gain * each.counts for gain, each in zip(gains, lost, strict=True)],
        "counts_before": [gain * each.fused for gain, each in zip(gains, lost, strict=True)],
        "counts_after": [gain * each for gain, each in zip(gains, after, strict=True)],
    }


def images_of(prepared, setting, result):
    """Return HAADF, modelled HAADF and their difference, arrays (ny, nx), by name."""
    model = setting.model or prepared.models.first
    matched = prepared.models.matched(model)
    modelled = model.modelled(result.maps)
    return {"haadf": matched, "modelled_haadf": modelled, "haadf_residual": matched - modelled}

"""Leaks of the HAADF into fused maps: fused minus raw counts where it is bright."""

from dataclasses import replace

import numpy as np

from ..notes import Speaker
from ..selection import bias_of, brightness_classes, fuse_setting

_logger = Speaker(__name__)

# A warning is logged for a bias that is this significant and this large in per cent ...
_STANDARD_ERRORS, _PERCENT = 3.0, 2.0
# ... if at most this share of it remains without the HAADF.
_LEFT = 0.5
# An element is present from this ratio of the counts per pixel in bright pixels to those of the
# scan.
_THERE = 0.5
_TOLERANCE, _MAX_ITERATIONS = 1e-3, 300


def bias_found(prepared, setting, result):
    """Return the `Bias` of fused maps relative to their own counts, where the HAADF is bright.

    Parameters
    ----------
    prepared : Prepared
        Measured maps and HAADF models.
    setting : Setting
        What they were fused with.
    result : FusionResult
        Fused maps.
    """
    return bias_of(result.maps, prepared.maps, _classes(prepared, setting))


def warn_of_leaks(prepared, setting, result):
    """Warn, once, of elements into which the HAADF leaks with given lambdas.

    If maps and counts differ in the sum over bright pixels, the maps are fused again without the
    HAADF. The difference that remains is not due to the HAADF.

    Parameters
    ----------
    prepared : Prepared
        Measured maps and HAADF models.
    setting : Setting
        Given lambdas; there is no message for a fusion without the HAADF.
    result : FusionResult
        Fused maps, before sums were restored.
    """
    limits = {"standard_errors": _STANDARD_ERRORS, "percent": _PERCENT, "left": _LEFT}
    if setting.model is None:
        return
    maps, classes = prepared.maps, _classes(prepared, setting)
    bias = bias_of(result.maps, maps, classes)
    nothing = replace(bias, sums=np.zeros_like(bias.sums))
    if not bias.is_from_pull(nothing, **limits).any():
        return
    free = fuse_setting(
        maps,
        prepared.models,
        replace(setting, model=None),
        totals=prepared.totals_of(maps),
        tolerance=_TOLERANCE,
        max_iterations=_MAX_ITERATIONS,
    )
    leaking = bias.is_from_pull(bias_of(free.maps, maps, classes), **limits)
    if not leaking.any():
        return
    found, about = [], {}
    for i in np.flatnonzero(leaking):
        place = 1 + int(np.abs(bias.standard_errors[i, 1:]).argmax())
        about[maps.names[i]] = abs(float(bias.percent[i, place])) / 100
        found.append(
            f"{maps.names[i]} {_too_high(bias.percent[i, place], bias.percent_errors[i, place])}"
        )
    _logger.warning(
        "The HAADF leaks into the maps: where it is bright, fusion changed their sums (%s). Use"
        " lambdas='auto', or a much larger lambda_1 for these elements (lambdas accepts one "
        "value per element).",
        ", ".join(found),
        kind="leak",
        about=about,
    )


def warn_of_bright_bias(prepared, setting, result, apart_from=()):
    """Name maps that differ from their counts where the HAADF is bright, whatever the cause.

    Only for elements that are present there, with at least half as many counts per pixel as in the
    whole scan.

    Parameters
    ----------
    prepared : Prepared
        Measured maps and HAADF models.
    setting : Setting
        The chosen setting.
    result : FusionResult
        Fused maps.
    apart_from : collection of str
        Names of maps whose sums by brightness are known to be wrong. Default none.
    """
    bias = bias_found(prepared, setting, result)
    dark, bright = bias.counts[:, 0], bias.counts[:, 1]
    share = bias.pixels[1] / max(bias.pixels[:2].sum(), 1)
    off = np.abs(bias.standard_errors[:, 1]) > _STANDARD_ERRORS
    off &= np.abs(bias.percent[:, 1]) > _PERCENT
    off &= bright > _THERE * share * (dark + bright)
    about, found = {}, []
    for k in np.flatnonzero(off):
        name, percent = prepared.maps.names[k], float(bias.percent[k, 1])
        if name in apart_from:
            continue
        about[name] = abs(percent) / 100
        found.append(f"{name} {_too_high(percent, bias.percent_errors[k, 1])}")
    if found:
        _logger.warning(
            "Where the HAADF is bright, the sums of the fused maps differ from those of the "
            "counts: %s. To quantify these regions, use sums of the raw maps.",
            ", ".join(found),
            kind="bright bias",
            about=about,
        )


def _too_high(percent, error):
    """Return by how much a sum of a fused map is wrong, in words."""
    return f"{abs(percent):.1f} ± {error:.1f} % too {'high' if percent > 0 else 'low'}"


def _classes(prepared, setting):
    model = setting.model or prepared.models.first
    return brightness_classes(prepared.models.matched(model), prepared.maps.mask)

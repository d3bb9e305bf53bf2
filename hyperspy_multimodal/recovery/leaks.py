"""What the HAADF leaks into elements of a finished fusion: fused minus raw where it is bright."""

from dataclasses import replace

import numpy as np

from ..notes import Speaker
from ..selection import bias_of, brightness_classes, fuse_setting

_logger = Speaker(__name__)

# A bias this significant, and of so many per cent, is warned of ...
_STANDARD_ERRORS, _PERCENT = 3.0, 2.0
# ... if at most this share of it is left without the HAADF.
_LEFT = 0.5
_TOLERANCE, _MAX_ITERATIONS = 1e-3, 300


def bias_found(prepared, setting, result):
    """Return the `Bias` of fused maps against their own counts, where the HAADF is bright.

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
    """Warn, once, of elements into which the HAADF leaks with lambdas that were given.

    Where maps and counts differ, in the sum over bright pixels, the maps are fused once more
    without the HAADF; what is left of the difference is not the HAADF's.

    Parameters
    ----------
    prepared : Prepared
        Measured maps and HAADF models.
    setting : Setting
        Lambdas as given; nothing is said of a fusion without the HAADF.
    result : FusionResult
        Fused maps.
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
            f"{maps.names[i]} by {bias.percent[i, place]:+.1f} +- "
            f"{bias.percent_errors[i, place]:.1f} %"
        )
    _logger.warning(
        "The HAADF leaks into maps: where it is bright they differ from their counts, %s. Give "
        "lambdas='auto', or for these elements a much larger lambda_1 (lambdas takes one an "
        "element).",
        ", ".join(found),
        kind="leak",
        about=about,
    )


def _classes(prepared, setting):
    model = setting.model or prepared.models.first
    return brightness_classes(prepared.models.matched(model), prepared.maps.mask)

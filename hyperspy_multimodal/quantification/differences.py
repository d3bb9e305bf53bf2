"""Differences between the compositions of two regions, with errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .ratios import SOURCES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .result import Composition


def difference_of(
    found: Composition, region: str, other: str, errors: str = "total"
) -> tuple[NDArray, NDArray]:
    """Return percentages of a region minus those of another one, and standard errors, (K,).

    Parameters
    ----------
    found : Composition
    region, other : str
        Names of regions.
    errors : "total", "counts", "fit" or "kfactors"
        Source of the errors. Default "total".

    Raises
    ------
    ValueError
        If there are no such regions or errors, or if the regions have common pixels, whose noise
        they share.
    """
    if errors not in SOURCES:
        raise ValueError(f"`errors` must be one of {list(SOURCES)}, but {errors!r} was given.")
    for argument, given in (("region", region), ("other", other)):
        if given not in found.regions:
            raise ValueError(
                f"`{argument}` must be one of {found.regions}, but {given!r} was given."
            )
    i, j = (found.regions.index(each) for each in (region, other))
    common = int((found.masks[i] & found.masks[j]).sum())
    if common:
        raise ValueError(
            f"`region` and `other` must not have common pixels, but {region!r} and {other!r} have "
            f"{common}."
        )
    percent = found.atomic_percent if found.units == "atomic" else found.weight_percent
    effects = found.kfactor_effects[i] - found.kfactor_effects[j]
    variances = {
        source: np.diagonal(each[i] + each[j])
        for source, each in found.covariances_by_source.items()
    }
    variances["kfactors"] = np.square(effects).sum(axis=1)
    variance = sum(variances.values()) if errors == "total" else variances[errors]
    differences = percent[i] - percent[j]
    known = np.isfinite(differences)
    return differences, np.where(known, np.sqrt(np.maximum(variance, 0.0)), np.nan)

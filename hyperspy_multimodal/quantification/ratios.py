"""Ratios of elements, with errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .factors import atomic_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .result import Composition


SOURCES = ("total", "counts", "fit", "kfactors")


def reference_element(found: Composition, ratio_to: str | None = None) -> int | None:
    """Return which element others are compared with.

    Parameters
    ----------
    found : Composition
    ratio_to : str, optional
        Its symbol, line or edge. Default: the one with most atoms in all regions, None without any.
    """
    if ratio_to is not None:
        return _number(found, "ratio_to", ratio_to)
    percent = np.nansum(found.atomic_percent * found.pixels[:, None], axis=0)
    return int(percent.argmax()) if percent.any() else None


def atomic_ratio(
    found: Composition, element: str, to: str, errors: str = "total"
) -> tuple[NDArray, NDArray]:
    """Return atoms of an element per atom of another one, and standard errors, shape (R,).

    Parameters
    ----------
    found : Composition
    element, to : str
        Symbols, or lines or edges of the composition.
    errors : "total", "counts", "fit" or "kfactors"
        Source of the errors. Default "total".

    Raises
    ------
    ValueError
        If one of them is not in the composition, or if there are no such errors.
    """
    if errors not in SOURCES:
        raise ValueError(f"`errors` must be one of {list(SOURCES)}, but {errors!r} was given.")
    i, j = (_number(found, *each) for each in (("element", element), ("to", to)))
    percent = found.atomic_percent if found.units == "atomic" else found.weight_percent
    above, below = percent[:, i], percent[:, j]
    covariance = found.covariances if errors == "total" else found.covariances_by_source[errors]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(below > 0, above / below, np.nan)
        variance = covariance[:, i, i] - 2 * ratio * covariance[:, i, j]
        variance = (variance + np.square(ratio) * covariance[:, j, j]) / np.square(below)
    into_atoms = _into_atoms(found, i, j)
    return into_atoms * ratio, into_atoms * np.sqrt(np.maximum(variance, 0.0))


def ratio_limits(found: Composition, element: str, to: str) -> NDArray:
    """Return the ratio of an element at its detection limit to another element, shape (R,).

    Parameters
    ----------
    found : Composition
    element, to : str
        As for `atomic_ratio`.
    """
    i, j = (_number(found, *each) for each in (("element", element), ("to", to)))
    percent = found.atomic_percent if found.units == "atomic" else found.weight_percent
    limits = found.detection_limits[:, i]
    others = 100 - np.nan_to_num(percent[:, i])
    with np.errstate(divide="ignore", invalid="ignore"):
        # limits are shares of all with the element at its limit, not with its measured amount
        amounts = others * limits / (100 - limits)
        limits = np.where(percent[:, j] > 0, amounts / percent[:, j], np.nan)
    return _into_atoms(found, i, j) * limits


def _into_atoms(found, i, j):
    """Return the factor that converts a ratio of percentages to a ratio of atoms."""
    if found.units == "atomic":
        return 1.0
    own, other = atomic_weights([found.elements[i], found.elements[j]])
    return other / own


def _number(found, argument, given):
    """Return the number of an element, which its symbol or its line or edge names."""
    for names in (found.elements, found.lines):
        if given in names:
            return names.index(given)
    raise ValueError(
        f"`{argument}` must be one of {found.elements}, or of {found.lines}, but {given!r} was "
        "given."
    )

"""Ratios of elements, with errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .factors import atomic_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .result import Composition


def atomic_ratio(found: Composition, element: str, to: str) -> tuple[NDArray, NDArray]:
    """Return atoms of an element per atom of another one, and standard errors, shape (R,).

    Parameters
    ----------
    found : Composition
    element, to : str
        Symbols.

    Raises
    ------
    ValueError
        If one of them is not in the composition.
    """
    for name, given in (("element", element), ("to", to)):
        if given not in found.elements:
            raise ValueError(f"{name} must be one of {found.elements}, but {given!r} was given.")
    i, j = found.elements.index(element), found.elements.index(to)
    percent = found.atomic_percent if found.units == "atomic" else found.weight_percent
    above, below, covariance = percent[:, i], percent[:, j], found.covariances
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(below > 0, above / below, np.nan)
        variance = covariance[:, i, i] - 2 * ratio * covariance[:, i, j]
        variance = (variance + np.square(ratio) * covariance[:, j, j]) / np.square(below)
    into_atoms = 1.0
    if found.units == "weight":
        own, other = atomic_weights([element, to])
        into_atoms = other / own
    return into_atoms * ratio, into_atoms * np.sqrt(np.maximum(variance, 0.0))

"""Values of a composition that are drawn: percentages, or ratios to one element."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..quantification.ratios import atomic_ratio, ratio_limits, reference_element

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..quantification import Composition

UNITS = {"atomic": "at%", "weight": "wt%"}
_SCARCE = 5.0  # per cent
_WHOLE = 100.0  # per cent


class Shown(NamedTuple):
    """Values of R regions and K elements.

    Attributes
    ----------
    regions, elements : list of str
        Names of the regions, and elements or ratios of elements, such as "Cu/Zn".
    pixels : numpy.ndarray
        Number of pixels of each region, shape (R,).
    values, errors, limits : numpy.ndarray
        Values, their total standard errors, and detection limits, shape (R, K).
    own_errors : numpy.ndarray or None
        Standard errors of noise and fit, shape (R, K). They exclude those of the factors, which are
        common to all regions. None if they add no information to the total errors.
    has_values : numpy.ndarray
        Which elements have a value and not only a limit, bool, shape (R, K).
    missing : list of str
        Why a region has no values; "" if it has.
    few : numpy.ndarray
        Which elements have a scale of their own, because they are scarce, bool, shape (K,).
    whole : float or None
        Largest possible value, None for ratios.
    names : list of str
        Elements with units or ratios, as the table names them.
    title, label, few_title : str
        Title and label of the scale, and title of the scale of scarce elements.
    """

    regions: list
    elements: list
    pixels: NDArray
    values: NDArray
    errors: NDArray
    limits: NDArray
    own_errors: NDArray | None
    has_values: NDArray
    missing: list
    few: NDArray
    whole: float | None
    names: list
    title: str
    label: str
    few_title: str

    @property
    def known(self):
        """Which regions have values, bool, (R,)."""
        return np.array([not why for why in self.missing], bool)

    @property
    def points(self):
        """Values, or limits, (R, K); NaN in regions without values."""
        points = np.where(self.has_values, self.values, self.limits)
        return np.where(self.known[:, None], points, np.nan)

    @property
    def highest(self):
        """Values with their errors, or limits, (R, K); NaN in regions without values."""
        ends = np.where(self.has_values, self.values + np.nan_to_num(self.errors), self.limits)
        return np.where(self.known[:, None], ends, np.nan)


def shown_of(found: Composition, ratio_to: str | None = None) -> Shown:
    """Return the percentages of a composition, or the ratios to an element.

    Parameters
    ----------
    found : Composition
    ratio_to : str, optional
        Symbol, line or edge of this element.

    Raises
    ------
    ValueError
        If the element is not in the composition, or if it is not detected in any region.
    """
    percent = found.atomic_percent if found.units == "atomic" else found.weight_percent
    unit = UNITS[found.units]
    has_values = found.detected | ~found.detection_is_known
    missing = ["" if is_any else "no composition" for is_any in np.isfinite(percent).any(axis=1)]
    title, own_errors = "± standard error", None
    if found.kfactors_have_errors and missing.count("") > 1:
        own_errors = np.hypot(found.errors["counts"], found.errors["fit"])
        title = f"{title}\nthick: without errors of {_factors(found)},\nwhich all regions share"
    if not found.fit_errors_are_known:  # existing maps
        title = f"{title}\nwithout background errors"
    shown = Shown(
        *(found.regions, found.elements, found.pixels),
        *(percent, found.errors["total"], found.detection_limits, own_errors, has_values, missing),
        few=np.zeros(len(found.elements), bool),
        whole=_WHOLE,
        names=[f"{element} ({unit})" for element in found.elements],
        title=f"composition {title}",
        label=unit,
        few_title=f"below {_SCARCE:g} {unit}",
    )
    shown = shown._replace(few=_scarce(shown.highest))
    return shown if ratio_to is None else _ratios(found, shown, reference_element(found, ratio_to))


def _factors(found):
    """Return what the factors of a composition are called."""
    shell = found.lines[0].partition("_")[2]
    return "cross-sections" if len(shell) == 1 or shell[1:].isdigit() else "k-factors"


def _scarce(highest):
    """Return which elements stay below 5 per cent in all regions, (K,), with their errors."""
    drawn = np.isfinite(highest)
    return drawn.any(axis=0) & np.where(drawn, highest < _SCARCE, True).all(axis=0)


def _ratios(found, shown, reference):
    """Return ratios to an element, by its number, where it is detected."""
    to = shown.elements[reference]
    is_there = shown.has_values[:, reference] & (shown.values[:, reference] > 0)
    missing = [
        why or ("" if there else f"{to} not detected")
        for why, there in zip(shown.missing, is_there, strict=True)
    ]
    if all(missing):
        raise ValueError(
            f"`ratio_to` must name an element that is detected, but {to} is not detected in any "
            "region that has a composition."
        )
    others = [k for k in range(len(shown.elements)) if k != reference]
    elements = [shown.elements[k] for k in others]
    values, errors = np.moveaxis([atomic_ratio(found, name, to) for name in elements], 1, 0)
    by_source = [
        [atomic_ratio(found, name, to, source)[1] for name in elements]
        for source in ("counts", "fit")
    ]
    names = [f"{name}/{to}" for name in elements]
    return shown._replace(
        elements=names,
        names=names,
        values=values.T,
        errors=errors.T,
        own_errors=None if shown.own_errors is None else np.hypot(*map(np.transpose, by_source)),
        limits=np.transpose([ratio_limits(found, name, to) for name in elements]),
        has_values=shown.has_values[:, others],
        missing=missing,
        few=np.zeros(len(others), bool),
        whole=None,
        title=shown.title.replace("composition", "atomic ratio"),
        label=f"atoms per atom of {to}",
    )

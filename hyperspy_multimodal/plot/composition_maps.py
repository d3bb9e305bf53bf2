"""Composition per pixel, where there is one, with separate scales for scarce elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.patches import Patch

from ..checks import checked_number
from ..quantification import Composition
from .drawable import check_found
from .figures import figure_of, fit_text, most_columns, panels_of, rows_and_columns
from .panels import height_over_width, place, scale_bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from .figures import Size

_NOTHING = "0.8"
_MOSTLY = 98.0  # percent of the pixels
_ALL = 100.0  # percent of the atoms
_STEP = 10.0  # percent of the element
_SCARCE = 0.2  # of the scale of all
_LEAST = 0.5  # percent: what is less is hardly more than noise
_COMMON, _OWN = "viridis", "inferno"
_UNITS = {"atomic": "at%", "weight": "wt%"}


def plot_composition_maps(
    found: Composition,
    highest: float | None = None,
    fig: Figure | None = None,
    *,
    figsize: Size | None = None,
) -> NDArray:
    """Plot the composition of each pixel, with separate scales for minor elements.

    No composition is shown for grey pixels. They lie in vacuum or in regions without a composition,
    or their counts are negative or not significant, given the errors of the fit and of the
    k-factors or cross-sections. If any pixel shows 100 % of an element, a note says so. In such
    pixels, no other mapped element has counts, but an element without a map may still be present.

    Parameters
    ----------
    found : Composition
        Result of `composition`.
    highest : float, optional
        Upper end, in percent, of the colour scale that all elements share, > 0. By default, this is
        the 98th percentile of the map of the most abundant element, rounded up to a multiple of
        ten, and elements whose 98th percentile is below a fifth of it have a separate scale and a
        different colour map.
    fig : matplotlib.figure.Figure, optional
        Figure to plot on; a new one by default.
    figsize : float, str, or pair of them, optional
        Width, or width and height, of a new figure, as numbers in inches or strings with a unit,
        such as "180 mm".

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        One axes per element, shape (K,).

    Raises
    ------
    TypeError, ValueError
        If ``found`` is not a composition, or if ``highest`` is not positive.

    Notes
    -----
    The composition is computed from the fused maps, so the values of neighbouring pixels are not
    independent. For values with errors, use regions (`plot_composition`).

    Examples
    --------
    >>> from hyperspy_multimodal import composition
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_composition_maps
    >>> specimen = core_shell((32, 32), counts=20)
    >>> maps, output = specimen.signal.multimodal_fusion(
    ...     specimen.haadf, gamma=1, full_output=True, show_progressbar=False
    ... )
    >>> axes = plot_composition_maps(composition(maps, output, specimen.kfactors))
    >>> axes.shape
    (3,)
    """
    check_found(found, Composition, "plot_composition_maps")
    if highest is None:
        scales = _scales(found.maps)
    else:
        highest = checked_number("highest", highest, low=0, include_low=False)
        scales = [(highest, False)] * len(found.maps)
    number = len(found.maps)
    rows, columns = rows_and_columns(number, most_columns(figsize, 3.1))
    height = 2.35 * height_over_width(found.maps[0]) + 0.4
    size = 3.1 * columns, height * rows + 0.4
    fig = figure_of(fig, size, figsize)
    axes = panels_of(fig, number, rows, columns)
    unit = _UNITS[found.units]
    for axis, each, element, (top, own) in zip(
        axes, found.maps, found.elements, scales, strict=True
    ):
        colours = colormaps[_OWN if own else _COMMON].with_extremes(bad=_NOTHING)
        drawn = place(axis, each.data, each, cmap=colours, vmin=0, vmax=top)
        axis.set_title(element)
        beyond = np.nanmax(each.data, initial=0.0) > 1.001 * top
        axis.figure.colorbar(
            drawn, ax=axis, label=f"{unit}, own scale" if own else unit, shrink=0.85,
            extend="max" if beyond else "neither",
        )  # fmt: skip
    handles = [Patch(facecolor=_NOTHING, label="no composition")]
    if any(np.rint(np.nanmax(each.data, initial=0.0)) >= _ALL for each in found.maps):
        note = f"100 {unit}: none of the other elements was measured there"
        handles.append(Patch(facecolor="none", edgecolor="none", label=note))
    fig.legend(handles=handles, loc="outside lower center", frameon=False, fontsize="small")
    scale_bar(axes[0], found.maps[0])
    fit_text(fig, size, figsize)
    return axes


def _scales(maps):
    """Return the upper end of each map's scale, and whether the map has a separate scale."""
    tops = [
        np.nanpercentile(each.data, _MOSTLY) if np.isfinite(each.data).any() else 0.0
        for each in maps
    ]
    common = float(np.clip(np.ceil(max(tops) / _STEP) * _STEP, _STEP, 100.0))
    return [
        (_round_up(max(top, _LEAST)), True) if top < _SCARCE * common else (common, False)
        for top in tops
    ]


def _round_up(value):
    """Return the next number of one digit."""
    step = 10.0 ** np.floor(np.log10(value))
    return float(np.ceil(value / step - 1e-9) * step)

"""Composition by pixel, all elements on one scale, without vacuum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps

from ..checks import checked_number
from ..quantification import Composition
from .drawable import check_found
from .panels import figure_of, height_over_width, place, rows_and_columns, scale_bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_NOTHING = "0.8"
_MOSTLY = 98.0  # per cent of the pixels
_STEP = 10.0  # per cent of the element
_UNITS = {"atomic": "at%", "weight": "wt%"}


def plot_composition_maps(
    found: Composition, highest: float | None = None, fig: Figure | None = None
) -> NDArray:
    """Draw the composition by pixel, all elements on one scale, and vacuum in grey.

    Parameters
    ----------
    found : Composition
        What `composition` returns.
    highest : float, optional
        Per cent at the upper end of the scale, above 0. By default the 98th percentile of the
        element that has most, rounded up to tens. Give less to see what is rare.
    fig : matplotlib.figure.Figure, optional
        Figure to draw into; a new one by default.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (K,).

    Raises
    ------
    TypeError, ValueError
        If ``found`` is no composition, or ``highest`` is not above 0.

    Notes
    -----
    The maps are those of fused counts, and their values are not independent between pixels. For a
    number with an error, see the regions: `plot_composition`.

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
        highest = _highest(found.maps)
    else:
        highest = checked_number("highest", highest, low=0, include_low=False)
    number = len(found.maps)
    rows, columns = rows_and_columns(number)
    height = 2.35 * height_over_width(found.maps[0]) + 0.4
    fig = figure_of(fig, (2.6 * columns + 1.2, height * rows + 0.3))
    panels = fig.subplots(rows, columns, squeeze=False).ravel()
    for unused in panels[number:]:
        unused.remove()
    axes = panels[:number]
    colour_map = colormaps["viridis"].with_extremes(bad=_NOTHING)
    for axis, each, element in zip(axes, found.maps, found.elements, strict=True):
        drawn = place(axis, each.data, each, cmap=colour_map, vmin=0, vmax=highest)
        axis.set_title(element)
    beyond = any(np.nanmax(each.data, initial=0.0) > 1.001 * highest for each in found.maps)
    fig.colorbar(
        drawn, ax=list(axes), label=f"{_UNITS[found.units]} (grey: nothing there)", shrink=0.85,
        extend="max" if beyond else "neither",
    )  # fmt: skip
    scale_bar(axes[0], found.maps[0])
    return axes


def _highest(maps):
    finite = [each.data for each in maps if np.isfinite(each.data).any()]
    most = max((np.nanpercentile(each, _MOSTLY) for each in finite), default=100.0)
    return float(np.clip(np.ceil(most / _STEP) * _STEP, _STEP, 100.0))

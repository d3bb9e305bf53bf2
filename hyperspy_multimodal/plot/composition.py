"""Compositions of regions with error bars and numbers, beside a map of the regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..quantification import Composition
from ..signals.native import image_name
from .composition_points import draw_points, fit_range, fit_scale
from .composition_table import write_numbers
from .composition_values import shown_of
from .drawable import check_found, checked_image
from .figures import figure_of, fit_text
from .panels import brightest, extent, height_over_width, place, scale_bar
from .region_outlines import draw_outlines, place_names

if TYPE_CHECKING:
    from hyperspy.signal import BaseSignal
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from .figures import Size

_NARROWEST, _WIDEST = 4.2, 8.0  # inches, of points


def plot_composition(
    found: Composition,
    haadf: BaseSignal | NDArray,
    fig: Figure | None = None,
    *,
    ratio_to: str | None = None,
    figsize: Size | None = None,
) -> NDArray:
    """Plot the compositions of regions with error bars and a table, beside a map of the regions.

    Parameters
    ----------
    found : Composition
        Result of `composition`.
    haadf : BaseSignal or numpy.ndarray
        HAADF image (rows, columns) of the same field of view. It may have finer sampling. An image
        with a different field of view raises an error, as in the fusion.
    fig : matplotlib.figure.Figure, optional
        Figure to plot on; a new one by default.
    ratio_to : str, optional
        Element symbol, X-ray line or edge. The figure then shows the ratios of the numbers of atoms
        to this element, with standard errors, as in ``found.table(ratio_to=...)``, instead of
        percentages. For EELS, they are ratios of areal densities.
    figsize : float, str, or pair of them, optional
        Width, or width and height, of a new figure: numbers in inches, or a string with a unit,
        such as "180 mm".

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (3,): regions on the HAADF, compositions, and table. Shape (4,) if there are elements
        below 5 percent in all regions, which are drawn on a separate scale. Ratios have one scale.

    Raises
    ------
    TypeError, ValueError
        If ``found`` is not a composition or has no region, if the image does not cover the field of
        view of its maps, or if the element of ``ratio_to`` is not in the composition or not
        detected in any region.

    Notes
    -----
    Outlines lie inside their regions. Where outlines of overlapping regions coincide, that of the
    smaller region is dashed.

    Error bars show one standard error, which combines the errors of the counts, the fit and the
    k-factors or cross-sections. Errors of these factors change all regions alike. If there are
    several regions, the thick part of each bar excludes them. Use it to compare regions. An
    element that is not detected is drawn as a downward triangle at its detection limit, and as "<
    limit" in the table. A region without a composition has no points, and the table says so. With
    ``ratio_to``, the same applies to regions in which this element is not detected. For existing
    maps, detection is not assessed: all elements are drawn with their values, and the figure states
    that the errors do not include those of the background. The scale covers all points and their
    error bars. The scale of scarce elements ends at the largest of their values. This scale and
    that of ratios are logarithmic if the values differ by more than a factor of ten; long error
    bars are then cut off at the lower end. The number of decimals in the table is chosen for each
    element according to its errors.

    Examples
    --------
    >>> import hyperspy.api as hs
    >>> from hyperspy_multimodal import composition
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_composition
    >>> specimen = core_shell((32, 32), counts=20)
    >>> maps, output = specimen.signal.multimodal_fusion(
    ...     specimen.haadf, gamma=1, full_output=True, show_progressbar=False
    ... )
    >>> found = composition(maps, output, specimen.kfactors)
    >>> axes = plot_composition(found, specimen.haadf)
    >>> axes.shape
    (3,)
    >>> axes = plot_composition(found, specimen.haadf, ratio_to="O")
    >>> axes[1].get_ylabel()
    'atoms per atom of O'
    """
    check_found(found, Composition, "plot_composition")
    if not found.regions:
        raise ValueError("plot_composition needs a region, but this composition has none.")
    image = checked_image(haadf, found.maps[0], "plot_composition")
    shown = shown_of(found, ratio_to)
    few = shown.few
    many = np.flatnonzero(~few)
    width = float(np.clip(1.15 * len(few) + 1.0 + few.any(), _NARROWEST, _WIDEST))
    share = (few.sum() + 0.5) / (len(few) + 1)
    widths = (width,) if not few.any() else (width * (1 - share), width * share)
    map_height = 3.4 * height_over_width(found.maps[0]) + 0.4
    by_element = len(few) > max(8, len(found.regions))
    lines = len(few) + 1 if by_element else len(found.regions)
    heights = max(map_height - 0.3, 2.8), 0.26 * (lines + 1) + 0.1
    size = 3.8 + width, sum(heights) + 0.4
    fig = figure_of(fig, size, figsize)
    grid = fig.add_gridspec(
        2, 1 + len(widths), width_ratios=(3.6, *widths), height_ratios=heights
    )  # fmt: skip
    places = [grid[0, 0], grid[0, 1], grid[1, :], *(grid[0, 2:3] for _ in widths[1:])]
    axes = np.array([fig.add_subplot(each) for each in places], dtype=object)
    names = _draw_regions(axes[0], found, image, image_name(haadf))
    draw_points(axes[1], shown, many)
    fit_range(axes[1], shown, many)
    axes[1].set_title(shown.title)
    write_numbers(axes[2], shown, by_element)
    if few.any():
        draw_points(axes[3], shown, np.flatnonzero(few))
        fit_scale(axes[3], shown)
    fit_text(fig, size, figsize)
    place_names(axes[0], names, found.masks, found.maps[0])
    return axes


def _draw_regions(axis, found, image, title):
    """Draw the HAADF with outlines of the regions, and return their names, see `draw_outlines`."""
    signal, low = found.maps[0], float(np.nanmin(image))
    place(axis, image, signal, cmap="gray", vmin=low, vmax=brightest(image, low))
    axis.set_title(title)
    names = draw_outlines(axis, found.regions, found.masks, signal)
    left, right, bottom, top = extent(signal)
    axis.set_xlim(left, right)
    axis.set_ylim(bottom, top)
    scale_bar(axis, signal)
    return names

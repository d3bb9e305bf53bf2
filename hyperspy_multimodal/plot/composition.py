"""Compositions of regions with error bars and numbers, beside a map of the regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import patheffects
from scipy.ndimage import distance_transform_edt

from ..quantification import Composition
from ..signals.native import image_name
from .drawable import check_found, checked_image
from .panels import LINE_COLOURS, brightest, extent, figure_of, height_over_width, place, scale_bar

if TYPE_CHECKING:
    from hyperspy.signal import BaseSignal
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_MARKERS = "osDPX*"
_SPREAD = 0.6  # of the distance of elements: regions lie side by side
_OUTLINE = [patheffects.withStroke(linewidth=2.5, foreground="white")]
_UNITS = {"atomic": "at%", "weight": "wt%"}


def plot_composition(
    found: Composition, haadf: BaseSignal | NDArray, fig: Figure | None = None
) -> NDArray:
    """Draw compositions of regions with error bars, their numbers, and where the regions are.

    Parameters
    ----------
    found : Composition
        What `composition` returns.
    haadf : BaseSignal or numpy.ndarray
        HAADF image (rows, columns) over the same field, also a finer one.
    fig : matplotlib.figure.Figure, optional
        Figure to draw into; a new one by default.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (3,): regions on the HAADF, compositions, numbers.

    Raises
    ------
    TypeError, ValueError
        If ``found`` is no composition, or has no region, or the image does not cover its maps.

    Notes
    -----
    Error bars are one standard error in total, by counts, fit and k-factors. An element that is
    not detected has a triangle at its detection limit that points downwards, and "<" before the
    limit among the numbers. A region of too few counts for a composition has a dash.

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
    """
    check_found(found, Composition, "plot_composition")
    if not found.regions:
        raise ValueError("plot_composition needs a region, but this composition has none.")
    image = checked_image(haadf, found.maps[0], "plot_composition")
    rows, columns = len(found.regions), len(found.elements)
    width = max(1.15 * columns + 1.0, 4.2)
    map_height = 3.4 * height_over_width(found.maps[0]) + 0.4
    heights = max(map_height - 0.3, 2.8), 0.26 * (rows + 1) + 0.1
    fig = figure_of(fig, (3.8 + width, sum(heights) + 0.4))
    grid = fig.add_gridspec(2, 2, width_ratios=(3.6, width), height_ratios=heights)
    axes = np.array(
        [fig.add_subplot(each) for each in (grid[0, 0], grid[0, 1], grid[1, :])], dtype=object
    )
    _draw_regions(axes[0], found, image, image_name(haadf))
    _draw_bars(axes[1], found)
    _write_numbers(axes[2], found)
    return axes


def _draw_regions(axis, found, image, title):
    """Draw the HAADF with outlines and names of the regions."""
    signal, low = found.maps[0], float(np.nanmin(image))
    place(axis, image, signal, cmap="gray", vmin=low, vmax=brightest(image, low))
    axis.set_title(title)
    left, right, bottom, top = extent(signal)
    shape = signal.data.shape
    across = left + (np.arange(shape[1] + 2) - 0.5) * (right - left) / shape[1]
    down = top + (np.arange(shape[0] + 2) - 0.5) * (bottom - top) / shape[0]
    for r, (name, mask) in enumerate(zip(found.regions, found.masks, strict=True)):
        padded = np.pad(mask, 1)
        axis.contour(across, down, padded, [0.5], colors=[_colour(r)], linewidths=1.2)
        row, column = np.unravel_index(distance_transform_edt(padded).argmax(), padded.shape)
        axis.text(
            across[column], down[row], name, color=_colour(r), ha="center", va="center",
            weight="bold", path_effects=_OUTLINE,
        )  # fmt: skip
    axis.set_xlim(left, right)
    axis.set_ylim(bottom, top)
    scale_bar(axis, signal)


def _draw_bars(axis, found):
    """Draw a point with an error bar for each region and element."""
    places = np.arange(len(found.elements))
    percent, errors, number = _percent(found), found.errors["total"], len(found.regions)
    for r in range(number):
        x = places + _SPREAD * ((r + 0.5) / number - 0.5)
        there = found.detected[r]
        style = {"color": _colour(r), "ls": "", "ms": 5}
        axis.errorbar(
            x[there], percent[r, there], errors[r, there], capsize=3,
            marker=_MARKERS[r // len(LINE_COLOURS) % len(_MARKERS)], **style,
        )  # fmt: skip
        axis.plot(x[~there], found.detection_limits[r, ~there], marker="v", mfc="none", **style)
    for place_between in places[1:] - 0.5:
        axis.axvline(place_between, color="0.85", lw=0.8, zorder=0)
    axis.set_xticks(places, found.elements)
    axis.tick_params(axis="x", length=0)
    axis.set_xlim(-0.5, len(places) - 0.5)
    axis.set_ylim(bottom=0)
    axis.set_ylabel(_UNITS[found.units])
    axis.set_title("composition ± standard error")


def _write_numbers(axis, found):
    """Write a row of numbers for each region."""
    percent, errors = _percent(found), found.errors["total"]
    text = [
        [name, str(found.pixels[r])]
        + [
            number_of(percent[r, k], errors[r, k])
            if found.detected[r, k]
            else number_of(found.detection_limits[r, k], None)
            for k in range(len(found.elements))
        ]
        for r, name in enumerate(found.regions)
    ]
    unit = _UNITS[found.units]
    head = ["region", "pixels", *(f"{each} ({unit})" for each in found.elements)]
    axis.axis("off")
    table = axis.table(text, colLabels=head, loc="center", cellLoc="center", edges="open")
    table.auto_set_font_size(False)
    table.set_fontsize(9)
    for (row, column), cell in table.get_celld().items():
        cell.set_height(1 / (len(text) + 1))
        if row == 0:
            cell.visible_edges = "TB"
        elif row == len(text):
            cell.visible_edges = "B"
        if row > 0 and column == 0:
            cell.get_text().set(color=_colour(row - 1), weight="bold")


def number_of(value, error):
    """Return a value with its error to two digits, or "<" a limit where there is no error."""
    if not np.isfinite(value):
        return "–"
    if error is None:
        return f"< {value:.2g}" if value < 10 else f"< {value:.0f}"
    if not np.isfinite(error) or error <= 0:
        return f"{value:.3g}"
    digits = max(1 - int(np.floor(np.log10(error))), 0)
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _percent(found):
    return found.atomic_percent if found.units == "atomic" else found.weight_percent


def _colour(region):
    return LINE_COLOURS[region % len(LINE_COLOURS)]

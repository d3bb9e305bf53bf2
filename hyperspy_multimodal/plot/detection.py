"""Plots of where elements are present or scarce, and where the counts are not conclusive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from ..checks import checked_number
from ..quantification import Composition, DetectionMap
from ..quantification.absence import region_states
from .composition_table import decimals_of, number_of
from .drawable import check_found
from .figures import axes_of, figure_of, fit_text, most_columns, panels_of, rows_and_columns
from .panels import height_over_width, place, scale_bar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from .figures import Size

# Colours of the four states, also for colour-blind eyes and in grey. Both states of little are
# yellowish: where they mix, there is little in any case.
_COLOURS = {-1: "#FBEBB5", 0: "0.78", 1: "#E3A32C", 2: "#0072B2"}
_DRAWN = {"cmap": ListedColormap(list(_COLOURS.values())), "vmin": -1.5, "vmax": 2.5}
_TEXT_COLOURS = {-1: "black", 0: "black", 1: "black", 2: "white"}
_UNITS = {"atomic": "at%", "weight": "wt%"}


def plot_detection(
    found: Composition, least: float = 5.0, ax: Axes | None = None, *, figsize: Size | None = None
) -> Axes:
    """Plot a table that shows which elements are present in which regions.

    Parameters
    ----------
    found : Composition
        Result of `composition`.
    least : float
        Threshold in percent, between 0 and 100. The table marks regions that contain less than this
        amount of an element. Default 5.
    ax : matplotlib.axes.Axes, optional
        Axes to plot on. By default, a new figure is created.
    figsize : float, str, or pair of them, optional
        Width, or width and height, of a new figure: numbers in inches, or a string with a unit,
        such as "180 mm".

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If ``found`` is not a composition, has no region or comes from existing maps, or if
        ``least`` is not between 0 and 100.

    Notes
    -----
    The table makes two kinds of statements: that an element is present, and that its amount is
    below ``least``. For each kind, the expected fraction of false statements over all regions is
    the false discovery rate of ``found``. If the element is present, its cell contains the amount.
    If the element was not found although an amount of ``least`` would have been detected, the cell
    contains "< least". If the counts are not conclusive, the cell contains the detection limit, or
    states that the region has no composition.

    Examples
    --------
    >>> from hyperspy_multimodal import composition
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_detection
    >>> specimen = core_shell((32, 32), counts=20)
    >>> maps, output = specimen.signal.multimodal_fusion(
    ...     specimen.haadf, gamma=1, full_output=True, show_progressbar=False
    ... )
    >>> ax = plot_detection(composition(maps, output, specimen.kfactors))
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['Co', 'O', 'S']
    """
    check_found(found, Composition, "plot_detection")
    if not found.regions:
        raise ValueError("plot_detection needs a region, but this composition has none.")
    if not found.fit_errors_are_known:
        raise ValueError(
            "found must come from spectra, but comes from existing maps. Their background is not "
            "known, so detection cannot be assessed. Use plot_composition."
        )
    least = checked_number("least", least, low=0, include_low=False)
    if least >= 100:
        raise ValueError(f"least must be below 100, but {least!r} was given.")
    rows, columns = len(found.regions), len(found.elements)
    size = max(1.1 * columns + 1.2, 4.8), 0.4 * rows + 1.4
    ax = axes_of(ax, size, figsize)
    states, unit = region_states(found, least), _UNITS[found.units]
    ax.imshow(states, aspect="auto", **_DRAWN)
    percent = found.atomic_percent if found.units == "atomic" else found.weight_percent
    errors = np.where((states > 0) & np.isfinite(percent), found.errors["total"], np.nan)
    decimals = [decimals_of(each) for each in errors.T]
    for r, k in np.ndindex(states.shape):
        state, limit = int(states[r, k]), found.detection_limits[r, k]
        if not np.isfinite(percent[r, k]):
            text = "no composition"
        elif state > 0:
            text = number_of(percent[r, k], errors[r, k], decimals[k])
        else:
            text = f"< {least:g}" if state else f"limit {limit:.2g}"
        ax.text(k, r, text, ha="center", va="center", fontsize="small", color=_TEXT_COLOURS[state])
    ax.set_xticks(range(columns), found.elements)
    ax.set_yticks(range(rows), found.regions)
    ax.set_ylabel("region")
    ax.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", lw=2)
    ax.tick_params(which="both", length=0)
    ax.set_title(f"{unit}; false discovery rate {100 * found.false_discovery_rate:g} %")
    ax.legend(
        handles=_legend(least, unit), loc="upper center", ncols=2, frameon=False,
        bbox_to_anchor=(0.5, -0.12 / max(rows / 3, 0.5)), fontsize="small",
    )  # fmt: skip
    fit_text(ax.figure, size, figsize)
    return ax


def plot_detection_map(
    found: DetectionMap, fig: Figure | None = None, *, figsize: Size | None = None
) -> NDArray:
    """Plot where each element is present or scarce, and where the counts are not conclusive.

    Parameters
    ----------
    found : DetectionMap
        Result of `detection_map`.
    fig : matplotlib.figure.Figure, optional
        Figure to plot on; a new one by default.
    figsize : float, str, or pair of them, optional
        Width, or width and height, of a new figure: numbers in inches, or a string with a unit,
        such as "180 mm".

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (K,).

    Raises
    ------
    TypeError
        If ``found`` is not a detection map.

    Notes
    -----
    The label "there" means only that the element is present; it does not imply an amount. Both
    yellowish colours denote an amount below ``least``, whether or not the element was found. Blocks
    with different yellowish colours may contain the same amount.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_detection_map
    >>> from hyperspy_multimodal.quantification import detection_map
    >>> specimen = core_shell((32, 32), counts=20)
    >>> maps, output = specimen.signal.multimodal_fusion(
    ...     specimen.haadf, gamma=1, full_output=True, show_progressbar=False
    ... )
    >>> axes = plot_detection_map(detection_map(maps, output, specimen.kfactors))
    >>> axes.shape
    (3,)
    """
    check_found(found, DetectionMap, "plot_detection_map")
    number = len(found.maps)
    rows, columns = rows_and_columns(number, most_columns(figsize, 2.6))
    height = 2.4 * height_over_width(found.maps[0]) + 0.4
    size = max(2.6 * columns, 5.5), height * rows + 0.9
    fig = figure_of(fig, size, figsize)
    axes = panels_of(fig, number, rows, columns)
    for axis, each, element, block in zip(
        axes, found.maps, found.elements, found.sizes, strict=True
    ):
        place(axis, each.data, each, **_DRAWN)
        blocks = "single pixels" if block == 1 else f"blocks of {block} × {block}"
        axis.set_title(f"{element}, {blocks}")
    scale_bar(axes[0], found.maps[0])
    fig.legend(
        handles=_legend(found.least, _UNITS[found.units]), ncols=2, frameon=False,
        loc="outside lower center",
        title=f"false discovery rate {100 * found.false_discovery_rate:g} %",
    )  # fmt: skip
    fit_text(fig, size, figsize)
    return axes


def _legend(least, unit):
    little = f"{least:g} {unit}"
    labels = {
        2: "there",
        1: f"there, but < {little}",
        -1: f"< {little}, if any",
        0: "cannot tell",
    }
    return [Patch(facecolor=_COLOURS[state], label=label) for state, label in labels.items()]

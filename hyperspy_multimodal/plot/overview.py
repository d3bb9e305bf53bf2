"""Raw maps above fused maps, with the HAADF and a colour overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..signals.native import image_name
from .drawable import check_pairs, checked_image
from .kept_windows import mark_windows
from .overlay import plot_overlay
from .panels import (
    brightest,
    figure_of,
    height_over_width,
    map_name,
    map_unit,
    scale_bar,
    show,
    verdict_lines,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hyperspy.signal import BaseSignal
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


def plot_overview(
    maps: Sequence[BaseSignal],
    raw_maps: Sequence[BaseSignal],
    haadf: BaseSignal | NDArray,
    fig: Figure | None = None,
) -> NDArray:
    """Draw raw maps above fused maps, beside the HAADF and an overlay of the fused maps.

    Parameters
    ----------
    maps, raw_maps : list of BaseSignal
        Fused and raw maps of the same elements, in counts, with two axes each: what
        `multimodal_fusion` returns, and ``raw_maps`` of its ``full_output``.
    haadf : BaseSignal or numpy.ndarray
        HAADF image (rows, columns) over the same field, also a finer one. That of another field is
        refused, as by the fusion.
    fig : matplotlib.figure.Figure, optional
        Figure to draw into; a new one by default.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (2, K + 1): HAADF and raw maps, overlay and fused maps.

    Raises
    ------
    TypeError, ValueError
        If there is no map, not one raw map for each fused map, or they are lazy or a stack.

    Notes
    -----
    Each map has its own scale from 0 to its 99.8th percentile. In the overlay each element has one
    colour, whose brightness is the fused map on its scale; colours add up, and the brightest sum is
    full brightness (see `plot_overlay`). Small rings on a fused map are centres of windows in which
    the fusion had erased significant structure, and the sum of the map was restored to that of the
    counts (``keep_significant``), crosses those in which the sums still differ; the title says so.
    The image of the detector bears its own title, such as "BSE", which also says if fusion left it
    out. All panels are in units of the axes of the maps. Below each fused map stands whether it can
    be trusted, with all reasons if not.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_overview
    >>> s = core_shell((32, 32))
    >>> maps, output = s.signal.multimodal_fusion(
    ...     s.haadf, gamma=1, lambdas=(0.01, 0.02), full_output=True, show_progressbar=False
    ... )
    >>> axes = plot_overview(maps, output["raw_maps"], s.haadf)
    >>> axes.shape
    (2, 4)
    """
    check_pairs(maps, raw_maps, "plot_overview")
    image = checked_image(haadf, maps[0], "plot_overview")
    columns = len(maps) + 1
    captions = max(len(verdict_lines(each)[0]) for each in maps)
    height = 4.6 * height_over_width(maps[0]) + 1.0 + 0.15 * captions
    fig = figure_of(fig, (3.0 * columns, height))
    axes = fig.subplots(2, columns, squeeze=False)
    used = maps[0].metadata.get_item("Multimodal_fusion.uses_haadf", True)
    edges = any(maps[0].metadata.get_item("Multimodal_fusion.directional", []))
    title = image_name(haadf) + ("" if used else " (edges only)" if edges else " (left out)")
    low = float(np.nanmin(image))
    show(axes[0, 0], image, maps[0], title, "gray", "intensity", (low, brightest(image, low)))
    for column, (raw, fused) in enumerate(zip(raw_maps, maps, strict=True), start=1):
        name, unit = map_name(fused), map_unit(fused)
        for axis, each, stage in ((axes[0, column], raw, "raw"), (axes[1, column], fused, "fused")):
            limits = 0, brightest(each.data)
            show(axis, each.data, each, f"{name}, {stage}", "viridis", unit, limits)
        lines, colour = verdict_lines(fused)
        axes[1, column].set_xlabel("\n".join(lines), color=colour)
        mark_windows(axes[1, column], fused)
    plot_overlay(maps, ax=axes[1, 0])
    axes[1, 0].set_title("fused, overlay")
    scale_bar(axes[0, 0], maps[0])
    return axes

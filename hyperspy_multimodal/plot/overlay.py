"""Fused maps in one picture, a colour each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib import colors as mpl_colors

from .drawable import check_maps
from .panels import axes_of, brightest, height_over_width, map_name, place, scale_bar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hyperspy.signal import BaseSignal
    from matplotlib.axes import Axes

#: Magenta, cyan and yellow mix without hiding each other, and differ for colour-blind eyes too.
COLOURS = ("#FF4FD8", "#2FD8FF", "#FFE62F", "#D55E00", "#009E73", "#0072B2")


def plot_overlay(
    maps: Sequence[BaseSignal], ax: Axes | None = None, colors: Sequence[Any] | None = None
) -> Axes:
    """Draw maps over each other, each in a colour, with a legend and a scale bar.

    Parameters
    ----------
    maps : list of BaseSignal
        Maps of one scan with two axes each, such as those that `multimodal_fusion` returns.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; those of a new figure by default.
    colors : list, optional
        A matplotlib colour for each map. By default magenta, cyan, yellow, orange, green and blue;
        of more than six maps, hues around the colour circle.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If ``maps`` are no maps of one scan, or are lazy, or there is not one colour for each.

    Notes
    -----
    Each map has its own scale from 0 to its 99.8th percentile: the overlay shows where elements
    are, not how much of each. Colours add up, and the brightest sum is full brightness, as in
    Fig. 1d and 2c of J. Schwartz et al., npj Comput. Mater. 8, 16 (2022). Where more than three
    elements lie over each other, colours no longer tell which: draw some of the maps, such as
    ``plot_overlay(maps[:3])``. The picture is in units of the axes of the maps.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_overlay
    >>> ax = plot_overlay(core_shell((32, 32)).counts)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['Co_Ka', 'O_Ka', 'S_Ka']
    """
    check_maps(maps, "plot_overlay")
    if colors is None:
        colors = _distinct_colours(len(maps))
    colors = colors if isinstance(colors, str) else list(colors)
    if isinstance(colors, str) or len(colors) != len(maps):
        given = repr(colors) if isinstance(colors, str) else len(colors)
        raise ValueError(
            f"plot_overlay needs one colour for each of {len(maps)} maps, in a list, but {given} "
            "was given."
        )
    ax = axes_of(ax, (4.5, 4.5 * height_over_width(maps[0]) + 0.8))
    mixed = np.zeros((*maps[0].data.shape, 3))
    for colour, each in zip(colors, maps, strict=True):
        data = np.nan_to_num(each.data)
        share = np.clip(data / brightest(data), 0, 1)
        mixed += share[..., None] * np.array(mpl_colors.to_rgb(colour))
        ax.plot([], [], "s", color=colour, label=map_name(each))
    place(ax, mixed / max(mixed.max(), 1), maps[0])
    ax.set_title("overlay")
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, frameon=False, fontsize="small",
        handlelength=0.8, handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip
    scale_bar(ax, maps[0])
    return ax


def _distinct_colours(number):
    if number <= len(COLOURS):
        return COLOURS[:number]
    return [colormaps["hsv"](each / number) for each in range(number)]

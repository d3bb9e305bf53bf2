"""Several maps in one picture, each in its own colour."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib import colors as mpl_colors

from ..checks import checked_flag, checked_number
from ..recovery.verdict import NOT_TRUSTED
from ..written_numbers import plain
from .clearest import clearest_maps
from .contrast import AUTO, BRIGHT, limits_of
from .drawable import check_maps
from .figures import axes_of, fit_legend, fit_text
from .panels import is_distrusted, map_title, panel_size, place, scale_bar

if TYPE_CHECKING:
    from typing import Any, Literal

    from hyperspy.signal import BaseSignal
    from matplotlib.axes import Axes

    from .contrast import Limit
    from .figures import Size

# By the number of maps: colours whose mixtures are colours of their own, and which differ in
# brightness for colour-blind eyes. On white, mixtures are darker: the primaries of print.
_ON_BLACK = {
    1: ("#FFB000",),
    2: ("#FF40FF", "#00E000"),
    3: ("#FF3B20", "#00D060", "#2F6BFF"),
    4: ("#FF3B20", "#00D060", "#2F6BFF", "#FFE62F"),
}
_ON_WHITE = {
    1: ("#0072B2",),
    2: ("#C000C0", "#008A00"),
    3: ("#D81B60", "#00A0C8", "#E0A800"),
    4: ("#D81B60", "#00A0C8", "#E0A800", "#404040"),
}
_MORE = ("#FF4FD8", "#2FD8FF", "#FFE62F", "#D55E00", "#009E73", "#0072B2")
_LEGEND = 0.75  # size of its text over that of the title
_LETTERS = 12  # of it in an inch
_DISTRUSTED = 0.4  # brightness of maps that are not to be trusted
_BACKGROUNDS = {"black": _ON_BLACK, "white": _ON_WHITE}


def plot_overlay(
    maps: Sequence[BaseSignal],
    ax: Axes | None = None,
    colors: Sequence[Any] | None = None,
    *,
    weights: Sequence[float] | None = None,
    vmin: Limit | Sequence[Limit] = AUTO,
    vmax: Limit | Sequence[Limit] = BRIGHT,
    same_scale: bool = False,
    background: Literal["black", "white"] = "black",
    legend: bool = True,
    figsize: Size | None = None,
) -> Axes:
    """Overlay maps in different colours, with a legend and a scale bar.

    Parameters
    ----------
    maps : list of BaseSignal
        Maps of one scan with two axes each, such as those returned by `multimodal_fusion`. Two to
        four maps can be distinguished.
    ax : matplotlib.axes.Axes, optional
        Axes to plot on. By default, a new figure is created.
    colors : list, optional
        A matplotlib colour for each map. By default, magenta and green for two maps; red, green and
        blue for three; and yellow for a fourth.
    weights : list of float, optional
        Factor by which the brightness of each map is multiplied, >= 0. By default 1, or 0.4 for
        maps whose verdict is "not to be trusted". A factor of 0.5 can keep an element that is
        present everywhere from hiding the others.
    vmin, vmax : float, str, or list of them
        Values at which a map is dark (``vmin``) and at which it has its full colour (``vmax``), one
        for all maps or one per map: numbers, or percentiles such as "5th", as in HyperSpy. The
        default for ``vmax`` is "99.8th". The default for ``vmin``, "auto", is 0, unless an element
        is present everywhere: if the 5th percentile of a map is more than 10 % of ``vmax``,
        ``vmin`` is three quarters of this percentile. A uniform map then has a quarter of its
        colour and does not hide the others.
    same_scale : bool
        Whether all maps share one scale, from the lowest ``vmin`` to the highest ``vmax`` (True),
        or each has its own (False, default). On a common scale, trace elements are hardly visible.
    background : "black" or "white"
        Colour where all maps are at or below ``vmin``. On black, colours add like light; on white,
        they absorb like ink. Default "black".
    legend : bool
        Whether to draw a legend below the image. The legend gives the values at which each map is
        dark and at which it has its full colour, and marks maps that are not to be trusted. It
        names maps that are nearly proportional to another map (correlation above 0.95). Leave these
        out, because their colours mix. The legend is never larger than the image. Default True.
    figsize : float, str, or pair of them, optional
        Width, or width and height, of a new figure: numbers in inches, or a string with a unit,
        such as "85 mm".

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If ``maps`` are not maps of one scan, or are lazy, or if an argument is invalid.

    Notes
    -----
    By default, each map has its own scale. The overlay then shows where the elements are, but not
    how much of each there is: a trace element looks as bright as a major element. The legend gives
    the limits of each scale. If the lower limit is above 0, dark pixels still contain the element.
    With ``same_scale=True``, brightness is proportional to counts. Counts are not atomic fractions,
    which also depend on k-factors. Pixels in which colours saturate keep their hue. Mixed colours
    of four or more overlapping elements are ambiguous, and elements in the same places, such as Si
    and O in silica, mix to one pale colour; draw only some of the maps, such as
    ``plot_overlay([maps[0], maps[3]])``. NaN pixels show the background. The axes of the figure
    have the units of the axes of the maps.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_overlay
    >>> ax = plot_overlay(core_shell((32, 32)).counts, figsize="85 mm")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['Co Kα, 0 to 4.8', 'O Kα, 0 to 2.3', 'S Kα, 0 to 1.8']
    """
    check_maps(maps, "plot_overlay")
    same_scale = checked_flag("same_scale", same_scale)
    legend = checked_flag("legend", legend)
    if background not in tuple(_BACKGROUNDS):
        raise ValueError(f"background must be 'black' or 'white', but {background!r} was given.")
    width, height = panel_size(maps[0], 4.0)
    size = width + 0.5, height + 0.8
    ax = axes_of(ax, size, figsize)
    limits = limits_of(maps, vmin, vmax, same_scale)
    handles = draw_overlay(ax, maps, colors, weights, limits, background)
    ax.set_title("overlay")
    fit_text(ax.figure, size, figsize)
    if legend:
        clear = clearest_maps(maps, len(maps))
        alike = [map_title(each) for each in maps if not any(each is one for one in clear)]
        if alike:
            said = f"nearly proportional to another map: {', '.join(alike)}"
            handles += ax.plot([], [], " ", label=textwrap.fill(said, int(_LETTERS * width)))
        name_colours(ax, handles)
    return ax


def draw_overlay(ax, maps, colours=None, weights=None, limits=None, background="black"):
    """Overlay maps with a scale bar, and return handles for a legend.

    Parameters
    ----------
    ax, maps, colours, weights, background
        As in `plot_overlay`.
    limits : list of (float, float), optional
        Values at which each map is dark and at which it has its full colour.
    """
    colours = checked_colours(colours, len(maps), background)
    weights = _checked_weights(weights, maps)
    limits = limits_of(maps, AUTO, BRIGHT) if limits is None else limits
    shares = [
        weight * _share(each.data, *ends)
        for each, ends, weight in zip(maps, limits, weights, strict=True)
    ]
    place(ax, mixed(shares, colours, background), maps[0])
    scale_bar(ax, maps[0], background)
    handles = []
    for colour, each, (low, high) in zip(colours, maps, limits, strict=True):
        name = f"{map_title(each)}, {plain(low, 2)} to {plain(high, 2)}"
        doubt = f"\n{NOT_TRUSTED}" if is_distrusted(each) else ""
        handles += ax.plot([], [], "s", color=colour, label=name + doubt)
    return handles


def name_colours(ax, handles):
    """Draw the legend below the overlay, in a text size that follows that of the title."""
    size = _LEGEND * ax.title.get_fontsize()
    fit_legend(
        ax, handles, loc="upper center", bbox_to_anchor=(0.5, -0.02), frameon=False,
        fontsize=size, handlelength=0.8, handletextpad=0.5, columnspacing=1.2, borderpad=0.2,
    )  # fmt: skip


def mixed(shares, colours, background):
    """Return maps mixed in their colours, RGB (ny, nx, 3).

    Parameters
    ----------
    shares : list of numpy.ndarray
        Brightness of each map, >= 0, shape (ny, nx).
    colours : list
    background : "black" or "white"
        Whether colours are added to black or subtracted from white.
    """
    total = np.zeros((*shares[0].shape, 3))
    for share, colour in zip(shares, colours, strict=True):
        rgb = np.array(mpl_colors.to_rgb(colour))
        total += share[..., None] * (rgb if background == "black" else 1 - rgb)
    total /= np.maximum(total.max(axis=-1, keepdims=True), 1.0)
    return total if background == "black" else 1 - total


def checked_colours(colours, number, background="black"):
    """Return a colour for each map, by default easily distinguished colours."""
    if colours is None:
        chosen = _BACKGROUNDS[background].get(number, _MORE[:number])
        enough = len(chosen) == number
        return chosen if enough else [colormaps["hsv"](each / number) for each in range(number)]
    colours = colours if isinstance(colours, str) else list(colours)
    if isinstance(colours, str) or len(colours) != number:
        given = repr(colours) if isinstance(colours, str) else len(colours)
        raise ValueError(
            f"plot_overlay needs one colour for each of {number} maps, in a list, but {given} "
            "was given."
        )
    return colours


def _checked_weights(weights, maps):
    number = len(maps)
    if weights is None:
        return [_DISTRUSTED if is_distrusted(each) else 1.0 for each in maps]
    if not isinstance(weights, (Sequence, np.ndarray)) or len(weights) != number:
        raise ValueError(
            f"weights must be a list with one number for each of {number} maps, but {weights!r} "
            "was given."
        )
    return [checked_number("weights", each, low=0, include_low=True) for each in weights]


def _share(data, low, high):
    """Return values on a scale from ``low`` to ``high``, clipped to 0 to 1; NaN gives 0."""
    return np.nan_to_num(np.clip((data - low) / (high - low), 0, 1))

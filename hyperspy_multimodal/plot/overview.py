"""Raw maps above fused maps, with the HAADF and a colour overlay."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib import colors as mpl_colors

from ..checks import checked_count, checked_flag
from ..signals.native import image_name
from .clearest import clearest_maps
from .contrast import shared_limits
from .drawable import check_pairs, checked_image
from .figures import figure_of, fit_text, most_columns, rows_and_columns
from .haadf_use import use_of_image
from .kept_windows import mark_windows, meanings
from .overlay import checked_colours, draw_overlay, name_colours
from .panels import (
    brightest,
    extends,
    is_distrusted,
    map_title,
    map_unit,
    panel_size,
    place,
    scale_bar,
    verdict_lines,
)
from .shown_raw import blur_of_raw, smoothed

if TYPE_CHECKING:
    from typing import Any, Literal

    from hyperspy.signal import BaseSignal
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from .figures import Size

_SIDE = 2.1  # inches, of a square panel
_BAR = 1.15  # inches, for a colour bar and its label
_TITLE, _CAPTION = 0.35, 0.16  # inches, a line of each
_NARROW = 1.4  # inches, of panels whose titles take two lines
_SLENDER = 16  # length of a colour bar over its width
_LETTERS = 14  # letters of a caption per inch
_BESIDE_BAR = 0.75  # of them where a colour bar ends
_MOST_COLUMNS, _WIDEST = 5, 17.0  # inches
_FEW_COLUMNS = 3  # with fewer, the last row may be half empty
_MOST_COLOURS = 4  # elements in the overlay
_ELEMENTS = "elements"


def plot_overview(
    maps: Sequence[BaseSignal],
    raw_maps: Sequence[BaseSignal],
    haadf: BaseSignal | NDArray,
    fig: Figure | None = None,
    *,
    same_scale: bool = True,
    raw_blur: float | Literal["auto"] = "auto",
    cmap: str | Colormap | Sequence[str | Colormap] = "viridis",
    colors: Sequence[Any] | None = None,
    overlay: Sequence[BaseSignal] | None = None,
    captions: bool = True,
    columns: int | None = None,
    figsize: Size | None = None,
) -> NDArray:
    """Plot raw maps above fused maps, beside the HAADF and an overlay of the fused maps.

    Parameters
    ----------
    maps, raw_maps : list of BaseSignal
        Fused and raw maps of the same elements, in counts, with two axes each: the maps returned by
        `multimodal_fusion`, and ``output["raw_maps"]`` from the same call with
        ``full_output=True``.
    haadf : BaseSignal or numpy.ndarray
        HAADF image (rows, columns) of the same field of view. It may have finer sampling. An image
        with a different field of view raises an error, as in the fusion.
    fig : matplotlib.figure.Figure, optional
        Figure to plot on; a new one by default.
    same_scale : bool
        Whether the raw and the fused map of an element share one scale and one colour bar (True,
        default) or have separate ones.
    raw_blur : float or "auto"
        Standard deviation, in pixels, of a Gaussian filter that smooths raw maps in the figure;
        with 0, they are not smoothed. "auto" (default): for each map, a filter that is just wide
        enough to average over 25 counts where the fused map is brightest. The standard deviation is
        at most an eighth of the shorter side of the map. No filter is applied if the brightest
        pixels contain at least 8 counts. Titles say "smoothed" instead of "raw" if a filter is
        applied, and captions give its standard deviation.
    cmap : str, Colormap, or list of them
        Colour map for all elements, or a list with one for each. "elements" ranges from black to
        the colour of the element in the overlay. Default "viridis".
    colors : list, optional
        A matplotlib colour for each map of the overlay, as in `plot_overlay`.
    overlay : list of BaseSignal, optional
        Maps in the overlay. By default, up to four maps that can be told apart. If there are more
        than four maps, those whose verdict is "not to be trusted" are excluded. Of maps that are
        nearly proportional to each other (correlation above 0.95), only the one with the most
        structure is used, unless fewer than two maps would be left. If more than four remain, the
        four with the most structure are used. Structure is measured by the likelihood ratio of the
        fused map to a uniform map, given the counts. The legend names the elements that are left
        out.
    captions : bool
        Whether to state the verdicts, the filters applied to raw maps and the use of the HAADF
        below the panels, and to mark corrected windows with rings and windows that still differ
        with crosses. Default True. If False, state the verdicts in the text that accompanies the
        figure.
    columns : int, optional
        Pairs of panels per row. By default, as many as are legible within the width of ``figsize``,
        up to five. With ``same_scale=True``, if fewer than three pairs fit and more than one row is
        needed, each row contains one pair, with the raw and the fused map side by side. The figure
        then fills a narrow page.
    figsize : float, str, or pair of them, optional
        Width, or width and height, of a new figure: numbers in inches, or a string with a unit,
        such as "180 mm".

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (2, K + 1), independent of the layout. First row: HAADF and raw maps. Second row:
        overlay and fused maps.

    Raises
    ------
    TypeError, ValueError
        If there are no maps, if a fused map has no corresponding raw map, if maps are lazy or a
        stack, or if an argument is invalid.

    Notes
    -----
    Scales start at 0. By default, both maps of an element share an upper limit. It is the 99.8th
    percentile of the fused map or the 99th percentile of the displayed raw map, whichever is
    higher, but at most 1.5 times the 99.8th percentile of the fused map. Brighter pixels are
    clipped, as the pointed end of the colour bar indicates. If pixels contain only a few counts, a
    single count in the raw map would span the entire scale, and raw and fused maps could not be
    compared. Such raw maps are smoothed (see ``raw_blur``). With ``same_scale=False``, the upper
    limit of the scale of each map is its own 99.8th percentile.

    Small rings on a fused map mark the centres of windows in which fusion changed the counts
    significantly. In these windows, the sum of the map was therefore corrected towards that of the
    counts (``keep_significant``). Crosses mark the centres of windows in which the sums still
    differ. The captions explain the marks. The title of the detector image is its name, such as
    "BSE", and also states if the image was not used in the fusion. If the image was used
    differently for different elements, the captions state how. Lengths in all panels are in the
    units of the axes of the maps. The caption of each fused map gives its verdict, with all reasons
    if it is not sound.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_overview
    >>> s = core_shell((32, 32))
    >>> maps, output = s.signal.multimodal_fusion(
    ...     s.haadf, gamma=1, lambdas=(0.01, 0.02), full_output=True, show_progressbar=False
    ... )
    >>> axes = plot_overview(maps, output["raw_maps"], s.haadf, figsize="180 mm")
    >>> axes.shape
    (2, 4)
    """
    check_pairs(maps, raw_maps, "plot_overview")
    same_scale = checked_flag("same_scale", same_scale)
    captions = checked_flag("captions", captions)
    image = checked_image(haadf, maps[0], "plot_overview")
    shown = clearest_maps(maps, _MOST_COLOURS) if overlay is None else list(overlay)
    blurs = [blur_of_raw(raw_blur, each) for each in maps]
    colour_maps = _colour_maps(cmap, maps, shown, colors)
    width, height = panel_size(maps[0], _SIDE)
    below = [_caption(each, width) if captions else ([], "black") for each in maps]
    most = _columns_of(columns, width + _BAR, figsize)
    beside = same_scale and columns is None and most < min(_FEW_COLUMNS, len(maps) + 1)
    rows, columns = rows_and_columns(len(maps) + 1, 1 if beside else most)
    letters = int(_LETTERS * width)
    absent = _names_absent(maps, shown, letters) if overlay is None else []
    suffix, uses = use_of_image(maps)
    # beside it are the ticks of the colour bar
    uses = [line for use, names in uses for line in _listed(use, names, int(_BESIDE_BAR * letters))]
    legend = len(shown) + sum(map(is_distrusted, shown)) + len(absent)
    lines = max(legend, *(len(text) for text, _ in below))
    lines_of_raw = max(len(uses), int(any(blurs))) if captions else 0
    if beside:
        lines = legend + sum(max(len(text), lines_of_raw) for text, _ in below)
        size = 2 * width + _BAR, (height + 0.5 * _TITLE) * rows + _CAPTION * lines
    else:
        size = (
            (width + _BAR) * columns,
            (2 * (height + _TITLE) + _TITLE + _CAPTION * (lines + lines_of_raw)) * rows,
        )
    fig = figure_of(fig, size, figsize)
    axes = _panels(fig, len(maps) + 1, rows, columns, beside)
    separator = "\n" if width < _NARROW else ", "
    _draw_image(axes[:, 0], image, maps[0], image_name(haadf), suffix)
    for pair, raw, fused, blur, colours in zip(
        axes.T[1:], raw_maps, maps, blurs, colour_maps, strict=True
    ):
        _draw_pair(pair, raw, fused, blur, colours, same_scale, separator)
    if captions:
        axes[0, 0].set_xlabel("\n".join(uses), fontsize="small")
        for pair, fused, blur, (text, colour) in zip(axes.T[1:], maps, blurs, below, strict=True):
            _write_captions(pair, blur, text, colour)
            mark_windows(pair[1], fused)
    scale_bar(axes[0, 0], maps[0])
    handles = draw_overlay(axes[1, 0], shown, colors)
    if absent:
        handles += axes[1, 0].plot([], [], " ", label="\n".join(absent))
    some = f"overlay of {len(shown)} elements"
    axes[1, 0].set_title(some if len(shown) < len(maps) else f"fused,{separator[-1]}overlay")
    fit_text(fig, size, figsize)
    name_colours(axes[1, 0], handles)
    return axes


def _columns_of(columns, width, figsize):
    """Return how many pairs of panels fit in a row, and their default width in inches."""
    if columns is not None:
        return checked_count("columns", columns)
    return most_columns(figsize, width, int(np.clip(_WIDEST / width, 1, _MOST_COLUMNS)))


def _panels(fig, number, rows, columns, beside):
    """Return axes in pairs, one above or beside the other, shape (2, number)."""
    if beside:
        return fig.subplots(rows, 2, squeeze=False).T
    grid = fig.subplots(2 * rows, columns, squeeze=False)
    pairs = grid.reshape(rows, 2, columns).swapaxes(0, 1).reshape(2, -1)
    for unused in pairs[:, number:].flat:
        unused.remove()
    return pairs[:, :number]


def _caption(fused, width):
    """Return lines below a fused map that is so many inches wide, and their colour."""
    text, colour = verdict_lines(fused, int(_LETTERS * (width + 0.5 * _BAR)))
    return [*text, *meanings(fused)], colour


def _write_captions(pair, blur, text, colour):
    """Write the filter of the raw map below it, and lines below the fused map."""
    if blur:
        pair[0].set_xlabel(f"raw map, σ = {blur:.2g} px", fontsize="small")
    pair[1].set_xlabel("\n".join(text), color=colour, fontsize="small")


def _draw_image(pair, image, signal, name, suffix):
    """Draw the HAADF, with a colour bar that takes the same width as those of maps."""
    axis = pair[0]
    axis.set_title(name + suffix)
    low = float(np.nanmin(image))
    drawn = place(axis, image, signal, cmap="gray", vmin=low, vmax=brightest(image, low))
    if _are_beside(pair):
        _colour_bar(drawn, list(pair), [image], f"{name} intensity")
    else:
        _colour_bar(drawn, list(pair), [image], "intensity", part=0.43, anchor=(0, 0.96))


def _draw_pair(pair, raw, fused, blur, colours, same_scale, separator):
    """Draw a raw map above the fused one, with a colour bar for both, or one for each."""
    name, unit = map_title(fused), map_unit(fused)
    images = smoothed(raw.data, blur), fused.data
    of_raw = "smoothed" if blur else "raw"
    if same_scale:
        limits = [shared_limits(*images, holds_raw=True)] * 2
    else:
        limits = [(0.0, brightest(each)) for each in images]
    drawn = []
    for axis, each, stage, (low, high) in zip(pair, images, (of_raw, "fused"), limits, strict=True):
        drawn.append(place(axis, each, fused, cmap=colours, vmin=low, vmax=high))
        axis.set_title(f"{name}{separator}{stage}")
    if same_scale:
        _colour_bar(drawn[0], list(pair), images, unit)
    else:
        for each, axis in zip(drawn, pair, strict=True):
            _colour_bar(each, axis, [each.get_array()], unit)


def _colour_bar(drawn, axes, images, label, part=0.85, anchor=(0, 0.5)):
    figure = drawn.axes.figure
    low, high = drawn.get_clim()
    stacked = isinstance(axes, list) and not _are_beside(axes)
    long = part / 0.85 * (len(axes) if stacked else 1)
    figure.colorbar(
        drawn, ax=axes, label=label, shrink=part, anchor=anchor, aspect=_SLENDER * long,
        extend=extends(images, low, high), extendfrac=0.05 / long,
    )  # fmt: skip


def _are_beside(pair):
    """Return whether two panels are in the same row of their grid."""
    return len({axis.get_subplotspec().rowspan.start for axis in pair}) == 1


def _names_absent(maps, shown, letters):
    """Return lines that name the maps that the overlay does not contain."""
    names = [map_title(each) for each in maps if not any(each is one for one in shown)]
    return _listed("not shown", names, letters) if names else []


def _listed(what, names, letters):
    """Return lines of so many letters that list names, none of which is broken."""
    whole = ", ".join(name.replace(" ", "\N{NO-BREAK SPACE}") for name in names)
    lines = textwrap.wrap(f"{what}: {whole}", letters)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def _colour_maps(cmap, maps, shown, colors):
    """Return a colour map for each element."""
    if isinstance(cmap, str) and cmap == _ELEMENTS:
        return _of_elements(maps, shown, colors)
    if isinstance(cmap, (str, mpl_colors.Colormap)):
        cmap = [cmap] * len(maps)
    if len(cmap) != len(maps):
        raise ValueError(
            f"cmap must be one colour map, 'elements', or one for each of {len(maps)} maps, but "
            f"{len(cmap)} were given."
        )
    return [each if isinstance(each, mpl_colors.Colormap) else colormaps[each] for each in cmap]


def _of_elements(maps, shown, colors):
    """Return colour maps from black to the colours of the overlay; grey for others."""
    colours = dict(zip(map(id, shown), checked_colours(colors, len(shown)), strict=True))
    return [
        mpl_colors.LinearSegmentedColormap.from_list(
            _ELEMENTS, ["black", colours.get(id(each), "white")]
        )
        for each in maps
    ]

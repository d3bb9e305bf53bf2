"""Settings tried by the automatic choice of lambdas, and how well each predicts counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import TextPath
from matplotlib.ticker import FuncFormatter, LogLocator

from ..fusion.regularisers import REGULARISERS
from ..names import written_name
from ..recovery.haadf_use import uses_by_map
from .drawable import check_output
from .figures import (
    SMALLEST_TEXT,
    add_heading,
    figure_of,
    fit_text,
    inches_of,
    most_columns,
    panels_of,
    rows_and_columns,
)
from .panels import LINE_COLOURS, map_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ..hints import Output
    from .figures import Size

_WITHOUT = "#000000"
_BESIDE = 5.0  # of a label of the legend, in font sizes: its symbol and the room around it
_MOST_COLUMNS, _POINTS = 3, 72.0  # of the legend; points per inch
_CHOSEN = "#CC79A7"
_MOST_NAMES = 6  # of maps in a part of the heading
_HIGHEST = 30.0  # percent above the best that are shown
_CLOSE = 1e-6


def plot_selection(
    output: Output, fig: Figure | None = None, *, figsize: Size | None = None
) -> NDArray:
    """Plot how well each candidate setting predicts held-out counts.

    Parameters
    ----------
    output : dict
        Dictionary returned by `multimodal_fusion` with ``lambdas="auto", full_output=True``. For
        lazy maps, pass ``output["record"].compute()``, which reads and fuses the spectra.
    fig : matplotlib.figure.Figure, optional
        Figure to plot on; a new one by default.
    figsize : float, str, or pair of them, optional
        Width, or width and height, of a new figure: numbers in inches, or a string with a unit,
        such as "180 mm".

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (K,), one per element.

    Raises
    ------
    TypeError, ValueError
        If ``output`` is not such a dictionary, or if no setting was chosen because lambdas were
        given.

    Notes
    -----
    To score a setting, the counts are split at random into two halves, and maps fused from one half
    are used to predict the other. The plot shows the prediction error of each setting, in percent
    above the lowest error for the element. Too little smoothing (left) leaves noise in the map, and
    too much smoothing (right) blurs its structure. Both increase the error.

    Settings without the HAADF are drawn in black, and settings with the HAADF in one colour per
    gamma. Lines connect the best settings at each strength of smoothing. The symbol denotes the
    regulariser: circles for total variation, diamonds for its Huber form, squares for "sieve" and
    hexagons for "smooth". For the last two, lambda_2 / lambda_1 is half the square of their width
    in pixels. Filled symbols denote regularisers that follow the edges of the HAADF. Triangles at
    the top represent errors above 30 percent.

    A ring marks the chosen setting, which is not always the one with the lowest error. Settings of
    elements that are coupled by the HAADF are chosen together, and the HAADF is used only if it
    improves the prediction of all elements together by at least three standard errors. If the HAADF
    is not used and a map has lost significant structure, another setting with only a slightly
    higher error is chosen for this map.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_selection
    >>> s = core_shell((32, 32))
    >>> maps, output = s.signal.multimodal_fusion(
    ...     s.haadf, gamma=1, full_output=True, show_progressbar=False
    ... )
    >>> axes = plot_selection(output)
    >>> axes.shape
    (3,)
    """
    check_output(output, ["selection", "lambda_1", "lambda_2"], "plot_selection")
    table = output["selection"]
    if not table:
        raise ValueError(
            "Nothing was chosen here, because lambdas were given. Fuse with lambdas='auto' to see "
            "how settings compare."
        )
    names = _names(output)
    gammas = sorted({row["gamma"] for row in table if row["uses_brightness"]})
    colours = {gamma: LINE_COLOURS[i % len(LINE_COLOURS)] for i, gamma in enumerate(gammas)}
    rows, columns = rows_and_columns(len(names), most_columns(figsize, 3.0))
    handles = _legend(table, colours)
    width = max(3.0 * columns + 0.8, 5.5)
    scale = inches_of(figsize, (width, 1.0))[0] / width
    text_scale = max(min(scale, 1.0), SMALLEST_TEXT)
    text = text_scale * FontProperties(size=plt.rcParams["legend.fontsize"]).get_size_in_points()
    legend_columns = _legend_columns(handles, scale * width, text)
    lines = -(-len(handles) // legend_columns)
    # text shrinks less than the figure, and needs more of its height then
    size = width, 3.0 * rows + (0.9 + 0.22 * lines) * text_scale / scale
    fig = figure_of(fig, size, figsize)
    axes = panels_of(fig, len(names), rows, columns, sharey=True)
    for i, (axis, name) in enumerate(zip(axes, names, strict=True)):
        _draw_settings(axis, table, i, colours)
        _draw_ring(axis, output, i)
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_locator(LogLocator(base=2, numticks=8))
        axis.xaxis.set_major_formatter(FuncFormatter(_as_fraction))
        axis.margins(x=0.15, y=0.08)
        axis.set_title(written_name(name))
        axis.set_xlabel(r"smoothing, $\lambda_2 / \lambda_1$")
    for axis in axes[::columns]:
        axis.set_ylabel("error of the prediction,\n% above the best")
    add_heading(fig, _heading(output), size[0])
    fit_text(fig, size, figsize)
    style = {"loc": "outside lower center", "fontsize": text, "frameon": False}
    fig.legend(handles=handles, ncols=legend_columns, **style)
    return axes


def _percent(relative_error):
    """Return the excess of an error over the best in percent, from their ratio."""
    return 100 * (relative_error - 1)


def _as_fraction(ratio, _):
    """Return a power of two as short text, because long decimals would overlap."""
    return f"{ratio:g}" if ratio >= 1 else f"1/{1 / ratio:g}"


def _draw_settings(axis, table, element, colours):
    """Draw the error of each setting over its smoothing, and connect the best ones."""
    best = {}
    for row in table:
        colour = colours[row["gamma"]] if row["uses_brightness"] else _WITHOUT
        error, ratio = _percent(row["relative_errors"][element]), row["ratios"][element]
        style = _symbol(colour, row["regularisers"][element], error > _HIGHEST)
        axis.plot(ratio, min(error, _HIGHEST), alpha=0.8, **style)
        curve = best.setdefault(colour, {})
        curve[ratio] = min(curve.get(ratio, np.inf), error, _HIGHEST)
    for colour, curve in best.items():
        ratios = sorted(curve)
        if len(ratios) > 1:
            heights = [curve[ratio] for ratio in ratios]
            axis.plot(ratios, heights, "-", color=colour, lw=1, alpha=0.5, zorder=1)


def _heading(chosen):
    """Return a heading that says what the picture shows and what was chosen."""
    return (
        "How well settings predict counts they have not seen: lower is better\n"
        f"Chosen: {_use_in_words(chosen)}"
    )


def _use_in_words(chosen):
    """Return what of the HAADF is used, with the names of the maps if it differs between them."""
    gamma = f"γ = {chosen['gamma']:g}"
    names = {}
    uses = uses_by_map(chosen["regularisers"], chosen["apart"], chosen["uses_brightness"])
    for name, use in zip(_names(chosen), uses, strict=True):
        names.setdefault(use.partition(" and ")[0], []).append(written_name(name))
    if len(names) == 1:
        return {
            "brightness": f"with the HAADF, {gamma}",
            "edges": "with the edges of the HAADF only",
            "none": "without the HAADF",
        }[next(iter(names))]
    words = {
        "brightness": f"HAADF used ({gamma})",
        "edges": "HAADF edges only",
        "none": "HAADF left out",
    }
    return "; ".join(
        f"{said} for {_some(names[use])}" for use, said in words.items() if use in names
    )


def _some(names):
    """Return the first of many names, and how many more there are."""
    more = [f"{len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []
    return ", ".join([*names[:_MOST_NAMES], *more])


def _names(output):
    """Return the names of the elements, from the raw maps or from the record of lazy maps."""
    if "raw_maps" in output:
        return [map_name(each) for each in output["raw_maps"]]
    for item in ("xray_lines", "edges", "elements"):
        if item in output:
            return [str(name) for name in output[item]]
    return [f"element {number}" for number in range(len(output["lambda_1"]))]


def _draw_ring(axis, output, element):
    """Draw a ring at the setting chosen for an element, if that was tried."""
    table = output["selection"]
    rows = [row for row in table if _is_choice(row, output)]
    # What was restored may have changed one element after the choice, without the HAADF.
    rows = rows or [row for row in table if _is_choice(row, output, element)]
    if not rows:
        return
    row = min(rows, key=lambda row: sum(row["relative_errors"]))
    height = min(_percent(row["relative_errors"][element]), _HIGHEST)
    axis.plot(row["ratios"][element], height, "o", color=_CHOSEN, mfc="none", ms=14, mew=2)


def _is_choice(row, output, element=slice(None)):
    """Return whether a row has the parameters that were chosen, for one element or for all.

    Several rows with HAADF may have them, which differ in its weights.
    """
    ratios = np.divide(output["lambda_2"], output["lambda_1"])[element]
    close = np.allclose(np.array(row["ratios"])[element], ratios, _CLOSE)
    if row["uses_brightness"] != output["uses_brightness"] or not close:
        return False
    if row["uses_brightness"]:
        if any(row[name] != output[name] for name in ("gamma", "haadf_blur")):
            return False
        if not np.isclose(row["lambda_1"], min(output["lambda_1"]), rtol=_CLOSE):
            return False
    return all(row[name][element] == output[name][element] for name in ("regularisers", "apart"))


def _symbol(colour, name, above=False):
    """Return the style of a regulariser's symbol."""
    regulariser = REGULARISERS[name]
    marker = "s" if regulariser.is_sieve else "D" if regulariser.is_huber else "o"
    marker = "p" if regulariser.has_field else "h" if name == "smooth" else marker
    return {
        "marker": "^" if above else marker,
        "color": colour,
        "mfc": colour if regulariser.is_directional else "none",
        "ls": "",
        "ms": 5 if marker == "D" and not above else 6,
    }


def _legend_columns(handles, width, size):
    """Return how many columns of the legend fit, from inches and the size of text in points."""
    widths = [
        TextPath((0, 0), handle.get_label(), size=size).get_extents().width + _BESIDE * size
        for handle in handles
    ]
    for columns in range(_MOST_COLUMNS, 1, -1):
        parts = [part for part in np.array_split(widths, columns) if part.size]
        if sum(part.max() for part in parts) <= _POINTS * width:
            return columns
    return 1


def _in_words(name):
    """Return the name of a regulariser in words."""
    regulariser = REGULARISERS[name]
    if name == "smooth":
        return "smooth map: a softer sieve"
    if regulariser.is_sieve:
        return "sieve: no sharper than the probe"
    kind = "Huber form" if regulariser.is_huber else "total variation"
    kind = "generalised variation" if regulariser.has_field else kind
    return f"{kind}, HAADF edges" if regulariser.is_directional else kind


def _legend(table, colours):
    """Return the handles: HAADF or not, the regularisers that were tried, and marks."""

    def symbol(label, *style, **changed):
        return Line2D([], [], label=label, **{**_symbol(*style), **changed})

    def patch(label, colour):
        return symbol(label, colour, "isotropic", mfc=colour, marker=".", ms=11, ls="-")

    tried = {name for row in table for name in row["regularisers"]}
    symbols = [
        patch("without HAADF", _WITHOUT),
        *(patch(f"with HAADF, γ = {gamma:g}", colour) for gamma, colour in colours.items()),
        *(symbol(_in_words(name), "0.5", name) for name in REGULARISERS if name in tried),
        symbol("chosen", _CHOSEN, "isotropic", ms=12, mew=2),
    ]
    if any(_percent(error) > _HIGHEST for row in table for error in row["relative_errors"]):
        symbols.append(symbol(f"more than {_HIGHEST:g} %", "0.5", "isotropic", True))
    return symbols

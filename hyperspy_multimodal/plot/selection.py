"""What the automatic choice of lambdas tried, and how well each predicted held-out counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator

from ..fusion.regularisers import REGULARISERS
from .drawable import check_output
from .panels import LINE_COLOURS, figure_of, map_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ..hints import Output

_WITHOUT = "#000000"
_HIGHEST = 1.3  # of the relative errors that are shown
_CLOSE = 1e-6


def plot_selection(output: Output, fig: Figure | None = None) -> NDArray:
    """Draw the held-out error of each element over lambda_2 / lambda_1, for all that was tried.

    Parameters
    ----------
    output : dict
        What `multimodal_fusion` returns with ``lambdas="auto", full_output=True``; of lazy maps
        ``output["record"].compute()``, which reads and fuses them.
    fig : matplotlib.figure.Figure, optional
        Figure to draw into; a new one by default.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (K,), one an element.

    Raises
    ------
    TypeError, ValueError
        If ``output`` is no such dictionary, or lambdas were given and nothing was chosen.

    Notes
    -----
    The counts were split into two halves; maps fused from one half predict the other. The squared
    error of that prediction is drawn over the least of each element, so 1 is the best; triangles at
    the top are above 1.3. Black: without the HAADF; colours: with it, one for each gamma, and at
    several lambda_1. The shape tells regularisers apart: circles total variation, diamonds its
    Huber form, squares sieves and hexagons smooth maps, whose lambda_2 / lambda_1 is half the
    square of their width in pixels. Full symbols: the edges of the HAADF direct it. A ring marks
    what was chosen. Elements that the HAADF couples are chosen together, and it has to gain three
    standard errors over all of them, so the best symbol of one element may not be the choice.

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
    gammas = sorted({row["gamma"] for row in table if row["uses_haadf"]})
    colours = {gamma: LINE_COLOURS[i % len(LINE_COLOURS)] for i, gamma in enumerate(gammas)}
    chosen = _chosen_row(output)
    fig = figure_of(fig, (max(3.0 * len(names) + 0.8, 5.5), 3.8))
    axes = fig.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for i, (axis, name) in enumerate(zip(axes, names, strict=True)):
        for row in table:
            colour = colours[row["gamma"]] if row["uses_haadf"] else _WITHOUT
            error = row["relative_errors"][i]
            style = _symbol(colour, row["regularisers"][i], error > _HIGHEST)
            axis.plot(row["ratios"][i], min(error, _HIGHEST), alpha=0.8, **style)
        height = min(chosen["relative_errors"][i], _HIGHEST)
        axis.plot(chosen["ratios"][i], height, "o", color="0.5", mfc="none", ms=14, mew=1.5)
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_locator(LogLocator(base=2, numticks=8))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
        axis.margins(x=0.15)
        axis.set_title(name)
        axis.set_xlabel(r"$\lambda_2 / \lambda_1$")
    axes[0].set_ylabel("held-out squared error / least")
    handles = _legend(table, colours)
    fig.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return axes


def _names(output):
    """Return the names of the elements: of the raw maps, or from the record of lazy ones."""
    if "raw_maps" in output:
        return [map_name(each) for each in output["raw_maps"]]
    for item in ("xray_lines", "edges", "elements"):
        if item in output:
            return [str(name) for name in output[item]]
    return [f"element {number}" for number in range(len(output["lambda_1"]))]


def _chosen_row(output):
    """Return the row of the table that holds what was chosen.

    Rows with other HAADF weights may hold the same: the choice is what predicts best.
    """
    rows = [row for row in output["selection"] if _is_choice(row, output)]
    return min(rows, key=lambda row: sum(row["relative_errors"]))


def _is_choice(row, output):
    """Return whether a row of the table holds the parameters that were chosen."""
    ratios = np.divide(output["lambda_2"], output["lambda_1"])
    if row["uses_haadf"] != output["uses_haadf"] or not np.allclose(row["ratios"], ratios, _CLOSE):
        return False
    names = ["regularisers", "apart"]
    if row["uses_haadf"]:
        names += ["gamma", "haadf_blur"]
        if not np.isclose(row["lambda_1"], min(output["lambda_1"]), rtol=_CLOSE):
            return False
    return all(row[name] == output[name] for name in names)


def _symbol(colour, name, above=False):
    """Return the style of a regulariser's symbol."""
    regulariser = REGULARISERS[name]
    marker = "s" if regulariser.is_sieve else "D" if regulariser.is_huber else "o"
    marker = "h" if name == "smooth" else marker
    return {
        "marker": "^" if above else marker,
        "color": colour,
        "mfc": colour if regulariser.is_directional else "none",
        "ls": "",
        "ms": 5 if marker == "D" and not above else 6,
    }


def _legend(table, colours):
    """Return the handles: HAADF or not, the regularisers that were tried, and marks."""

    def symbol(label, *style, **changed):
        return Line2D([], [], label=label, **{**_symbol(*style), **changed})

    def patch(label, colour):
        return symbol(label, colour, "isotropic", mfc=colour, marker=".", ms=11)

    tried = {name for row in table for name in row["regularisers"]}
    symbols = [
        patch("without HAADF", _WITHOUT),
        *(patch(f"with HAADF, γ = {gamma:g}", colour) for gamma, colour in colours.items()),
        *(symbol(name, "0.5", name) for name in REGULARISERS if name in tried),
        symbol("chosen", "0.5", "isotropic", ms=12, mew=1.5),
    ]
    if any(error > _HIGHEST for row in table for error in row["relative_errors"]):
        symbols.append(symbol(f"above {_HIGHEST:g}", "0.5", "isotropic", True))
    return symbols

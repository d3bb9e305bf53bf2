"""What the automatic choice of lambdas tried, and how well each predicted held-out counts."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from .panels import check_output, map_name

_WITHOUT = "#000000"
_MODELS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_HIGHEST = 1.5  # of the relative errors that are shown
_CLOSE = 1e-6


def plot_selection(output, fig=None):
    """Draw the held-out error of each element over lambda_2 / lambda_1, for all that was tried.

    Parameters
    ----------
    output : dict
        What `multimodal_fusion` returns with ``lambdas="auto", full_output=True``.
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
    error of that prediction is drawn over the least of each element, so 1 is the best; errors above
    1.5 are drawn at 1.5. Black: without the HAADF; a colour for each gamma. Full symbols: the edges
    of the HAADF direct the total variation. A ring marks what was chosen. The HAADF has to gain
    three standard errors over all elements, so the best symbol of one element may not be the
    choice.

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
    n_maps = len(output["lambda_1"])
    names = [map_name(each) for each in output.get("raw_maps", [])]
    names = names or [f"element {number}" for number in range(n_maps)]
    gammas = sorted({row["gamma"] for row in table if row["uses_haadf"]})
    colours = {gamma: _MODELS[i % len(_MODELS)] for i, gamma in enumerate(gammas)}
    if fig is None:
        fig = plt.figure(figsize=(3.2 * n_maps + 1.2, 3.8), layout="constrained")
    axes = fig.subplots(1, n_maps, sharey=True, squeeze=False)[0]
    for i, (axis, name) in enumerate(zip(axes, names, strict=True)):
        for row in table:
            colour = colours[row["gamma"]] if row["uses_haadf"] else _WITHOUT
            filled = colour if row["directional"][i] else "none"
            height = min(row["relative_errors"][i], _HIGHEST)
            axis.plot(row["ratios"][i], height, "o", color=colour, mfc=filled, alpha=0.8)
        chosen = [row for row in table if _is_choice(row, output, i)]
        if chosen:
            best = min(chosen, key=lambda row: row["relative_errors"][i])
            height = min(best["relative_errors"][i], _HIGHEST)
            axis.plot(best["ratios"][i], height, "o", color="0.5", mfc="none", ms=14, mew=1.5)
        axis.set_xscale("log", base=2)
        axis.set_title(name)
        axis.set_xlabel(r"$\lambda_2 / \lambda_1$")
    axes[0].set_ylabel("held-out squared error / least")
    fig.legend(handles=_legend(colours), loc="outside lower center", ncols=3, frameon=False)
    return axes


def _is_choice(row, output, i):
    """Return whether a row of the table holds what was chosen for element ``i``."""
    if (
        row["uses_haadf"] != output["uses_haadf"]
        or row["directional"][i] != (output["directional"][i])
    ):
        return False
    ratio = output["lambda_2"][i] / output["lambda_1"][i]
    if not np.isclose(row["ratios"][i], ratio, rtol=_CLOSE):
        return False
    if not row["uses_haadf"]:
        return True
    same_model = row["gamma"] == output["gamma"] and row["haadf_blur"] == output["haadf_blur"]
    smallest = min(output["lambda_1"])
    return same_model and np.isclose(row["lambda_1"], smallest, rtol=_CLOSE)


def _legend(colours):
    def symbol(colour, label, filled=True, size=7):
        style = {"color": colour, "mfc": colour if filled else "none", "ls": ""}
        return Line2D([], [], marker="o", label=label, ms=size, **style)

    models = [symbol(colour, f"with HAADF, γ = {gamma:g}") for gamma, colour in colours.items()]
    return [
        symbol(_WITHOUT, "without HAADF"),
        *models,
        symbol("0.5", "directional"),
        symbol("0.5", "isotropic", filled=False),
        symbol("0.5", "chosen", filled=False, size=12),
    ]

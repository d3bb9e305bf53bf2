"""The terms of the cost at each iteration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .drawable import check_output
from .figures import figure_of, fit_text, most_columns, panels_of, rows_and_columns
from .panels import LINE_COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ..hints import Output
    from .figures import Size

_TERMS = ("HAADF term", "Poisson term", "regulariser")


def plot_convergence(
    output: Output, fig: Figure | None = None, *, figsize: Size | None = None
) -> NDArray:
    """Plot the three terms of the cost against the iteration.

    Parameters
    ----------
    output : dict
        Dictionary returned by `multimodal_fusion` with ``full_output=True``.
    fig : matplotlib.figure.Figure, optional
        Figure to plot on; a new one by default.
    figsize : float, str, or pair of them, optional
        Width, or width and height, of a new figure: numbers in inches, or a string with a unit,
        such as "180 mm".

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (3,): the HAADF term, the Poisson term, and the regulariser.

    Raises
    ------
    TypeError, ValueError
        If ``output`` is not such a dictionary, or if it belongs to lazy maps or a stack.

    Notes
    -----
    The terms include their weights lambda_1 and lambda_2, as in Figs. 1e and 2e of J. Schwartz et
    al., npj Comput. Mater. 8, 16 (2022). Only their sum decreases; a single term may increase while
    others decrease. The starting point is computed on coarser grids, so the first value is already
    close to the minimum. The Poisson term omits a constant that depends only on the counts, so it
    may be negative. If the HAADF is not used, its term is constant.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_convergence
    >>> s = core_shell((32, 32))
    >>> maps, output = s.signal.multimodal_fusion(
    ...     s.haadf, gamma=1, lambdas=(0.01, 0.02), full_output=True, show_progressbar=False
    ... )
    >>> axes = plot_convergence(output)
    >>> axes.shape
    (3,)
    """
    check_output(output, ["cost_terms", "converged", "optimality"], "plot_convergence")
    terms = output["cost_terms"]
    iterations = terms.axes_manager.signal_axes[0].axis
    rows, columns = rows_and_columns(len(_TERMS), most_columns(figsize, 3.5))
    size = 3.5 * columns, 2.9 * rows + 0.3
    fig = figure_of(fig, size, figsize)
    axes = panels_of(fig, len(_TERMS), rows, columns)
    for axis, name, colour, values in zip(axes, _TERMS, LINE_COLOURS[:3], terms.data, strict=True):
        axis.plot(iterations, values, ".-", color=colour)
        left_out = name == _TERMS[0] and not output.get("uses_brightness", True)
        axis.set_title(f"{name}, left out" if left_out else name)
        axis.set_xlabel("iteration")
        axis.ticklabel_format(axis="y", useOffset=False)
    axes[0].set_ylabel("term of the cost")
    reached = "converged" if output["converged"] else "not converged"
    fig.suptitle(f"{reached}, relative gap {output['optimality']:.1e}")
    fit_text(fig, size, figsize)
    return axes

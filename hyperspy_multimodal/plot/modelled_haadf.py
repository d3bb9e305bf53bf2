"""Plot of the measured HAADF beside the HAADF modelled from the fused maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..names import written_name
from ..written_numbers import plain
from .drawable import check_output
from .figures import add_heading, figure_of, fit_text, most_columns, panels_of, rows_and_columns
from .panels import brightest, height_over_width, scale_bar, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ..hints import Output
    from .figures import Size

_IMAGES = ("haadf", "modelled_haadf", "haadf_residual")


def plot_haadf_model(
    output: Output, fig: Figure | None = None, *, figsize: Size | None = None
) -> NDArray:
    """Plot the measured HAADF, the HAADF modelled from the fused maps, and their difference.

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
        Shape (3,): measured, modelled, residual (measured minus modelled).

    Raises
    ------
    TypeError, ValueError
        If ``output`` is not such a dictionary, or if its images are lazy.

    Notes
    -----
    The HAADF is normalised, with the blur and shift used in the fusion. The maps do not
    explain structure that appears in the residual. Possible causes are an element that is not
    mapped, thickness variations, diffraction contrast, or a HAADF image that is not registered with
    the spectra. The scale of the residual is symmetric about 0. The title gives ``r_squared``, the
    fraction of the variance of the HAADF that the raw maps explain before fusion. This value is
    computed from the smoothed HAADF and maps, and is corrected for the noise of the maps. It can
    therefore be 100 % even though the residual shows noise.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_haadf_model
    >>> s = core_shell((32, 32))
    >>> maps, output = s.signal.multimodal_fusion(
    ...     s.haadf, gamma=1, lambdas=(0.01, 0.02), full_output=True, show_progressbar=False
    ... )
    >>> axes = plot_haadf_model(output)
    >>> axes.shape
    (3,)
    """
    check_output(output, _IMAGES, "plot_haadf_model")
    measured, modelled, residual = (output[name].data for name in _IMAGES)
    scan = output["haadf"]
    rows, columns = rows_and_columns(len(_IMAGES), most_columns(figsize, 3.7))
    size = 3.7 * columns, (2.9 * height_over_width(scan) + 0.3) * rows + 0.6
    fig = figure_of(fig, size, figsize)
    axes = panels_of(fig, len(_IMAGES), rows, columns)
    low = min(float(np.nanmin(measured)), float(np.nanmin(modelled)))
    limits = low, max(brightest(measured, low), brightest(modelled, low))
    name = scan.metadata.General.title.partition(",")[0] or "HAADF"
    show(axes[0], measured, scan, f"{name}, measured", "gray", "normalised", limits)
    gamma = f" (γ = {output['gamma']:g})" if "gamma" in output else ""
    title = f"{name}, modelled{gamma}"
    show(axes[1], modelled, scan, title, "gray", "normalised", limits)
    furthest = brightest(np.abs(residual))
    spread = float(np.sqrt(np.nanmean(residual**2)))
    title, limits = f"residual, rms {plain(spread, 2)}", (-furthest, furthest)
    show(axes[2], residual, scan, title, "RdBu_r", "measured minus modelled", limits)
    scale_bar(axes[0], scan)
    add_heading(fig, _heading(output), size[0])
    fit_text(fig, size, figsize)
    return axes


def _heading(output):
    said = []
    if not output.get("uses_brightness", True):
        said.append(f"{_used(output)}: this is what the maps would make of it")
    if "r_squared" in output:
        share = 100 * output["r_squared"]
        said.append(
            f"Smoothed raw maps, less their noise, explain {share:.1f} % of the HAADF ($R^2$)"
        )
    return ".\n".join(said)


def _used(output):
    """Return what was used of a HAADF whose brightness was left out, and for which maps."""
    edges = output.get("directional", ())
    if not any(edges):
        return "The HAADF was left out"
    names = [written_name(each["map"]) for each in output.get("verdicts", ())]
    some = [name for name, follows in zip(names, edges, strict=False) if follows]
    which = "" if all(edges) or not some else f", for {', '.join(some)}"
    return f"Only edges of the HAADF were used{which}"

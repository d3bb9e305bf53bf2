"""Raw and fused counts along a line."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from hyperspy.roi import Line2DROI
from skimage.measure import profile_line

from .drawable import check_pairs
from .figures import axes_of, fit_text
from .panels import LINE_COLOURS, compact, has_units, map_axes, map_name, map_title, map_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hyperspy.signal import BaseSignal
    from matplotlib.axes import Axes

    from .figures import Size

_STYLES = ("-", "--", ":")


def plot_line_profile(
    maps: Sequence[BaseSignal],
    raw_maps: Sequence[BaseSignal],
    line: Line2DROI | tuple[tuple[float, float], tuple[float, float]],
    linewidth: float | None = None,
    ax: Axes | None = None,
    *,
    figsize: Size | None = None,
) -> Axes:
    """Plot profiles of maps along a line, for example across an interface.

    Raw maps are shown as points and fused maps as curves.

    Parameters
    ----------
    maps, raw_maps : list of BaseSignal
        Fused and raw maps of the same elements, with two axes each: the maps returned by
        `multimodal_fusion`, and ``output["raw_maps"]`` from the same call with
        ``full_output=True``.
    line : hyperspy.roi.Line2DROI or tuple
        A line ROI, or the ends of the line, ((x1, y1), (x2, y2)), in units of the axes.
    linewidth : float, optional
        Width over which the maps are averaged, in units of the axes, rounded to whole pixels. By
        default, the width of the `Line2DROI`, or one pixel.
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
        If the maps or other arguments are invalid, or if the line extends beyond the maps.

    Notes
    -----
    Values are interpolated linearly between pixels. Profiles are interrupted at masked scan
    positions.

    For maps fused with ``uncertainty=True``, a band shows one standard deviation of a single pixel.
    Averaging across the line reduces the noise, but by less than it would for independent pixels,
    because neighbouring pixels of a fused map are correlated.

    To show the position of the line, draw it on an overlay:
    ``plot_overlay(maps).plot([x1, x2], [y1, y2], "w")``.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_line_profile
    >>> s = core_shell((32, 32))
    >>> maps, output = s.signal.multimodal_fusion(
    ...     s.haadf, gamma=1, lambdas=(0.01, 0.02), full_output=True, show_progressbar=False
    ... )
    >>> ax = plot_line_profile(maps, output["raw_maps"], ((2, 16), (30, 16)), linewidth=3)
    >>> ax.get_xlabel()
    'distance (nm)'
    """
    check_pairs(maps, raw_maps, "plot_line_profile")
    axes = map_axes(maps[0])
    ends, width = _checked_line(line, linewidth, axes)
    bands = [_standard_deviation(each) for each in maps]
    size = 7.5, 4
    ax = axes_of(ax, size, figsize)
    length, units = compact(np.hypot(*np.subtract(*ends)), _unit(axes[0]))
    for number, (fused, raw, band) in enumerate(zip(maps, raw_maps, bands, strict=True)):
        colour = LINE_COLOURS[number % len(LINE_COLOURS)]
        style = _STYLES[number // len(LINE_COLOURS) % len(_STYLES)]
        values = _profile(fused.data, ends, width, axes)
        distance = np.linspace(0, length, len(values))
        ax.plot(distance, _profile(raw.data, ends, width, axes), ".", color=colour, alpha=0.45)
        ax.plot(distance, values, style, color=colour, lw=2, label=map_title(fused))
        if band is not None:
            spread = _profile(band, ends, width, axes)
            ax.fill_between(
                distance, values - spread, values + spread, color=colour, alpha=0.2, lw=0
            )
    ax.set_xlabel(f"distance ({units})")
    ax.set_ylabel(f"{map_unit(maps[0])} per pixel")
    ax.axhline(0, color="0.6", lw=0.8, zorder=0)
    ax.set_title("raw (points) and fused (lines)")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    fit_text(ax.figure, size, figsize)
    return ax


def _unit(axis):
    """Return the unit of an axis, or None for pixels."""
    if has_units(axis):
        return axis.units
    return None if abs(axis.scale) == 1 else "units of the axes"


def _standard_deviation(fused):
    """Return the standard deviation of a map, or None if it has none."""
    deviation = fused.metadata.get_item("Multimodal_fusion.standard_deviation", None)
    if deviation is None or np.shape(deviation) == fused.data.shape:
        return deviation
    raise ValueError(
        f"The standard deviation of {map_name(fused)} must have the shape of the map, "
        f"{fused.data.shape}, but has the shape {np.shape(deviation)}: HyperSpy does not slice the "
        "one along with the other. Put its part into "
        "m.metadata.Multimodal_fusion.standard_deviation, or delete it there."
    )


def _checked_line(line, linewidth, axes):
    """Return the ends of a line that lies within the maps, and its width in pixels."""
    if isinstance(line, Line2DROI):
        ends = (line.x1, line.y1), (line.x2, line.y2)
        linewidth = line.linewidth if linewidth is None else linewidth
    else:
        ends = line
    try:
        ends = np.array(ends, dtype=float)
    except (TypeError, ValueError):
        ends = np.empty(0)
    if ends.shape != (2, 2) or not np.isfinite(ends).all():
        raise ValueError(
            "line must be a Line2DROI or ((x1, y1), (x2, y2)), in units of the axes, but "
            f"{line!r} was given."
        )
    for axis, values in zip(axes, ends.T, strict=True):
        low, high = sorted((axis.low_value, axis.high_value))
        slack = 0.5001 * abs(axis.scale)  # to the edge of the outermost pixels, however rounded
        if values.min() < low - slack or values.max() > high + slack:
            raise ValueError(
                f"line must lie within the maps, {low:g} to {high:g} along {axis.name}, but goes "
                f"from {values.min():g} to {values.max():g}. Pass it in units of the axes."
            )
    if np.array_equal(*ends):
        raise ValueError(f"line must have a length, but its ends are both at {ends[0]}.")
    if linewidth is None:
        return ends, 1
    if not isinstance(linewidth, Real) or not np.isfinite(linewidth) or linewidth < 0:
        raise ValueError(f"linewidth must be a width >= 0, but {linewidth!r} was given.")
    # The width is counted in pixels at right angles to the line on the grid of pixels.
    scales = np.array([axis.scale for axis in axes])
    across = np.flip((ends[1] - ends[0]) / scales) * (-1, 1)
    step = np.linalg.norm(across * scales) / np.linalg.norm(across)
    return ends, max(1, round(linewidth / step))


def _profile(data, ends, width, axes):
    """Return values at equal distances along a line, averaged across its width in pixels.

    Pixels that are not finite are ignored.
    """
    offsets, scales = ([getattr(axis, name) for axis in axes] for name in ("offset", "scale"))
    start, stop = ((ends - offsets) / scales)[:, ::-1]  # (row, column), in pixels

    def along(values):
        return profile_line(values, start, stop, width, order=1, mode="nearest")

    valid = np.isfinite(data)
    share = along(valid.astype(float))
    total = along(np.where(valid, data, 0.0))
    return np.divide(total, share, out=np.full(total.shape, np.nan), where=share > 1e-6)

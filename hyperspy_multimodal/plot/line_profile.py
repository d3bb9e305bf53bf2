"""Counts along a line, raw and fused."""

import matplotlib.pyplot as plt
import numpy as np
from hyperspy.roi import Line2DROI

from .panels import check_maps, compact, map_name, map_unit

#: Okabe and Ito's colours, dark ones first.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def plot_line_profile(maps, raw_maps, line, linewidth=None, ax=None):
    """Draw maps along a line, say across an interface: raw as points, fused as lines.

    Parameters
    ----------
    maps, raw_maps : list of BaseSignal
        Fused and raw maps of the same elements, with two axes each: what `multimodal_fusion`
        returns, and ``raw_maps`` of its ``full_output``.
    line : hyperspy.roi.Line2DROI or tuple
        The line, or its ends ((x1, y1), (x2, y2)), in units of the axes.
    linewidth : float, optional
        Width across which the maps are averaged, in units of the axes; by default that of a
        `Line2DROI`, or one pixel.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; those of a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If maps are not as described, or the line leaves them.

    Notes
    -----
    Maps that were fused with ``uncertainty=True`` get a band of one standard deviation of a pixel,
    not of the average across the line, whose noise is less; neighbouring pixels of a fused map are
    not independent.

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
    check_maps(maps, "plot_line_profile")
    check_maps(raw_maps, "plot_line_profile")
    if len(maps) != len(raw_maps):
        raise ValueError(
            f"plot_line_profile needs one raw map for each fused map, but {len(maps)} fused and "
            f"{len(raw_maps)} raw maps were given."
        )
    roi = _roi_inside(line, linewidth, maps[0])
    length, units = compact(roi.length, _axes_of(maps[0])[0].units)
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    for number, (fused, raw) in enumerate(zip(maps, raw_maps, strict=True)):
        colour = _COLOURS[number % len(_COLOURS)]
        measured, values = _profile(roi, raw, raw.data), _profile(roi, fused, fused.data)
        distance = np.linspace(0, length, len(values))
        ax.plot(distance, measured, ".", color=colour, alpha=0.45)
        ax.plot(distance, values, color=colour, lw=2, label=map_name(fused))
        deviation = fused.metadata.get_item("Multimodal_fusion.standard_deviation", None)
        if deviation is not None:
            spread = _profile(roi, fused, np.asarray(deviation))
            ax.fill_between(
                distance, values - spread, values + spread, color=colour, alpha=0.2, lw=0
            )
    ax.set_xlabel(f"distance ({units})")
    ax.set_ylabel(f"{map_unit(maps[0])} per pixel")
    ax.axhline(0, color="0.6", lw=0.8, zorder=0)
    ax.set_title("raw (points) and fused (lines)")
    ax.legend(frameon=False)
    return ax


def _axes_of(signal):
    """Return the axes of a map, x first."""
    manager = signal.axes_manager
    return manager.navigation_axes or manager.signal_axes


def _roi_inside(line, linewidth, signal):
    across, down = _axes_of(signal)
    if isinstance(line, Line2DROI):
        ends = (line.x1, line.y1), (line.x2, line.y2)
        linewidth = line.linewidth if linewidth is None else linewidth
    else:
        if np.shape(line) != (2, 2):
            raise ValueError(
                f"line must be a Line2DROI or ((x1, y1), (x2, y2)), but {line!r} was given."
            )
        ends = tuple(tuple(float(value) for value in end) for end in line)
    for axis, values in zip((across, down), zip(*ends, strict=True), strict=True):
        low, high = sorted((axis.low_value, axis.high_value))
        if min(values) < low - abs(axis.scale) / 2 or max(values) > high + abs(axis.scale) / 2:
            raise ValueError(
                f"The line goes from {min(values):g} to {max(values):g} along {axis.name}, where "
                f"the maps reach from {low:g} to {high:g}."
            )
    if ends[0] == ends[1]:
        raise ValueError(f"The line from {ends[0]} to {ends[1]} has no length.")
    width = abs(across.scale) if not linewidth else float(linewidth)
    return Line2DROI(*ends[0], *ends[1], linewidth=width)


def _profile(roi, signal, data):
    """Return values at even distances along a line, averaged across its width."""
    return Line2DROI.profile_line(
        data,
        (roi.x1, roi.y1),
        (roi.x2, roi.y2),
        axes=_axes_of(signal),
        linewidth=roi.linewidth,
        mode="nearest",
    )

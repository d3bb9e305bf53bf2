"""Values of regions as points with error bars, and detection limits as triangles."""

import numpy as np

from .panels import LINE_COLOURS, region_colour

_MARKERS = "osDPX*"
_THICK = 3.5  # points, of errors that regions do not share
_SPREAD = 0.6  # of the distance of elements: regions lie side by side
_LINEAR = 10.0  # largest over smallest value on a linear scale
_MARGIN = 0.03  # of the scale, below 0: marks at 0 are whole
_ROOM, _LEAST = 0.08, 0.1  # beyond the points, of their range; the least range, of the whole


def draw_points(axis, shown, elements):
    """Draw a point with an error bar for each region and element, or its limit.

    The part of each bar that does not come from errors of the factors is thick.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    shown : Shown
    elements : numpy.ndarray
        Numbers of those to draw.
    """
    places, number = np.arange(len(elements)), len(shown.regions)
    values, errors = shown.values[:, elements], shown.errors[:, elements]
    limits, has_values = shown.limits[:, elements], shown.has_values[:, elements]
    for r in np.flatnonzero(shown.known):
        x = places + _SPREAD * ((r + 0.5) / number - 0.5)
        there = has_values[r]
        style = {"color": region_colour(r), "ls": "", "ms": 4}
        axis.errorbar(
            x[there], values[r, there], errors[r, there], capsize=3,
            marker=_MARKERS[r // len(LINE_COLOURS) % len(_MARKERS)], **style,
        )  # fmt: skip
        if shown.own_errors is not None:
            own = shown.own_errors[r, elements][there]
            ends = values[r, there] - own, values[r, there] + own
            axis.vlines(x[there], *ends, color=region_colour(r), lw=_THICK)
        axis.plot(x[~there], limits[r, ~there], marker="v", mfc="none", **style)
    for place_between in places[1:] - 0.5:
        axis.axvline(place_between, color="0.85", lw=0.8, zorder=0)
    axis.set_xticks(places, [shown.elements[k] for k in elements])
    axis.tick_params(axis="x", length=0)
    axis.set_xlim(-0.5, len(places) - 0.5)
    axis.set_ylabel(shown.label)


def fit_range(axis, shown, elements):
    """Fit the scale of a panel to its points, error bars and limits, within what is possible.

    The scale of ratios is logarithmic if they differ much.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    shown : Shown
    elements : numpy.ndarray
        Numbers of those that are drawn.
    """
    lowest = np.where(shown.has_values, shown.values - np.nan_to_num(shown.errors), shown.limits)
    ends = np.stack([lowest, shown.highest])[:, shown.known][..., elements]
    ends = np.clip(ends[np.isfinite(ends)], 0.0, shown.whole)
    low, high = (ends.min(), ends.max()) if ends.size else (0.0, shown.whole or 1.0)
    if shown.whole is None and _is_logarithmic(axis, shown.points[:, elements], high):
        return
    whole = shown.whole or high or 1.0
    room = max(_ROOM * (high - low), 0.5 * (_LEAST * whole - (high - low)))
    top = high + room if shown.whole is None else min(high + room, (1 + _MARGIN) * whole)
    axis.set_ylim(max(low - room, -_MARGIN * whole), top)


def fit_scale(axis, shown):
    """Fit the scale of a panel to scarce elements: from 0, or logarithmic if they differ much.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    shown : Shown
    """
    top = float(np.nanmax(shown.highest[:, shown.few]))
    axis.set_title(shown.few_title)
    if not _is_logarithmic(axis, shown.points[:, shown.few], top):
        top *= 1.05
        axis.set_ylim(-_MARGIN * top, top)


def _is_logarithmic(axis, points, top):
    """Make a scale logarithmic if its points differ much, and return whether they do."""
    points = points[np.isfinite(points)]
    lowest = float(points.min(initial=np.inf))
    if lowest <= 0 or top <= _LINEAR * lowest:
        return False
    axis.set_yscale("log", nonpositive="clip")
    axis.set_ylim(lowest / 2, top * 1.3)
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("")
    return True

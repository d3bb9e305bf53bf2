"""Compositions of regions as points with error bars, and detection limits as triangles."""

import numpy as np

from .panels import LINE_COLOURS, region_colour

UNITS = {"atomic": "at%", "weight": "wt%"}
_MARKERS = "osDPX*"
_SPREAD = 0.6  # of the distance of elements: regions lie side by side
_SCARCE = 5.0  # per cent
_LINEAR = 10.0  # largest over smallest value on a linear scale
_MARGIN = 0.03  # of the scale, below 0: marks at 0 are whole
_ROOM, _LEAST = 0.08, 10.0  # beyond the points, of their range; the least range, per cent
_WHOLE = 100.0  # per cent


def percent_of(found):
    """Return the composition (R, K) in its own units."""
    return found.atomic_percent if found.units == "atomic" else found.weight_percent


def has_composition(found):
    """Return which regions have a composition, (R,)."""
    return np.isfinite(percent_of(found)).any(axis=1)


def scarce(found):
    """Return which elements stay below 5 per cent in all regions, (K,), with their errors."""
    values = _highest(found)
    drawn = np.isfinite(values)
    return drawn.any(axis=0) & np.where(drawn, values < _SCARCE, True).all(axis=0)


def draw_points(axis, found, elements):
    """Draw a point with an error bar for each region and element, or its limit.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    found : Composition
    elements : numpy.ndarray
        Numbers of those to draw.
    """
    places, number = np.arange(len(elements)), len(found.regions)
    percent, errors = percent_of(found)[:, elements], found.errors["total"][:, elements]
    limits, detected = found.detection_limits[:, elements], found.detected[:, elements]
    for r in np.flatnonzero(has_composition(found)):
        x = places + _SPREAD * ((r + 0.5) / number - 0.5)
        there = detected[r]
        style = {"color": region_colour(r), "ls": "", "ms": 4}
        axis.errorbar(
            x[there], percent[r, there], errors[r, there], capsize=3,
            marker=_MARKERS[r // len(LINE_COLOURS) % len(_MARKERS)], **style,
        )  # fmt: skip
        axis.plot(x[~there], limits[r, ~there], marker="v", mfc="none", **style)
    for place_between in places[1:] - 0.5:
        axis.axvline(place_between, color="0.85", lw=0.8, zorder=0)
    axis.set_xticks(places, [found.elements[k] for k in elements])
    axis.tick_params(axis="x", length=0)
    axis.set_xlim(-0.5, len(places) - 0.5)
    axis.set_ylabel(UNITS[found.units])


def fit_range(axis, found, elements):
    """Fit the scale of a panel to its points, error bars and limits, within 0 to 100.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    found : Composition
    elements : numpy.ndarray
        Numbers of those that are drawn.
    """
    percent, errors = percent_of(found), np.nan_to_num(found.errors["total"])
    lowest = np.where(found.detected, percent - errors, found.detection_limits)
    ends = np.stack([lowest, _highest(found)])[:, has_composition(found)][..., elements]
    ends = np.clip(ends[np.isfinite(ends)], 0.0, _WHOLE)
    low, high = (ends.min(), ends.max()) if ends.size else (0.0, _WHOLE)
    room = max(_ROOM * (high - low), 0.5 * (_LEAST - (high - low)))
    margin = _MARGIN * _WHOLE
    axis.set_ylim(max(low - room, -margin), min(high + room, _WHOLE + margin))


def fit_scale(axis, found, elements):
    """Fit the scale of a panel to scarce elements: from 0, or logarithmic if they differ much.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    found : Composition
    elements : numpy.ndarray
        Which of them are scarce, bool.
    """
    shown = np.where(found.detected, percent_of(found), found.detection_limits)[:, elements]
    shown = shown[has_composition(found)]
    shown = shown[np.isfinite(shown)]
    top = float(np.nanmax(_highest(found)[:, elements]))
    lowest = float(shown.min())
    axis.set_title(f"below {_SCARCE:g} {UNITS[found.units]}")
    if lowest <= 0 or top <= _LINEAR * lowest:
        top *= 1.05
        axis.set_ylim(-_MARGIN * top, top)
        return
    axis.set_yscale("log", nonpositive="clip")
    axis.set_ylim(lowest / 2, top * 1.3)
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("")


def _highest(found):
    """Return values with their errors, or limits, (R, K); NaN in regions without a composition."""
    values = percent_of(found) + np.nan_to_num(found.errors["total"])
    values = np.where(found.detected, values, found.detection_limits)
    return np.where(has_composition(found)[:, None], values, np.nan)

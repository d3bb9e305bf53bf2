"""Labels of lines above their peaks, and of edges above their onsets, none over another."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

_SIZE = 7.5  # points
# Points between the middles of two upright labels, from the middle of one to the frame, and
# between a label and the curve: without and with a line that leads to the peak.
_APART, _FROM_FRAME = 1.3 * _SIZE, 0.75 * _SIZE
_GAP, _LEADER_GAP = 4.0, 13.0
# Share of a font's size that a letter takes, in the mean.
_LETTER = 0.68
# A label that was moved by more gets a line that leads from it to above its peak, in points.
_STILL, _START = 1.0, 2.0


class Label(NamedTuple):
    """A label of a line.

    Attributes
    ----------
    text, colour : str
        What it says, and its colour.
    position : float
        Of the line, in units of the axis.
    rank : int
        The highest ranks are left out where there is no room.
    """

    text: str
    colour: str
    position: float
    rank: int


def headroom(labels):
    """Return the points above the highest peak that labels need."""
    letters = max((len(label.text) for label in labels), default=0)
    return letters * _LETTER * _SIZE + _LEADER_GAP + _SIZE


def place_labels(axis, labels, energy, curve):
    """Write labels above their peaks, side by side where peaks are close.

    The limits of the axes and their place in the figure must be final.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Axes of the spectrum, with a logarithmic scale of counts.
    labels : list of Label
    energy, curve : numpy.ndarray
        Energies and the highest counts that are drawn, shape (C,).
    """
    to_points = 72 / axis.figure.dpi
    frame = axis.get_window_extent()
    width, height = frame.width * to_points, frame.height * to_points
    labels = sorted(labels, key=lambda label: label.rank)
    labels = labels[: max(int((width - 2 * _FROM_FRAME) / _APART) + 1, 1)]
    labels = sorted(labels, key=lambda label: label.position)
    left, right = axis.get_xlim()
    low, high = np.log(axis.get_ylim())
    curve = np.maximum(curve, axis.get_ylim()[0])
    x, y = _between(energy, left, right, width), _between(np.log(curve), low, high, height)
    wanted = _between(np.array([label.position for label in labels]), left, right, width)
    places = side_by_side(wanted, _APART, _FROM_FRAME, width - _FROM_FRAME)
    for own in _touching(places):
        is_moved = np.abs(places[own] - wanted[own]).max() > _STILL
        under = (x > places[own][0] - _APART / 2) & (x < places[own][-1] + _APART / 2)
        peaks = np.interp(wanted[own], x, y)
        base = max(y[under].max(initial=0.0), peaks.max()) + (_LEADER_GAP if is_moved else _GAP)
        level = np.exp(_between(base, 0, height, high - low) + low)
        starts = np.exp(_between(peaks + _START, 0, height, high - low) + low)
        across = _between(places[own], 0, width, right - left) + left
        for label, start, place in zip(labels[own], starts, across, strict=True):
            _write(axis, label, (label.position, start), (place, level), is_moved)


def place_at_top(axis, labels):
    """Write labels at the top of axes, side by side, and make room for them above the curves.

    The limits of the axes along the energy must be final.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Axes of a spectrum, with a linear scale of counts.
    labels : list of Label

    Returns
    -------
    float
        Where the room for labels begins, as a share of the height.
    """
    axis.figure.canvas.figure.draw_without_rendering()  # the layout, with the legends
    frame = axis.get_window_extent()
    width, height = (each * 72 / axis.figure.dpi for each in (frame.width, frame.height))
    labels = sorted(labels, key=lambda label: label.rank)
    labels = labels[: max(int((width - 2 * _FROM_FRAME) / _APART) + 1, 1)]
    labels = sorted(labels, key=lambda label: label.position)
    left, right = axis.get_xlim()
    wanted = _between(np.array([label.position for label in labels]), left, right, width)
    places = side_by_side(wanted, _APART, _FROM_FRAME, width - _FROM_FRAME)
    moved = np.abs(places - wanted) > _STILL
    gap = _LEADER_GAP if moved.any() else _GAP
    free = min((headroom(labels) - _LEADER_GAP + gap) / height, 0.8)
    low, high = axis.get_ylim()
    axis.set_ylim(low, low + (high - low) / (1 - free))
    level, along = 1 - free + gap / height, axis.get_xaxis_transform()
    for label, place, is_moved in zip(labels, places, moved, strict=True):
        across = float(_between(place, 0, width, right - left) + left)
        _write(axis, label, (label.position, 1 - free), (across, level), is_moved, along)
    return 1 - free


def _between(values, low, high, length):
    """Return values between two limits as distances from the first, on a scale of a length."""
    return (values - low) / (high - low) * length


def side_by_side(wanted, apart, lowest, highest):
    """Return places as near to wanted ones as they can be, in their order and apart.

    Parameters
    ----------
    wanted : numpy.ndarray
        Wanted places, rising, shape (n,).
    apart : float
        Least distance of two places.
    lowest, highest : float
        Limits of all places; the upper one gives way if there is no room.

    Returns
    -------
    numpy.ndarray
        The places with the least sum of squared distances to those that are wanted, shape (n,).
    """
    steps = apart * np.arange(len(wanted))
    # without the steps, places may not fall
    rising = isotonic_regression(np.asarray(wanted, float) - steps).x
    last = steps[-1] if len(steps) else 0.0
    return np.clip(rising, lowest, max(highest - last, lowest)) + steps


def _touching(places):
    """Return slices of places that lie side by side."""
    cuts = np.flatnonzero(np.diff(places) > 1.01 * _APART) + 1
    limits = [0, *cuts.tolist(), len(places)]
    return [slice(a, b) for a, b in pairwise(limits) if b > a]


def _write(axis, label, peak, place, is_moved, coordinates="data"):
    """Write one upright label, with a line that leads to its peak if it was moved."""
    leader = {"arrowstyle": "-", "color": label.colour, "lw": 0.5, "alpha": 0.6}
    text = axis.annotate(
        label.text,
        peak,
        place,
        xycoords=coordinates,
        textcoords=coordinates,
        rotation=90,
        ha="center",
        va="bottom",
        fontsize=_SIZE,
        color=label.colour,
        arrowprops={**leader, "shrinkA": 1, "shrinkB": 0} if is_moved else None,
    )
    text.set_in_layout(False)

"""Warnings about windows with wrong counts."""

import itertools

import numpy as np

from ..counts.windows import axis_range
from ..notes import Speaker
from ..physics.lines import element_lines
from ..written_numbers import plain

_logger = Speaker(__name__)

# Lines weaker than this, relative to the strongest of their shell, cause no warning.
_VISIBLE_WEIGHT = 0.03
# What lines in background windows may take of a total, for the verdict.
_IN_SIDES = 0.1


def warn_of_cut_windows(axis, names, windows):
    """Warn of integration windows that reach beyond the energy axis.

    Parameters
    ----------
    axis : DataAxis
        Energy axis.
    names : list of str
        Lines, one per window.
    windows : numpy.ndarray
        Integration windows, shape (K, 2), in units of the axis.
    """
    low, high = axis.low_value - axis.scale / 2, axis.high_value + axis.scale / 2
    for name, (left, right) in zip(names, windows, strict=True):
        if left < low - axis.scale or right > high + axis.scale:
            _logger.warning(
                "The integration window of %s (%s to %s %s) extends beyond the energy axis "
                "(%s), so its counts are too low. Leave this line out, or map another line of "
                "the element.",
                name,
                plain(left, 5),
                plain(right, 5),
                axis.units,
                axis_range(axis),
                kind="cut window",
                about=[name],
            )


def warn_of_shared_windows(names, windows):
    """Warn of pairs of integration windows that share more than a third of the narrower one.

    Parameters
    ----------
    names : list of str
        Lines, one per window.
    windows : numpy.ndarray
        Integration windows, shape (K, 2).
    """
    for (first, (a, b)), (second, (c, d)) in itertools.combinations(
        zip(names, windows, strict=True), 2
    ):
        if min(b, d) - max(a, c) > min(b - a, d - c) / 3:
            _logger.warning(
                "The integration windows of %s and %s overlap for the most part, so each map "
                "contains the counts of both. Use map_method='fit', leave one out of `xray_lines`, "
                "or map another of its lines.",
                first,
                second,
                kind="shared window",
                about=[first, second],
            )


def warn_of_lines_in_sides(signal, lines, sides):
    """Warn of background windows that hold lines of the elements themselves."""
    unit = 1000.0 if signal.axes_manager.signal_axes[0].units == "eV" else 1.0
    energies = {
        line.name: line.energy * unit
        for element in sorted({line.split("_")[0] for line in lines})
        for line in element_lines(element, 0.0, np.inf)
        if line.weight >= _VISIBLE_WEIGHT
    }
    for line, side in zip(lines, sides, strict=True):
        found = [
            other
            for other, energy in energies.items()
            if side[0] <= energy <= side[1] or side[2] <= energy <= side[3]
        ]
        if found:
            _logger.warning(
                "The background windows of %s contain %s, so its background is too high and its "
                "counts are too low. Use map_method='fit', or pass `background_windows` that "
                "avoid these lines.",
                line,
                ", ".join(found),
                kind="background",
                about={line: _IN_SIDES},
            )

"""Warnings where edges of other elements lie in or before the windows of an edge."""

import numpy as np

from ..notes import Speaker
from .edge_windows import channel_energies, lowest_disturbing

_logger = Speaker(__name__)

# What a tail may add to a total where this is not known, for the verdict.
_TAIL = 0.1
# Other edges are reported above this share of the counts or, where it is not known, of the window.
_REPORTED = 0.05
_FIT = "Use map_method='fit', which separates overlapping edges"
_END = "end the integration window below that onset"
_NOT_BETWEEN = "a background window between them would contain the tail and subtract too much"


def say_tails_in_background(axis, onsets, names, sides, can_fit):
    """Name edges in or shortly before the pre-edge window of another: their tail is subtracted.

    Parameters
    ----------
    axis : Channels
        Energy axis.
    onsets : dict of str to float
        From `onsets_on_axis`.
    names : list of str
        Edges to map.
    sides : list of (int, int)
        Channels of their pre-edge windows.
    can_fit : bool
        Whether a fit is possible.
    """
    unit = 1e3 if axis.units == "keV" else 1.0
    for name, side in zip(names, sides, strict=True):
        left, right = channel_energies(axis, side)
        lowest = min(lowest_disturbing(onsets[name]), unit * left)
        found = _of_others(onsets, name, lowest, min(unit * right, onsets[name]))
        if found:
            tail = ", ".join(found)
            _logger.warning(
                "The pre-edge window of %s (%g to %g %s) contains the tail of %s, which is "
                "mistaken for background, so the map of %s may be wrong.%s "
                "With `background_windows` below the onset of %s, its tail would be counted as "
                "%s instead.",
                name,
                left,
                right,
                axis.units,
                tail,
                name,
                " Use map_method='fit'." if can_fit else "",
                tail,
                name,
                kind="background",
                about={name: _TAIL},
            )


def say_edges_in_windows(plan, foreign, totals):
    """Name edges between the pre-edge window of another and the end of its integration window.

    Their electrons are no part of the background, and are counted as those of the other edge.

    Parameters
    ----------
    plan : EdgeWindowPlan
        With pre-edge windows.
    foreign : numpy.ndarray or None
        From `foreign_electrons`.
    totals : numpy.ndarray
        Net electrons of the edges, shape (K,).
    """
    unit = 1e3 if plan.axis.units == "keV" else 1.0
    for k, (name, side) in enumerate(zip(plan.names, plan.sides, strict=True)):
        before, window = channel_energies(plan.axis, side), plan.windows[k]
        shares = {}
        for other in _of_others(plan.onsets, name, unit * before[1], unit * window[1]):
            if foreign is not None and other in plan.names:
                share = foreign[k, plan.names.index(other)] / max(float(totals[k]), 1e-300)
                shares[other] = float(np.clip(share, 0.0, 1.0))
            else:
                part = (unit * window[1] - plan.onsets[other]) / (unit * (window[1] - window[0]))
                shares[other] = _TAIL if part > _REPORTED else 0.0
        found = {other: share for other, share in shares.items() if share > _REPORTED}
        if found:
            share = min(sum(found.values()), 1.0)
            is_known = foreign is not None and all(other in plan.names for other in found)
            is_later = all(plan.onsets[other] > plan.onsets[name] for other in found)
            remedies = [_FIT] if plan.can_fit else []
            remedies.append(_END if is_later else _NOT_BETWEEN)
            remedy = (", or " if is_later else "; ").join(remedies)
            _logger.warning(
                "The integration window of %s (%g to %g %s) contains electrons of %s, whose onset "
                "lies above the background window (%g to %g), so they are not subtracted: %s. %s.",
                name,
                *window,
                plan.axis.units,
                ", ".join(found),
                *before,
                f"about {100 * share:.0f} % of the counts" if is_known else "how many is not known",
                remedy[0].upper() + remedy[1:],
                kind="overlapping edge",
                about={name: share},
            )


def _of_others(onsets, name, low, high):
    """Return the edges of other elements from ``low`` up to ``high``, the first of each element."""
    found = {name.split("_")[0]: name}
    for other, onset in onsets.items():
        if low <= onset < high:
            found.setdefault(other.split("_")[0], other)
    return [*found.values()][1:]

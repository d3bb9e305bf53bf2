"""Marks on the picture of a summed spectrum: ticks and labels of lines, doubtful ranges."""

import numpy as np

from ..names import written_name
from .line_labels import Label, headroom, place_labels
from .spectrum_doubts import HIDDEN_SIGN, OVERLAP_SIGN
from .spectrum_legends import ABSENT, KINDS, LEFT_OUT, MISFIT
from .spectrum_lines import is_visible

_TICK = 0.025  # share of the height of the axes
_SIGNS = {"overlap": OVERLAP_SIGN, "hidden": HIDDEN_SIGN, "family": HIDDEN_SIGN}


def mark_lines(axis, lines):
    """Draw a tick at the fitted position of each line, longer for the strongest of a family."""
    for line in lines:
        if line.counts > 0:
            axis.axvline(
                line.position,
                0,
                _TICK * (1.6 if line.leads else 1.0),
                color=KINDS[line.kind],
                lw=0.8 if line.leads else 0.5,
            )


def mark_ranges(axes, doubts):
    """Shade ranges where the model is wrong, and channels that were left out."""
    styles = {"misfit": MISFIT, "left out": LEFT_OUT}
    for doubt in doubts:
        if doubt.kind in styles:
            for axis in axes:
                axis.axvspan(*doubt.limits, zorder=0.5, **styles[doubt.kind])


def label_lines(axis, lines, doubts, output, curves):
    """Label lines above their peaks, and make room for that.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Axes of the spectrum.
    lines : list of SpectrumLine
        The strongest first.
    doubts : list of Doubt
    output : dict
        Of `fit_maps`.
    curves : _Curves
        What is drawn.
    """
    labels = _labels(lines, doubts, output, curves.energy, curves.model)
    highest = np.maximum(curves.observed, curves.model)
    axis.figure.canvas.figure.draw_without_rendering()  # the layout, with the legends
    height = axis.get_window_extent().height * 72 / axis.figure.dpi
    free = max(1 - headroom(labels) / height, 0.2)
    low, top = axis.get_ylim()[0], max(highest.max(), 1.0)
    axis.set_ylim(low, low * (top / low) ** (1 / free))
    place_labels(axis, labels, curves.energy, highest)


def _labels(lines, doubts, output, energy, model):
    """Return the `Label` of each line that has one: mapped ones and free peaks rank first."""
    by_line = {}
    for doubt in doubts:
        by_line.setdefault(doubt.line, set()).add(doubt.kind)
    guesses = _guesses(doubts, output)
    labels = []
    for number, line in enumerate(lines):
        family = f"{line.element}_{line.family}"
        own = by_line.get(line.name, set()) | by_line.get(family, set())
        is_wanted = line.name in output["totals"] or line.name in guesses
        is_inside = energy[0] <= line.position <= energy[-1]
        if not is_inside or not (is_wanted or is_visible(line, energy, model)):
            continue
        if line.kind == "free" and line.name not in guesses:
            continue
        text, colour = guesses.get(line.name, written_name(line.name)), KINDS[line.kind]
        text += "".join(dict.fromkeys(sign for kind, sign in _SIGNS.items() if kind in own))
        if "absent" in own:
            text, colour = f"({text})", ABSENT
        rank = number - len(lines) * (2 * is_wanted + line.leads)
        labels.append(Label(text, colour, line.position, rank))
    return labels


def _guesses(doubts, output):
    """Return what is written at free peaks, by line."""
    found = {}
    peaks = iter(output["unassigned_peaks"])
    for doubt in doubts:
        if doubt.kind == "free":
            names = next(peaks).candidates
            found[doubt.line] = f"{written_name(names[0]) if names else doubt.line}?"
    return found

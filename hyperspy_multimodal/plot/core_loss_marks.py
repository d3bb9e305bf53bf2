"""Marks on the picture of a summed core-loss spectrum: onsets and windows of edges."""

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..names import written_name
from .line_labels import Label, place_at_top
from .spectrum_legends import ABSENT

# Okabe and Ito's colours, and two others, that neither the model nor the background has.
_COLOURS = ("#D55E00", "#8E3A8E", "#7F5A00", "#CC79A7", "#56B4E9", "#E69F00")
_WINDOW = 0.035  # share of the height of the axes
_HATCH, _DOTTED = "/////", (0, (1, 2))


def edge_colours(edges):
    """Return a colour for each edge, by name."""
    return {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(edges)}


def mark_onsets(axis, output, per_ev, colours):
    """Draw a line at each onset as fitted, and dotted ones where tables have those of the maps."""
    for name, onset in output["onsets"].items():
        _draw_onset(axis, _fitted(onset, output, per_ev), _colour(name, colours))
        if name in colours and "edge_shift" in output:
            style = {"color": colours[name], "lw": 0.9, "ls": _DOTTED, "zorder": 0.9}
            axis.axvline(per_ev * onset, **style)


def label_onsets(axis, output, per_ev, colours):
    """Draw lines at onsets as fitted, and write the names of edges above them."""
    low, high = axis.get_xlim()
    missing = output.get("not_found", ())
    labels = []
    for number, (name, onset) in enumerate(output["onsets"].items()):
        place = _fitted(onset, output, per_ev)
        if low <= place <= high:
            text, colour = written_name(name), _colour(name, colours)
            if name in missing:
                text, colour = f"({text})", ABSENT
            rank = number - len(output["onsets"]) * (name in colours)
            labels.append(Label(text, colour, place, rank))
    height = place_at_top(axis, labels)
    for label in labels:
        _draw_onset(axis, label.position, label.colour, height)


def height_of_bars(output):
    """Return the share of the height of axes that the bars of `mark_edge_windows` take."""
    return _WINDOW * (2 if output["background_windows"] else 1)


def mark_edge_windows(axis, output, colours):
    """Mark integration windows by bars, and windows before edges by hatched ones."""
    before = output["background_windows"] or {}
    for k, (name, window) in enumerate(output["integration_windows"].items()):
        low = _WINDOW * (k % 2 if before else 0)
        place = {"ymin": low, "ymax": low + 0.8 * _WINDOW}
        axis.axvspan(*window, **place, color=colours[name], lw=0, alpha=0.9)
        if name in before:
            style = {"facecolor": "white", "edgecolor": colours[name], "hatch": _HATCH}
            axis.axvspan(*before[name], **place, **style, lw=0.5)


def marks_in_legend(output, colours):
    """Return handles that say what colours, onsets and windows mean."""
    handles = [
        Patch(facecolor=colours[name], alpha=0.5, label=written_name(name))
        for name in output["edges"]
    ]
    dark = "0.3"
    if output.get("white_lines"):
        style = {"color": dark, "lw": 0.9, "ls": "-."}
        handles.append(Line2D([], [], label="edge without white lines", **style))
    if output.get("backgrounds"):
        handles.append(Line2D([], [], color=dark, lw=1.2, ls="--", label="background"))
    has_fit = "edge_shift" in output
    words = "onset as fitted" if has_fit else "onset"
    handles.append(Line2D([], [], color=dark, lw=0.7, label=words))
    if has_fit:
        style = {"color": dark, "lw": 0.9, "ls": _DOTTED}
        handles.append(Line2D([], [], label="onset in the tables", **style))
    handles.append(Patch(facecolor=dark, label="integration window"))
    if output["background_windows"]:
        style = {"facecolor": "white", "edgecolor": dark, "hatch": _HATCH, "lw": 0.5}
        handles.append(Patch(label="background window", **style))
    return handles


def _colour(name, colours):
    """Return the colour of an edge, or of another one of its element."""
    element = name.split("_")[0]
    return colours.get(name) or next(
        colour for edge, colour in colours.items() if edge.split("_")[0] == element
    )


def _fitted(onset, output, per_ev):
    """Return an onset, with the shift of a fit, in units of the axis."""
    return per_ev * (onset + output.get("edge_shift", 0.0))


def _draw_onset(axis, place, colour, height=1.0):
    axis.axvline(place, 0, height, color=colour, lw=0.7, alpha=0.8, zorder=0.9)

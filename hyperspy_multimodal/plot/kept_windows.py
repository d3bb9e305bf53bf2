"""Marks where sums of a fused map were corrected, and where they still differ."""

from matplotlib.patheffects import withStroke

from .panels import map_axes, map_name

# Items of the record, marks, and what a caption says of them.
_MARKS = {
    "relaxed": ("o", "ring: corrected by counts"),
    "differing": ("x", "cross: differs from counts"),
}
_SIZE, _WIDTH = 16, 0.7  # square points, points


def mark_windows(axis, fused):
    """Mark the centres of windows on a panel.

    Nothing is drawn if the record of the map has no windows, or if the map was cropped since.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Panel of the map, in units of its axes.
    fused : BaseSignal
        Fused map.
    """
    across, down = map_axes(fused)
    for mark, _, rows, columns in _marks(fused):
        x = [across.offset + across.scale * column for column in columns]
        y = [down.offset + down.scale * row for row in rows]
        filled = {"facecolors": "none", "edgecolors": "white"} if mark == "o" else {"c": "white"}
        # a window at the border has its mark half outside, where white would not be seen
        dark = [withStroke(linewidth=3 * _WIDTH, foreground="black")]
        style = {"s": _SIZE, "linewidths": _WIDTH, "clip_on": False, "path_effects": dark}
        axis.scatter(x, y, marker=mark, **style, **filled)


def meanings(fused):
    """Return what the marks of a map mean, one line for each kind of mark."""
    return [meaning for _, meaning, _, _ in _marks(fused)]


def _marks(fused):
    """Yield the kinds of marks on a map, what they mean, and the rows and columns of each."""
    across, down = map_axes(fused)
    for item, (mark, meaning) in _MARKS.items():
        windows = fused.metadata.get_item(f"Multimodal_fusion.{item}", None)
        if windows is None or list(windows.scan_shape) != [down.size, across.size]:
            continue
        here = [i for i, line in enumerate(windows.lines) if line == map_name(fused)]
        if here:
            yield mark, meaning, [windows.rows[i] for i in here], [windows.columns[i] for i in here]

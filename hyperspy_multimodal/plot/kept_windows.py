"""Marks where sums of a fused map were restored to the counts, and where they still differ."""

from .panels import map_axes, map_name

# Items of the record, marks, and what a title says of them.
_MARKS = {
    "relaxed": ("o", "ring: sum set to counts"),
    "differing": ("x", "cross: sum off counts"),
}
_SIZE, _WIDTH = 16, 0.7  # square points, points


def mark_windows(axis, fused):
    """Mark the centres of windows on a panel, and say in its title what the marks are.

    Nothing is drawn if the record of the map has no windows, or if the map was cropped since.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Panel of the map, with its title, in units of its axes.
    fused : BaseSignal
        Fused map.
    """
    across, down = map_axes(fused)
    said = []
    for item, (mark, meaning) in _MARKS.items():
        windows = fused.metadata.get_item(f"Multimodal_fusion.{item}", None)
        if windows is None or list(windows.scan_shape) != [down.size, across.size]:
            continue
        here = [i for i, line in enumerate(windows.lines) if line == map_name(fused)]
        if here:
            x = [across.offset + across.scale * windows.columns[i] for i in here]
            y = [down.offset + down.scale * windows.rows[i] for i in here]
            filled = (
                {"facecolors": "none", "edgecolors": "white"} if mark == "o" else {"c": "white"}
            )
            axis.scatter(x, y, s=_SIZE, marker=mark, linewidths=_WIDTH, **filled)
            said.append(meaning)
    if said:
        axis.set_title("\n".join([axis.get_title(), *said]))

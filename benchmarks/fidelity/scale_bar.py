"""A scale bar of a round length."""

from matplotlib import patheffects


def draw_scale_bar(axis, scan_axis):
    """Draw a bar of at most 0.3 of the width of a scan into the lower left corner.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Axis with the image of a map or of the HAADF.
    scan_axis : hyperspy.axes.DataAxis
        Horizontal axis of the scan.
    """
    width = scan_axis.size * scan_axis.scale
    length = max(
        step * 10.0**power
        for power in range(-4, 4)
        for step in (1, 2, 5)
        if step * 10.0**power <= 0.3 * width
    )
    pixels = length / scan_axis.scale
    left, y = 0.03 * scan_axis.size, 0.93 * scan_axis.size
    outline = [patheffects.withStroke(linewidth=2.5, foreground="black")]
    frame = [patheffects.withStroke(linewidth=5, foreground="black")]
    axis.plot([left, left + pixels], [y, y], color="white", linewidth=3, path_effects=frame)
    axis.text(
        left + pixels / 2,
        y - 0.03 * scan_axis.size,
        f"{length:g} {scan_axis.units}",
        color="white",
        ha="center",
        fontsize=8,
        path_effects=outline,
    )
    axis.set_xlim(-0.5, scan_axis.size - 0.5)

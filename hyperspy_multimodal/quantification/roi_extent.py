"""Where maps and ROIs begin and end, in the units of the axes."""

from hyperspy.roi import CircleROI, PolygonROI, RectangularROI


def extent(like):
    """Return from where to where a map goes, as text."""
    return " and ".join(
        f"{name} from {axis.low_value:.4g} to {axis.high_value:.4g} {_unit(axis)}"
        for name, axis in zip("xy", _axes(like), strict=True)
    )


def sticks_out(roi, like):
    """Return whether a ROI reaches more than a pixel beyond a map."""
    if isinstance(roi, RectangularROI):
        ranges = (roi.left, roi.right), (roi.top, roi.bottom)
    elif isinstance(roi, CircleROI):
        ranges = (roi.cx - roi.r, roi.cx + roi.r), (roi.cy - roi.r, roi.cy + roi.r)
    elif isinstance(roi, PolygonROI):
        ranges = [(min(each), max(each)) for each in zip(*roi.vertices, strict=True)]
    else:
        return False
    return any(
        low < axis.low_value - 1.01 * abs(axis.scale)
        or high > axis.high_value + 2.01 * abs(axis.scale)
        for (low, high), axis in zip(ranges, _axes(like), strict=True)
    )


def _axes(like):
    """Return the axes of a map, x and y."""
    manager = like.axes_manager
    return manager.signal_axes if manager.signal_dimension == 2 else manager.navigation_axes


def _unit(axis):
    return axis.units if isinstance(axis.units, str) and axis.units else "(no unit)"

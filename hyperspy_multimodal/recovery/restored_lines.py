"""Lines that were restored in a map: their ends are those of windows."""

from ..notes import Speaker
from .differences import largest_differences

_logger = Speaker(__name__)

# Lines at any angle, and curved ones. Other lines usually cross the scan, or are a few pixels long.
_FREE = ("slanted lines", "chains")


def warn_of_restored_lines(maps, lost):
    """Name maps into which lines were drawn that end inside the scan.

    Real lines are longer, bent, or of varying strength: what is weaker beside the windows is still
    missing, and the ends of windows look like structure.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    lost : list of Lost
        The restored windows.
    """
    lines = [each for each in lost if each.window.family in _FREE and each.significance > 0]
    if lines:
        _logger.warning(
            "Lines were restored in maps from which fusion had erased them: %s. Their shape and "
            "ends are those of the windows in which counts were compared, and weaker parts of the "
            "same structure may still be missing. Do not interpret the shape. Look at the smoothed "
            "raw map there, and quote sums of the raw maps.",
            largest_differences(maps, lines, is_place=True),
            kind="restored lines",
            about=list(dict.fromkeys(maps.names[each.element] for each in lines)),
        )

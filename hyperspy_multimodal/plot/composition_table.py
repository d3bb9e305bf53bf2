"""Compositions of regions as a table of numbers."""

import numpy as np

from .composition_points import UNITS, has_composition, percent_of
from .panels import region_colour

_SIZE = 9.0  # points
_CELL = 0.085  # inches a character of that size


def write_numbers(axis, found, by_element):
    """Write the numbers of all regions and elements.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    found : Composition
    by_element : bool
        Whether elements are rows and regions columns, not the other way round.
    """
    unit = UNITS[found.units]
    elements = [f"{each} ({unit})" for each in found.elements]
    rows = [
        [name, str(found.pixels[r]), *_numbers(found, r)] for r, name in enumerate(found.regions)
    ]
    cells = [["region", "pixels", *elements], *rows]
    if by_element:
        cells = [list(each) for each in zip(*cells, strict=True)]
    axis.axis("off")
    table = axis.table(
        cells[1:], colLabels=cells[0], loc="center", cellLoc="center", edges="open"
    )  # fmt: skip
    width = axis.figure.get_size_inches()[0] - 0.5
    needed = _CELL * max(len(text) for row in cells for text in row) * len(cells[0])
    table.auto_set_font_size(False)
    table.set_fontsize(_SIZE * min(1.0, width / needed))
    for (row, column), cell in table.get_celld().items():
        cell.set_height(1 / len(cells))
        if row == 0:
            cell.visible_edges = "TB"
        elif row == len(cells) - 1:
            cell.visible_edges = "B"
        region = column if by_element else row
        if region > 0 and (row if by_element else column) == 0:
            cell.get_text().set(color=region_colour(region - 1), weight="bold")


def _numbers(found, region):
    """Return what is written of a region, one text an element."""
    percent, errors = percent_of(found)[region], found.errors["total"][region]
    if not has_composition(found)[region]:
        texts = [""] * len(percent)
        texts[len(percent) // 2] = "no composition"
        return texts
    return [
        number_of(value, error) if there else number_of(limit, None)
        for value, error, there, limit in zip(
            percent, errors, found.detected[region], found.detection_limits[region], strict=True
        )
    ]


def number_of(value, error):
    """Return a value with its error to two digits, or "<" a limit where there is no error."""
    if not np.isfinite(value):
        return "–"
    if error is None:
        return f"< {value:.2g}" if value < 10 else f"< {value:.0f}"
    if not np.isfinite(error) or error <= 0:
        return f"{value:.3g}"
    digits = max(1 - int(np.floor(np.log10(error))), 0)
    return f"{value:.{digits}f} ± {error:.{digits}f}"

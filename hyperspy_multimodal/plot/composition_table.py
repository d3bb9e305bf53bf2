"""Compositions of regions as a table of numbers."""

import numpy as np

from .panels import region_colour

_SIZE = 9.0  # points
_CELL = 0.085  # inches a character of that size


def write_numbers(axis, shown, by_element):
    """Write the numbers of all regions and elements.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    shown : Shown
    by_element : bool
        Whether elements are rows and regions columns, not the other way round.
    """
    numbers = zip(*(_numbers(shown, k) for k in range(len(shown.names))), strict=True)
    rows = [
        [name, str(pixels), *each]
        for name, pixels, each in zip(shown.regions, shown.pixels, numbers, strict=True)
    ]
    cells = [["region", "pixels", *shown.names], *rows]
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


def _numbers(shown, element):
    """Return what is written of an element, one text a region, with the same decimals."""
    values, errors = shown.values[:, element], shown.errors[:, element]
    decimals = decimals_of(errors[shown.known])
    return [
        why or (number_of(*numbers, decimals) if there else limit_of(limit))
        for *numbers, limit, there, why in zip(
            *(values, errors, shown.limits[:, element], shown.has_values[:, element]),
            shown.missing,
            strict=True,
        )
    ]


def decimals_of(errors):
    """Return the decimals that all numbers of a column have.

    They show two digits of the largest error, and at least one of the smallest.
    """
    errors = errors[np.isfinite(errors) & (errors > 0)]
    if not errors.size:
        return 1
    largest, smallest = np.floor(np.log10([errors.max(), errors.min()])).astype(int)
    return max(1 - int(largest), -int(smallest), 0)


def number_of(value, error, decimals):
    """Return a value with its error, if that is known."""
    if not np.isfinite(value):
        return "–"
    text = f"{value:.{decimals}f}"
    return f"{text} ± {error:.{decimals}f}" if np.isfinite(error) and error > 0 else text


def limit_of(limit):
    """Return "<" a detection limit."""
    if not np.isfinite(limit):
        return "–"
    return f"< {limit:.2g}" if limit < 10 else f"< {limit:.0f}"

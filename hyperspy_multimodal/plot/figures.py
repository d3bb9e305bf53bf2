"""Figures and their sizes, in inches or in another unit of length, with text that fits them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from numbers import Real
from typing import TypeAlias

import matplotlib.pyplot as plt
import pint
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.text import Text

#: Width of a figure, or width and height: inches, or text such as "85 mm".
Size: TypeAlias = float | str | Sequence[float | str]

_MOST_COLUMNS = 4
_PADDING = 0.12  # inches: ticks of colour bars may grow by a digit when they are laid out
#: Of the default size: 6 points.
SMALLEST_TEXT = 0.6
_LEAST_COLUMN, _NARROWEST = 0.5, 1.6  # of its default width, inches
_LETTERS = 11  # of a heading per inch
_LEAST, _MOST = 0.5, 100.0  # inches


def figure_of(fig, size, figsize=None):
    """Return the figure to plot on, which is a new one if None is given.

    A figure without a layout of its own gets matplotlib's constrained layout, so that nothing
    overlaps.

    Parameters
    ----------
    fig : matplotlib.figure.Figure or None
    size : tuple of (float, float)
        Default size of a new figure in inches.
    figsize : float, str, sequence or None
        Size that the user asks for, see `inches_of`.
    """
    _check_one(fig, figsize, "fig")
    if fig is None:
        fig = plt.figure(figsize=inches_of(figsize, size))
    if not isinstance(fig, FigureBase):
        raise TypeError(f"fig must be a matplotlib figure, but {type(fig).__name__} was given.")
    if isinstance(fig, Figure) and fig.get_layout_engine() is None:
        fig.set_layout_engine("constrained", w_pad=_PADDING)
    return fig


def axes_of(ax, size, figsize=None):
    """Return the axes to plot on, those of a new figure if None is given; see `figure_of`."""
    _check_one(ax, figsize, "ax")
    if ax is None:
        return figure_of(None, size, figsize).subplots()
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be matplotlib axes, but {type(ax).__name__} was given.")
    return ax


def inches_of(figsize, default):
    """Return width and height in inches.

    Parameters
    ----------
    figsize : float, str, sequence or None
        Width, or width and height. Numbers are inches, text has a unit. With a width alone the
        height keeps the proportions of ``default``, which is returned for None.
    default : tuple of (float, float)
        In inches.
    """
    if figsize is None:
        return default
    parts = [figsize] if isinstance(figsize, (str, Real)) else list(figsize)
    lengths = [_inches(part, figsize) for part in parts]
    if len(lengths) == 1:
        return lengths[0], lengths[0] * default[1] / default[0]
    if len(lengths) != 2:
        raise ValueError(_wrong(figsize))
    return lengths[0], lengths[1]


def fit_text(fig, size, figsize):
    """Shrink the text of a new figure that is narrower than by default, at most to 0.6.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    size, figsize
        As in `figure_of`. Nothing happens if ``figsize`` is None.
    """
    if figsize is None:
        return
    factor = max(min(fig.get_size_inches()[0] / size[0], 1.0), SMALLEST_TEXT)
    for text in fig.findobj(Text):
        text.set_fontsize(factor * text.get_fontsize())
    for axis in fig.axes:
        axis.tick_params(labelsize=factor * plt.rcParams["font.size"])


def fit_legend(axis, handles, **style):
    """Draw a legend below an image, in as many columns as fit, never larger than the image.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        With an image, in its figure.
    handles : list of matplotlib.artist.Artist
    **style
        Of the legend.
    """
    # one column first, so that the image has about the room that it will have
    legend = axis.legend(handles=handles, ncols=1, **style)
    axis.figure.figure.draw_without_rendering()
    image = axis.get_window_extent()
    size = legend.get_texts()[0].get_fontsize()
    fits = {}
    for columns in range(len(handles), 0, -1):
        legend = axis.legend(handles=handles, ncols=columns, **{**style, "fontsize": size})
        box = legend.get_window_extent()
        fits[columns] = min(image.width / box.width, image.height / box.height, 1.0)
        if fits[columns] == 1.0:
            return
    columns = max(fits, key=fits.get)
    size *= fits[columns]
    legend = axis.legend(handles=handles, ncols=columns, **{**style, "fontsize": size})
    # the layout may have given its image less room
    axis.figure.figure.draw_without_rendering()
    image, box = axis.get_window_extent(), legend.get_window_extent()
    again = min(image.width / box.width, image.height / box.height)
    if again < 1.0:
        axis.legend(handles=handles, ncols=columns, **{**style, "fontsize": size * again})


def most_columns(figsize, width, most=_MOST_COLUMNS):
    """Return how many columns a figure has at most: by default ``most``, or what is legible.

    Parameters
    ----------
    figsize : float, str, sequence or None
        Size that the user asks for, see `inches_of`.
    width : float
        Default width of a column in inches; half of it is legible, or 1.6 inches.
    most : int
        Default number.
    """
    if figsize is None:
        return most
    least = min(_LEAST_COLUMN * width, _NARROWEST)
    return max(int(inches_of(figsize, (1.0, 1.0))[0] / least), 1)


def panels_of(fig, number, rows, columns, **options):
    """Return new axes in rows, shape (number,); those of the grid beyond are left out."""
    panels = fig.subplots(rows, columns, squeeze=False, **options).ravel()
    for unused in panels[number:]:
        unused.remove()
    return panels[:number]


def add_heading(fig, text, width):
    """Write lines above all panels, wrapped at the default width of the figure in inches."""
    letters = int(_LETTERS * width)
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, letters)]
    fig.suptitle("\n".join(lines), fontsize="medium")


def rows_and_columns(number, most=_MOST_COLUMNS):
    """Return how many rows and columns hold a number of panels, with at most ``most`` in a row."""
    rows = -(-number // most)
    return rows, -(-number // rows)


def _check_one(given, figsize, name):
    if given is not None and figsize is not None:
        raise ValueError(
            f"figsize is the size of a new figure, but {name} was given, too. Pass one of them."
        )


def _inches(length, figsize):
    """Return a length in inches. Text without a unit is refused: it may be meant in mm."""
    try:
        if isinstance(length, str):
            length = pint.get_application_registry().Quantity(length).to("inch").magnitude
        length = float(length)
    except (pint.errors.PintError, AttributeError, TypeError, ValueError):
        raise ValueError(_wrong(figsize)) from None
    if not _LEAST <= length <= _MOST:
        raise ValueError(_wrong(figsize))
    return length


def _wrong(figsize):
    return (
        "figsize must be a width, or (width, height), as numbers in inches or text with a unit, "
        f"such as 3.3, '3.3 in', '85 mm' or ('180 mm', '120 mm'), from {_LEAST:g} to {_MOST:g} "
        f"inches, but {figsize!r} was given."
    )

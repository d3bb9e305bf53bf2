"""Outlines and names of regions on an image, none of which hides another."""

import numpy as np
from matplotlib import patheffects
from scipy.ndimage import binary_erosion, distance_transform_edt, label

from .panels import extent, region_colour

_WIDTH = 1.4  # points, of an outline
_HALO = 2.5  # points, of white around letters
_PERIOD = 4.5  # of dashes, in widths of the line, half of which is cut off
_ROOM = 1.1  # of a name, over its size


def draw_outlines(axis, regions, masks, signal):
    """Draw an outline inside each region, with the region's name, and return the names.

    Neighbouring regions have both outlines at a shared edge. Where outlines of overlapping regions
    coincide, that of the smaller region is dashed, so that the other one shows between the dashes.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        With the image of the scan.
    regions : list of str
        Names.
    masks : numpy.ndarray
        Their pixels, bool, shape (R, ny, nx).
    signal : BaseSignal
        Map of the scan.

    Returns
    -------
    list of matplotlib.text.Text
        In the order of the regions.
    """
    across, down = _grid(signal)
    names = [None] * len(masks)
    rims = [mask & ~binary_erosion(mask) for mask in masks]
    below = {}  # how many outlines may lie below that of a region
    for r in sorted(range(len(masks)), key=lambda r: -masks[r].sum()):
        below[r] = max(
            (n + 1 for other, n in below.items() if (rims[r] & rims[other]).any()), default=0
        )
        outline = axis.contour(
            across,
            down,
            np.pad(masks[r], 1).astype(float),
            [0.5],
            colors=[region_colour(r)],
            linewidths=2 * _WIDTH,  # the outer half is cut off
            linestyles=[_dashes(below[r])],
        )
        outline.set_clip_path(outline.get_paths()[0], axis.transData)
    for r, mask in enumerate(masks):
        row, column = np.argwhere(mask).mean(axis=0)
        names[r] = axis.text(
            np.interp(column + 1, np.arange(across.size), across),
            np.interp(row + 1, np.arange(down.size), down),
            regions[r],
            color=region_colour(r),
            ha="center",
            va="center",
            weight="bold",
            path_effects=[patheffects.withStroke(linewidth=_HALO, foreground="white")],
        )
    return names


def place_names(axis, names, masks, signal):
    """Move the names of regions into their regions, apart from each other and inside the image.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    names : list of matplotlib.text.Text
        From `draw_outlines`, in their final size.
    masks, signal
        As in `draw_outlines`.
    """
    axis.figure.figure.draw_without_rendering()
    image = axis.get_window_extent()
    ny, nx = shape = masks.shape[1:]
    sizes = [
        (_ROOM * box.height / image.height * ny, _ROOM * box.width / image.width * nx)
        for box in (name.get_window_extent() for name in names)
    ]
    across, down = _grid(signal)
    for name, (row, column) in zip(names, _places(masks, sizes, shape), strict=True):
        x = np.interp(column + 1, np.arange(across.size), across)
        name.set_position((x, np.interp(row + 1, np.arange(down.size), down)))


def _dashes(below):
    """Return a style with longer gaps, the more lines lie below."""
    dash = _PERIOD / (below + 1)
    return (0, (dash, _PERIOD - dash)) if below else "-"


def _grid(signal):
    """Return centres of columns and rows, with one more at each end, in units of the axes."""
    left, right, bottom, top = extent(signal)
    rows, columns = signal.data.shape
    across = left + (np.arange(columns + 2) - 0.5) * (right - left) / columns
    down = top + (np.arange(rows + 2) - 0.5) * (bottom - top) / rows
    return across, down


def _places(masks, sizes, shape):
    """Return rows and columns of the centres of names, the smallest region first.

    Each lies where its region is widest: in the part that no smaller region shares, if there is
    room beside other names, otherwise elsewhere in the region or, if it is full, near it.
    """
    centres = []
    for n, lengths in zip(shape, np.transpose(sizes), strict=True):
        half = np.minimum(lengths, n) / 2
        centres.append(np.clip(np.arange(n)[:, None], half - 0.5, n - 0.5 - half))
    places, taken = [None] * len(masks), np.zeros(shape, bool)
    for r in sorted(range(len(masks)), key=lambda r: masks[r].sum()):
        rows, columns = centres[0][:, r], centres[1][:, r]
        free = np.ones(shape, bool)
        for other, place in enumerate(places):
            if place is not None:
                height, width = (sum(pair) / 2 for pair in zip(sizes[r], sizes[other], strict=True))
                beside = np.abs(columns - place[1]) >= width
                free &= (np.abs(rows - place[0]) >= height)[:, None] | beside[None]
        own = masks[r] & ~taken
        for part in (_largest(own), own, masks[r]):
            if (part & free).any():
                row, column = _deepest(part, free)
                break
        else:
            away = distance_transform_edt(~masks[r])
            away[~free] = np.inf
            row, column = np.unravel_index(away.argmin(), shape)
        places[r] = rows[row], columns[column]
        taken |= masks[r]
    return places


def _largest(mask):
    """Return the largest connected piece of a mask."""
    pieces, number = label(mask, np.ones((3, 3)))
    return pieces == np.bincount(pieces.ravel())[1:].argmax() + 1 if number else mask


def _deepest(part, free):
    """Return the free pixel of a part that is farthest from its outline."""
    depth = distance_transform_edt(np.pad(part, 1))[1:-1, 1:-1]
    return np.unravel_index(np.where(free, depth, 0.0).argmax(), part.shape)

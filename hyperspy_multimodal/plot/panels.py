"""Maps as panels: names, axes, scales, colour bars and scale bars."""

import textwrap

import numpy as np
import pint
from matplotlib import patheffects
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from ..names import written_name
from ..recovery.verdict import NOT_TRUSTED
from ..signals.quantity import COUNTS, MAP_UNITS, NET_COUNTS

#: Lines: Okabe and Ito's colours, which differ for colour-blind eyes too, dark ones first.
LINE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
#: Regions, and profiles of many maps: the same, and as many more that differ from all others.
REGION_COLOURS = (
    *LINE_COLOURS, "#7A3FB5", "#8C4A2F", "#A6A000", "#E0115F", "#FF4FD8", "#5FBF00",
)  # fmt: skip
_BAR_LENGTHS = (1, 2, 5)
# Part of an image, of its height and width, that a scale bar and its label cover; a corner is as
# empty as another if they differ by less than this share of the mean.
_CORNER, _SAME = (0.2, 0.36), 0.05
_BRIGHTEST = 99.8
_TITLE = 24
_VERDICT_COLOURS = {"sound": "#3B7A57", "with care": "#B35C00", "not to be trusted": "#B00020"}


def region_colour(number):
    """Return the colour of a region by its number, which starts at 0."""
    return REGION_COLOURS[number % len(REGION_COLOURS)]


def map_name(signal):
    """Return the line, edge or element of a map, from its metadata."""
    for item in ("xray_lines", "edges", "elements"):
        names = signal.metadata.get_item(f"Sample.{item}", None)
        if names and len(names) == 1:
            return str(names[0])
    title = signal.metadata.General.title
    name = signal.metadata.get_item("Multimodal_fusion.element", None)
    return str(name) if name else textwrap.shorten(title or "map", _TITLE, placeholder=" ...")


def map_title(signal):
    """Return the name of a map as it is written in titles, such as "Co Kα" for "Co_Ka"."""
    return written_name(map_name(signal))


def is_distrusted(fused):
    """Return whether the verdict on a map is that it is not to be trusted."""
    return fused.metadata.get_item("Multimodal_fusion.verdict", "") == NOT_TRUSTED


def verdict_lines(fused, width):
    """Return verdict and reasons of a fused map, wrapped at so many letters, and their colour."""
    verdict, colour = fused.metadata.get_item("Multimodal_fusion.verdict", ""), "black"
    if not isinstance(verdict, str) or verdict not in _VERDICT_COLOURS:
        return [], colour
    reasons = list(fused.metadata.get_item("Multimodal_fusion.because", []))
    lines = [line for each in [verdict, *reasons] for line in textwrap.wrap(each, width)]
    return lines, _VERDICT_COLOURS[verdict]


def map_unit(fused):
    """Return what the values of a map are, as far as its metadata tell."""
    known = fused.metadata.get_item("Multimodal_fusion.quantity", None)
    if known is not None:
        return str(known)
    # other maps, and files of earlier versions
    is_of_fit = fused.metadata.has_item("Spectrum_fit")
    if is_of_fit or fused.metadata.has_item("Multimodal_fusion.map_method"):
        return NET_COUNTS
    source = fused.metadata.get_item("Multimodal_fusion.gain_source", "counts")
    return COUNTS if source == "counts" else MAP_UNITS


def map_axes(signal):
    """Return the axes of a map, x first, whether its scan navigates or is its signal."""
    manager = signal.axes_manager
    return manager.navigation_axes or manager.signal_axes


def extent(signal):
    """Return the edges of a map (left, right, bottom, top) in units of its axes."""
    (left, right), (top, bottom) = (
        (axis.offset - axis.scale / 2, axis.offset + (axis.size - 0.5) * axis.scale)
        for axis in map_axes(signal)
    )
    return left, right, bottom, top


def aspect(signal):
    """Return the aspect of a map: to scale, or square pixels if its axes have different units."""
    across, down = map_axes(signal)
    return 1.0 if across.units == down.units else abs(across.scale / down.scale)


def pixel_aspect(axes):
    """Return the height of a pixel over its width, to scale as in `aspect`."""
    across, down = axes
    return abs(down.scale / across.scale) if across.units == down.units else 1.0


def height_over_width(signal):
    """Return the height of a map's image over its width, between 0.4 and 2.5."""
    return float(np.clip(_proportions(signal), 0.4, 2.5))


def panel_size(signal, side):
    """Return width and height in inches of a map's panel, of the area of a square of ``side``.

    Tall and wide scans get panels of their own proportions; very narrow ones leave room for a
    title, and very long ones stay on the page.
    """
    ratio = _proportions(signal)
    width = float(np.clip(side / np.sqrt(ratio), 0.6 * side, 2 * side))
    return width, float(np.clip(width * ratio, 0.3 * side, 2.2 * side))


def _proportions(signal):
    left, right, bottom, top = extent(signal)
    return abs((bottom - top) / (right - left)) * aspect(signal)


def brightest(data, lowest=0.0):
    """Return the 99.8th percentile, or what lies above ``lowest`` in a map that is nearly flat.

    A map may be empty: of a crop of positions that are all left out.
    """
    if np.isnan(data).all():
        return lowest + 1.0
    for highest in (np.nanpercentile(data, _BRIGHTEST), np.nanmax(data)):
        if highest > lowest:
            return float(highest)
    return lowest + 1.0


def extends(images, low, high):
    """Return which ends of a colour bar are pointed, as values lie beyond: for ``extend=``."""
    values = [each for each in images if np.isfinite(each).any()]
    below = any(np.nanmin(each) < low for each in values)
    above = any(np.nanmax(each) > high for each in values)
    return {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[below, above]


def place(axis, data, signal, **style):
    """Draw an image over the scan of ``signal``, in units of its axes and without ticks."""
    drawn = axis.imshow(data, extent=extent(signal), aspect=aspect(signal), **style)
    axis.set_xticks([])
    axis.set_yticks([])
    return drawn


def show(axis, data, signal, title, colour_map, label, limits):
    """Draw an image over the scan of ``signal`` with a title and a colour bar.

    The ends of the bar are pointed where values lie beyond the limits.
    """
    drawn = place(axis, data, signal, cmap=colour_map, vmin=limits[0], vmax=limits[1])
    axis.set_title(title)
    pointed = extends([data], *limits)
    axis.figure.colorbar(drawn, ax=axis, label=label, shrink=0.85, extend=pointed)
    return drawn


def scale_bar(axis, signal, background="black"):
    """Draw a bar of a round length, about a quarter of the width of ``signal``'s image.

    The first image of ``axis`` is that of the scan, whatever its extent. The bar lies in the corner
    with the least signal, where it hides least.
    """
    across, down = map_axes(signal)
    return bar_of_length(axis, (down.size, across.size), across, background)


def emptiest_corner(image, background="black"):
    """Return the corner of an image, such as "lower left", in which it is closest to empty.

    Parameters
    ----------
    image : matplotlib.image.AxesImage
        Numbers on a colour scale, whose low end is empty, or colours on a background.
    background : "black" or "white"
        Of colours.
    """
    values = np.asarray(np.ma.filled(image.get_array().astype(float), np.nan))
    if values.ndim == 3:
        values = np.abs(values[..., :3] - (background == "white")).max(axis=-1)
    else:
        low, high = image.get_clim()
        values = (values - low) / max(high - low, np.finfo(float).tiny)
    # a few bright pixels count more than many that are a little above 0
    values = np.clip(np.nan_to_num(values), 0.0, 1.0) ** 2
    ny, nx = (max(round(share * n), 1) for share, n in zip(_CORNER, values.shape, strict=True))
    found = {
        f"{'lower' if down else 'upper'} {'right' if right else 'left'}": values[
            slice(-ny, None) if down else slice(ny), slice(-nx, None) if right else slice(nx)
        ].mean()
        for down in (True, False)
        for right in (False, True)
    }
    least = min(found.values())
    return next(name for name, value in found.items() if value <= least + _SAME * values.mean())


def bar_of_length(axis, shape, across, background="black"):
    """Draw a bar of a round length on the first image of ``axis``, and return it.

    It lies in the emptiest corner; see `emptiest_corner` for ``background``.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    shape : tuple of (int, int)
        Pixels of the scan that the image shows, rows and columns.
    across : hyperspy.axes.DataAxis
        Axis along the rows, with scale and units; without units the bar is in pixels.
    """
    ny, nx = shape
    left, right, bottom, top = axis.images[0].get_extent()
    scale, units = (abs(across.scale), across.units) if has_units(across) else (1.0, None)
    wanted = 0.3 * nx * scale
    decade = 10.0 ** np.floor(np.log10(wanted))
    length = max(step * decade for step in _BAR_LENGTHS if step * decade <= wanted)
    number, unit = compact(length, units)
    bar = AnchoredSizeBar(
        axis.transData,
        length / (nx * scale) * abs(right - left),
        f"{number:g} {unit}",
        emptiest_corner(axis.images[0], background),
        color="white",
        frameon=False,
        size_vertical=max(nx / 100, 0.5) * abs(bottom - top) / ny,
        pad=0.4,
        sep=4,
    )
    outline = [patheffects.withStroke(linewidth=2, foreground="black")]
    bar.txt_label._text.set_path_effects(outline)
    for part in bar.size_bar.get_children():
        part.set_path_effects(outline)
    axis.add_artist(bar)
    return bar


def has_units(axis):
    """Return whether an axis says what its scale is in."""
    return isinstance(axis.units, str) and bool(axis.units.strip())


def compact(length, units):
    """Return a length and its unit as they are written shortest, such as 10, "nm" for 0.01, "µm".

    A unit that is no unit stays, and is "pixels" where there is none.
    """
    if not isinstance(units, str):
        return length, "pixels"
    try:
        quantity = pint.get_application_registry().Quantity(length, units).to_compact()
        return float(f"{quantity.magnitude:.12g}"), f"{quantity.units:~P}"
    except (pint.errors.PintError, AttributeError, TypeError):
        return length, units

"""Maps as panels: names, scales, colour bars and scale bars; and what can be drawn at all."""

import textwrap

import numpy as np
import pint
from matplotlib import patheffects
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

_BAR_LENGTHS = (1, 2, 5)
_BRIGHTEST = 99.8
_TITLE = 24


def check_maps(maps, caller):
    """Raise an error that says what to do if ``maps`` are no list of two-dimensional maps.

    Lazy maps are refused: each panel would read and fuse them again.
    """
    if not isinstance(maps, (list, tuple)) or not maps:
        raise ValueError(
            f"{caller} needs a list with at least one map, as multimodal_fusion returns, but "
            f"{'an empty list' if maps == [] else type(maps).__name__} was given."
        )
    shape = np.shape(maps[0].data)
    for each in maps:
        if each._lazy:
            raise ValueError(
                f"{caller} draws maps in memory, but {map_name(each)} is lazy. Compute all maps "
                "together first: maps = hyperspy_multimodal.compute_maps(maps)."
            )
        if each.data.ndim != 2:
            raise ValueError(
                f"{caller} draws maps with two axes, but {map_name(each)} has the shape "
                f"{each.data.shape}. Of a stack, draw one slice: [m.inav[..., 0] for m in maps]."
            )
        if each.data.shape != shape:
            raise ValueError(
                f"{caller} draws maps of one scan, but they have the shapes {shape} and "
                f"{each.data.shape}."
            )


def check_output(output, names, caller):
    """Raise an error if ``output`` is no ``full_output`` that holds ``names`` in memory."""
    if not isinstance(output, dict):
        raise TypeError(
            f"{caller} needs the dictionary that multimodal_fusion returns with full_output=True, "
            f"but was given {type(output).__name__}."
        )
    if "slices" in output:
        raise ValueError(
            f"{caller} draws one fusion, but this is the output of a stack: give it that of one "
            "slice, output['slices'][0]."
        )
    missing = [name for name in names if name not in output]
    if missing:
        raise ValueError(
            f"{caller} needs {', '.join(missing)}, which this output does not hold. That of a lazy "
            "fusion holds its images only: fuse with lazy_output=False, full_output=True."
        )
    for name in names:
        if getattr(output[name], "_lazy", False):
            raise ValueError(f"{caller} draws what is in memory: call output[{name!r}].compute().")


def map_name(signal):
    """Return the line, edge or element of a map, from its metadata."""
    for item in ("xray_lines", "edges", "elements"):
        names = signal.metadata.get_item(f"Sample.{item}", None)
        if names and len(names) == 1:
            return str(names[0])
    title = signal.metadata.General.title
    name = signal.metadata.get_item("Multimodal_fusion.element", None)
    return str(name) if name else textwrap.shorten(title or "map", _TITLE, placeholder=" ...")


def map_unit(fused):
    """Return what the values of a map are, as far as its metadata tell."""
    source = fused.metadata.get_item("Multimodal_fusion.gain_source", "counts")
    ready = fused.metadata.get_item("Multimodal_fusion.map_method", None) is None
    return "net counts" if not ready or source == "counts" else "units of the map"


def brightest(data, lowest=0.0):
    """Return the 99.8th percentile, or what lies above ``lowest`` in a map that is nearly flat."""
    highest = float(np.nanpercentile(data, _BRIGHTEST))
    return highest if highest > lowest else max(float(np.nanmax(data)), lowest + 1e-12)


def show(axis, data, title, colour_map, label, limits):
    """Draw an image with a colour bar and without ticks."""
    drawn = axis.imshow(data, cmap=colour_map, vmin=limits[0], vmax=limits[1])
    axis.set_title(title)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.figure.colorbar(drawn, ax=axis, label=label, shrink=0.85)
    return drawn


def scale_bar(axis, signal):
    """Draw a bar of a round length, about a quarter of the width of ``signal``'s image."""
    manager = signal.axes_manager
    across = (manager.navigation_axes or manager.signal_axes)[0]
    wanted = 0.3 * across.size * across.scale
    decade = 10.0 ** np.floor(np.log10(wanted))
    length = max(step * decade for step in _BAR_LENGTHS if step * decade <= wanted)
    number, unit = compact(length, across.units)
    bar = AnchoredSizeBar(
        axis.transData,
        length / across.scale,
        f"{number:g} {unit}",
        "lower left",
        color="white",
        frameon=False,
        size_vertical=max(across.size / 100, 0.5),
        pad=0.4,
        sep=4,
    )
    outline = [patheffects.withStroke(linewidth=2, foreground="black")]
    bar.txt_label._text.set_path_effects(outline)
    for part in bar.size_bar.get_children():
        part.set_path_effects(outline)
    axis.add_artist(bar)


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

"""Raw maps above fused maps, with the HAADF and a colour overlay."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pint
from matplotlib import colors, patheffects
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

# Magenta, cyan and yellow mix without hiding each other, and differ for colour-blind eyes too.
_COLOURS = ("#FF4FD8", "#2FD8FF", "#FFE62F", "#D55E00", "#009E73", "#0072B2")
_BAR_LENGTHS = (1, 2, 5)
_BRIGHTEST = 99.8
_TITLE = 24


def plot_overview(maps, raw_maps, haadf, fig=None):
    """Draw raw maps above fused maps, beside the HAADF and an overlay of the fused maps.

    Parameters
    ----------
    maps, raw_maps : list of BaseSignal
        Fused and raw maps of the same elements, in counts, with two axes each: what
        `multimodal_fusion` returns, and ``raw_maps`` of its ``full_output``.
    haadf : BaseSignal
        HAADF image over the same scan.
    fig : matplotlib.figure.Figure, optional
        Figure to draw into; a new one by default.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (2, K + 1): HAADF and raw maps, overlay and fused maps.

    Raises
    ------
    ValueError
        If there is no map, or not one raw map for each fused map.

    Notes
    -----
    Each map has its own scale from 0 to its 99.8th percentile. In the overlay each element has one
    colour, whose brightness is the fused map on its scale; colours add up, and the brightest sum is
    full brightness. The HAADF's title says if fusion left it out.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_overview
    >>> s = core_shell((32, 32))
    >>> maps, output = s.signal.multimodal_fusion(
    ...     s.haadf, gamma=1, lambdas=(0.01, 0.02), full_output=True, show_progressbar=False
    ... )
    >>> axes = plot_overview(maps, output["raw_maps"], s.haadf)
    >>> axes.shape
    (2, 4)
    """
    if not maps or len(maps) != len(raw_maps):
        raise ValueError(
            "plot_overview needs at least one fused map and one raw map for each, but "
            f"{len(maps)} fused and {len(raw_maps)} raw maps were given."
        )
    columns = len(maps) + 1
    ny, nx = maps[0].data.shape
    if fig is None:
        height = 2.3 * np.clip(ny / nx, 0.4, 2.5)
        fig = plt.figure(figsize=(3.0 * columns, 2 * height + 1.2), layout="constrained")
    axes = fig.subplots(2, columns, squeeze=False)
    used = maps[0].metadata.get_item("Multimodal_fusion.uses_haadf", True)
    title = "HAADF" if used else "HAADF (left out)"
    _show(axes[0, 0], np.asarray(haadf.data), title, "gray", "intensity")
    for column, (raw, fused) in enumerate(zip(raw_maps, maps, strict=True), start=1):
        name = map_name(fused)
        label = "net counts" if _are_counts(fused) else "units of the map"
        _show(axes[0, column], raw.data, f"{name}, raw", "viridis", label, lowest=0)
        _show(axes[1, column], fused.data, f"{name}, fused", "viridis", label, lowest=0)
    _overlay(axes[1, 0], maps)
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
    _scale_bar(axes[0, 0], maps[0])
    return axes


def map_name(signal):
    """Return the line, edge or element of a map, from its metadata."""
    for item in ("xray_lines", "edges", "elements"):
        names = signal.metadata.get_item(f"Sample.{item}", None)
        if names and len(names) == 1:
            return str(names[0])
    title = signal.metadata.General.title
    name = signal.metadata.get_item("Multimodal_fusion.element", None)
    return str(name) if name else textwrap.shorten(title, _TITLE, placeholder=" ...")


def _are_counts(fused):
    """Return whether a map is in counts, as far as its metadata tell."""
    source = fused.metadata.get_item("Multimodal_fusion.gain_source", "counts")
    ready = fused.metadata.get_item("Multimodal_fusion.map_method", None) is None
    return not ready or source == "counts"


def _brightest(data, lowest):
    highest = float(np.nanpercentile(data, _BRIGHTEST))
    return highest if highest > lowest else max(float(np.nanmax(data)), lowest + 1e-12)


def _show(axis, data, title, colour_map, label, lowest=None):
    low = float(np.nanmin(data)) if lowest is None else lowest
    drawn = axis.imshow(data, cmap=colour_map, vmin=low, vmax=_brightest(data, low))
    axis.set_title(title)
    axis.figure.colorbar(drawn, ax=axis, label=label, shrink=0.85)


def _overlay(axis, maps):
    mixed = np.zeros((*maps[0].data.shape, 3))
    for number, fused in enumerate(maps):
        colour = _COLOURS[number % len(_COLOURS)]
        share = np.clip(fused.data / _brightest(fused.data, 0), 0, 1)
        mixed += share[..., None] * np.array(colors.to_rgb(colour))
        axis.plot([], [], "s", color=colour, label=map_name(fused))
    axis.imshow(mixed / max(mixed.max(), 1))
    axis.set_title("fused, overlay")
    axis.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, frameon=False, fontsize="small"
    )


def _scale_bar(axis, signal):
    manager = signal.axes_manager
    across = (manager.navigation_axes or manager.signal_axes)[0]
    wanted = 0.3 * across.size * across.scale
    decade = 10.0 ** np.floor(np.log10(wanted))
    length = max(step * decade for step in _BAR_LENGTHS if step * decade <= wanted)
    bar = AnchoredSizeBar(
        axis.transData,
        length / across.scale,
        _length_label(length, across.units),
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


def _length_label(length, units):
    """Return the length in the unit that writes it shortest, such as 10 nm for 0.01 µm."""
    if not isinstance(units, str):
        return f"{length:g} pixels"
    try:
        quantity = pint.get_application_registry().Quantity(length, units).to_compact()
        return f"{float(f'{quantity.magnitude:.3g}'):g} {quantity.units:~P}"
    except (pint.errors.PintError, AttributeError, TypeError):
        return f"{length:g} {units}"

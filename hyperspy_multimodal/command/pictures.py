"""Pictures that the command draws."""


def draw_profiles(path, names, maps, raw_maps):
    """Draw raw and fused profiles along a line."""
    import matplotlib.pyplot as plt

    from ..plot.panels import REGION_COLOURS, has_units, map_axes, map_unit

    [axis] = map_axes(maps[0])
    figure, panel = plt.subplots(figsize=(7, 4), layout="constrained")
    for number, (name, fused, raw) in enumerate(zip(names, maps, raw_maps, strict=True)):
        colour = REGION_COLOURS[number % len(REGION_COLOURS)]
        panel.plot(axis.axis, fused.data, color=colour, label=name)
        panel.plot(axis.axis, raw.data, ".", color=colour, markersize=3, alpha=0.6)
    panel.set_title("fused (lines) and raw (dots) along the line")
    panel.set_xlabel(f"position ({axis.units})" if has_units(axis) else "position (pixels)")
    panel.set_ylabel(map_unit(maps[0]))
    panel.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def draw_overview(path, maps, raw_maps, haadf):
    """Draw raw and fused maps beside the HAADF."""
    from ..plot import plot_overview

    _save(path, lambda: plot_overview(maps, raw_maps, haadf))


def draw_composition(path, found, haadf, ratio_to=None):
    """Draw the composition of regions, or ratios to one element."""
    from ..plot import plot_composition

    _save(path, lambda: plot_composition(found, haadf, ratio_to=ratio_to))


def more_pictures(output):
    """Return pictures of the HAADF model, what was tried and the fitted spectrum, if there are any.

    Returns
    -------
    dict of str to callable
        By the name of the file, a function that draws a picture into the file at a path.
    """
    from .. import plot

    pictures = {"haadf_model": (plot.plot_haadf_model, output)}
    if output.get("selection"):
        pictures["selection"] = plot.plot_selection, output
    if output.get("spectrum_fit"):
        pictures["sum_spectrum"] = plot.plot_sum_spectrum, output["spectrum_fit"]
    return {
        f"{name}.png": lambda path, draw=draw, what=what: _save(path, lambda: draw(what))
        for name, (draw, what) in pictures.items()
    }


def _save(path, draw):
    """Save the figure that a function draws."""
    import matplotlib.pyplot as plt

    plt.close("all")
    try:
        draw()
        plt.gcf().savefig(path, dpi=120)
    finally:
        plt.close("all")

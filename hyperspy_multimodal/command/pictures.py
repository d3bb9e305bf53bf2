"""Pictures that the command draws besides the overview."""


def draw_profiles(path, names, maps, raw_maps):
    """Draw raw and fused profiles along a line."""
    import matplotlib.pyplot as plt

    from ..plot.panels import LINE_COLOURS, has_units, map_axes, map_unit

    [axis] = map_axes(maps[0])
    figure, panel = plt.subplots(figsize=(7, 4), layout="constrained")
    for number, (name, fused, raw) in enumerate(zip(names, maps, raw_maps, strict=True)):
        colour = LINE_COLOURS[number % len(LINE_COLOURS)]
        panel.plot(axis.axis, fused.data, color=colour, label=name)
        panel.plot(axis.axis, raw.data, ".", color=colour, markersize=3, alpha=0.6)
    panel.set_title("fused (lines) and raw (dots) along the line")
    panel.set_xlabel(f"position ({axis.units})" if has_units(axis) else "position (pixels)")
    panel.set_ylabel(map_unit(maps[0]))
    panel.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def draw_more(folder, output):
    """Draw the HAADF model, what was tried and the fitted spectrum, where there are any."""
    import matplotlib.pyplot as plt

    from .. import plot

    pictures = [("haadf_model", plot.plot_haadf_model, output)]
    if output.get("selection"):
        pictures.append(("selection", plot.plot_selection, output))
    if output.get("spectrum_fit"):
        pictures.append(("sum_spectrum", plot.plot_sum_spectrum, output["spectrum_fit"]))
    for name, draw, what in pictures:
        plt.close("all")
        draw(what)
        plt.gcf().savefig(folder / f"{name}.png", dpi=120)
    plt.close("all")

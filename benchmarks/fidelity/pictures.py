"""Pictures for the documentation: maps of every method beside the truth."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import methods
import numpy as np
from matplotlib import patheffects
from scans import scan
from scores import snr

SHOWN = {
    "core_shell": ("core-shell particles", 3),
    "bimetal": ("bimetal particles", 3),
    "atomic": ("atomic resolution", 5),
}


def draw(folder):
    """Draw one picture a specimen into a folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for stem, (name, counts) in SHOWN.items():
        figure = comparison(name, counts)
        figure.savefig(folder / f"fidelity_{stem}.png", dpi=75)
        plt.close(figure)


def comparison(name, counts, seed=0):
    """Return a figure of raw, best TV, automatic and true maps, one column an element."""
    specimen = scan(name, counts, seed)
    raw, _, truth = methods.raw_of(specimen)
    rows = {
        "raw (windows)": raw,
        "best TV": methods.total_variation(raw, truth),
        "fused, automatic": methods.automatic(specimen)[0],
        "truth": truth,
    }
    lines = specimen.signal.metadata.Sample.xray_lines
    figure, axes = plt.subplots(
        len(rows), len(lines), figsize=(2.6 * len(lines) + 0.4, 10), layout="constrained"
    )
    for row, (method, maps) in enumerate(rows.items()):
        for column, line in enumerate(lines):
            axis = axes[row, column]
            shown = axis.imshow(maps[column], vmin=0, vmax=truth[column].max(), cmap="viridis")
            score = "" if method == "truth" else f", {snr(maps, truth)[column]:.1f} dB"
            axis.set_title(f"{line.replace('_', ' ')}, {method}{score}", fontsize=8)
            axis.set_xticks([])
            axis.set_yticks([])
            extend = "neither" if method == "truth" else "both"
            bar = figure.colorbar(shown, ax=axis, shrink=0.8, extend=extend)
            bar.ax.tick_params(labelsize=7)
            if column == len(lines) - 1:
                bar.set_label("net counts", fontsize=7)
    _scale_bar(axes[0, 0], specimen)
    figure.suptitle(f"{name}, at most {counts} counts a pixel, simulated", fontsize=10)
    return figure


def _scale_bar(axis, specimen):
    scan_axis = specimen.signal.axes_manager.navigation_axes[0]
    width = scan_axis.size * scan_axis.scale
    length = max(
        step * 10.0**power
        for power in range(-2, 4)
        for step in (1, 2, 5)
        if step * 10.0**power <= 0.3 * width
    )
    pixels = length / scan_axis.scale
    y = 0.93 * scan_axis.size
    outline = [patheffects.withStroke(linewidth=2.5, foreground="black")]
    frame = [patheffects.withStroke(linewidth=5, foreground="black")]
    axis.plot([4, 4 + pixels], [y, y], color="white", linewidth=3, path_effects=frame)
    axis.text(
        4 + pixels / 2,
        y - 4,
        f"{length:g} {scan_axis.units}",
        color="white",
        ha="center",
        fontsize=8,
        path_effects=outline,
    )
    axis.set_xlim(-0.5, np.asarray(specimen.haadf.data).shape[1] - 0.5)

"""Pictures for the documentation: maps of every method beside the truth."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import methods
from scale_bar import draw_scale_bar
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
    draw_scale_bar(axes[0, 0], specimen.signal.axes_manager.navigation_axes[0])
    figure.suptitle(f"{name}, at most {counts} counts per pixel, simulated", fontsize=10)
    return figure

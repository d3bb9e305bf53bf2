"""Print what each regulariser makes of the same counts, and draw one map of each side by side.

Usage: python regularisers.py [--picture FILE] [--seeds N]

Lambdas are chosen automatically, for one regulariser at a time and for all of them ("auto").
"""

import argparse
import logging

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import methods
import numpy as np
from scale_bar import draw_scale_bar
from scans import truth_of
from scores import snr

from hyperspy_multimodal.data import core_shell, oxide_interface
from hyperspy_multimodal.fusion.regularisers import REGULARISERS

#: Total generalised variation is drawn, but takes too long for the seeds of the table.
TABLED = [name for name in REGULARISERS if "tgv" not in name]

SHAPE = 96, 96
#: By name: the specimen, its counts, and the element that is drawn.
SHOWN = {
    "core-shell particles": (core_shell, 20.0, "S_Ka"),
    "atomic resolution": (oxide_interface, 5.0, "Mn_Ka"),
}
_ROWS, _COLUMNS = slice(16, 80), slice(32, 96)  # that are drawn


def found(specimen, names):
    """Return maps by regulariser, raw ones and the best Gaussian filter among them."""
    truth, fitted = truth_of(specimen), methods.fitted(specimen)
    maps = {"truth": truth, "raw": fitted, "Gaussian, by truth": methods.gaussian(fitted, truth)}
    for name in names:
        maps[name], _ = methods.automatic(specimen, regulariser=name)
    return maps


def table(seeds):
    """Print the SNR of each element; return the maps of the first seed."""
    tried = *TABLED, "auto"
    names = "raw", "Gaussian, by truth", *tried
    print("<!-- table: regularisers -->\n")
    print("| specimen | counts | element | " + " | ".join(names) + " |")
    print("|---|---|---|" + "---|" * len(names))
    first = {}
    for name, (simulate, counts, _) in SHOWN.items():
        scores = []
        for seed in range(seeds):
            specimen = simulate(SHAPE, counts=counts, seed=seed)
            maps = found(specimen, tried)
            first.setdefault(name, (specimen, maps))
            scores.append([snr(maps[each], maps["truth"]) for each in names])
        scores = np.mean(scores, axis=0)
        for i, line in enumerate(specimen.signal.metadata.Sample.xray_lines):
            values = " | ".join(f"{value:.1f}" for value in scores[:, i])
            print(f"| {name} | {counts:g} | {line.split('_')[0]} | {values} |")
    return first


def picture(first):
    """Return a figure with one row a specimen and one column a method."""
    for specimen, maps in first.values():
        maps |= found(specimen, [name for name in REGULARISERS if name not in maps])
    columns = ["truth", "raw", *REGULARISERS]
    figure, axes = plt.subplots(
        len(first), len(columns), figsize=(1.75 * len(columns) + 0.4, 4.0), layout="constrained"
    )
    for row, (name, (specimen, maps)) in zip(axes, first.items(), strict=True):
        _, counts, line = SHOWN[name]
        k = specimen.signal.metadata.Sample.xray_lines.index(line)
        truth = maps["truth"]
        for axis, method in zip(row, columns, strict=True):
            part = maps[method][k][_ROWS, _COLUMNS]
            shown = axis.imshow(part, vmin=0, vmax=truth[k].max(), cmap="viridis")
            score = "" if method == "truth" else f", {snr(maps[method], truth)[k]:.1f} dB"
            axis.set_title(f"{method}{score}", fontsize=8)
            axis.set_xticks([])
            axis.set_yticks([])
        row[0].set_ylabel(f"{line.split('_')[0]}, {name},\n{counts:g} counts", fontsize=8)
        bar = figure.colorbar(shown, ax=row[-1], shrink=0.8, extend="both")
        bar.set_label("net counts", fontsize=7)
        bar.ax.tick_params(labelsize=7)
        scan_axis = specimen.signal.inav[_COLUMNS, _ROWS].axes_manager.navigation_axes[0]
        draw_scale_bar(row[0], scan_axis)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--picture", help="file of the picture")
    parser.add_argument("--seeds", type=int, default=1, help="noise seeds (1)")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    first = table(options.seeds)
    if options.picture:
        picture(first).savefig(options.picture, dpi=90)


if __name__ == "__main__":
    main()

"""Pictures of a thinned scan: its HAADF, and maps by method beside the held-out ones."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scale_bar import draw_scale_bar

SHOWN = {
    "raw, fit": "raw fit",
    "best Gaussian": "best Gaussian",
    "automatic": "fused, automatic",
}


def draw(path, title, scan_axis, haadf, lines, found, reference):
    """Draw maps of one dose, one column an element, into a file.

    Parameters
    ----------
    path : Path
        File to write.
    title : str
        Title of the figure.
    scan_axis : hyperspy.axes.DataAxis
        Horizontal axis of the scan.
    haadf : numpy.ndarray
        HAADF image, (ny, nx).
    lines : list of str
        X-ray lines.
    found : dict
        Maps (K, ny, nx) by method.
    reference : HeldOut
        Maps of the counts that were taken away.
    """
    rows = {
        **{f"{name}, {{:.1f}} dB": found[method] for method, name in SHOWN.items()},
        "held out, scaled": reference.maps,
    }
    height, n_lines = len(rows), len(lines)
    figure = plt.figure(figsize=(3.6 + 2.5 * n_lines, 2.35 * height), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.45, n_lines])
    _haadf_panel(left, haadf, scan_axis)
    axes = right.subplots(height, n_lines, squeeze=False)
    for row, (name, maps) in enumerate(rows.items()):
        snr = 10 * np.log10(reference.signal / np.maximum(reference.error(maps), 1e-12))
        for column, line in enumerate(lines):
            axis = axes[row, column]
            lowest, highest = np.percentile(reference.maps[column], (0.2, 99.8))
            lowest = min(lowest, 0)
            shown = axis.imshow(maps[column], vmin=lowest, vmax=highest, cmap="viridis")
            axis.set_title(f"{line.replace('_', ' ')}, {name.format(snr[column])}", fontsize=8)
            axis.set_xticks([])
            axis.set_yticks([])
            bar = right.colorbar(shown, ax=axis, shrink=0.85, extend="both")
            bar.ax.tick_params(labelsize=7)
            if column == n_lines - 1:
                bar.set_label("net counts per pixel", fontsize=7)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=75)
    plt.close(figure)


def _haadf_panel(figure, haadf, scan_axis):
    middle = figure.add_gridspec(3, 1, height_ratios=(1, 2, 1))[1]
    axis = figure.add_subplot(middle)
    shown = axis.imshow(haadf, cmap="gray")
    axis.set_title("HAADF, not thinned", fontsize=9)
    axis.set_xticks([])
    axis.set_yticks([])
    bar = figure.colorbar(shown, ax=axis, orientation="horizontal", shrink=0.9, pad=0.02)
    bar.ax.tick_params(labelsize=7)
    bar.set_label("intensity as stored", fontsize=7)
    draw_scale_bar(axis, scan_axis)

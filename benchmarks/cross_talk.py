"""How much of one element is found where only the other is, for pairs whose lines overlap.

Usage: python cross_talk.py [--counts 10] [--pictures FOLDER]

Specimens are `hyperspy_multimodal.data.overlapping_pair`; fused maps are those of the automatic
call. A leak is the mean count of an element where only the other one is, over its mean
count where it is.
"""

import argparse
import logging
from pathlib import Path

import numpy as np
from against_truth import automatic, snr, stacked

from hyperspy_multimodal.data import overlapping_pair
from hyperspy_multimodal.plot.panels import scale_bar

PAIRS = ("S-Mo", "S-Pb", "Ti-Ba", "Mn-Fe", "Fe-Co")


def leak(found, truth):
    """Share of each element of two that is found where only the other is."""
    present = truth > 0.25 * truth.max(axis=(1, 2), keepdims=True)
    empty = truth < 1e-3 * truth.max(axis=(1, 2), keepdims=True)
    return np.array(
        [found[i][empty[i] & present[1 - i]].mean() / truth[i][present[i]].mean() for i in range(2)]
    )


def rows(pair, counts, seeds=(0, 1)):
    """Yield name of the line, method, and total, leak and SNR, raw and fused, over the seeds."""
    found = {}
    for seed in seeds:
        specimen = overlapping_pair(pair, counts=counts, seed=seed)
        truth = stacked(specimen.counts)
        for method in ("windows", "fit"):
            fused, raw, _ = automatic(specimen, method)
            totals = raw.sum(axis=(1, 2)) / truth.sum(axis=(1, 2))
            values = (
                totals,
                leak(raw, truth),
                snr(raw, truth),
                leak(fused, truth),
                snr(fused, truth),
            )
            found.setdefault(method, []).append(values)
    for i, name in enumerate(specimen.signal.metadata.Sample.xray_lines):
        for method, values in found.items():
            yield name, method, np.array(values)[:, :, i].mean(axis=0)


def table(counts):
    """Print a row for each line and method."""
    print("<!-- table: cross-talk -->\n")
    titles = ["pair", "line", "maps from", "total, found / true", "leak, raw", "leak, fused"]
    print("|", " | ".join([*titles, "SNR raw / dB", "SNR fused / dB"]), "|")
    print("|---|---|---|---|---|---|---|---|")
    for pair in PAIRS:
        for name, method, (total, raw_leak, raw, fused_leak, fused) in rows(pair, counts):
            print(
                f"| {pair} | {name} | {method} | {total:.3f} | {100 * raw_leak:.1f} % "
                f"| {100 * fused_leak:.1f} % | {raw:.1f} | {fused:.1f} |",
                flush=True,
            )


def pictures(folder, counts):
    """Draw truth, raw and fused maps of each pair by both methods."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for pair in PAIRS:
        specimen = overlapping_pair(pair, counts=counts)
        truth = stacked(specimen.counts)
        names = specimen.signal.metadata.Sample.xray_lines
        columns = [("truth", truth)]
        for method in ("windows", "fit"):
            fused, raw, _ = automatic(specimen, method)
            columns += [(f"{method}, raw", raw), (f"{method}, fused", fused)]
        fig, axes = plt.subplots(2, 5, figsize=(14, 5.6), layout="constrained")
        for column, (title, shown) in zip(axes.T, columns, strict=True):
            for i, axis in enumerate(column):
                axis.imshow(shown[i], vmin=0, vmax=truth[i].max(), cmap="viridis")
                axis.set_title(f"{names[i].replace('_', ' ')}: {title}")
                axis.set_xticks([])
                axis.set_yticks([])
        scale_bar(axes[0, 0], specimen.counts[0])
        for i, axis in enumerate(axes[:, -1]):
            fig.colorbar(axes[i, -1].images[0], ax=axis, label="net counts")
        fig.savefig(Path(folder) / f"cross_talk_{pair}.png", dpi=110)
        plt.close(fig)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=float, default=10.0)
    parser.add_argument("--pictures", metavar="FOLDER")
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    table(chosen.counts)
    if chosen.pictures:
        pictures(chosen.pictures, chosen.counts)


if __name__ == "__main__":
    main()

"""EELS: raw, TV-filtered and fused maps of a simulated specimen, against its truth.

Usage: python core_loss.py [--size 96] [--seeds 3] [--channel-width 2]

The specimen is `hyperspy_multimodal.data.core_loss`, with ten electrons of background to one of the
edge.
Fusions are automatic; total variation has the weight that is best by the truth for each element.
"""

import argparse
import logging

import numpy as np
from against_truth import automatic, snr, stacked
from skimage.restoration import denoise_tv_chambolle

from hyperspy_multimodal.data import core_loss

METHODS = ("windows", "fit")
WEIGHTS = np.geomspace(0.3, 10, 8)
COLUMNS = [f"{kind}, {method}" for kind in ("raw", "best TV", "fused") for method in METHODS]
CONDITIONS = {
    "3": {"counts": 3.0},
    "30": {"counts": 30.0},
    "30, white lines of half the edges": {"counts": 30.0, "white_lines": 0.5},
}


def best_total_variation(raw, truth):
    """Raw maps under scikit-image's TV filter, with the weight that is best for each element."""
    best = []
    for each, true in zip(raw, truth, strict=True):
        scale = each.std()
        tried = [
            scale * denoise_tv_chambolle(each / scale, weight=weight, eps=1e-5, max_num_iter=300)
            for weight in WEIGHTS
        ]
        best.append(max(tried, key=lambda found: -np.square(found - true).sum()))
    return np.stack(best)


def row(title, conditions, shape, seeds):
    """Print SNR of each column, and the totals of the fit in percent."""
    scores, totals, used = [], [], 0
    for seed in range(seeds):
        specimen = core_loss(shape, seed=seed, **conditions)
        truth = stacked(specimen.counts)
        results = [automatic(specimen, method) for method in METHODS]
        own = [raw for _, raw, _ in results]
        own += [best_total_variation(raw, truth) for _, raw, _ in results]
        own += [fused for fused, _, _ in results]
        scores.append([snr(maps, truth).mean() for maps in own])
        totals.append(100 * (own[-1].sum(axis=(1, 2)) / truth.sum(axis=(1, 2)) - 1))
        used += bool(results[-1][2]["uses_brightness"])
    errors = np.std(totals, axis=0, ddof=1) / np.sqrt(seeds)
    biases = ", ".join(
        f"{mean:+.1f} ± {error:.1f}"
        for mean, error in zip(np.mean(totals, axis=0), errors, strict=True)
    )
    cells = [f"{each:.1f} dB" for each in np.mean(scores, axis=0)]
    print(f"| {title} | {' | '.join(cells)} | {used} of {seeds} | {biases} % |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=96, help="rows and columns")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--channel-width", type=float, default=2.0, help="in eV")
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    shape = (chosen.size, chosen.size)
    axis = {"channel_width": chosen.channel_width, "channels": round(600 / chosen.channel_width)}
    print("<!-- table: core-loss -->\n")
    head = ["electrons", *COLUMNS, "HAADF brightness used", "totals of the fit: O, Mn, Co"]
    print("|", " | ".join(head), "|\n" + "|---" * len(head) + "|")
    for title, conditions in CONDITIONS.items():
        row(title, conditions | axis, shape, chosen.seeds)


if __name__ == "__main__":
    main()

"""EELS: raw, TV-filtered and fused maps of a simulated specimen, against its truth.

Usage: python core_loss.py [--size 96] [--seeds 5] [--channel-width 2]

The specimen is `hyperspy_multimodal.data.core_loss`, with ten electrons of background to one of the
edge.
Fusions are automatic; total variation has the weight that is best by the truth for each element.
Takes some four minutes.
"""

import argparse
import logging

import numpy as np
from skimage.restoration import denoise_tv_chambolle
from tuned import snr

from hyperspy_multimodal.data import core_loss

METHODS = ("windows", "fit")
WEIGHTS = np.geomspace(0.2, 20, 12)
COLUMNS = (
    *(f"raw, {method}" for method in METHODS),
    *(f"best TV, {method}" for method in METHODS),
    *(f"fused, {method}" for method in METHODS),
    "fused, default",
)


def stacked(maps):
    return np.stack([np.asarray(each.data, float) for each in maps])


def fused(specimen, method):
    """Fused and raw maps, the method they were made by, and whether the HAADF was used."""
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf,
        gamma="auto",
        map_method=method,
        full_output=True,
        show_progressbar=False,
    )
    chosen = maps[0].metadata.Multimodal_fusion.map_method
    return stacked(maps), stacked(output["raw_maps"]), chosen, output["uses_haadf"]


def best_total_variation(raw, truth):
    """Raw maps under scikit-image's TV filter, with the weight that is best for each element."""
    best = []
    for each, true in zip(raw, truth, strict=True):
        scale = each.std()
        tried = [
            scale * denoise_tv_chambolle(each / scale, weight=weight, eps=1e-6, max_num_iter=1000)
            for weight in WEIGHTS
        ]
        best.append(max(tried, key=lambda found: -np.square(found - true).sum()))
    return np.stack(best)


def measured(specimen):
    """Maps by column, and for the default call its method and whether it used the HAADF."""
    truth = stacked(specimen.counts)
    results = {"default": fused(specimen, "auto")}
    *_, chosen, uses_haadf = results["default"]
    for method in METHODS:
        # the automatic choice is one of them, and a call can be repeated
        results[method] = results["default"] if method == chosen else fused(specimen, method)
    maps = {}
    for method in METHODS:
        raw = results[method][1]
        maps[f"raw, {method}"] = raw
        maps[f"best TV, {method}"] = best_total_variation(raw, truth)
    maps |= {f"fused, {name}": found for name, (found, *_) in results.items()}
    return truth, maps, chosen, uses_haadf


def row(conditions, shape, seeds):
    """Scores of each column, by seed: SNR in dB and bias of totals in percent."""
    ratios, biases, choices, used = [], [], [], 0
    for seed in range(seeds):
        specimen = core_loss(shape, seed=seed, **conditions)
        truth, maps, chosen, uses_haadf = measured(specimen)
        ratios.append([snr(maps[column], truth) for column in COLUMNS])
        totals = np.array([maps[column].sum(axis=(1, 2)) for column in COLUMNS])
        biases.append(100 * (totals / truth.sum(axis=(1, 2)) - 1))
        choices.append(chosen)
        used += bool(uses_haadf)
    names = [each.metadata.Sample.edges[0] for each in specimen.counts]
    return names, np.array(ratios), np.array(biases), sorted(set(choices)), used


def table(title, rows, shape, seeds):
    """Print SNR and totals of some conditions."""
    print(f"\n### {title}\n")
    head = ["electrons", *COLUMNS, "largest bias of default / %", "default is", "with HAADF"]
    print("|", " | ".join(head), "|")
    print("|---" * len(head) + "|")
    results = []
    for conditions in rows:
        result = row(conditions, shape, seeds)
        names, ratios, biases, choices, used = result
        cells = [f"{value:.2f}" for value in ratios.mean(axis=(0, 2))]
        mean = biases.mean(axis=0)[COLUMNS.index("fused, default")]
        worst = np.abs(mean).argmax()
        cells += [f"{mean[worst]:+.1f} ({names[worst]})", ", ".join(choices), f"{used} of {seeds}"]
        print(f"| {conditions['counts']:g} |", " | ".join(cells), "|", flush=True)
        results.append((conditions, *result))
    by_element(results)


def by_element(results):
    """Print SNR and bias of each element."""
    print("\n| electrons | element | " + " | ".join(f"SNR {c}" for c in COLUMNS[:-1]), end="")
    print(" | " + " | ".join(f"total, {method} / %" for method in METHODS) + " |")
    print("|---" * (len(COLUMNS) + 1 + len(METHODS)) + "|")
    for conditions, names, ratios, biases, *_ in results:
        for i, name in enumerate(names):
            cells = [f"{value:.2f}" for value in ratios.mean(axis=0)[:-1, i]]
            for method in METHODS:
                bias = biases[:, COLUMNS.index(f"fused, {method}"), i]
                error = bias.std(ddof=1) / np.sqrt(len(bias)) if len(bias) > 1 else np.nan
                cells.append(f"{bias.mean():+.1f} ± {error:.1f}")
            print(f"| {conditions['counts']:g} | {name} |", " | ".join(cells), "|", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=96, help="rows and columns")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--channel-width", type=float, default=2.0, help="in eV")
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    shape = (chosen.size, chosen.size)
    axis = {"channel_width": chosen.channel_width, "channels": round(600 / chosen.channel_width)}
    plain = [{"counts": counts, **axis} for counts in (3.0, 30.0)]
    table("Hydrogenic edges: SNR in dB", plain, shape, chosen.seeds)
    white = [{"counts": 30.0, "white_lines": 0.5, **axis}]
    table("With white lines of half the edges: SNR in dB", white, shape, chosen.seeds)


if __name__ == "__main__":
    main()

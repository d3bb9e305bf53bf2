"""Fused totals of sulphur under molybdenum and lead, against their own stated errors.

Usage: python benchmarks/fidelity/overlaps.py [--seeds 12]

Specimens are `hyperspy_multimodal.data.overlapping_pair`. With the detector as stated, and with
line weights off by 10 % and an axis off by 10 eV, drawn anew for each seed.
"""

import argparse
import logging

import numpy as np

from hyperspy_multimodal.data import overlapping_pair

WRONG = {
    "as stated": {},
    "weights 10 %, axis 10 eV": {"line_weight_error": 0.1, "energy_offset": 0.01},
}


def pulls(pair, wrong, seeds):
    """Return fused totals of S over the truth, and their departures in stated errors."""
    ratios, departures = [], []
    for seed in range(seeds):
        options = {**wrong, "line_weight_seed": seed} if wrong else {}
        specimen = overlapping_pair(pair, (64, 64), counts=10, seed=seed, **options)
        maps, output = specimen.signal.multimodal_fusion(
            specimen.haadf, gamma=1, lambdas=(0.01, 0.02), show_progressbar=False, full_output=True
        )
        lines = [each.metadata.Sample.xray_lines[0] for each in maps]
        index = lines.index("S_Ka")
        # what a fit finds where the lines are; windows miss what the axis moves out of them
        truth = float(specimen.xrays[index].data.sum())
        total = float(maps[index].data.sum())
        error = output["spectrum_fit"]["total_errors"]["S_Ka"]
        ratios.append(total / truth)
        departures.append((total - truth) / error)
    return np.array(ratios), np.array(departures)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=12)
    seeds = parser.parse_args().seeds
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    print("<!-- table: overlaps -->\n")
    print("| S under | detector | total, fused / true: mean | scatter | within 2 stated errors |")
    print("|---|---|---|---|---|")
    for pair in ("S-Mo", "S-Pb"):
        for title, wrong in WRONG.items():
            ratios, departures = pulls(pair, wrong, seeds)
            within = np.count_nonzero(np.abs(departures) < 2)
            print(
                f"| {pair[2:]} | {title} | {ratios.mean():.3f} | {ratios.std(ddof=1):.3f} | "
                f"{within} of {seeds} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

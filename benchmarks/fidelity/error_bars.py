"""Print whether stated errors of fused maps are true: of pixels and of sums over regions.

Usage: python error_bars.py [--specimens | --measured] [--spectra FILE --haadf FILE]
       [--elements C Cu O Si] [--doses 3 10 30] [--seeds N] [--size N]

Simulated specimens have a truth. Of a measured scan, a share of the counts is fused; the others
are the yardstick, whose own noise is subtracted; its bright pixels are those of the fused map, as
pixels that are bright in the yardstick are so by its noise in part. Without files, the scan of
silica spheres is taken, which is downloaded once. `--specimens` leaves it out,
`--measured` the others.
"""

import argparse
import logging
from dataclasses import dataclass, field

import numpy as np
from measured import scan_of
from scipy import ndimage
from thinned_scan import held_out, stacked, thin

from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface

SPECIMENS = {
    "core-shell particles": (core_shell, (3, 20)),
    "bimetal particles": (bimetal, (5, 20)),
    "interface": (oxide_interface, (5, 20)),
}
DOSES = (3.0, 10.0, 30.0)
SEEDS = 3
LEAST = 0.3  # counts a pixel
SMALLEST, LARGEST, REGIONS = 20, 200, 400  # pixels of regions, and how many are tried


@dataclass
class Score:
    """What was found of one element, by seed."""

    squared: list = field(default_factory=list)
    stated: list = field(default_factory=list)
    before: list = field(default_factory=list)
    of_regions: list = field(default_factory=list)
    of_pixels: list = field(default_factory=list)

    def line(self):
        """Return ratio before and after calibration, its standard error, and coverage."""
        squared, stated = np.array(self.squared), np.array(self.stated)
        seeds = len(squared)
        spread = np.std(squared / stated, ddof=1) / np.sqrt(seeds) if seeds > 1 else np.nan
        regions, pixels = np.concatenate(self.of_regions), np.concatenate(self.of_pixels)
        numbers = (
            squared.sum() / sum(self.before),
            squared.sum() / stated.sum(),
            spread,
            (pixels < 1).mean(),
            (regions < 1).mean() if regions.size else np.nan,
            (regions < 2).mean() if regions.size else np.nan,
        )
        return " | ".join(f"{number:.2f}" for number in numbers)


def bright_pixels(image):
    """Return where a smoothed map is above half its 99th percentile."""
    smooth = ndimage.gaussian_filter(image, 2.0, mode="nearest")
    return smooth > 0.5 * np.percentile(smooth, 99)


def rectangles(bright, seed):
    """Return random rectangles of 20 to 200 pixels, three quarters of them bright."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(20 * REGIONS):
        area = np.exp(generator.uniform(np.log(SMALLEST), np.log(LARGEST)))
        height = int(np.sqrt(area) * np.exp(generator.uniform(-0.5, 0.5)))
        width = round(area / height)
        if height >= bright.shape[0] or width >= bright.shape[1]:
            continue
        top = generator.integers(bright.shape[0] - height)
        left = generator.integers(bright.shape[1] - width)
        part = slice(top, top + height), slice(left, left + width)
        if bright[part].mean() > 0.75:
            found.append(part)
        if len(found) == REGIONS:
            break
    return found


def add(scores, signal, haadf, truth, variance, seed):
    """Fuse a scan, and add to the `Score` of each element of over 0.3 counts a pixel."""
    maps, output = signal.multimodal_fusion(
        haadf, gamma="auto", uncertainty=True, full_output=True, show_progressbar=False
    )
    draws = np.array([stacked(draw) for draw in output["draws"]])
    deviations = stacked(output["standard_deviations"])
    for k, fused in enumerate(maps):
        if truth[k].mean() < LEAST:
            continue
        score = scores.setdefault(fused.metadata.Sample.xray_lines[0], Score())
        error = fused.data - truth[k]
        bright = bright_pixels(fused.data if variance[k].any() else truth[k])
        score.squared.append((np.square(error) - variance[k])[bright].sum())
        stated = np.square(deviations[k])
        score.stated.append(stated[bright].sum())
        score.before.append(stated[bright].sum() / output["error_ratios"][k])
        score.of_pixels.append((np.abs(error) / np.sqrt(stated + variance[k]))[bright])
        ratios, errors = [], draws[:, k] - fused.data
        for part in rectangles(bright, seed):
            spread = np.square(errors[(slice(None), *part)].sum(axis=(1, 2))).mean()
            ratios.append(abs(error[part].sum()) / np.sqrt(spread + variance[k][part].sum()))
        score.of_regions.append(np.array(ratios))


def print_scores(name, scores):
    """Print the rows of one specimen."""
    for line, score in scores.items():
        print(f"| {name} | {line.split('_')[0]} | {score.line()} |", flush=True)


def main():
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--specimens", action="store_true", help="simulated specimens only")
    parser.add_argument("--measured", action="store_true", help="the measured scan only")
    parser.add_argument("--spectra")
    parser.add_argument("--haadf")
    parser.add_argument("--elements", nargs="+")
    parser.add_argument("--doses", nargs="+", type=float, default=DOSES)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--size", type=int, default=80, help="pixels of the specimens")
    given = parser.parse_args()
    print(
        "| scan | element | uncalibrated | calibrated | standard error | pixels 1 σ "
        "| regions 1 σ | regions 2 σ |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, (specimen_of, doses) in {} if given.measured else SPECIMENS.items():
        for counts in doses:
            scores = {}
            for seed in range(given.seeds):
                found = specimen_of((given.size, given.size), counts=counts, seed=seed)
                truth = stacked(found.xrays)
                add(scores, found.signal, found.haadf, truth, np.zeros_like(truth), seed)
            print_scores(f"{name}, {counts} counts", scores)
    if given.specimens:
        return
    signal, haadf = scan_of(given.spectra, given.haadf, given.elements)
    for dose in given.doses:
        scores = {}
        for seed in range(given.seeds):
            thinned, rest = thin(signal, 1 / dose, seed)
            reference = held_out(rest, 1 / dose)
            add(scores, thinned, haadf, reference.maps, reference.variance, seed)
        print_scores(f"measured, 1/{dose:g} of the counts", scores)


if __name__ == "__main__":
    main()

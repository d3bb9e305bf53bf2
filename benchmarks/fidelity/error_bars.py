"""Print whether stated errors of fused maps are true: of pixels and of sums over regions.

Usage: python error_bars.py [--specimens | --foil | --measured] [--spectra FILE --haadf FILE]
       [--elements C Cu O Si] [--doses 3 10 30] [--seeds N] [--size N]

Simulated specimens have a truth. Of a measured scan, a share of the counts is fused; the others
are the yardstick, whose own noise is subtracted; its bright pixels are those of the fused map, as
pixels that are bright in the yardstick are so by its noise in part. Without files, the scan of
silica spheres is taken, which is downloaded once. `--specimens` leaves it out,
`--measured` the others. `--foil` takes one unlike those that the priors were chosen on.

Few pixels and regions of one scan are independent, so that shares of a few scans differ from those
of many by chance. Each draw of the errors is therefore scored as if it were the true error, whose
error bars are right. "By chance" is the standard deviation of that, over as many seeds. "From
counts" is the standard error with which the counts of one scan determine the mean squared error, as
a share of the stated variance: the covariance penalty is the squared residual, less the noise, and
the squares of the noise scatter. The last lines say how many elements are in the ranges that are
asked for, and how many would be.
"""

import argparse
import logging
from dataclasses import dataclass, field

import numpy as np
from foil import foil
from measured import scan_of
from scipy import ndimage
from thinned_scan import held_out, stacked, thin

from hyperspy_multimodal import region_sums
from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface

SPECIMENS = {
    "core-shell particles": (core_shell, (3, 20)),
    "bimetal particles": (bimetal, (5, 20)),
    "interface": (oxide_interface, (5, 20)),
}
FOIL = {"foil": (foil, (5, 20))}
DOSES = (3.0, 10.0, 30.0)
SEEDS = 3
LEAST = 0.3  # counts per pixel
# What ratios, and shares of regions within one and two standard deviations, are to be.
ASKED = (0.8, 1.3), (0.6, 0.76), (0.9, 0.99)
TRIES = 200
SMALLEST, LARGEST, REGIONS = 20, 200, 400  # pixels of regions, and how many are tried


@dataclass
class Score:
    """What was found of one element, by seed."""

    squared: list = field(default_factory=list)
    stated: list = field(default_factory=list)
    before: list = field(default_factory=list)
    of_noise: list = field(default_factory=list)  # variance of the sum of its squares
    of_pixels: list = field(default_factory=list)
    of_regions: list = field(default_factory=list)
    # Sums of raw maps, with the errors of `region_sums`; squared errors of both kinds of sums.
    of_raw: list = field(default_factory=list)
    squared_sums: list = field(default_factory=list)
    # The same of each draw: squared errors (draws,) and regions (draws, R).
    drawn_squared: list = field(default_factory=list)
    drawn_regions: list = field(default_factory=list)

    def judged(self, squared, regions):
        """Return ratio and the shares of regions within one and two standard deviations."""
        regions = np.concatenate(regions)
        shares = [(regions < n).mean() if regions.size else np.nan for n in (1, 2)]
        return np.array([sum(squared) / sum(self.stated), *shares])

    @property
    def found(self):
        """What `judged` returns of the errors that were found."""
        return self.judged(self.squared, self.of_regions)

    @property
    def by_chance(self):
        """What `judged` returns if errors are one of the draws in each seed, shape (TRIES, 3)."""
        generator, tried = np.random.default_rng(0), []
        for _ in range(TRIES):
            chosen = generator.integers(len(self.drawn_squared[0]), size=len(self.squared))
            squared = [each[i] for each, i in zip(self.drawn_squared, chosen, strict=True)]
            regions = [each[i] for each, i in zip(self.drawn_regions, chosen, strict=True)]
            tried.append(self.judged(squared, regions))
        return np.array(tried)

    def line(self):
        """Return ratio before and after calibration, and coverage, with deviations by chance.

        Then coverage of raw sums, and the error of fused sums over that of raw ones.
        """
        ratio, one, two = self.found
        chance = self.by_chance.std(axis=0)
        before, pixels = sum(self.squared) / sum(self.before), np.concatenate(self.of_pixels)
        counted = np.mean(np.sqrt(self.of_noise) / self.stated)
        raw = np.concatenate(self.of_raw)
        raw = [(raw < n).mean() if raw.size else np.nan for n in (1, 2)]
        fused, other = np.maximum(np.sum(self.squared_sums, axis=0), 0.0)
        numbers = before, ratio, chance[0], counted, (pixels < 1).mean()
        numbers += (
            one,
            chance[1],
            two,
            chance[2],
            *raw,
            np.sqrt(fused / other) if other > 0 else np.nan,
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
    """Fuse a scan, and add to the `Score` of each element of over 0.3 counts per pixel."""
    maps, output = signal.multimodal_fusion(
        haadf, gamma="auto", uncertainty=True, full_output=True, show_progressbar=False
    )
    draws = np.array([stacked(draw) for draw in output["draws"]])
    deviations = stacked(output["standard_deviations"])
    generator = np.random.default_rng(seed)
    for k, fused in enumerate(maps):
        if truth[k].mean() < LEAST:
            continue
        score = scores.setdefault(fused.metadata.Sample.xray_lines[0], Score())
        error, errors = fused.data - truth[k], draws[:, k] - fused.data
        bright = bright_pixels(fused.data if variance[k].any() else truth[k])
        score.squared.append((np.square(error) - variance[k])[bright].sum())
        score.drawn_squared.append(np.square(errors)[:, bright].sum(axis=1))
        stated = np.square(deviations[k])
        score.stated.append(stated[bright].sum())
        noise = output["raw_noise"]["variances"][fused.metadata.Sample.xray_lines[0]]
        score.of_noise.append(2 * np.square(noise[bright]).sum())
        score.before.append(stated[bright].sum() / output["error_ratios"][k])
        score.of_pixels.append((np.abs(error) / np.sqrt(stated + variance[k]))[bright])
        noisy = errors + generator.normal(0.0, np.sqrt(variance[k]), errors.shape)
        found, drawn = [], []
        parts = rectangles(bright, seed)
        for part in parts:
            spread = np.square(errors[(slice(None), *part)].sum(axis=(1, 2))).mean()
            whole = np.sqrt(spread + variance[k][part].sum())
            found.append(abs(error[part].sum()) / whole)
            drawn.append(np.abs(noisy[(slice(None), *part)].sum(axis=(1, 2))) / whole)
        score.of_regions.append(np.array(found))
        score.drawn_regions.append(np.reshape(drawn, (len(found), len(draws))).T)
        if parts:
            add_raw_sums(score, maps, output, k, parts, truth[k], variance[k])


def add_raw_sums(score, maps, output, k, parts, truth, variance):
    """Add what `region_sums` says of rectangles, and the errors of both kinds of sums."""
    masks = np.zeros((len(parts), *truth.shape), bool)
    for mask, part in zip(masks, parts, strict=True):
        mask[part] = True
    sums = region_sums(maps, output, list(masks))
    true, noise, fused = (
        np.array([image[part].sum() for part in parts]) for image in (truth, variance, maps[k].data)
    )
    error = sums.counts[:, k] - true
    score.of_raw.append(np.abs(error) / np.sqrt(np.square(sums.errors["total"][:, k]) + noise))
    squares = (np.square(each) - noise for each in (fused - true, error))
    score.squared_sums.append([each.sum() for each in squares])


def print_scores(name, scores):
    """Print the rows of one specimen."""
    for line, score in scores.items():
        print(f"| {name} | {line.split('_')[0]} | {score.line()} |", flush=True)


def print_ranges(scores, which):
    """Print how many elements are within the ranges that are asked for, and would be."""
    names = "ratio", "regions 1 σ", "regions 2 σ"
    scores = [each for each in scores if sum(regions.size for regions in each.of_regions)]
    if not scores:
        return
    found, chance = [each.found for each in scores], [each.by_chance for each in scores]
    print(f"\n<!-- table: error-ranges-{which} -->\n")
    print(f"| | asked | of {len(scores)} elements | if error bars are right |")
    print("|---|---|---|---|")
    for i, (name, (least, most)) in enumerate(zip(names, ASKED, strict=True)):
        within = sum(least <= each[i] <= most for each in found)
        share = np.mean([(least <= each[:, i]) & (each[:, i] <= most) for each in chance], axis=1)
        spread = np.sqrt((share * (1 - share)).sum())
        print(f"| {name} | {least} to {most} | {within} | {share.sum():.0f} ± {spread:.0f} |")
    raw = [np.concatenate(each.of_raw) for each in scores]
    for n, (least, most) in enumerate(ASKED[1:], 1):
        within = sum(least <= (each < n).mean() <= most for each in raw)
        print(f"| raw regions {n} σ | {least} to {most} | {within} | |")
    print(f"| mean share | 0.68, 0.95 | {' '.join(f'{x:.2f}' for x in np.mean(found, 0)[1:])} | |")


def main():
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--specimens", action="store_true", help="simulated specimens only")
    parser.add_argument("--foil", action="store_true", help="another simulated specimen only")
    parser.add_argument("--measured", action="store_true", help="the measured scan only")
    parser.add_argument("--spectra")
    parser.add_argument("--haadf")
    parser.add_argument("--elements", nargs="+")
    parser.add_argument("--doses", nargs="+", type=float, default=DOSES)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--size", type=int, default=80, help="pixels of the specimens")
    given = parser.parse_args()
    which = "measured" if given.measured else "foil" if given.foil else "specimens"
    print(f"<!-- table: error-bars-{which} -->\n")
    print(
        "| scan | element | uncalibrated | calibrated | by chance | from counts "
        "| pixels 1 σ | regions 1 σ | by chance | regions 2 σ | by chance "
        "| raw regions 1 σ | 2 σ | error fused / raw |"
    )
    print("|" + "---|" * 14)
    every = []
    specimens = {} if given.measured else FOIL if given.foil else SPECIMENS
    for name, (specimen_of, doses) in specimens.items():
        for counts in doses:
            scores = {}
            for seed in range(given.seeds):
                found = specimen_of((given.size, given.size), counts=counts, seed=seed)
                truth = stacked(found.xrays)
                add(scores, found.signal, found.haadf, truth, np.zeros_like(truth), seed)
            print_scores(f"{name}, {counts} counts", scores)
            every += scores.values()
    if given.specimens or given.foil:
        print_ranges(every, which)
        return
    signal, haadf = scan_of(given.spectra, given.haadf, given.elements)
    for dose in given.doses:
        scores = {}
        for seed in range(given.seeds):
            thinned, rest = thin(signal, 1 / dose, seed)
            reference = held_out(rest, 1 / dose)
            add(scores, thinned, haadf, reference.maps, reference.variance, seed)
        print_scores(f"measured, 1/{dose:g} of the counts", scores)
        every += scores.values()
    print_ranges(every, which)


if __name__ == "__main__":
    main()

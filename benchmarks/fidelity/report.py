"""Print how true fused maps are, beside what else can be done with the same counts.

Usage: python report.py [--published PYTHON] [--pictures FOLDER] [--seeds N] [--parts PART ...]

PYTHON has PyPI's multimodal-fusion 0.6.0 installed, in an environment of its own, see
`../against_published.py`; the part "main" needs it. scikit-image has to be installed here.
"""

import argparse
import logging
import time

import methods
import numpy as np
import pictures
from guards import guard_table
from scans import CONDITIONS, DOSES, OFF, SPECIMENS, scan
from scores import composition_error, core_bias, snr, total_bias

from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface

PARTS = ("speed", "main", "guards", "doses")


def main_table(python, seeds):
    """SNR of the automatic call and of filters, mean over elements and noise seeds; bias."""
    columns = [
        "raw (windows)", "raw (fit)", "best Gaussian", "published", "automatic", "HAADF of noise",
        "detector off",
    ]  # fmt: skip
    _head("main", ["specimen", "counts", *columns, "totals", "cores", "composition"])
    behind = []
    for name, counts in CONDITIONS:
        rows, totals, cores, shares, gains = [], [], [], [], []
        for seed in range(seeds):
            specimen = scan(name, counts, seed)
            raw, fitted, truth = methods.raw_of(specimen)
            filtered = methods.gaussian(fitted, truth)
            fused, _ = methods.automatic(specimen)
            score = np.nan
            if seed == 0:
                haadf = np.asarray(specimen.haadf.data)
                maps = methods.published(python, np.maximum(raw, 0), haadf, truth)
                score = snr(maps, truth)
            off = scan(name, counts, seed, line_weight_seed=seed, **OFF)
            rows.append(
                [
                    np.mean(each)
                    for each in (
                        snr(raw, truth),
                        snr(fitted, truth),
                        snr(filtered, truth),
                        score,
                        snr(fused, truth),
                        snr(methods.with_haadf_of_noise(specimen, seed), truth),
                        snr(methods.automatic(off)[0], methods.stacked(off.xrays)),
                    )
                ]
            )
            totals.append(total_bias(fused, truth))
            cores.append(core_bias(fused, truth))
            shares.append(composition_error(fused, truth))
            gains.append(snr(fused, truth) - snr(filtered, truth))
        cells = [f"{value:.1f}" for value in np.nanmean(rows, axis=0)]
        bias = [np.abs(np.mean(each, axis=0)).max() for each in (totals, cores)]
        cells += [f"{each:.1f} %" for each in (*bias, np.mean(shares))]
        print(f"| {name} | {counts} | {' | '.join(cells)} |", flush=True)
        lines = [line.split("_")[0] for line in specimen.signal.metadata.Sample.xray_lines]
        behind.append((name, counts, lines, np.array(gains)))
    gains_table(behind)


def gains_table(rows):
    """What the automatic call gains over the best Gaussian filter, by element."""
    _head("gains", ["specimen", "counts", "over the best Gaussian filter / dB", "least, one scan"])
    for name, counts, lines, gains in rows:
        means = ", ".join(
            f"{line} {gain:+.1f}" for line, gain in zip(lines, gains.mean(axis=0), strict=True)
        )
        print(f"| {name} | {counts} | {means} | {gains.min():+.1f} |", flush=True)


def speed():
    """Seconds of a whole automatic call, kernels compiled, for 256 x 256 pixels."""
    _head(
        "speed", ["specimen", "maps", "whole call / s", "fit of the spectra / s", "settings tried"]
    )
    for make, counts in ((bimetal, 5.0), (core_shell, 5.0), (oxide_interface, 5.0)):
        specimen = make((256, 256), counts)
        methods.automatic(specimen)
        began = time.perf_counter()
        methods.fitted(specimen)
        fit = time.perf_counter() - began
        began = time.perf_counter()
        _, output = methods.automatic(specimen)
        whole = time.perf_counter() - began
        print(
            f"| {make.__name__} | 256 x 256 x {len(specimen.counts)} | {whole:.1f} | {fit:.1f} "
            f"| {len(output['selection'])} |",
            flush=True,
        )


def dose_table():
    """SNR by dose, and the published claims, one noise seed."""
    _head(
        "doses",
        ["specimen", "counts", "raw (windows)", "best Gaussian", "automatic",
         "SNR (amplitude), fused / raw", "raw maps as good need x times the dose"],
    )  # fmt: skip
    for name in SPECIMENS:
        for counts in DOSES:
            specimen = scan(name, counts, 0)
            raw, fitted, truth = methods.raw_of(specimen)
            filtered, fused = methods.gaussian(fitted, truth), methods.automatic(specimen)[0]
            scores = [snr(maps, truth) for maps in (raw, filtered, fused)]
            gain = 10 ** ((scores[2] - scores[0]) / 20)
            means = " | ".join(f"{each.mean():.1f}" for each in scores)
            # noise of raw maps: errors fall with the root of the dose, where windows are right
            print(
                f"| {name} | {counts} | {means} | {_factors(gain)} | {_factors(gain**2)} |",
                flush=True,
            )


def _head(name, titles):
    """Print the name of a table, see `../written_tables.py`, and its titles."""
    print(f"\n<!-- table: {name} -->\n\n| {' | '.join(titles)} |\n|" + "---|" * len(titles))


def _factors(values):
    return ", ".join(f"{value:.1f}" if value < 10 else f"{value:.0f}" for value in values)


def main():
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--published", metavar="PYTHON")
    parser.add_argument("--pictures", metavar="FOLDER")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    if options.pictures:
        pictures.draw(options.pictures)
    if "speed" in options.parts:
        speed()
    if "main" in options.parts:
        if not options.published:
            parser.error("the main table needs --published.")
        main_table(options.published, options.seeds)
    if "guards" in options.parts:
        guard_table(options.seeds)
    if "doses" in options.parts:
        dose_table()


if __name__ == "__main__":
    main()

"""Print how true fused maps are, beside what else can be done with the same counts.

Usage: python report.py [--published PYTHON] [--pictures FOLDER] [--seeds N] [--parts PART ...]

PYTHON has PyPI's multimodal-fusion 0.6.0 installed, in an environment of its own, see
`../against_published.py`. scikit-image has to be installed here. Takes about half an hour.
"""

import argparse
import logging
import time

import methods
import numpy as np
import pictures
from guards import coverage_table, guard_table
from scans import CONDITIONS, DOSES, OFF, SPECIMENS, scan
from scores import composition_error, core_bias, rmse, similarity, snr, total_bias

from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface

PARTS = ("speed", "main", "guards", "errors", "doses")


def main_table(python, seeds):
    """SNR at the doses that the method is asked to master, mean over elements and noise seeds."""
    columns = [
        "raw (windows)", "best TV (windows)", "best TV (fit)", "published", "automatic",
        "detector off", "tuned by truth", "tuned, no HAADF",
    ]  # fmt: skip
    print("| specimen | counts | " + " | ".join(columns) + " | totals | cores | composition |")
    print("|---|---|" + "---|" * (len(columns) + 3))
    worst = []
    for name, counts in CONDITIONS:
        rows, totals, cores, shares, losses = [], [], [], [], []
        for seed in range(seeds):
            specimen = scan(name, counts, seed)
            raw, fitted, truth = methods.raw_of(specimen)
            fused, _ = methods.automatic(specimen)
            off = scan(name, counts, seed, line_weight_seed=seed, **OFF)
            fused_off, _ = methods.automatic(off)
            off_truth = methods.stacked(off.xrays)
            best, without = methods.tuned(specimen, truth)
            published = np.nan
            if python and seed == 0:
                haadf = np.asarray(specimen.haadf.data)
                maps = methods.published(python, np.maximum(raw, 0), haadf, truth)
                published = snr(maps, truth).mean()
            rows.append(
                [
                    snr(raw, truth).mean(),
                    snr(methods.total_variation(raw, truth), truth).mean(),
                    snr(methods.total_variation(fitted, truth), truth).mean(),
                    published,
                    snr(fused, truth).mean(),
                    snr(fused_off, off_truth).mean(),
                    snr(best, truth).mean(),
                    snr(without, truth).mean(),
                ]
            )
            losses.append(rows[-1][4] - rows[-1][5])
            totals.append(total_bias(fused, truth))
            cores.append(core_bias(fused, truth))
            shares.append(composition_error(fused, truth))
        cells = " | ".join(f"{value:.1f}" for value in np.nanmean(rows, axis=0))
        bias = [np.abs(np.mean(each, axis=0)).max() for each in (totals, cores)]
        print(
            f"| {name} | {counts} | {cells} | {bias[0]:.1f} % | {bias[1]:.1f} % "
            f"| {np.mean(shares):.1f} % |",
            flush=True,
        )
        worst.append((max(losses), name, counts))
    loss, name, counts = max(worst)
    print(f"\nOf single scans, the detector that is off costs most in {name}, {counts} counts: "
          f"{loss:.1f} dB.")  # fmt: skip


def speed():
    """Seconds of a whole automatic call, kernels compiled, for 256 x 256 pixels."""
    for make, counts in ((bimetal, 5.0), (core_shell, 5.0), (oxide_interface, 5.0)):
        specimen = make((256, 256), counts)
        methods.automatic(specimen)
        began = time.perf_counter()
        methods.fitted(specimen)
        fit = time.perf_counter() - began
        began = time.perf_counter()
        _, output = methods.automatic(specimen)
        whole = time.perf_counter() - began
        lines = len(specimen.counts)
        print(
            f"{make.__name__}, 256 x 256 x {lines}: {whole:.1f} s, of which {fit:.1f} s to fit the "
            f"spectra; {len(output['selection'])} settings tried\n",
            flush=True,
        )


def dose_table(python):
    """Each method, dose and element, one noise seed; return raw and fused errors by dose."""
    print("| specimen | counts | method | SNR by element / dB | mean | RMSE / % | totals / % "
          "| cores / % | SSIM |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    errors = {}
    for name in SPECIMENS:
        for counts in DOSES:
            specimen = scan(name, counts, 0)
            raw, fitted, truth = methods.raw_of(specimen)
            haadf = np.asarray(specimen.haadf.data)
            found = {
                "raw, windows": raw,
                "raw, fit": fitted,
                "best Gaussian, windows": methods.gaussian(raw, truth),
                "best TV, windows": methods.total_variation(raw, truth),
                "best Gaussian, fit": methods.gaussian(fitted, truth),
                "best TV, fit": methods.total_variation(fitted, truth),
                "Poisson PCA": methods.poisson_pca(specimen, truth),
            }
            if python:
                found["published"] = methods.published(python, np.maximum(raw, 0), haadf, truth)
            found["automatic"] = methods.automatic(specimen)[0]
            found["tuned"] = methods.tuned(specimen, truth)[0]
            for method, maps in found.items():
                errors[name, counts, method] = rmse(maps, truth), snr(maps, truth)
                by_element = ", ".join(
                    f"{line.split('_')[0]} {value:.1f}"
                    for line, value in zip(
                        specimen.signal.metadata.Sample.xray_lines, snr(maps, truth), strict=True
                    )
                )
                print(
                    f"| {name} | {counts} | {method} | {by_element} "
                    f"| {snr(maps, truth).mean():.1f} | {rmse(maps, truth).mean():.1f} "
                    f"| {_signed(total_bias(maps, truth))} | {_signed(core_bias(maps, truth))} "
                    f"| {similarity(maps, truth).mean():.2f} |",
                    flush=True,
                )
    return errors


def _signed(values):
    return ", ".join(f"{value:+.0f}" for value in values)


def claims(errors):
    """The published claims, one by one."""
    print("| specimen | counts | SNR (amplitude), fused / raw | raw maps as good need x times the "
          "dose |")  # fmt: skip
    print("|---|---|---|---|")
    for name in SPECIMENS:
        for counts in DOSES:
            raw, raw_snr = errors[name, counts, "raw, windows"]
            fused, fused_snr = errors[name, counts, "automatic"]
            gain = 10 ** ((fused_snr - raw_snr) / 20)
            # noise of raw maps: errors fall with the root of the dose, where windows are right
            dose = (raw / fused) ** 2
            print(
                f"| {name} | {counts} | {_factors(gain)} | {_factors(dose)} |",
                flush=True,
            )


def _factors(values):
    return ", ".join(f"{value:.1f}" if value < 10 else f"{value:.0f}" for value in values)


def main():
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--published", metavar="PYTHON")
    parser.add_argument("--pictures", metavar="FOLDER")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    if options.pictures:
        pictures.draw(options.pictures)
    if "speed" in options.parts:
        print("### Seconds of the automatic choice\n")
        speed()
    if "main" in options.parts:
        print("### Automatic, against the best of others\n")
        main_table(options.published, options.seeds)
    if "guards" in options.parts:
        print("\n### What must not happen\n")
        guard_table(options.seeds)
    if "errors" in options.parts:
        print("\n### Standard deviations\n")
        coverage_table(options.seeds)
    if "doses" in options.parts:
        print("\n### By dose and element\n")
        errors = dose_table(options.published)
        print("\n### Against raw maps\n")
        claims(errors)


if __name__ == "__main__":
    main()

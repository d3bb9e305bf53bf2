"""Weak structure that fusion erases: what is kept of it, what that costs, and false alarms.

Usage: python lost_structure.py [--seeds N] [--draws N]

Foils of nickel in which chromium is hidden: a boundary of two pixels with 1.9 at%, along columns or
a diagonal, and clusters of 8 pixels. Then the standard specimens with and without
``keep_significant``, what of features that only the HAADF has comes back, and how often something
is said to be lost of scans that were drawn from fused maps. Prints Markdown tables.
"""

import argparse
import logging
import time

import numpy as np
from methods import automatic
from scans import CONDITIONS, scan, truth_of
from scores import snr

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import haadf_only
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen
from hyperspy_multimodal.given.noisy_maps import ready_maps
from hyperspy_multimodal.selection.lost_structure import Expectation, lost_structure

SIDE = 96
ATOMS = 4500.0  # per nm^2


def boundary(counts, share, seed, diagonal=False):
    """Return a foil with a boundary of two pixels, and where it is."""
    rows, cols = np.indices((SIDE, SIDE))
    place = cols - rows + 5 if diagonal else cols - SIDE // 2
    return _foil((place == 0) | (place == 1), share, counts, seed)


def cluster(counts, share, seed):
    """Return a foil with a cluster of 8 pixels, and where it is."""
    rows, cols = np.indices((SIDE, SIDE))
    return _foil(np.hypot(rows - 38.5, cols - 57.5) < 4, share, counts, seed)


def _foil(there, share, counts, seed):
    chromium = ATOMS * share * there
    atoms = {"Ni": ATOMS - chromium, "Cr": chromium}
    scan_settings = Scan.from_settings(float(counts), {"seed": seed})
    return simulate_specimen(atoms, ["Cr_Ka", "Ni_Ka"], scan_settings, name="foil"), there


FEATURES = {
    "boundary of 2 pixels, 1.9 at%": (boundary, (72, 0.019)),
    "the same on a diagonal": (lambda *args: boundary(*args, diagonal=True), (72, 0.019)),
    "cluster of 8 pixels, 30 at%": (cluster, (5, 0.3)),
    "cluster of 8 pixels, 10 at%": (cluster, (20, 0.1)),
}


def feature_table(seeds):
    print("| feature | counts of Ni | seed | raw counts of Cr | erased to | kept "
          "| raw - kept, standard errors | SNR of Cr | kept |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for name, (make, (counts, share)) in FEATURES.items():
        for seed in range(seeds):
            specimen, there = make(counts, share, seed)
            erased, output = automatic(specimen, keep_significant=False)
            kept, _ = automatic(specimen)
            raw = np.asarray(output["raw_maps"][0].data, float)
            # pixels of the foil without chromium tell the noise
            noise = np.sqrt(raw[~there].var() * there.sum() + max(raw[there].sum(), 0.0))
            sums = [each[there].sum() for each in (raw, erased[0], kept[0])]
            power = [snr(each, truth_of(specimen))[0] for each in (erased, kept)]
            print(
                f"| {name} | {counts} | {seed} | {sums[0]:.0f} +- {noise:.0f} | {sums[1]:.0f} "
                f"| {sums[2]:.0f} | {(sums[0] - sums[2]) / noise:+.1f} "
                f"| {power[0]:.1f} dB | {power[1]:.1f} dB |",
                flush=True,
            )


def specimen_table(seeds):
    print("| specimen | counts | SNR without | what keeping changes, by element | mean | windows "
          "| time |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for name, counts in CONDITIONS:
        for seed in range(seeds):
            specimen = scan(name, counts, seed)
            truth = truth_of(specimen)
            start = time.perf_counter()
            erased, _ = automatic(specimen, keep_significant=False)
            middle = time.perf_counter()
            kept, output = automatic(specimen)
            end = time.perf_counter()
            change = snr(kept, truth) - snr(erased, truth)
            windows = 0 if output["relaxed"] is None else len(output["relaxed"]["lines"])
            print(
                f"| {name} | {counts} | {snr(erased, truth).mean():.2f} dB "
                f"| {' '.join(f'{each:+.2f}' for each in change)} | {change.mean():+.3f} dB "
                f"| {windows} | {(end - middle) / (middle - start):.2f} |",
                flush=True,
            )


def haadf_table(seeds):
    print("| disc that only the HAADF has, counts | leak without | with | windows |")
    print("|---|---|---|---|")
    for counts in (3, 20):
        for seed in range(seeds):
            scans = [haadf_only(counts=float(counts), contrast=c, seed=seed) for c in (0.3, 0.0)]
            images = [np.asarray(each.haadf.data, float) for each in scans]
            discs = images[0] - images[1] > 0.1 * (images[0] - images[1]).max()
            truth = truth_of(scans[0])
            leaks, windows = [], 0
            for keep in (False, True):
                fused, output = automatic(scans[0], keep_significant=keep)
                off = (fused - truth)[:, discs].mean(axis=1) / truth.max(axis=(1, 2))
                leaks.append(" ".join(f"{100 * each:+.1f} %" for each in off))
                windows = len((output["relaxed"] or {"lines": []})["lines"])
            print(f"| {counts} | {leaks[0]} | {leaks[1]} | {windows} |", flush=True)


def alarm_table(draws):
    """Scans of counts drawn from fused maps, fused again: a lost window is a false alarm."""
    print("| specimen | counts | alarms if maps are the truth | if they are fused again |")
    print("|---|---|---|---|")
    for name, counts in CONDITIONS:
        specimen = scan(name, counts, 0)
        truth, _ = automatic(specimen, keep_significant=False)
        names = [each.split("_")[0] for each in specimen.signal.metadata.Sample.xray_lines]
        known, again = 0, 0
        for seed in range(draws):
            drawn = np.random.default_rng(seed).poisson(truth)
            maps, _ = ready_maps(names, drawn.astype(float), None, None, 1, 0)
            known += bool(lost_structure(Expectation(maps), truth))
            _, output = fuse_maps(
                dict(zip(names, drawn, strict=True)), specimen.haadf, gamma=1.0,
                full_output=True, show_progressbar=False,
            )  # fmt: skip
            again += output["relaxed"] is not None
        print(f"| {name} | {counts} | {known} of {draws} | {again} of {draws} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--tables", nargs="+", default=["feature", "specimen", "haadf", "alarm"])
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    tables = {"feature": feature_table, "specimen": specimen_table, "haadf": haadf_table}
    for name in chosen.tables:
        if name == "alarm":
            alarm_table(chosen.draws)
        else:
            tables[name](chosen.seeds)
        print()


if __name__ == "__main__":
    main()

"""Weak structure that fusion erases: what is kept of it, what that costs, and false alarms.

Usage: python lost_structure.py [--seeds N] [--draws N]

Foils of nickel in which chromium is hidden: a boundary of two pixels with 1.9 at%, along columns or
a diagonal, and clusters of 8 pixels. Then the standard specimens with and without
``keep_significant``, what of features that only the HAADF has comes back, what share of the chances
of overlapping windows adds up, and false alarms on scans without weak structure. Prints Markdown
tables.
"""

import argparse
import logging
import time
from collections import Counter
from unittest.mock import patch

import numpy as np
from methods import automatic
from scans import CONDITIONS, scan, truth_of
from scipy import stats
from scores import snr

from hyperspy_multimodal.data import flat, haadf_only
from hyperspy_multimodal.data._materials import compound_densities, stack_areal_densities
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen
from hyperspy_multimodal.given.noisy_maps import ready_maps
from hyperspy_multimodal.recovery import fuse
from hyperspy_multimodal.selection import BRIGHTNESS, kept_structure
from hyperspy_multimodal.selection.lost_structure import Expectation, lost_structure
from hyperspy_multimodal.selection.runs import Runs
from hyperspy_multimodal.selection.scan_windows import Boxes, Discs, windows_over
from hyperspy_multimodal.selection.significance import errors_of, significance

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
            watched = fused_and_watched(specimen)
            gain, truth = watched.maps.gains[0], truth_of(specimen)[:1]
            three = [gain * e[0] for e in (watched.maps.net, watched.fused, watched.kept)]
            raw = np.asarray(three[0], float)
            # pixels of the foil without chromium tell the noise
            noise = np.sqrt(raw[~there].var() * there.sum() + max(raw[there].sum(), 0.0))
            sums = [each[there].sum() for each in three]
            power = [snr(each[None], truth)[0] for each in three[1:]]
            print(
                f"| {name} | {counts} | {seed} | {sums[0]:.0f} +- {noise:.0f} | {sums[1]:.0f} "
                f"| {sums[2]:.0f} | {(sums[0] - sums[2]) / noise:+.1f} "
                f"| {power[0]:.1f} dB | {power[1]:.1f} dB |",
                flush=True,
            )


def specimen_table(seeds):
    print(
        "| specimen | counts | SNR without | what keeping changes, by element | mean "
        "| windows told | spots corrected | elements by brightness "
        "| most that remains, standard errors | time |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, counts in CONDITIONS:
        for seed in range(seeds):
            specimen = scan(name, counts, seed)
            truth = truth_of(specimen)
            start = time.process_time()
            watched = fused_and_watched(specimen)
            whole = time.process_time() - start
            before, after = (
                snr(watched.maps.gains[:, None, None] * each, truth)
                for each in (watched.fused, watched.kept)
            )
            change = " ".join(f"{each:+.2f}" for each in after - before)
            print(
                f"| {name} | {counts} | {before.mean():.2f} dB | {change} "
                f"| {(after - before).mean():+.3f} dB | {len(watched.told)} "
                f"| {watched.spots} | {len(watched.by_brightness)} | {watched.remains():.1f} "
                f"| {watched.time / (whole - watched.time):.2f} |",
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


def threshold_table(draws):
    """What share of the chances of all windows adds up, by the smallest that 5 % of scans have."""
    print("| scan | counts per pixel | share | alarms if fused maps are the truth |")
    print("|---|---|---|---|")
    for side, level in ((48, 0.3), (48, 100.0), (96, 0.3), (96, 3.0), (96, 100.0), (128, 3.0)):
        smallest, alarms = [], 0
        truth = np.full((1, side, side), level)
        kinds = Counter(each.family for each in windows_over((side, side)))
        for seed in range(draws):
            maps, _ = ready_maps(["Ni"], _drawn(truth, seed), None, None, 1, 0)
            alarms += bool(lost_structure(Expectation(maps), truth))
            runs = Runs(maps.net[0].astype(float))
            chances = []
            for window in windows_over((side, side)):
                sums, pixels = window.sums(runs), len(window.pixels(0)[0])
                ends = np.array([sums.max(), sums.min()])
                errors = significance(ends, np.full(2, pixels * level))
                share = len(kinds) * kinds[window.family] * sums.size
                chances.append(2 * share * stats.norm.sf(np.abs(errors).max()))
            smallest.append(min(chances))
        share = 0.05 / np.quantile(smallest, 0.05)
        print(f"| {side} x {side} | {level} | {share:.2f} | {alarms} of {draws} |", flush=True)


def _drawn(truth, seed):
    return np.random.default_rng(seed).poisson(truth).astype(float)


def _oxide(thickness, counts, seed):
    settings = Scan.from_settings(float(counts), {"seed": seed})
    atoms = stack_areal_densities((compound_densities({"Ni": 1, "O": 1}, 6.67), thickness))
    return simulate_specimen(atoms, ["Ni_Ka", "O_Ka"], settings, name="nickel oxide")


def _grain(seed):
    rows, cols = np.indices(SMALL)
    return _oxide(50.0 * (np.hypot(rows - 22, cols - 26) < 13), 8, seed)


def _terraces(seed):
    cols = np.indices(SMALL)[1]
    return _oxide(20.0 + 15 * (cols > 15) + 15 * (cols > 32), 4, seed)


SMALL = (48, 48)
WITHOUT = {
    "uniform film": lambda seed: flat(SMALL, 5.0, seed=seed),
    "one grain in vacuum": _grain,
    "terraces": _terraces,
    "bright discs that only the HAADF has": lambda seed: haadf_only(SMALL, 10.0, seed=seed),
}


def alarm_table(draws):
    """Scans without weak structure, with the settings that are chosen for the first of each.

    A false alarm leads a window away from a truth that was met.
    """
    print("| scan | told of lost structure | false alarms | spots corrected | by brightness "
          "| over 5 standard errors without a word | change of SNR, mean | worst |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for name, make in WITHOUT.items():
        fixed, told, alarms, spots, bright, remaining, gain = {}, 0, 0, 0, 0, 0, []
        for seed in range(draws):
            specimen = make(seed)
            fixed = fixed or chosen_for(specimen)
            watched = fused_and_watched(specimen, **fixed)
            false, better = watched.judged(truth_of(specimen))
            told, alarms = told + bool(watched.told), alarms + false
            spots, bright = spots + bool(watched.spots), bright + bool(watched.by_brightness)
            remaining += watched.remains() > 5 and not watched.left
            gain.append(better)
        print(f"| {name} | {told} of {draws} | {alarms} | {spots} | {bright} | {remaining} "
              f"| {np.mean(gain):+.3f} dB | {np.min(gain):+.3f} dB |", flush=True)  # fmt: skip


def chosen_for(specimen):
    """Return the settings that the automatic call chooses, as arguments of another call."""
    maps = specimen.signal.multimodal_fusion(specimen.haadf, gamma="auto", show_progressbar=False)
    chosen = maps[0].metadata.Multimodal_fusion
    return {
        "gamma": chosen.gamma,
        "lambdas": (chosen.lambda_1, chosen.lambda_2),
        "regulariser": list(chosen.regularisers),
    }


def fused_and_watched(specimen, **settings):
    """Fuse, by default with what is chosen, and return `kept_structure` as it was `Watched`."""
    with patch.object(fuse, "kept_structure", Watched()) as watched:
        specimen.signal.multimodal_fusion(
            specimen.haadf, **({"gamma": "auto"} | settings), show_progressbar=False
        )
    return watched


class Watched:
    """`kept_structure`, which remembers what it was given and what it gave."""

    def __call__(self, maps, fused, totals, haadf):
        start = time.process_time()
        self.maps, self.fused = maps, fused
        self.kept, self.lost, self.left = kept_structure(maps, fused, totals, haadf)
        self.time = time.process_time() - start
        #: Of these a message tells; the others are spots that the map shows, and sums over pixels
        #: of some brightness.
        self.told = [each for each in self.lost if not each.is_shown]
        self.by_brightness = {e.element for e in self.lost if e.window.family == BRIGHTNESS}
        return self.kept, self.lost, self.left

    @property
    def spots(self):
        """Number of spots that were corrected."""
        shown = [each for each in self.lost if each.is_shown]
        return sum(each.window.family != BRIGHTNESS for each in shown)

    def judged(self, truth):
        """Return if a window was falsely led away from the truth, and the change of SNR."""
        false = False
        truth = truth / self.maps.gains[:, None, None]
        for each in self.told:
            i, pixels = each.element, each.pixels
            met, before, after = (a[i][pixels].sum() for a in (truth, self.fused, self.kept))
            noise = np.sqrt(max(self.maps.net_variance[i][pixels].sum(), 0.0))
            false |= abs(after - met) > abs(before - met) and abs(before - met) < noise
        return false, (snr(self.kept, truth) - snr(self.fused, truth)).mean()

    def remains(self):
        """Return by how many standard errors a box or disc of 2 to 8 pixels differs at most."""
        expectation, most = Expectation(self.maps), 0.0
        for i, fused in enumerate(np.asarray(self.kept, float)):
            search = expectation.search(i, fused)
            runs, shape = Runs(np.stack(search.images)), fused.shape
            kinds = [Boxes(shape, (side, side)) for side in range(2, 9)]
            for kind in kinds + [Discs(shape, each) for each in (4, 6, 8)]:
                errors = errors_of(*kind.sums(runs), search.unit)
                most = max(most, float(np.abs(errors).max()))
        return most


TABLES = {
    "feature": feature_table,
    "specimen": specimen_table,
    "haadf": haadf_table,
    "threshold": threshold_table,
    "alarm": alarm_table,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--tables", nargs="+", default=list(TABLES))
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    for name in chosen.tables:
        TABLES[name](chosen.draws if name in ("threshold", "alarm") else chosen.seeds)
        print()


if __name__ == "__main__":
    main()

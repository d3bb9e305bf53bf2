"""Weak structure that fusion erases: what is kept of it, what that costs, and false alarms.

Usage: python lost_structure.py [--seeds N] [--draws N]

Foils of nickel in which chromium is hidden: a boundary of two pixels with 1.9 at%, along columns or
a diagonal, and clusters of 8 pixels. Then the standard specimens with and without
``keep_significant``, and false alarms on scans without weak structure. Prints Markdown tables.
"""

import argparse
import logging
import time
from unittest.mock import patch

import numpy as np
from scans import CONDITIONS, scan, truth_of
from scores import snr

from hyperspy_multimodal.data import flat, haadf_only
from hyperspy_multimodal.data._materials import compound_densities, stack_areal_densities
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen
from hyperspy_multimodal.recovery import fuse, restored
from hyperspy_multimodal.selection import BRIGHTNESS, kept_structure
from hyperspy_multimodal.selection.lost_structure import Expectation
from hyperspy_multimodal.selection.runs import Runs
from hyperspy_multimodal.selection.scan_windows import Boxes, Discs
from hyperspy_multimodal.selection.significance import errors_of

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
    print("<!-- table: lost-features -->\n")
    print("| feature | counts of Ni | raw counts of Cr / standard errors | erased to | kept "
          "| SNR of Cr, erased | kept |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for name, (make, (counts, share)) in FEATURES.items():
        rows = []
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
            rows.append([sums[0] / noise, sums[1] / sums[0], sums[2] / sums[0], *power])
        rows = np.transpose(rows)
        shares = [f"{each.min():.2f} to {each.max():.2f}" for each in rows[1:3]]
        power = [f"{each.mean():.1f} dB" for each in rows[3:]]
        cells = [f"{rows[0].mean():.0f}", *shares, *power]
        print(f"| {name} | {counts} | {' | '.join(cells)} |", flush=True)


def specimen_table(seeds):
    print("\n<!-- table: kept -->\n")
    print(
        "| specimen | counts | change of mean SNR / dB | most that an element loses / dB "
        "| most that remains / standard errors | share of the time |\n|---|---|---|---|---|---|"
    )
    for name, counts in CONDITIONS:
        rows = []
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
            change = after - before
            own = watched.time / (whole - watched.time)
            rows.append([change.mean(), change.min(), watched.remains(), own])
        changes, losses, remaining, times = np.transpose(rows)
        print(
            f"| {name} | {counts} | {changes.mean():+.2f} | {max(0.0, -losses.min()):.2f} "
            f"| {remaining.max():.1f} | {100 * times.mean():.0f} % |",
            flush=True,
        )


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
    print("\n<!-- table: false-alarms -->\n")
    print("| scan | told of lost structure | false | spots corrected | by brightness "
          "| over 5 standard errors without a message | change of SNR / dB, mean "
          "| worst |")  # fmt: skip
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
              f"| {np.mean(gain):+.2f} | {np.min(gain):+.2f} |", flush=True)  # fmt: skip


def chosen_for(specimen):
    """Return the settings that the automatic call chooses, as arguments of another call."""
    maps = specimen.signal.multimodal_fusion(specimen.haadf, gamma="auto", show_progressbar=False)
    chosen = maps[0].metadata.Multimodal_fusion
    return {
        "gamma": chosen.gamma,
        "lambdas": (chosen.lambda_1, chosen.lambda_2),
        "regulariser": list(chosen.regularisers),
        "share_structure": True,
    }


def fused_and_watched(specimen, **settings):
    """Fuse, by default with what is chosen, and return `restored` as it was `Watched`."""
    watched = Watched()
    with (
        patch.object(fuse, "restored", watched),
        patch.object(restored, "kept_structure", watched.kept_structure),
    ):
        specimen.signal.multimodal_fusion(
            specimen.haadf, **({"gamma": "auto"} | settings), show_progressbar=False
        )
    return watched


class Watched:
    """`restored`, which remembers what it was given and what it gave."""

    time = 0.0

    def kept_structure(self, *arguments):
        """Do what `kept_structure` does, and add up the time that it takes."""
        start = time.process_time()
        found = kept_structure(*arguments)
        self.time += time.process_time() - start
        return found

    def __call__(self, prepared, *arguments, **options):
        found = restored.restored(prepared, *arguments, **options)
        self.maps, self.fused, self.kept = prepared.maps, found.as_fused.maps, found.result.maps
        self.lost, self.left = found.lost, found.left
        #: Of these a message tells; the others are spots that the map shows, and sums over pixels
        #: of some brightness.
        self.told = [each for each in self.lost if not each.is_shown]
        shown, differing = (
            {each.element for each in some if each.window.family == BRIGHTNESS}
            for some in (self.lost, self.left)
        )
        self.by_brightness = shown - differing
        return found

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


TABLES = {"feature": feature_table, "specimen": specimen_table, "alarm": alarm_table}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    for name in chosen.tables:
        TABLES[name](chosen.draws if name == "alarm" else chosen.seeds)


if __name__ == "__main__":
    main()

"""What maps gain, and what they lose, when they follow those of other elements.

Usage: python shared_structure.py [--seeds N] [--spectra FILE --haadf FILE --elements C Cu O Si]

Every scan is fused with and without `share_structure`. Of specimens, the truth is known. Of the
measured scan, a share of the counts is fused, and the maps of the others, from two halves whose
errors are independent, stand for the truth. The last table is about structure of one element alone:
discs of oxygen that no other element has are added to the true maps, and counts are drawn from
these. "Kept" is the excess of the fused map in the discs over the true one; "copied" is the largest
mean excess of another map in these discs, in percent of its 95th percentile.
"""

import argparse
import logging

import numpy as np
from foil import foil
from measured import scan_of
from scans import stacked
from thinned_scan import thin

from hyperspy_multimodal import fit_maps, fuse_maps
from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface, swap

SIDE = 96
SPECIMENS = {
    "core-shell particles": (core_shell, (3, 20)),
    "bimetal particles": (bimetal, (3, 20)),
    "interface": (oxide_interface, (5, 40)),
    "foil": (foil, (5, 20)),
    "atoms that change places": (swap, (10,)),
}
WITH_DISCS = {
    "core-shell particles": (core_shell, (5, 20)),
    "bimetal particles": (bimetal, (20,)),
    "interface": (oxide_interface, (20,)),
}
DOSES = (3, 10, 30)
# Radii of discs in pixels, and their counts per pixel as shares of the brightest.
DISCS = ((2, 1.0), (3, 0.6), (4, 0.5), (6, 0.4), (8, 0.3), (2, 0.6), (3, 0.4), (4, 0.3), (6, 0.25))
_QUIET = {"gamma": "auto", "show_progressbar": False}


def both(fused):
    """Return maps without and with shared structure, (K, ny, nx) each."""
    return [stacked(fused(share_structure=shared, **_QUIET)) for shared in (False, True)]


def squared_errors(found, one, other):
    """Return the mean squared error of maps, from two references with independent errors."""
    return ((found - one) * (found - other)).mean(axis=(1, 2))


def row(name, lines, gained):
    """Print the gain of each element, their mean, and the smallest one of any seed."""
    gained = np.array(gained)
    each = ", ".join(
        f"{line.split('_')[0]} {gain:+.1f}"
        for line, gain in zip(lines, gained.mean(axis=0), strict=True)
    )
    print(f"| {name} | {each} | {gained.mean():+.2f} | {gained.min():+.2f} |", flush=True)


def head(name):
    print(f"\n<!-- table: {name} -->\n")
    print("| scan | gain of each element / dB | mean | worst of any scan |\n|---|---|---|---|")


def simulated(seeds):
    head("shared-specimens")
    for name, (make, doses) in SPECIMENS.items():
        for counts in doses:
            gained = []
            for seed in range(seeds):
                specimen = make((SIDE, SIDE), counts=float(counts), seed=seed)
                truth = stacked(specimen.xrays)
                lines = [each.metadata.Sample.xray_lines[0] for each in specimen.xrays]
                maps = both(
                    lambda specimen=specimen, **given: specimen.signal.multimodal_fusion(
                        specimen.haadf, **given
                    )
                )
                gained.append(gains(maps, truth, truth))
            row(f"{name}, {counts} counts", lines, gained)


def gains(maps, one, other):
    """Return by how many dB errors fall with shared structure."""
    before, after = (squared_errors(each, one, other) for each in maps)
    return 10 * np.log10(before / after)


def measured(signal, haadf, seeds):
    head("shared-measured")
    for dose in DOSES:
        gained = []
        for seed in range(seeds):
            thinned, rest = thin(signal, 1 / dose, seed)
            halves = thin(rest, 0.5, seed + seeds)
            references = [
                2 / (dose - 1) * stacked(fit_maps(half, show_progressbar=False)) for half in halves
            ]
            maps = both(lambda thinned=thinned, **given: thinned.multimodal_fusion(haadf, **given))
            gained.append(gains(maps, *references))
        lines = signal.metadata.Sample.xray_lines
        row(f"silica spheres, 1/{dose} of the counts", lines, gained)


def with_discs(make, counts, seed):
    """Return lines, drawn maps, truth, HAADF, number of oxygen, and discs with their excess."""
    specimen = make((SIDE, SIDE), counts=float(counts), seed=seed)
    lines = [each.metadata.Sample.xray_lines[0] for each in specimen.xrays]
    truth, oxygen = stacked(specimen.xrays), lines.index("O_Ka")
    brightest = np.percentile(truth[oxygen], 95)
    rows, columns = np.indices(truth.shape[1:])
    discs = []
    for place, (radius, share) in enumerate(DISCS):
        row, column = (SIDE * (1 + 2 * each) // 6 for each in divmod(place, 3))
        disc = np.hypot(rows - row, columns - column) < radius
        truth[oxygen][disc] += share * brightest
        discs.append((disc, share * brightest))
    drawn = np.random.default_rng(seed).poisson(truth).astype(float)
    return lines, drawn, truth, specimen.haadf, oxygen, discs


def own_structure(seeds):
    print("\n<!-- table: shared-own -->\n")
    print("| scan with discs of oxygen | kept without | with | copied without / % | with / % "
          "| gain of oxygen / dB |\n|---|---|---|---|---|---|")  # fmt: skip
    for name, (make, doses) in WITH_DISCS.items():
        for counts in doses:
            found = []
            for seed in range(seeds):
                lines, drawn, truth, haadf, oxygen, discs = with_discs(make, counts, seed)
                given = dict(zip(lines, drawn, strict=True))
                maps = both(
                    lambda given=given, haadf=haadf, **more: fuse_maps(given, haadf, **more)
                )
                kept = [np.mean([_kept(m[oxygen], truth[oxygen], *each) for each in discs])
                        for m in maps]  # fmt: skip
                others = np.delete(np.arange(len(lines)), oxygen)
                copied = [max(_copied(m[i], truth[i], discs) for i in others) for m in maps]
                found.append([*kept, *copied, gains(maps, truth, truth)[oxygen]])
            numbers = np.mean(found, axis=0)
            print(f"| {name}, {counts} counts | " + " | ".join(
                f"{each:.{digits}f}" for each, digits in zip(numbers, (2, 2, 1, 1, 1), strict=True)
            ) + " |", flush=True)  # fmt: skip


def _kept(found, truth, disc, excess):
    return 1 + (found - truth)[disc].mean() / excess


def _copied(found, truth, discs):
    excess = np.mean([(found - truth)[disc].mean() for disc, _ in discs])
    return 100 * excess / np.percentile(truth, 95)


def main():
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--spectra")
    parser.add_argument("--haadf")
    parser.add_argument("--elements", nargs="+")
    given = parser.parse_args()
    simulated(given.seeds)
    measured(*scan_of(given.spectra, given.haadf, given.elements), given.seeds)
    own_structure(given.seeds)


if __name__ == "__main__":
    main()

"""Print how true compositions of regions and their error bars are.

Usage: python composition.py [--seeds N] [--silica SPECTRA HAADF]

SPECTRA and HAADF are the files of `hyperspy_multimodal.data.silica_spheres`.
"""

import argparse
import logging

import hyperspy.api as hs
import numpy as np
from exspy.material import elements
from thinned_scan import thin

from hyperspy_multimodal import composition, fit_maps
from hyperspy_multimodal.data import MEASURED_DETECTOR, bimetal, core_shell, flat, oxide_interface

SPECIMENS = {"core_shell": core_shell, "bimetal": bimetal, "oxide_interface": oxide_interface}
SHAPE = (40, 40)
COUNTS = 10
#: Elements that none of the specimens holds.
ABSENT = ["Ni_Ka", "Cl_Ka", "Zr_La", "V_Ka"]


def fused(signal, haadf, **arguments):
    """Return fused maps and their output."""
    return signal.multimodal_fusion(
        haadf, gamma="auto", full_output=True, show_progressbar=False, **arguments
    )


def percent(counts, lines, kfactors):
    """Return atomic per cent from counts (R, K)."""
    weights = [elements[name.split("_")[0]].General_properties.atomic_weight for name in lines]
    atoms = counts * np.array(kfactors) / weights
    return 100 * atoms / atoms.sum(axis=1, keepdims=True)


def squares(shape):
    """Return four quarters of a scan as a label image: regions that no counts have chosen."""
    rows, columns = np.indices(shape)
    return 1 + 2 * (rows >= shape[0] // 2) + (columns >= shape[1] // 2)


def coverage_table(seeds):
    """Pulls of regions that are found and of quarters of the scan, over noise seeds."""
    print("| specimen | detector | regions | pairs | within 1 | within 2 | mean pull | rms pull |")
    print("|---|---|---|---|---|---|---|---|")
    for name, make in SPECIMENS.items():
        for detector, settings in (("nominal", {}), ("measured", MEASURED_DETECTOR)):
            pulls = {"found": [], "found, noise only": [], "quarters": [], "whole": []}
            for seed in range(seeds):
                own = {**settings, "line_weight_seed": seed} if settings else {}
                specimen = make(SHAPE, counts=COUNTS, seed=seed, **own)
                maps, output = fused(specimen.signal, specimen.haadf)
                truth = np.array([each.data for each in specimen.xrays])
                lines = list(specimen.signal.metadata.Sample.xray_lines)
                kfactors = dict(zip(lines, specimen.kfactors, strict=True))
                for key in pulls:
                    regions = {
                        "quarters": squares(SHAPE),
                        "whole": np.ones(SHAPE, int),
                    }.get(key)
                    found = composition(maps, output, kfactors, regions)
                    counts = np.einsum("kyx,ryx->rk", truth, found.masks.astype(float))
                    errors = found.errors["counts" if "noise" in key else "total"]
                    true = percent(counts, lines, specimen.kfactors)
                    pull = (found.atomic_percent - true) / errors
                    pulls[key].append(pull.ravel())
            for key, values in pulls.items():
                values = np.concatenate(values)
                values = values[np.isfinite(values)]
                within = [np.mean(np.abs(values) < n) for n in (1, 2)]
                print(
                    f"| {name} | {detector} | {key} | {len(values)} | {within[0]:.2f} | "
                    f"{within[1]:.2f} | {values.mean():+.2f} | {np.sqrt(np.mean(values**2)):.2f} |",
                    flush=True,
                )


def discovery_table(seeds):
    """How often elements that are not there are found, in regions that no counts have chosen."""
    print("\n| specimen | absent elements and regions | found | among all found |")
    print("|---|---|---|---|")
    for name, make in SPECIMENS.items():
        false, tried, discovered = 0, 0, 0
        for seed in range(seeds):
            specimen = make(SHAPE, counts=COUNTS, seed=seed)
            lines = list(specimen.signal.metadata.Sample.xray_lines)
            maps, output = fit_maps(specimen.signal, [*lines, *ABSENT], full_output=True)
            found = composition(maps, output, [1.0] * len(maps), squares(SHAPE))
            absent = np.array([line in ABSENT for line in found.lines])
            false += int(found.detected[:, absent].sum())
            tried += found.detected[:, absent].size
            discovered += int(found.detected.sum())
        print(f"| {name} | {tried} | {false} | {false / max(discovered, 1):.3f} |", flush=True)


def homogeneous_table(seeds):
    """How many regions are found in a specimen of one composition."""
    print("\n| counts | regions found in a homogeneous specimen |")
    print("|---|---|")
    for counts in (1, 3, 10):
        numbers = []
        for seed in range(seeds):
            specimen = flat(SHAPE, counts=counts, seed=seed)
            maps, output = fused(specimen.signal, specimen.haadf)
            numbers.append(len(composition(maps, output, specimen.kfactors).regions))
        print(f"| {counts} | {', '.join(map(str, numbers))} |", flush=True)


def silica_table(paths, seeds):
    """O/Si of silica spheres at a tenth of the dose, against the rest of it."""
    signal, haadf = (hs.load(path) for path in paths)
    signal.set_elements(["C", "Cu", "O", "Si"])
    signal, haadf = signal.inav[:64, :64], haadf.isig[:64, :64]
    kfactors = {"Si_Ka": 1.0, "O_Ka": 1.9, "C_Ka": 4.0, "Cu_Ka": 1.5}
    whole = composition(*fused(signal, haadf), kfactors)
    print(f"\n{whole.table()}\n")
    print("| dose | seed | region | O/Si (counts) | error | same regions, other nine tenths |")
    print("|---|---|---|---|---|---|")
    pulls = []
    for seed in range(seeds):
        part, rest = thin(signal, 0.1, seed)
        regions = dict(zip(whole.regions, whole.masks, strict=True))
        tenth = composition(*fit_maps(part, full_output=True), kfactors, regions)
        other = composition(*fit_maps(rest, full_output=True), kfactors, regions)
        for r, region in enumerate(whole.regions):
            few, many = _ratio(tenth, r), _ratio(other, r)
            pulls.append((few[0] - many[0]) / np.hypot(few[1], many[1]))
            print(
                f"| 0.1 | {seed} | {region} | {few[0]:.3f} | {few[1]:.3f} | {many[0]:.3f} +- "
                f"{many[1]:.3f} |",
                flush=True,
            )
    print(f"\nrms pull {np.sqrt(np.mean(np.square(pulls))):.2f}")
    part, _ = thin(signal, 0.1, 0)
    print(f"\nfused at a tenth of the dose:\n{composition(*fused(part, haadf), kfactors).table()}")


def _ratio(found, region):
    """Return O/Si in counts and its standard error by counts."""
    o, si = (found.lines.index(line) for line in ("O_Ka", "Si_Ka"))
    counts, errors = found.counts[region], found.counts_errors[region]
    ratio = counts[o] / counts[si]
    return ratio, abs(ratio) * np.hypot(errors[o] / counts[o], errors[si] / counts[si])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--silica", nargs=2)
    options = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    hs.preferences.General.show_progressbar = False
    coverage_table(options.seeds)
    discovery_table(options.seeds)
    homogeneous_table(min(options.seeds, 8))
    if options.silica:
        silica_table(options.silica, min(options.seeds, 5))

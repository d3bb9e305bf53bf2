"""Print how true compositions of regions and their error bars are.

Usage: python composition.py [--seeds N]
"""

import argparse
import logging

import hyperspy.api as hs
import numpy as np
from exspy.material import elements

from hyperspy_multimodal import composition
from hyperspy_multimodal.data import MEASURED_DETECTOR, bimetal, core_shell, flat, oxide_interface

SPECIMENS = {
    "core-shell particles": core_shell,
    "bimetal": bimetal,
    "oxide interface": oxide_interface,
}
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
    print("<!-- table: composition -->\n")
    print(
        "| specimen | detector | regions | values | within 1 error bar | within 2 "
        "| root-mean-square of error / bar |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, make in SPECIMENS.items():
        for detector, settings in (("nominal", {}), ("measured", MEASURED_DETECTOR)):
            pulls = {"found": [], "quarters of the scan": [], "all": []}
            for seed in range(seeds):
                own = {**settings, "line_weight_seed": seed} if settings else {}
                specimen = make(SHAPE, counts=COUNTS, seed=seed, **own)
                maps, output = fused(specimen.signal, specimen.haadf)
                truth = np.array([each.data for each in specimen.xrays])
                lines = list(specimen.signal.metadata.Sample.xray_lines)
                kfactors = dict(zip(lines, specimen.kfactors, strict=True))
                for key in pulls:
                    regions = {
                        "quarters of the scan": squares(SHAPE),
                        "all": np.ones(SHAPE, int),
                    }.get(key)
                    found = composition(maps, output, kfactors, regions)
                    counts = np.einsum("kyx,ryx->rk", truth, found.masks.astype(float))
                    true = percent(counts, lines, specimen.kfactors)
                    pull = (found.atomic_percent - true) / found.errors["total"]
                    pulls[key].append(pull.ravel())
            for key, values in pulls.items():
                values = np.concatenate(values)
                values = values[np.isfinite(values)]
                within = [np.mean(np.abs(values) < n) for n in (1, 2)]
                print(
                    f"| {name} | {detector} | {key} | {len(values)} | {within[0]:.2f} | "
                    f"{within[1]:.2f} | {np.sqrt(np.mean(values**2)):.2f} |",
                    flush=True,
                )


def homogeneous_table(seeds):
    """How many regions are found in a specimen of one composition."""
    print("\n<!-- table: homogeneous -->\n")
    print("| counts | regions found in a homogeneous specimen, by seed |")
    print("|---|---|")
    for counts in (1, 3, 10):
        numbers = []
        for seed in range(seeds):
            specimen = flat(SHAPE, counts=counts, seed=seed)
            maps, output = fused(specimen.signal, specimen.haadf)
            numbers.append(len(composition(maps, output, specimen.kfactors).regions))
        print(f"| {counts} | {', '.join(map(str, numbers))} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=14)
    options = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    hs.preferences.General.show_progressbar = False
    coverage_table(options.seeds)
    homogeneous_table(min(options.seeds, 8))

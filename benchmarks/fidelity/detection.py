"""Print how often elements are found that are not in a specimen, and how often those that are.

Usage: python detection.py [--seeds N] [--power N]
"""

import argparse
import functools
import logging

import hyperspy.api as hs
import numpy as np

from hyperspy_multimodal import composition, fit_maps
from hyperspy_multimodal.data import MEASURED_DETECTOR, bimetal, core_shell, oxide_interface
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen

SHAPE = (24, 24)
COUNTS = 15
#: By specimen: how it is made, and elements that it does not hold; of the first two no line lies
#: near one of the specimen, the lines of the others overlap with these.
ABSENT = {
    "core-shell particles": (core_shell, ["Zr_La", "Cl_Ka"], ["Fe_Ka", "Ni_Ka", "Mo_La"]),
    "bimetal": (bimetal, ["Ni_Ka", "Ca_Ka"], ["V_Ka", "S_Ka", "Ag_La"]),
    "oxide interface": (
        functools.partial(oxide_interface, spacing=8.0),
        ["Cl_Ka", "Ni_Ka"],
        ["Si_Ka", "Ba_La", "V_Ka"],
    ),
}
#: Expected counts of an element that is only in a region of 6 x 6 pixels.
POWER_COUNTS = (1, 3, 5, 10, 20)


def squares(shape):
    """Return four quarters of a scan as a label image: regions that no counts have chosen."""
    rows, columns = np.indices(shape)
    return 1 + 2 * (rows >= shape[0] // 2) + (columns >= shape[1] // 2)


def false_discoveries(seeds):
    """Elements that are not there, among all that are found, at a rate of 5 %."""
    print("<!-- table: detection -->\n")
    print(
        "| specimen | detector | elements without lines near those of the specimen "
        "| elements whose lines overlap with them |"
    )
    print("|---|---|---|---|")
    sums = np.zeros((2, 3), int)
    for name, (make, *kinds) in ABSENT.items():
        for detector, settings in (("nominal", {}), ("measured", MEASURED_DETECTOR)):
            cells = []
            for kind, absent in enumerate(kinds):
                row = np.zeros(3, int)
                for seed in range(seeds):
                    own = {**settings, "line_weight_seed": seed} if settings else {}
                    specimen = make(SHAPE, counts=COUNTS, seed=seed, **own)
                    lines = list(specimen.signal.metadata.Sample.xray_lines)
                    maps, output = fit_maps(specimen.signal, [*lines, *absent], full_output=True)
                    found = composition(maps, output, [1.0] * len(maps), squares(SHAPE))
                    wrong = np.array([line in absent for line in found.lines])
                    detected = found.detected
                    row += [detected[:, wrong].size, detected[:, wrong].sum(), detected.sum()]
                names = ", ".join(line.split("_")[0] for line in absent)
                cells.append(f"{names}: {_shares(row)}")
                sums[kind] += row
            print(f"| {name} | {detector} | {' | '.join(cells)} |", flush=True)
    print(f"| all | both | {' | '.join(map(_shares, sums))} |", flush=True)


def _shares(row):
    tried, false, found = row
    return f"{false} of {tried}, {false / max(found, 1):.3f}"


def power(seeds):
    """How often an element with few counts in a region of 36 pixels is found."""
    print("\n<!-- table: power -->\n")
    print(
        "| expected counts in the region | detection limit "
        "| S (2.3 keV, on more continuum) is found | V (4.9 keV) is found |"
    )
    print("|---|---|---|---|")
    inside = np.zeros(SHAPE, bool)
    inside[9:15, 9:15] = True
    regions = {"inside": inside, "left": squares(SHAPE) == 1}
    lines = ["Ni_Ka", "O_Ka", "S_Ka", "V_Ka"]

    def simulated(sulphur, vanadium, seed=0):
        areal = {name: np.full(SHAPE, 400.0) for name in ("Ni", "O")}
        areal["S"], areal["V"] = (
            1e-9 + np.where(inside, each, 0.0) for each in (sulphur, vanadium)
        )
        return simulate_specimen(areal, lines, Scan(counts=COUNTS, seed=seed), name="power")

    # counts of one atom a pixel; so few change nothing of the densest pixel, which sets the dose
    held = {m.metadata.Sample.elements[0]: m.data[inside].sum() for m in simulated(1, 1).xrays}
    for counts in POWER_COUNTS:
        hits, limits = {"S": [], "V": []}, []
        for seed in range(seeds):
            specimen = simulated(counts / held["S"], counts / held["V"], seed)
            maps, output = fit_maps(specimen.signal, lines, full_output=True)
            found = composition(maps, output, [1.0] * len(maps), regions)
            for name, each in hits.items():
                k = found.elements.index(name)
                each.append(found.detected[0, k])
            limits.append(found.detection_limit_counts[0, found.elements.index("V")])
        rates = " | ".join(f"{np.mean(each):.2f}" for each in hits.values())
        print(f"| {counts} | {np.mean(limits):.1f} | {rates} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--power", type=int, default=25)
    options = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.CRITICAL)
    hs.preferences.General.show_progressbar = False
    false_discoveries(options.seeds)
    power(options.power)

"""Print how often maps of detection are wrong, and what they find.

Usage: python detection_map.py [--seeds N]
"""

import argparse
import logging

import numpy as np
from composition import ABSENT, percent

from hyperspy_multimodal import fit_maps
from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface
from hyperspy_multimodal.quantification import detection_map
from hyperspy_multimodal.quantification.blocks import summed

SPECIMENS = {
    "core-shell particles": core_shell,
    "bimetal": bimetal,
    "oxide interface": oxide_interface,
}
SHAPE = (48, 48)
LEAST = 5.0


def detected(make, counts, seed):
    """Return a detection map with elements that are not there, and the specimen."""
    specimen = make(SHAPE, counts=counts, seed=seed)
    lines = list(specimen.signal.metadata.Sample.xray_lines)
    kfactors = dict(zip(lines, specimen.kfactors, strict=True)) | dict.fromkeys(ABSENT, 1.5)
    maps, output = fit_maps(specimen.signal, [*lines, *ABSENT], full_output=True)
    return specimen, lines, detection_map(maps, output, kfactors, least=LEAST)


def true_percent(specimen, lines, size):
    """Return atomic per cent (K, blocks), NaN in vacuum, of the true X-rays."""
    counts = np.array([summed(each.data, size).ravel() for each in specimen.xrays])
    counts[:, counts.sum(axis=0) < 1] = np.nan
    return percent(counts.T, lines, specimen.kfactors).T


def table(seeds):
    """False alarms in maps of absent elements; what is said of blocks with and without."""
    print("<!-- table: detection-map -->\n")
    print(
        "| specimen | counts | maps of absent elements with a false block | wrong among "
        '"< 5 at%" | absent elements: blocks said to be "< 5 at%, if any" | '
        "blocks of 5 at% or more: found |"
    )
    print("|---|---|---|---|---|---|")
    for name, make in SPECIMENS.items():
        for counts in (1, 3, 10):
            false, wrong, refuted, power = [], [], [], []
            for seed in range(seeds):
                specimen, lines, found = detected(make, counts, seed)
                for line, states, size in zip(found.lines, found.maps, found.sizes, strict=True):
                    own = states.data[::size, ::size].ravel()
                    if line in ABSENT:
                        there = ~np.isnan(true_percent(specimen, lines, size)[0])
                        false.append((own > 0).any())
                        refuted.append(np.mean(own[there] == -1))
                        continue
                    true = true_percent(specimen, lines, size)[lines.index(line)]
                    less = np.abs(own) == 1
                    wrong.append(np.mean(true[less] >= LEAST) if less.any() else 0.0)
                    power.append(np.mean(own[true >= LEAST] > 0))
            print(
                f"| {name} | {counts} | {sum(false)} of {len(false)} | {np.mean(wrong):.3f} | "
                f"{np.mean(refuted):.2f} | {np.nanmean(power):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    table(parser.parse_args().seeds)

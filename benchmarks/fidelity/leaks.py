"""Print how far the HAADF leaks into elements: their bias under particles, in percent.

Usage: python leaks.py [--seeds N] [--draws N] [--scan SPECTRA HAADF] [--only films|scan]

Films of one thickness under core-shell particles, simulated, and the carbon film of the measured
silica spheres at a tenth of the counts, against all of them. Without files the scan of silica
spheres is downloaded once.
"""

import argparse
import itertools
import logging

import numpy as np
from scans import stacked
from thinned_scan import thin

from hyperspy_multimodal import fit_maps
from hyperspy_multimodal.data import silica_spheres
from hyperspy_multimodal.data._materials import compound_densities, stack_areal_densities
from hyperspy_multimodal.data._particles import core_shell_thicknesses
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen
from hyperspy_multimodal.selection import brightness_classes

SHAPE = (96, 96)
#: Formula, density in g/cm^3, thickness in nm and line of each film.
FILMS = {"carbon": ({"C": 1}, 2.0, 100.0, "C_Ka"), "silicon": ({"Si": 1}, 2.33, 30.0, "Si_Ka")}
COUNTS = (0.5, 2, 20)
GAMMAS = (1.0, 1.7)
#: Lambdas by hand, under which the HAADF pulls hard, and maps as fused: sums are not restored.
BY_HAND = {"lambdas": (1e-3, 2e-3), "keep_significant": False}


def film_under_particles(film, counts, seed):
    """Return a specimen whose film makes ``counts`` a pixel, its line, and where particles are."""
    formula, density, thickness, line = FILMS[film]
    core, shell = core_shell_thicknesses(SHAPE, np.random.default_rng(0))
    areal = stack_areal_densities(
        (compound_densities({"Co": 9, "S": 8}, 5.34), core),
        (compound_densities({"Co": 3, "O": 4}, 6.11), shell),
        (compound_densities(formula, density), np.full(SHAPE, thickness)),
    )
    lines = sorted(["Co_Ka", "O_Ka", "S_Ka", line])

    def simulated(brightest):
        scan = Scan.from_settings(brightest, {"seed": seed})
        return simulate_specimen(areal, lines, scan, name=f"particles on {film}")

    per_count = float(simulated(1.0).xrays[lines.index(line)].data.mean())
    return simulated(counts / per_count), lines.index(line), core + shell > 0


def fused(signal, haadf, **options):
    """Return fused and raw maps, as arrays, and the dictionary of ``full_output``."""
    maps, output = signal.multimodal_fusion(
        haadf, full_output=True, show_progressbar=False, **options
    )
    return stacked(maps), stacked(output["raw_maps"]), output


def film_table(seeds):
    """Fused over raw counts of the film under particles, mean over seeds."""
    by_hand = " | ".join(f"by hand, gamma {gamma:g}" for gamma in GAMMAS)
    print("<!-- table: films -->\n")
    print(f"| film | counts | automatic | {by_hand} | raw, standard error |")
    print("|---|---|---|---|---|---|", flush=True)
    for film in FILMS:
        for counts in COUNTS:
            rows = []
            for seed in range(seeds):
                specimen, i, there = film_under_particles(film, counts, seed)
                row = []
                for options in ({"gamma": "auto"}, *(BY_HAND | {"gamma": g} for g in GAMMAS)):
                    maps, raw, _ = fused(specimen.signal, specimen.haadf, **options)
                    row.append(100 * (maps[i][there].sum() / raw[i][there].sum() - 1))
                rows.append([*row, 100 / np.sqrt(raw[i][there].sum())])
            *found, error = np.mean(rows, axis=0)
            cells = [f"{each.round(1) + 0.0:+.1f} %" for each in found] + [
                f"{error / np.sqrt(seeds):.1f} %"
            ]
            print(f"| {film} | {counts} | {' | '.join(cells)} |", flush=True)


def scan_table(draws, files):
    """Maps of a tenth of the counts over the full counts, where the HAADF is bright and dark."""
    scan = silica_spheres(files)
    fitted = fit_maps(scan.signal, show_progressbar=False)
    whole, lines = stacked(fitted), [each.metadata.Sample.xray_lines[0] for each in fitted]
    found, errors = {}, {}
    for seed in range(draws):
        thinned, _ = thin(scan.signal, 0.1, seed)
        maps, raw, output = fused(thinned, scan.haadf)
        haadf = np.asarray(output["haadf"].data)
        bright = brightness_classes(haadf)[1]
        places = {
            "bright": bright,
            "brightest sixth": haadf >= np.quantile(haadf, 5 / 6),
            "dark": ~bright,
        }
        for (name, place), (i, line) in itertools.product(places.items(), enumerate(lines)):
            expected = whole[i][place].sum() * raw[i].sum() / whole[i].sum()
            key = name, line.split("_")[0]
            biases = [100 * (each[i][place].sum() / expected - 1) for each in (raw, maps)]
            found.setdefault(key, []).append(biases)
            errors.setdefault(key, 100 / np.sqrt(max(expected, 1.0)))
    shown = ", ".join(map(str, range(draws)))
    print("\n<!-- table: silica-film -->\n")
    print(f"| place | element | raw, draws {shown} | fused | raw, standard error |")
    print("|---|---|---|---|---|")
    for key, rows in found.items():
        cells = [
            ", ".join(f"{each.round(1) + 0.0:+.1f}" for each in column) + " %"
            for column in np.transpose(rows)
        ]
        print(f"| {' | '.join(key)} | {' | '.join(cells)} | {errors[key]:.1f} % |")


def main():
    logging.getLogger("hyperspy_multimodal").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1, help="of films")
    parser.add_argument("--draws", type=int, default=3, help="of the scan")
    parser.add_argument("--scan", nargs=2, metavar=("SPECTRA", "HAADF"))
    parser.add_argument("--only", choices=["films", "scan"])
    options = parser.parse_args()
    if options.only in (None, "films"):
        film_table(options.seeds)
    if options.only in (None, "scan"):
        scan_table(options.draws, tuple(options.scan) if options.scan else None)


if __name__ == "__main__":
    main()

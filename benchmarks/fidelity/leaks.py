"""Print how far the HAADF leaks into elements: their bias under particles, in per cent.

Usage: python leaks.py [--seeds N] [--scan SPECTRA HAADF] [--only films|scan|gains]

Films of one thickness under core-shell particles, simulated; the carbon film of the measured silica
spheres at a tenth of the counts, against all of them; and SNR of specimens that the HAADF serves.
"unguarded" is the choice without the test for leaks. Without files the scan of silica spheres is
downloaded once.
"""

import argparse
import logging

import numpy as np
from scans import stacked
from thinned_scan import thin

from hyperspy_multimodal import fit_maps
from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface, silica_spheres
from hyperspy_multimodal.data._materials import compound_densities, stack_areal_densities
from hyperspy_multimodal.data._particles import core_shell_thicknesses
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen
from hyperspy_multimodal.selection import Bias, brightness_classes

SHAPE = (96, 96)
#: Formula, density in g/cm^3, thickness in nm and line of each film.
FILMS = {"carbon": ({"C": 1}, 2.0, 100.0, "C_Ka"), "silicon": ({"Si": 1}, 2.33, 30.0, "Si_Ka")}
COUNTS = (0.5, 2, 5, 20)
GAMMAS = (1.0, 1.7)
#: Lambdas by hand, under which the HAADF pulls hard, and maps as fused: sums are not restored.
BY_HAND = {"lambdas": (1e-3, 2e-3), "keep_significant": False}
GAINS = [
    (core_shell, 3),
    (core_shell, 20),
    (bimetal, 5),
    (oxide_interface, 10),
    (oxide_interface, 40),
]


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


def fused(signal, haadf, guarded=True, **options):
    """Return fused and raw maps, as arrays, and the dictionary of ``full_output``."""
    own = Bias.is_from_pull
    if not guarded:
        Bias.is_from_pull = lambda self, *_, **__: np.zeros(len(self.sums), bool)
    try:
        maps, output = signal.multimodal_fusion(
            haadf, full_output=True, show_progressbar=False, **options
        )
    finally:
        Bias.is_from_pull = own
    return stacked(maps), stacked(output["raw_maps"]), output


def film_table(seeds):
    """Fused over raw counts of the film under particles, whose mean over seeds is the bias."""
    print(
        "| film | counts | gamma | automatic | unguarded | lambdas by hand | raw, standard error |"
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    for film in FILMS:
        for counts in COUNTS:
            scans = [film_under_particles(film, counts, seed) for seed in range(seeds)]
            for gamma in GAMMAS:
                rows = []
                for specimen, i, there in scans:
                    row = []
                    for options in ({}, {"guarded": False}, BY_HAND):
                        maps, raw, _ = fused(
                            specimen.signal, specimen.haadf, gamma=gamma, **options
                        )
                        row.append(100 * (maps[i][there].sum() / raw[i][there].sum() - 1))
                    row.append(100 / np.sqrt(raw[i][there].sum()))
                    rows.append(row)
                _print_row([film, counts, f"{gamma:g}"], rows)


def scan_table(seeds, files):
    """Maps of a tenth of the counts over the full counts, where the HAADF is bright and dark."""
    scan = silica_spheres(files)
    fitted = fit_maps(scan.signal, show_progressbar=False)
    whole, lines = stacked(fitted), [each.metadata.Sample.xray_lines[0] for each in fitted]
    print("| draw | element | place | automatic | unguarded | raw | raw, standard error | apart |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for seed in range(seeds):
        thinned, _ = thin(scan.signal, 0.1, seed)
        maps, raw, output = fused(thinned, scan.haadf)
        without = fused(thinned, scan.haadf, guarded=False)[0]
        haadf = np.asarray(output["haadf"].data)
        bright = brightness_classes(haadf)[1]
        brightest = haadf >= np.quantile(haadf, 5 / 6)
        for i, line in enumerate(lines):
            full = whole[i] * raw[i].sum() / whole[i].sum()
            for name, place in (
                ("bright", bright),
                ("brightest sixth", brightest),
                ("dark", ~bright),
            ):
                expected = full[place].sum()
                found = [
                    f"{100 * (each[i][place].sum() / expected - 1):+.1f} %"
                    for each in (maps, without, raw)
                ]
                error = 100 / np.sqrt(max(expected, 1.0))
                cells = [seed, line, name, *found, f"{error:.1f} %", output["apart"][i]]
                print("|", " | ".join(str(each) for each in cells), "|", flush=True)


def gain_table(seeds):
    """SNR of specimens that the HAADF serves, mean over elements and seeds, in dB."""
    print("| specimen | counts | automatic | unguarded |")
    print("|---|---|---|---|", flush=True)
    for specimen_of, counts in GAINS:
        rows = []
        for seed in range(seeds):
            specimen = specimen_of(SHAPE, float(counts), seed=seed)
            truth = stacked(specimen.counts)
            power = np.square(truth).sum(axis=(1, 2))
            row = []
            for guarded in (True, False):
                maps = fused(specimen.signal, specimen.haadf, guarded, gamma="auto")[0]
                error = np.square(maps - truth).sum(axis=(1, 2))
                row.append(np.mean(10 * np.log10(power / error)))
            rows.append(row)
        means = " | ".join(f"{each:.2f}" for each in np.mean(rows, axis=0))
        print(f"| {specimen_of.__name__} | {counts} | {means} |", flush=True)


def _print_row(title, rows):
    means = np.mean(rows, axis=0)
    found = [f"{each:+.1f} %" for each in means[:-1]]
    if len(rows) > 1:
        spreads = np.std(rows, axis=0, ddof=1) / np.sqrt(len(rows))
        found = [f"{a[:-2]} ± {b:.1f} %" for a, b in zip(found, spreads[:-1], strict=True)]
    cells = [*title, *found, f"{means[-1] / np.sqrt(len(rows)):.1f} %"]
    print("|", " | ".join(str(each) for each in cells), "|", flush=True)


def main():
    logging.getLogger("hyperspy_multimodal").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scan", nargs=2, metavar=("SPECTRA", "HAADF"))
    parser.add_argument("--only", choices=["films", "scan", "gains"])
    options = parser.parse_args()
    if options.only in (None, "films"):
        film_table(options.seeds)
    if options.only in (None, "scan"):
        scan_table(options.seeds, tuple(options.scan) if options.scan else None)
    if options.only in (None, "gains"):
        gain_table(options.seeds)


if __name__ == "__main__":
    main()

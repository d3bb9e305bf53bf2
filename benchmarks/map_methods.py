"""Maps from the whole spectrum against maps from windows, raw and fused, on specimens with truth.

Usage: python map_methods.py [--speed]

Fused maps are those of the automatic call.
"""

import argparse
import logging
import time
from functools import partial

import numpy as np
from against_truth import automatic, snr, stacked

from hyperspy_multimodal import fit_maps
from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface
from hyperspy_multimodal.written_numbers import plain

SHAPE = (96, 96)
SPECIMENS = {
    "core-shell, 3 counts": partial(core_shell, SHAPE, 3),
    "core-shell, 20 counts": partial(core_shell, SHAPE, 20),
    "Au-Pd, 3 counts": partial(bimetal, SHAPE, 3),
    "Pd-Ag, 3 counts": partial(bimetal, SHAPE, 3, alloy="Pd-Ag"),
    "Pd-Ag, 20 counts": partial(bimetal, SHAPE, 20, alloy="Pd-Ag"),
    "oxide interface, 5 counts": partial(oxide_interface, SHAPE, 5),
}
WRONG = {
    "as stated": {},
    "offset 10 eV": {"energy_offset": 0.01},
    "offset -10 eV": {"energy_offset": -0.01},
    "gain 0.2 %": {"energy_gain": 0.002},
    "resolution 10 eV": {"resolution_error": 10.0},
    "line weights 10 %": {"line_weight_error": 0.1},
}
SEEDS = (0, 1)


def against_windows():
    """SNR and totals of both methods."""
    print("<!-- table: map-methods -->\n")
    print("| specimen | maps from | SNR raw / dB | SNR fused / dB | totals, found / true |")
    print("|---|---|---|---|---|")
    for name, make in SPECIMENS.items():
        found = {"windows": [], "fit": []}
        for seed in SEEDS:
            specimen = make(seed=seed)
            truth = stacked(specimen.counts)
            for method, results in found.items():
                fused, raw, _ = automatic(specimen, method)
                totals = raw.sum(axis=(1, 2)) / truth.sum(axis=(1, 2))
                results.append((snr(raw, truth), snr(fused, truth), totals))
        for method, results in found.items():
            raw, fused, totals = np.mean(results, axis=0)
            each = ", ".join(
                f"{line.split('_')[0]} {total:.2f}"
                for line, total in zip(
                    specimen.signal.metadata.Sample.xray_lines, totals, strict=True
                )
            )
            print(
                f"| {name} | {method} | {raw.mean():.1f} | {fused.mean():.1f} | {each} |",
                flush=True,
            )


def calibrations():
    """What a detector that is not as stated costs, fused."""
    print("\n<!-- table: detectors -->\n")
    print("| specimen | " + " | ".join(WRONG) + " |")
    print("|---|" + "---|" * len(WRONG))
    for name in ("core-shell, 20 counts", "oxide interface, 5 counts"):
        cells = []
        for options in WRONG.values():
            scores = []
            for seed in SEEDS:
                specimen = SPECIMENS[name](seed=seed, **options)
                truth = stacked(specimen.xrays)
                scores.append(snr(automatic(specimen, "fit")[0], truth).mean())
            cells.append(f"{np.mean(scores):.1f}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def missing_element():
    """An element that nobody named: what is said of it, and what the others lose or gain."""
    print("\n<!-- table: unnamed-by-one -->\n")
    print("| specimen | named | found without a name | totals with it not named / named |")
    print("|---|---|---|---|")
    for name in ("core-shell, 20 counts", "Pd-Ag, 20 counts"):
        specimen = SPECIMENS[name]()
        lines = specimen.signal.metadata.Sample.xray_lines
        _, full = fit_maps(specimen.signal, full_output=True)
        for missing in lines:
            rest = [line for line in lines if line != missing]
            signal = specimen.signal.deepcopy()
            signal.set_elements([line.split("_")[0] for line in rest])
            signal.set_lines(rest)
            _, output = fit_maps(signal, rest, full_output=True)
            unnamed = {**output["instrument_elements"], **output["other_elements"]}
            found = [f"{element} ({plain(counts)} counts)" for element, counts in unnamed.items()]
            peaks = "; ".join([*found, *map(str, output["unassigned_peaks"])])
            totals = ", ".join(
                f"{line.split('_')[0]} {output['totals'][line] / full['totals'][line]:.3f}"
                for line in rest
            )
            print(f"| {name} | all but {missing} | {peaks} | {totals} |", flush=True)


def speed():
    """Seconds for 512 x 512 x 2048 counts of 8 bits."""
    part = core_shell((128, 128), 5, channels=2048).signal
    large = part._deepcopy_with_new_data(np.tile(part.data, (4, 4, 1)))
    large.axes_manager._axes[0].size = large.axes_manager._axes[1].size = 512
    fit_maps(part)
    began = time.perf_counter()
    fit_maps(large)
    took = time.perf_counter() - began
    print("\n<!-- table: fit-speed -->\n")
    print("| spectra | size / MiB | elements | seconds |\n|---|---|---|---|")
    print(f"| 512 x 512 x 2048, 8 bits | {large.data.nbytes / 2**20:.0f} "
          f"| {len(large.metadata.Sample.elements)} | {took:.1f} |")  # fmt: skip


def main():
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speed", action="store_true", help="only the time of a fit")
    if parser.parse_args().speed:
        speed()
        return
    against_windows()
    calibrations()
    missing_element()


if __name__ == "__main__":
    main()

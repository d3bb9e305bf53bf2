"""Thin lines at any angle, and curved ones, that fusion erases: what is kept of their counts.

Usage: python thin_structure.py [--seeds N] [--sizes S ...] [--shapes NAME ...]

Chromium in a foil of nickel, 64 x 64 pixels: lines of 1.5 pixels width, a ring, a sine, strewn
pixels. Its amount is such that a filter that knew the shape would find it at 9, 12 or 16 standard
errors. Prints a Markdown table: the share of the raw counts that is kept, in how many scans
something was given back, and what is left otherwise.
"""

import argparse
import logging

import numpy as np
from lost_structure import fused_and_watched
from methods import automatic
from numpy.polynomial.polynomial import polyfit
from scans import truth_of

from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen

SIDE, WIDTH, COUNTS = 64, 1.5, 20.0
ATOMS = 4500.0  # per nm^2
ROWS, COLS = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2


def line(angle):
    """Return a line through the scan, degrees from the rows, of height 1."""
    angle = np.deg2rad(angle)
    return _soft(np.abs((ROWS - 3.3) * np.cos(angle) - (COLS - 1.7) * np.sin(angle)))


def ring(radius=12.0):
    return _soft(np.abs(np.hypot(ROWS + 2.2, COLS - 3.4) - radius))


def sine(amplitude=8.0, period=48.0):
    phase = 2 * np.pi * COLS / period
    steep = 2 * np.pi * amplitude / period * np.cos(phase)
    return _soft(np.abs(ROWS - amplitude * np.sin(phase)) / np.hypot(1, steep))


def strewn():
    there = np.zeros((SIDE, SIDE))
    there.flat[np.random.default_rng(9).choice(SIDE**2, 60, replace=False)] = 1.0
    return there


def _soft(distance):
    return np.clip(WIDTH / 2 + 0.5 - distance, 0.0, 1.0)


SHAPES = {
    "line at 15 degrees": line(15),
    "line at 65 degrees": line(65),
    "ring of radius 12": ring(),
    "sine": sine(),
    "strewn pixels": strewn(),
}


def foil(shape, share, seed):
    chromium = ATOMS * share * shape
    atoms = {"Ni": ATOMS - chromium, "Cr": chromium}
    settings = Scan.from_settings(COUNTS, {"seed": seed})
    return simulate_specimen(atoms, ["Cr_Ka", "Ni_Ka"], settings, name="foil")


def share_for(shape, errors):
    """Return the share of atoms at which a filter that knows the shape finds so many errors."""
    empty, full = (foil(shape, share, 0) for share in (0.0, 0.1))
    _, output = automatic(empty, keep_significant=False)
    noise = np.asarray(output["raw_maps"][0].data, float).std()
    height = truth_of(full)[0].max()
    return 0.1 * errors * noise / (height * np.sqrt(np.square(shape).sum()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--sizes", type=float, nargs="+", default=[9.0, 12.0, 16.0])
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES))
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    print("<!-- table: thin -->\n")
    sizes = " | ".join(f"{errors:g} standard errors" for errors in chosen.sizes)
    print(f"| shape | {sizes} |\n|---|" + "---|" * len(chosen.sizes))
    for name in chosen.shapes:
        cells = [cell(SHAPES[name], errors, chosen.seeds) for errors in chosen.sizes]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def cell(shape, errors, seeds):
    """Return what is kept of the raw counts, the mean over seeds, and without the correction."""
    sums, share = [], share_for(shape, errors)
    for seed in range(seeds):
        watched = fused_and_watched(foil(shape, share, seed))
        three = [each[0] for each in (watched.maps.net, watched.fused, watched.kept)]
        # what the shape has beyond the rest of the map, as least squares find it
        sums.append([polyfit(shape.ravel(), each.ravel(), 1)[1] for each in three])
    raw, erased, kept = np.transpose(sums)
    found = np.count_nonzero(kept - erased > 0.1 * raw)
    return (
        f"{kept.sum() / raw.sum():.2f} ({found} of {seeds}), without {erased.sum() / raw.sum():.2f}"
    )


if __name__ == "__main__":
    main()

"""Thin lines at any angle, and curved ones, that fusion erases: what is kept of their counts.

Usage: python thin_structure.py [--seeds N] [--sizes S ...] [--shapes NAME ...]

Chromium in a foil of nickel, 64 x 64 pixels: lines of 1.5 pixels width, a ring, a sine, strewn
pixels. Its amount is such that a filter that knew the shape would find it at 9, 12 or 16 standard
errors. Prints a Markdown table.
"""

import argparse
import logging

import numpy as np
from lost_structure import fused_and_watched
from methods import automatic
from numpy.polynomial.polynomial import polyfit
from scans import truth_of
from scores import snr

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
    "line at 25 degrees": line(25),
    "line at 40 degrees": line(40),
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
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sizes", type=float, nargs="+", default=[9.0, 12.0, 16.0])
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES))
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    print("| shape | standard errors | raw counts | erased to | kept | of raw, by seed "
          "| SNR without | with |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for name in chosen.shapes:
        for errors in chosen.sizes:
            print(row(name, errors, chosen.seeds), flush=True)


def row(name, errors, seeds):
    """Return a line of the table."""
    shape, sums, power = SHAPES[name], [], []
    share = share_for(shape, errors)
    for seed in range(seeds):
        specimen = foil(shape, share, seed)
        watched = fused_and_watched(specimen)
        gain, truth = watched.maps.gains[0], truth_of(specimen)
        three = [gain * each[0] for each in (watched.maps.net, watched.fused, watched.kept)]
        # what the shape has beyond the rest of the map, as least squares find it
        sums.append([polyfit(shape.ravel(), each.ravel(), 1)[1] * shape.sum() for each in three])
        power.append([snr(each[None], truth[:1])[0] for each in three[1:]])
    sums, power = np.array(sums), np.mean(power, axis=0)
    raw, erased, kept = sums.mean(axis=0)
    shares = " ".join(f"{each:.2f}" for each in sums[:, 2] / sums[:, 0])
    return (
        f"| {name} | {errors:g} | {raw:.0f} | {erased / raw:.2f} | {kept / raw:.2f} | {shares} "
        f"| {power[0]:.1f} dB | {power[1]:.1f} dB |"
    )


if __name__ == "__main__":
    main()

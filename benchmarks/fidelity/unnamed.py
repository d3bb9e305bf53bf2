"""Totals from summed spectra of random elements, some of which nobody names.

Usage: python benchmarks/fidelity/unnamed.py [--draws 100] [--processes 1]

Two to four elements are named and mapped, and none, one or two others are in the spectrum too, all
drawn from a list of fifty with 3,000 to 300,000 counts in the strongest line. The detector is off
by up to 30 eV, 0.4 % and 18 eV of resolution, its line weights by 7 %, with tails of up to 2 % and
absorption edges of up to 15 %; see `misfits.py`. Prints a Markdown table.
"""

import argparse
import logging
from concurrent.futures import ProcessPoolExecutor

import exspy
import numpy as np
from misfits import (
    CHANNEL,
    CHANNELS,
    CONTINUUM,
    STATED,
    element_counts,
    lines_of,
    signal_of,
)
from scipy.stats import norm

from hyperspy_multimodal import fit_maps

ELEMENTS = (
    "C N O F Na Mg Al Si P S Cl K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Sr Y Zr Nb Mo Ru Pd "
    "Ag In Sn Sb Te Ba La Ce Nd Gd Ho Hf Ta W Pt Au Pb Bi"
).split()
# A total is wrong if it is off by more than this share and by more than so many stated errors.
WRONG, ERRORS = 0.1, 3.0


class _Messages(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def main_line(element):
    """Return the line that is mapped: Ka, La or Ma, the first from 0.25 to 12.5 keV."""
    lines = exspy.material.elements[element].Atomic_properties.Xray_lines
    for name in ("Ka", "La", "Ma"):
        if name in lines and 0.25 < lines[name]["energy (keV)"] < 12.5:
            return f"{element}_{name}"
    raise ValueError(f"{element} has no line to map")


def drawn_case(seed):
    """Return named elements, others, counts by element, and the detector's errors."""
    rng = np.random.default_rng(seed)
    named = [str(each) for each in rng.choice(ELEMENTS, rng.integers(2, 5), replace=False)]
    rest = [element for element in ELEMENTS if element not in named]
    others = [str(each) for each in rng.choice(rest, rng.integers(0, 3), replace=False)]
    strengths = {element: float(10 ** rng.uniform(3.5, 5.5)) for element in named + others}
    misfit = {
        "offset": rng.uniform(-0.03, 0.03),
        "gain": rng.uniform(-0.004, 0.004),
        "resolution": rng.uniform(124, 148),
        "weights": 0.07,
        "edges": rng.uniform(0, 0.15),
        "tail": rng.uniform(0, 0.02),
    }
    return named, others, strengths, misfit, rng


def spectrum(named, strengths, misfit, rng):
    """Return a drawn summed spectrum, and the true counts in the window of each named line."""
    total, truth = np.zeros(CHANNELS), {}
    steps = [1.839]
    for element, strength in strengths.items():
        own = main_line(element)
        weights, edges, counts = element_counts(element, own, strength, misfit, rng)
        total += counts
        steps += edges
        if element in named:
            energy = dict(zip(*lines_of(element)[:2], strict=True))[own]
            width = np.sqrt(2500 * (energy - 5.8987) + STATED**2) / 1e3
            sigma = width / 2.3548
            energies = np.array(lines_of(element)[1])
            inside = norm.cdf(energy + width, energies, sigma)
            inside -= norm.cdf(energy - width, energies, sigma)
            truth[own] = float(inside @ weights)
    centres = np.maximum(np.arange(CHANNELS) * CHANNEL, 0.05)
    smooth = (200 - centres) / centres * np.exp(-((0.3 / centres) ** 3))
    for step in steps:
        smooth *= 1 - misfit["edges"] * np.where(centres > step, (step / centres) ** 3, 0)
    share = CONTINUUM * rng.uniform(0.3, 2) * sum(strengths.values())
    return rng.poisson(total + smooth / smooth.sum() * share), truth


def outcome(seed):
    """Return the number of others, and "right", "warned of", "silent" or "refused" by total."""
    messages = _Messages()
    logger = logging.getLogger("hyperspy_multimodal")
    logger.handlers, logger.propagate = [messages], False
    named, others, strengths, misfit, rng = drawn_case(seed)
    observed, truth = spectrum(named, strengths, misfit, rng)
    signal = signal_of(observed, truth, rng)
    try:
        _, output = fit_maps(signal, full_output=True)
    except ValueError:
        return len(others), ["refused"] * len(truth)
    found = []
    for name, counts in truth.items():
        off = abs(output["totals"][name] - counts)
        wrong = off > WRONG * counts and off > ERRORS * output["total_errors"][name]
        told = any(name in text for text in messages.texts)
        told |= any("poor" in text or "Do not trust" in text for text in messages.texts)
        found.append("right" if not wrong else "warned of" if told else "silent")
    return len(others), found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--processes", type=int, default=1)
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.processes) as pool:
        results = list(pool.map(outcome, range(chosen.draws)))
    print("<!-- table: unnamed -->\n")
    print("| unnamed elements | totals | right | wrong, with a warning | wrong, none | refused |")
    print("|---|---|---|---|---|---|")
    for number in range(3):
        found = [each for others, own in results if others == number for each in own]
        row = [found.count(word) for word in ("right", "warned of", "silent", "refused")]
        print(f"| {number} | {len(found)} | {' | '.join(map(str, row))} |")


if __name__ == "__main__":
    main()

"""Totals of elements from summed spectra that are off the model of the fit, one misfit at a time.

Usage: python benchmarks/fidelity/misfits.py [--draws 60] [--processes 1]

Spectra are simulated here, not by the fit's own functions: lines of eXSpy's tables on a detector
that is not as stated, over a continuum. Prints a Markdown table with the worst and the mean total,
found over true, of each misfit alone and of pairs at random, and how often false peaks were found.
"""

import argparse
import logging
from concurrent.futures import ProcessPoolExecutor

import exspy
import numpy as np
from scipy.signal import fftconvolve
from scipy.special import log_ndtr
from scipy.stats import norm

from hyperspy_multimodal import fit_maps

SETS = {
    "Co/O/S": ["Co_Ka", "O_Ka", "S_Ka"],
    "Fe/Ni/O/Pt": ["Fe_Ka", "Ni_Ka", "O_Ka", "Pt_La"],
    "Al/O/Si/Ti": ["Al_Ka", "O_Ka", "Si_Ka", "Ti_Ka"],
}
COUNTS = (3e4, 1e6)
MISFITS = {
    "none": {},
    "offset +30 eV": {"offset": 0.03},
    "offset -30 eV": {"offset": -0.03},
    "gain +0.4 %": {"gain": 0.004},
    "gain -0.4 %": {"gain": -0.004},
    "FWHM 120 eV": {"resolution": 120.0},
    "FWHM 155 eV": {"resolution": 155.0},
    "line weights 20 %": {"weights": 0.2},
    "family ratios x 2": {"families": 2.0},
    "family ratios / 2": {"families": 0.5},
    "tails 2 %": {"tail": 0.02},
    "tails 5 %": {"tail": 0.05},
    "pile-up 2 %": {"pile_up": 0.02},
    "30 % wide": {"wide": 0.3},
    "low lines -3 eV": {"low": -0.003},
    "low lines -6 eV": {"low": -0.006},
    "low lines -10 eV": {"low": -0.010},
    "edges 20 %": {"edges": 0.2},
    "edges 50 %": {"edges": 0.5},
    "Cu unnamed": {"unnamed": "Cu"},
    "Ga unnamed": {"unnamed": "Ga"},
    "C unnamed": {"unnamed": "C"},
    "Si unnamed": {"unnamed": "Si"},
}
CHANNEL, CHANNELS = 0.01, 1400
STATED = 130.0  # eV
CONTINUUM = 0.6  # of the counts of an element, all channels together
_MN = 5.8987


def lines_of(element):
    """Return names, energies in keV and weights of an element's lines on the axis."""
    tables = exspy.material.elements[element].Atomic_properties.Xray_lines.as_dictionary()
    found = [
        (f"{element}_{name}", line["energy (keV)"], line["weight"])
        for name, line in tables.items()
        if 0.1 < line["energy (keV)"] < CHANNEL * CHANNELS
    ]
    return tuple(zip(*found, strict=True))


def element_counts(element, main, strength, misfit, rng):
    """Return expected counts of an element's lines, its K edges in keV, and its spectrum.

    The family of the line ``main`` holds ``strength`` counts in its strongest line; others hold
    that times 1 (K), 0.5 (L) or 0.3 (M).
    """
    edges = (np.arange(CHANNELS + 1) - 0.5) * CHANNEL
    counts, spectrum, steps = [], np.zeros(CHANNELS), []
    names, energies, weights = lines_of(element)
    for name, energy, weight in zip(names, energies, weights, strict=True):
        family = name.split("_")[1][0]
        share = 1.0
        if family != main.split("_")[1][0]:
            share = {"K": 1.0, "L": 0.5, "M": 0.3}.get(family, 0.1) * misfit.get("families", 1.0)
        if family == "K":
            steps.append(1.01 * energy)
        if weight < 1 and misfit.get("weights"):
            weight *= np.exp(misfit["weights"] * rng.normal())
        counts.append(strength * share * weight)
        spectrum += counts[-1] * _peak(edges, energy, misfit)
    return np.array(counts), [max(steps)] if steps else [], spectrum


def spectrum(names, counts, misfit, rng):
    """Return a drawn summed spectrum, and the true counts in the window of each line.

    Each family of lines holds ``counts`` in its strongest line, times 0.5 for L and 0.3 for M
    families of elements that have another.
    """
    edges = (np.arange(CHANNELS + 1) - 0.5) * CHANNEL
    total, truth = np.zeros(CHANNELS), {}
    elements = [name.split("_")[0] for name in names]
    unnamed = misfit.get("unnamed")
    strengths = dict.fromkeys(elements, counts)
    if unnamed and unnamed not in strengths:
        strengths[unnamed] = 3 * counts
    steps = []
    for element, strength in strengths.items():
        mapped = next((name for name in names if name.startswith(element + "_")), None)
        main = mapped or min(lines_of(element)[0], key=lambda name: name.split("_")[1][0])
        _, steps_of, lines = element_counts(element, main, strength, misfit, rng)
        total += lines
        steps += steps_of
        if mapped:
            truth[mapped] = strength
    centres = np.maximum((edges[1:] + edges[:-1]) / 2, 0.05)
    smooth = (200 - centres) / centres * np.exp(-((0.3 / centres) ** 3))
    for step in [*steps, 1.839]:
        drop = misfit.get("edges", 0.0) * np.where(centres > step, (step / centres) ** 3, 0.0)
        smooth = smooth * (1 - drop)
    total += smooth / smooth.sum() * CONTINUUM * counts * len(names)
    if misfit.get("pile_up"):
        piled = np.maximum(fftconvolve(total, total)[:CHANNELS], 0.0)
        total = (1 - misfit["pile_up"]) * total + misfit["pile_up"] * piled / piled.sum() * (
            total.sum() / 2
        )
    return rng.poisson(total), truth


def _peak(edges, energy, misfit):
    resolution = misfit.get("resolution", STATED)
    fwhm = np.sqrt(max(2500 * (energy - _MN) + resolution**2, 900.0)) / 1e3
    sigma = fwhm / 2.3548
    place = energy * (1 + misfit.get("gain", 0.0)) + misfit.get("offset", 0.0)
    if energy < 1:
        place += misfit.get("low", 0.0)
    wide, tail = misfit.get("wide", 0.0), misfit.get("tail", 0.0)
    peak = (1 - wide - tail) * np.diff(norm.cdf(edges, place, sigma))
    if wide:
        peak += wide * np.diff(norm.cdf(edges, place, 1.5 * sigma))
    if tail:
        # a Gaussian less an exponential with a mean of one FWHM
        u, ratio = (edges - place) / sigma, sigma / fwhm
        rest = np.exp(u * ratio + ratio**2 / 2 + log_ndtr(-u - ratio))
        peak += tail * np.diff(norm.cdf(u) + rest)
    return peak


def signal_of(observed, names, rng):
    """Return a summed spectrum as a scan of four pixels, with lines that are named."""
    pixels = rng.multinomial(observed, np.full(4, 0.25)).T.reshape(2, 2, -1)
    signal = exspy.signals.EDSTEMSpectrum(pixels.astype(np.uint32))
    axis = signal.axes_manager[-1]
    axis.scale, axis.units, axis.name = CHANNEL, "keV", "Energy"
    signal.set_microscope_parameters(beam_energy=200, energy_resolution_MnKa=STATED)
    signal.set_elements([name.split("_")[0] for name in names])
    signal.set_lines(list(names))
    return signal


def found(case):
    """Return totals over truth, and the peaks that were reported, of one case."""
    names, counts, misfit, seed = case
    logging.getLogger("hyperspy_multimodal").setLevel(logging.CRITICAL)
    rng = np.random.default_rng(seed)
    observed, truth = spectrum(names, counts, misfit, rng)
    signal = signal_of(observed, names, rng)
    try:
        _, output = fit_maps(signal, full_output=True)
    except ValueError as error:
        return dict.fromkeys(truth, np.nan), [str(error)[:80]], {}, {}
    share = 0.9815  # of a line in a window of +-1 FWHM
    ratios = {name: output["totals"][name] / (share * truth[name]) for name in truth}
    pulls = {
        name: (output["totals"][name] - share * truth[name]) / output["total_errors"][name]
        for name in truth
    }
    return ratios, output["unassigned_peaks"], pulls, output["instrument_elements"]


def singles():
    """Cases of one misfit."""
    for title, misfit in MISFITS.items():
        for names in SETS.values():
            for counts in COUNTS:
                yield title, (names, counts, misfit, 0)


def pairs(draws):
    """Cases of two misfits at random."""
    rng = np.random.default_rng(0)
    titles = list(MISFITS)[1:]
    for seed in range(draws):
        one, other = rng.choice(len(titles), 2, replace=False)
        misfit = {**MISFITS[titles[one]], **MISFITS[titles[other]]}
        names = list(SETS.values())[rng.integers(len(SETS))]
        yield (
            f"{titles[one]} + {titles[other]}",
            (names, COUNTS[rng.integers(2)], misfit, seed),
        )


def table(cases, processes):
    """Print a row for each title."""
    cases = list(cases)
    if processes > 1:
        with ProcessPoolExecutor(processes) as pool:
            results = list(pool.map(found, [case for _, case in cases]))
    else:
        results = [found(case) for _, case in cases]
    rows = {}
    for (title, case), result in zip(cases, results, strict=True):
        rows.setdefault(title, []).append((case, *result))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=60, help="pairs of misfits")
    parser.add_argument("--processes", type=int, default=1)
    chosen = parser.parse_args()
    print("<!-- table: misfits -->\n")
    print("| misfit | total, found / true: least | largest | within 2 errors | false peaks |")
    print("|---|---|---|---|---|")
    rows = table(singles(), chosen.processes)
    for title, own in rows.items():
        _print_row(title, own)
    every = [row for own in table(pairs(chosen.draws), chosen.processes).values() for row in own]
    _print_row(f"two at random, {len(every)} draws", every)


def _print_row(title, own):
    ratios = np.array([value for _, found, *_ in own for value in found.values()])
    pulls = np.array([value for *_, pulls, _ in own for value in pulls.values()])
    peaks = [str(peak) for _, _, found, *_ in own for peak in found]
    print(
        f"| {title} | {ratios.min():.3f} | {ratios.max():.3f} | "
        f"{np.mean(np.abs(pulls) < 2):.2f} | {'; '.join(peaks) or 'none'} |",
        flush=True,
    )


if __name__ == "__main__":
    main()

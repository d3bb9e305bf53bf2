"""EELS: how often the true counts of edges lie within the stated errors of a fit.

Usage: python edge_errors.py [--specimens 40]

Summed spectra of two or three elements, with random edges, background, electrons and energy range,
that differ from the model of the fit: the exponent of the background changes with the energy,
cross-sections are not hydrogenic, with fine structure, and electrons also lose energy to plasmons.
"""

import argparse
import logging
from dataclasses import dataclass

import numpy as np
from exspy.signals import EELSSpectrum

from hyperspy_multimodal.eels.edge_fit import plan_edge_fit
from hyperspy_multimodal.eels.white_lines import white_line_shapes
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.physics.edges import edge_onsets, onset_energy
from hyperspy_multimodal.physics.hydrogenic import edge_subshells, hydrogenic_edges

ELEMENTS = ("Cu", "Zn"), ("Mn", "Co"), ("Fe", "Ni"), ("Fe", "Co", "Ni"), ("O", "Mn", "Co")
INSTRUMENT = {"beam_energy": 200.0, "convergence_angle": 20.0, "collection_angle": 40.0}
SHAPE, STEP = (4, 4), 2.0


@dataclass(frozen=True)
class Conditions:
    """How spectra differ from the model, and what is seen of them; scatter unless stated."""

    curvature: float = 0.0
    slope: float = 0.0
    structure: float = 0.0
    thickness: float = 0.0  # highest, in mean free paths
    before: tuple = (0.06, 0.28)  # of the first onset
    after: tuple = (0.03, 0.45)  # of the last onset


ALL = {"curvature": 0.4, "slope": 0.4, "structure": 0.2, "thickness": 0.8}
ROWS = {
    "none": Conditions(),
    "curved background": Conditions(curvature=0.4),
    "other cross-sections, fine structure": Conditions(slope=0.4, structure=0.2),
    "plural scattering": Conditions(thickness=0.8),
    "all": Conditions(**ALL),
    "all; 5 % below and above the edges": Conditions(
        **ALL, before=(0.05, 0.06), after=(0.05, 0.06)
    ),
}


def losses(thickness, rng):
    """Return the distribution of losses to plasmons: Poisson, of a peak with a tail."""
    loss = np.arange(0, 300, STEP)
    peak, width = rng.uniform(15, 25), rng.uniform(2, 4)
    once = np.exp(-np.square((loss - peak) / width) / 2)
    once += 0.15 * np.where(loss > peak, np.exp(-(loss - peak) / 30), 0)
    term = np.zeros_like(loss)
    term[0], together = np.exp(-thickness), np.zeros_like(loss)
    for order in range(1, 8):
        together += term
        term = np.convolve(term, once / once.sum())[: len(loss)] * thickness / order
    return together


def edge_of(name, energy, conditions, slope, rng):
    """Return the spectrum of an element, up to a factor, white lines of L edges included."""
    onset, element = onset_energy(name), name.split("_")[0]
    onsets = edge_onsets(element)
    subshells = edge_subshells(name, onsets, (energy[0], energy[-1]))
    edge = sum(function(energy) for function in hydrogenic_edges(subshells, INSTRUMENT))
    edge *= (energy / onset) ** (slope + rng.normal(0, 0.375 * conditions.slope))
    above = np.maximum(energy - onset, 0)
    wave = np.cos(2 * np.pi * above / rng.uniform(12, 40) + rng.uniform(0, 6))
    fine = rng.uniform(0, conditions.structure) * wave * np.exp(-above / 40)
    edge *= 1 + np.where(energy > onset, fine, 0)
    area, width, offset = rng.uniform(0, 0.5), rng.uniform(2, 6), rng.uniform(0, 4)
    if name.endswith("L3"):
        limits = np.append(energy - STEP / 2, energy[-1] + STEP / 2)
        area *= edge[(energy > onset) & (energy < 1.1 * onset)].sum()
        for line, share in ((onset, 0.6), (onsets[f"{element}_L2"], 0.4)):
            edge += area * share * white_line_shapes(limits, line, offset, width).mean(axis=0)
    return edge


def specimen(conditions, seed):
    """Return a spectrum image, and functions of channels that give the true counts of edges."""
    rng = np.random.default_rng(seed)
    elements = ELEMENTS[seed % len(ELEMENTS)]
    names = [f"{each}_K" if each == "O" else f"{each}_L3" for each in elements]
    onsets = [onset_energy(name) for name in names]
    start = onsets[0] * (1 - rng.uniform(*conditions.before))
    stop = onsets[-1] * (1.1 + rng.uniform(*conditions.after))
    energy = np.arange(start, stop, STEP)
    scattered = losses(rng.uniform(0, conditions.thickness), rng)
    logarithm = np.log(energy / onsets[0])
    exponent, curvature = rng.uniform(2.3, 3.5), rng.normal(0, conditions.curvature)
    background = np.exp(-exponent * logarithm - curvature * logarithm**2 / 2)
    slope = rng.normal(0, conditions.slope)
    jump, edges = np.exp(rng.uniform(np.log(0.08), 0)), []
    for name, onset in zip(names, onsets, strict=True):
        edge = np.convolve(edge_of(name, energy, conditions, slope, rng), scattered)
        edge, inside = edge[: len(energy)], (energy > onset) & (energy < 1.1 * onset)
        height = jump * np.exp(rng.uniform(-0.7, 0.7)) * background[inside].sum()
        edges.append(height * edge / edge[inside].sum())
    inside = (energy > onsets[0]) & (energy < 1.1 * onsets[0])
    electrons = 10 ** rng.uniform(4.5, 7.5) / background[inside].sum()
    expected = electrons * (background + sum(edges)) / np.prod(SHAPE)
    signal = EELSSpectrum(rng.poisson(np.broadcast_to(expected, (*SHAPE, len(energy)))))
    axis = signal.axes_manager[-1]
    axis.offset, axis.scale, axis.units = energy[0], STEP, "eV"
    signal.add_elements(elements)
    signal.set_microscope_parameters(*INSTRUMENT.values())
    return signal, electrons * np.array(edges)


def row(title, conditions, specimens):
    """Print how often true counts lie within errors."""
    off, errors = [], []
    for seed in range(specimens):
        signal, edges = specimen(conditions, seed)
        plan = plan_edge_fit(signal, None, None, 1.0)
        reading = read_now(signal, plan)
        inside = plan.windows_plan.inside
        truth = np.array([e[a:b].sum() for e, (a, b) in zip(edges, inside, strict=True)])
        error = np.array(reading.total_errors)
        off += [*((reading.raw.sum(axis=(1, 2)) - truth) / error)]
        errors += [*(error / truth)]
    off, errors = np.abs(off), np.array(errors)
    cells = [f"{np.mean(off < limit):.2f}" for limit in (1, 2)]
    cells += [f"{np.sqrt(np.mean(off**2)):.2f}"]
    cells += [f"{100 * np.median(each):.1f} %" for each in (errors, errors * off)]
    print(f"| {title} | {len(off)} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--specimens", type=int, default=40)
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.CRITICAL)
    print("<!-- table: edge-errors -->\n")
    head = ["differences from the model", "values", "within 1 error", "within 2"]
    head += ["root-mean-square of deviation / error", "median error", "median deviation"]
    print("|", " | ".join(head), "|\n" + "|---" * len(head) + "|")
    for title, conditions in ROWS.items():
        row(title, conditions, chosen.specimens)


if __name__ == "__main__":
    main()

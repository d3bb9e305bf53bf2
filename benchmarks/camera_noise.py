"""EELS: how well gain and noise floor of a camera are estimated from the spectra themselves.

Usage: python camera_noise.py [--size 64] [--seeds 3]

The electrons are those of `hyperspy_multimodal.data.core_loss`. A camera multiplies them by its
gain and adds Gaussian noise, and neither is in the metadata.
"""

import argparse
import logging

import numpy as np

from hyperspy_multimodal.data import core_loss

GAINS = (0.5, 1.0, 5.0, 35.0, 60.0)
FLOORS = (2.0, 10.0)


def found(specimen, gain, floor, seed):
    """Return gain, its standard error and noise floor as a fusion records them."""
    rng = np.random.default_rng(seed)
    electrons = specimen.signal.data
    signal = specimen.signal.deepcopy()
    signal.data = gain * electrons + floor * rng.normal(size=electrons.shape)
    maps = signal.multimodal_fusion(
        specimen.haadf, gamma=1, lambdas=(0.01, 0.02), show_progressbar=False
    )
    record = maps[0].metadata.Multimodal_fusion
    return record.gain, record.gain_error, record.noise_floor


def row(gain, floor, results):
    """Return a line of the table: means, and the largest deviations."""
    gains, errors, floors = np.array(results, float).T
    off = np.abs(gains - gain) / gain, np.abs(floors - floor) / floor
    cells = [
        f"{gain:g}, {floor:g}",
        f"{np.mean(gains) / gain:.2f}, {100 * off[0].max():.0f} %",
        f"{100 * np.mean(errors) / gain:.0f} %",
        f"{np.mean(floors) / floor:.2f}, {100 * off[1].max():.0f} %",
    ]
    return f"| {' | '.join(cells)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    logging.disable()
    shape = (options.size, options.size)
    specimens = [core_loss(shape, counts=20, seed=seed) for seed in range(options.seeds)]
    print("<!-- table: camera-noise -->\n")
    print(
        "| gain, floor (counts) | gain, found / true: mean, largest deviation | "
        "standard error stated | floor, found / true: mean, largest deviation |"
    )
    print("|---|---|---|---|")
    for gain in GAINS:
        for floor in FLOORS:
            results = [found(each, gain, floor, seed) for seed, each in enumerate(specimens)]
            print(row(gain, floor, results), flush=True)


if __name__ == "__main__":
    main()

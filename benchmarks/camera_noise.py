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
    """Return gain, its standard error and noise floor as a fusion records them, None if refused."""
    rng = np.random.default_rng(seed)
    electrons = specimen.signal.data
    signal = specimen.signal.deepcopy()
    signal.data = gain * electrons + floor * rng.normal(size=electrons.shape)
    try:
        maps = signal.multimodal_fusion(
            specimen.haadf, gamma=1, lambdas=(0.01, 0.02), show_progressbar=False
        )
    except ValueError as error:
        if "does not reveal the gain" not in str(error):
            raise
        return None
    record = maps[0].metadata.Multimodal_fusion
    return record.gain, record.gain_error, record.noise_floor


def row(gain, floor, results):
    """Return a line of the table: means, and the largest deviations."""
    known = [each for each in results if each is not None]
    cells = [f"{gain:g}", f"{floor:g}", f"{len(known)} of {len(results)}"]
    if known:
        gains, errors, floors = np.array(known, float).T
        for values, true in ((gains, gain), (floors, floor)):
            off = 100 * np.abs(values / true - 1).max()
            cells.append(f"{values.mean() / true:.2f} (off by {off:.0f} % at most)")
        cells.insert(4, f"{100 * errors.mean() / gain:.0f} %")
    cells += [""] * (6 - len(cells))
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
        "| gain | floor (counts) | estimated in | gain, found / true | its standard error | "
        "floor, found / true |"
    )
    print("|---|---|---|---|---|---|")
    for gain in GAINS:
        for floor in FLOORS:
            results = [found(each, gain, floor, seed) for seed, each in enumerate(specimens)]
            print(row(gain, floor, results), flush=True)


if __name__ == "__main__":
    main()

"""Print how much of the error of fused maps is bias and how much is noise, and what draws say.

Usage: python bias_and_noise.py [--seeds N] [--size N]

A specimen is simulated with several seeds of noise and fused each time. In bright pixels, the mean
squared error is the square of the mean error, the bias, and the variance over seeds. The draws of
the bootstrap have both as well: what they share, and their variance. "Calibrated" is what the
stated standard deviations say.
"""

import argparse
import importlib
import logging
from unittest.mock import patch

import numpy as np
from error_bars import LEAST, SPECIMENS, bright_pixels
from thinned_scan import stacked

error_draws = importlib.import_module("hyperspy_multimodal.selection.error_draws")


class Watched:
    """`bootstrap`, which remembers mean and variance of the errors of its draws."""

    def __init__(self):
        self.bootstrap = error_draws.bootstrap

    def __call__(self, maps, *rest):
        found = self.bootstrap(maps, *rest)
        gains = maps.gains[:, None, None]
        self.variance = np.square(gains) * found.errors.var(axis=0, ddof=1)
        self.squared_bias = np.square(gains * found.errors.mean(axis=0))
        self.squared_bias -= self.variance / len(found.errors)
        return found


def fused(specimen):
    """Return errors, what draws say of bias and variance, and stated variances, (4, K, ny, nx)."""
    with patch.object(error_draws, "bootstrap", Watched()) as watched:
        maps, output = specimen.signal.multimodal_fusion(
            specimen.haadf,
            gamma="auto",
            uncertainty=True,
            full_output=True,
            show_progressbar=False,
        )
    error = stacked(maps) - stacked(specimen.xrays)
    stated = np.square(stacked(output["standard_deviations"]))
    return np.array([error, watched.squared_bias, watched.variance, stated])


def main():
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--size", type=int, default=64, help="pixels of the specimens")
    given = parser.parse_args()
    print(
        "| specimen | element | share of bias | squared bias, true / drawn "
        "| variance, true / drawn "
        "| all, true / drawn | all, true / calibrated |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, (make, doses) in SPECIMENS.items():
        for counts in doses:
            scans = [
                make((given.size, given.size), counts=counts, seed=seed)
                for seed in range(given.seeds)
            ]
            found = np.array([fused(each) for each in scans])
            for k, truth in enumerate(stacked(scans[0].xrays)):
                if truth.mean() < LEAST:
                    continue
                errors, *drawn = found[:, :, k, bright_pixels(truth)].swapaxes(0, 1)
                variance = errors.var(axis=0, ddof=1).mean()
                squared_bias = np.square(errors.mean(axis=0)).mean() - variance / len(errors)
                drawn_bias, drawn_variance, stated = (each.mean() for each in drawn)
                whole = np.square(errors).mean()
                numbers = (
                    squared_bias / whole,
                    squared_bias / drawn_bias,
                    variance / drawn_variance,
                    whole / (drawn_bias + drawn_variance),
                    whole / stated,
                )
                element = scans[0].signal.metadata.Sample.xray_lines[k].split("_")[0]
                row = " | ".join(f"{number:.2f}" for number in numbers)
                print(f"| {name}, {counts} counts | {element} | {row} |", flush=True)


if __name__ == "__main__":
    main()

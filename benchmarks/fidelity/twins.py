"""Maps that are not counts, as published ones are, with known truth.

Usage: python twins.py --published PYTHON [--seeds N]

Core-shell particles whose HAADF has diffraction contrast: each particle is brighter or darker than
its mass by a factor of its own. The maps are sums of electrons that each give a signal of its own
size (a gamma distribution of shape 2), in a unit that is not a count: nearly all pixels are exactly
0. In a second kind Gaussian noise lies beside them, clipped at 0. Of our fusion with given
parameters, the best of a grid by the truth is chosen for each element. PYTHON has PyPI's
multimodal-fusion 0.6.0 installed, see `../against_published.py`; its maps are the best of a grid by
the truth, rescaled to it. Prints a Markdown table.
"""

import argparse
import itertools
import logging

import numpy as np
from methods import gaussian, published
from scans import truth_of
from scipy import ndimage
from scores import snr, total_bias
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import core_shell

SHAPE = (128, 128)
#: Effective counts of the strongest element at its brightest pixel.
DOSES = (0.3, 1, 3)
#: Standard deviation of Gaussian noise, in effective counts.
FLOORS = {"electrons": 0.0, "electrons, noise clipped at 0": 0.3}
GAIN = 0.01
#: Ratios of lambda_2 to lambda_1, and regularisers, of which the best by the truth is chosen.
RATIOS = (1, 2, 4, 8, 16, 32)
KINDS = ("directional", "directional huber", "huber", "sieve", "smooth")
# Standard deviation of the logarithm of the factors of particles.
DIFFRACTION = 0.2


def diffracting(haadf, rng):
    """Return a HAADF image of which each particle has a brightness of its own."""
    smooth = ndimage.gaussian_filter(haadf, 4.0)
    peaks = peak_local_max(smooth, min_distance=8, threshold_rel=0.2)
    markers = np.zeros(haadf.shape, int)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    particle = watershed(-smooth, markers)
    factor = np.exp(DIFFRACTION * rng.standard_normal(len(peaks) + 1))[particle]
    return haadf * ndimage.gaussian_filter(factor, 1.0)


def twin(counts, floor, seed):
    """Return names, maps, HAADF as a signal, and true maps."""
    specimen = core_shell(SHAPE, 10, seed=seed)
    rng = np.random.default_rng(seed)
    expected = truth_of(specimen)
    expected = counts * expected / expected.max()
    electrons = rng.poisson(expected)
    # effective counts: the mean square over the mean of one electron is 1
    sizes = np.where(electrons > 0, rng.gamma(2.0 * np.maximum(electrons, 1), 1 / 3), 0.0)
    noise = floor * rng.standard_normal(expected.shape)
    maps = GAIN * np.maximum(sizes + noise, 0.0)
    haadf = specimen.haadf.deepcopy()
    haadf.data = diffracting(haadf.data.astype(float), rng)
    return ["Co", "O", "S"], maps, haadf, GAIN * (2 / 3) * expected


def compared(counts, floor, seed, python):
    """Return maps by method, and the truth."""
    names, raw, haadf, truth = twin(counts, floor, seed)
    found = {"raw": raw, "Gaussian filter, by truth": gaussian(raw, truth),
             "published package, by truth": published(python, raw, haadf.data, truth)}  # fmt: skip
    maps = dict(zip(names, raw, strict=True))
    found["ours, parameters by truth"] = by_truth(maps, haadf, truth)
    fused = fuse_maps(maps, haadf, show_progressbar=False)
    found["ours, one call"] = np.stack([each.data for each in fused])
    return found, truth


def by_truth(maps, haadf, truth):
    """Return the best of many fusions for each element, with and without the HAADF."""
    best, power = None, np.full(len(truth), -np.inf)
    for kind, ratio, weights in itertools.product(KINDS, RATIOS, ("auto", [0.0] * len(truth))):
        given = {"regulariser": kind, "lambdas": (1.0, ratio), "weights": weights}
        fused = fuse_maps(maps, haadf, **given, show_progressbar=False)
        each = np.stack([one.data for one in fused])
        now = snr(each, truth)
        best = each if best is None else np.where((now > power)[:, None, None], each, best)
        power = np.maximum(now, power)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published", required=True, help="Python with the published package")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--doses", type=float, nargs="+", default=DOSES)
    chosen = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    print("<!-- table: twins -->\n")
    print("| maps | counts | method | Co | O | S | mean | totals Co / O / S |")
    print("|---|---|---|---|---|---|---|---|")
    for (kind, floor), counts in itertools.product(FLOORS.items(), chosen.doses):
        rows = {}
        for seed in range(chosen.seeds):
            found, truth = compared(counts, floor, seed, chosen.published)
            for method, maps in found.items():
                rows.setdefault(method, []).append((snr(maps, truth), total_bias(maps, truth)))
        for method, scores in rows.items():
            power, bias = np.mean(scores, axis=0)
            print(
                f"| {kind} | {counts:g} | {method} | "
                + " | ".join(f"{each:.1f}" for each in [*power, power.mean()])
                + " | " + " / ".join(f"{each:+.1f} %" for each in bias) + " |",
                flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()

"""Print how many iterations total generalised variation needs, beside total variation.

Usage: python generalised_variation_iterations.py

Core-shell particles, 96 x 96 pixels, with equal weights and given lambdas.
"""

import numpy as np

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.fusion.directions import directions_of
from hyperspy_multimodal.fusion.scaled import fuse_scaled, map_scales
from hyperspy_multimodal.lazy import read_now

NAMES = "isotropic", "tgv", "directional", "directional tgv"
GAPS = 1e-3, 1e-4
LAMBDA_1, RATIOS = 0.01, (1.0, 4.0)


def problem(counts):
    """Return the arguments of `fuse_scaled` that do not depend on the regulariser."""
    specimen = core_shell((96, 96), counts, seed=0)
    maps = read_now(specimen.signal, plan_fit(specimen.signal, None, 2.0, None, pile_up=False)).maps
    image = np.asarray(specimen.haadf.data, float)
    image = (image - image.min()) / np.ptp(image)
    background = np.broadcast_to(maps.background, maps.counts.shape)
    return {
        "counts": np.asarray(maps.counts),
        "background": background,
        "haadf": image,
        "scales": map_scales(maps.counts, background),
        "weights": np.full(len(maps.counts), 0.3),
        "offset": 0.0,
        "gamma": 1.7,
        "lambda_1": LAMBDA_1,
        "totals": np.maximum((maps.counts - background).sum(axis=(1, 2)), 0),
        "directions": directions_of(image),
    }


def iterations(known, name, ratio):
    """Return after how many iterations each gap is reached, "more" if it is not within 5000."""
    found = fuse_scaled(
        **known,
        lambda_2=LAMBDA_1 * ratio,
        regularisers=(name,) * len(known["counts"]),
        tolerance=min(GAPS),
        max_iterations=5000,
        callback=lambda *_: None,  # a record every ten iterations
    )
    reached = [np.flatnonzero(found.optimality_history <= gap) for gap in GAPS]
    return [found.cost_iterations[each[0]] if each.size else "more" for each in reached]


def main():
    print("<!-- table: tgv-iterations -->\n")
    print("| counts | λ2/λ1 | gap | " + " | ".join(NAMES) + " |\n|" + "---|" * (3 + len(NAMES)))
    for counts in (20.0, 3.0):
        known = problem(counts)
        for ratio in RATIOS:
            needed = [iterations(known, name, ratio) for name in NAMES]
            for gap, row in zip(GAPS, zip(*needed, strict=True), strict=True):
                print(f"| {counts:g} | {ratio:g} | {gap:.0e} | {' | '.join(map(str, row))} |")


if __name__ == "__main__":
    main()

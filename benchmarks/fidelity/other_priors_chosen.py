"""Print what total generalised variation is worth if held-out counts choose it, not the truth.

Usage: python other_priors_chosen.py [--seeds N] [--conditions N ...]

For each element the automatic call's setting and the best generalised variation predict held-out
halves of two splits; the difference is in standard errors over blocks. SNR is that of maps from all
counts. Conditions are those of `other_priors.py`.
"""

import argparse
import copy
import itertools
import logging
from unittest.mock import patch

import numpy as np
from generalised_variation import solve
from other_priors import BETAS, CONDITIONS, SHAPE, by_truth

from hyperspy_multimodal.selection import choice
from hyperspy_multimodal.selection.held_out import (
    HeldOut,
    _block_sums,
    _significance,
    effort,
    fuse_setting,
)

RATIOS = (0.5, 1.0, 2.0, 4.0)
SPLITS = 2


def watched(specimen):
    """Return a `Scan`, its scores, and the `HeldOut` and setting of its automatic call."""
    seen = {}
    search = choice.search

    def kept(held_out, candidates):
        seen["held_out"], seen["setting"] = held_out, search(held_out, candidates)
        return seen["setting"]

    with patch.object(choice, "search", kept):
        scan, row = by_truth(specimen)
    return scan, row, seen["held_out"], seen["setting"]


def halves(scan, held_out: HeldOut, setting):
    """Return of each split the half that is fused, as a `Scan`, and the errors of each element."""
    for first, second in held_out.splits[:SPLITS]:
        fused = fuse_setting(
            first,
            held_out.models,
            setting,
            scale=0.5,
            totals=np.where(held_out.kept, first.totals, np.nan),
            **effort(setting, 1e-3, 300),
        )
        half = copy.copy(scan)
        half.maps, half.scales, half.auto = first, scan.scales / 2, scan.gains * fused.maps
        yield half, second.net, _block_sums(np.square(second.net - fused.maps))


def chosen(scan, i, split):
    """Return the errors of the best generalised variation over blocks, and its map's score."""
    own = scan.output["lambda_1"][i]
    lambda_1 = own if scan.output["uses_haadf"] and scan.output["weights"][i] > 1e-3 else None
    tried = []
    for directions, beta, ratio in itertools.product((None, scan.directions), BETAS, RATIOS):
        prior = {"directions": directions, "beta": beta}
        errors = 0
        for half, net, _ in split:
            u = solve(half.of(i, lambda_1), ratio / np.sqrt(half.scales[i]), **prior)
            errors = errors + _block_sums(np.square(net[i] - u * half.scales[i])[None])[0]
        tried.append((errors, ratio, prior))
    errors, ratio, prior = min(tried, key=lambda each: each[0].sum())
    found = scan.auto.copy()
    u = solve(scan.of(i, lambda_1), ratio / np.sqrt(scan.scales[i]), **prior)
    found[i] = u * scan.scales[i] * scan.gains[i]
    return errors, scan.score(found)[i]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--conditions", nargs="*", type=int, default=range(4))
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    print("| specimen | counts | seed | element | automatic | generalised variation | gain in "
          "standard errors |\n|---|---|---|---|---|---|---|")  # fmt: skip
    for n, seed in itertools.product(options.conditions, range(options.seeds)):
        simulate, counts = CONDITIONS[n]
        scan, row, held_out, setting = watched(simulate(SHAPE, float(counts), seed=seed))
        split = list(halves(scan, held_out, setting))
        for i, name in enumerate(scan.names):
            errors, score = chosen(scan, i, split)
            gain = _significance(sum(each[2][i] for each in split) - errors)
            print(
                f"| {simulate.__name__} | {counts} | {seed} | {name} | {row['automatic'][i]:.1f} "
                f"| {score:.1f} | {gain:+.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

"""What fusion must not do: invent structure, lose chemistry."""

import numpy as np
from methods import automatic
from scans import truth_of
from scipy import ndimage

from hyperspy_multimodal.data import flat, haadf_only, swap, wedge

COUNTS = (3, 20)
RADII = (5.0, 9.0)


def guard_table(seeds):
    """Leaks, in percent of the range of an element: the worst element, mean over seeds."""
    print("<!-- table: guards -->\n")
    print("| what | counts | asked | found | HAADF brightness used |")
    print("|---|---|---|---|---|")
    for counts in COUNTS:
        found = [_discs(counts, seed) for seed in range(seeds)]
        used = sum(each[2] for each in found)
        for place, limit, index in (("vacuum", 1, 0), ("slope", 6, 1)):
            leak = np.mean([each[index] for each in found], axis=0)
            print(
                f"| disc that only the HAADF has, in {place} | {counts} | < {limit} % "
                f"| {np.abs(leak).max():.1f} % | {used} of {seeds} |",
                flush=True,
            )
        found = [_wedge(counts, seed) for seed in range(seeds)]
        leak = np.mean([each[0] for each in found], axis=0)
        used = sum(each[1] for each in found)
        print(
            f"| thickness wedge | {counts} | | {np.abs(leak).max():.1f} % | {used} of {seeds} |",
            flush=True,
        )
        found = [_flat(counts, seed) for seed in range(seeds)]
        used = sum(each[1] for each in found)
        print(
            f"| flat film, relative standard deviation of maps | {counts} | noise "
            f"| {max(each[0].max() for each in found):.4f} | {used} of {seeds} |",
            flush=True,
        )
        for radius in RADII:
            found = [_swap(counts, seed, radius) for seed in range(seeds)]
            kept = np.mean([each[0] for each in found], axis=0)
            used = sum(each[1] for each in found)
            print(
                f"| contrast of discs that the HAADF lacks, radius {radius:.0f} | {counts} "
                f"| >= 0.85 from 9 on | {kept.min():.2f} | {used} of {seeds} |",
                flush=True,
            )


def _discs(counts, seed):
    """Leak in vacuum and on a particle, with discs less without, in percent of the range."""
    with_discs, without = (
        haadf_only(counts=float(counts), contrast=contrast, seed=seed) for contrast in (0.3, 0.0)
    )
    difference = np.asarray(with_discs.haadf.data, float) - np.asarray(without.haadf.data, float)
    labels, number = ndimage.label(difference > 0.1 * difference.max())
    truth = truth_of(with_discs)
    fused, output = automatic(with_discs)
    changed = fused - automatic(without)[0]
    leaks = {}
    for label in range(1, number + 1):
        inside = labels == label
        empty = truth[:, inside].max() == 0
        leaks[empty] = 100 * changed[:, inside].mean(axis=1) / truth.max(axis=(1, 2))
    return leaks[True], leaks[False], output["uses_brightness"]


def _wedge(counts, seed):
    """Rise of the maps in vacuum along the wedge, in percent of the range."""
    specimen = wedge(counts=float(counts), seed=seed)
    truth = truth_of(specimen)
    fused, output = automatic(specimen)
    empty = truth.sum(axis=0) == 0
    columns = np.broadcast_to(np.arange(truth.shape[2]), empty.shape)
    quarter = truth.shape[2] / 4
    thick, thin = empty & (columns >= 3 * quarter), empty & (columns < quarter)
    rise = fused[:, thick].mean(axis=1) - fused[:, thin].mean(axis=1)
    return 100 * rise / truth.max(axis=(1, 2)), output["uses_brightness"]


def _flat(counts, seed):
    fused, output = automatic(flat(counts=float(counts), seed=seed))
    return fused.std(axis=(1, 2)) / fused.mean(axis=(1, 2)), output["uses_brightness"]


def _swap(counts, seed, radius):
    """Contrast of the discs that is kept, as a share of the true one."""
    specimen = swap(counts=float(counts), seed=seed, radius=radius)
    truth = truth_of(specimen)
    fused, output = automatic(specimen)
    discs = truth[1] > 0.5 * truth[1].max()
    kept = [
        (a[discs].mean() - a[~discs].mean()) / (b[discs].mean() - b[~discs].mean())
        for a, b in zip(fused, truth, strict=True)
    ]
    return np.array(kept), output["uses_brightness"]

"""Counts that found regions have in common with what surrounds them."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import binary_dilation

from .found_regions import FEWEST, are_apart
from .propagation import region_counts

# An amount is that of the surroundings to a large part if they hold this share of its counts, and
# if the percentage without them differs by this much and by this many standard errors. What is left
# of the region must be more than this share of its atoms, and significant.
_SHARE, _CHANGED, _STANDARD_ERRORS, _LEFT = 1 / 3, 5.0, 3.0, 0.2


def surroundings_remarks(measured, names, masks, factors, of_atoms=True):
    """Return what is to be said of regions of which the surroundings hold a large part.

    Where a particle becomes thin, as at its outline, the counts of a film, of tails of the beam and
    of the instrument are a larger part of all counts. They are taken to be as many per pixel as
    outside of all regions. Without them, such a region may have no counts, or not differ from the
    particle, or an element may have a clearly different percentage.

    Pixels that touch a region contain some of its counts, so they are not used. If too few others
    are outside all regions, for example if a film covers the scan, the surroundings are not known.

    Parameters
    ----------
    measured : Measured
    names : list of str
        Regions that were found, the largest first.
    masks : numpy.ndarray
        Their pixels, bool, shape (R, ny, nx).
    factors : numpy.ndarray
        What a count stands for in atoms, or in counts of one unit, shape (K,).
    of_atoms : bool
        Whether it is atoms. Default True.

    Returns
    -------
    list of str
        "" for other regions.
    """
    remarks = [""] * len(masks)
    outside = measured.used & ~binary_dilation(masks.any(axis=0), np.ones((3, 3), bool))
    if not len(masks) or outside.sum() < FEWEST:
        return remarks
    around = measured.net[:, outside].mean(axis=1)
    noise = measured.variance[:, outside].sum(axis=1) / outside.sum() ** 2
    # that of the mean is the same in all pixels of a region
    pixels = np.einsum("ryx,r->yx", masks, masks.sum(axis=(1, 2)))
    net = np.where(measured.used, measured.net - around[:, None, None], 0.0)
    variance = measured.variance + noise[:, None, None] * pixels
    background = variance - measured.per_count[:, None, None] * net
    without = replace(measured, net=net, variance=variance, background=background)
    left = _is_left(without, masks, factors)
    for number in range(len(masks)):
        if not left[number]:
            remarks[number] = (
                "no counts beyond their error are left after subtracting the counts per pixel "
                "outside all regions: all counts may come from a film or stray signal"
            )
            continue
        for other in range(number):
            if left[other] and not are_apart(without, masks[[other, number]], factors):
                remarks[number] = (
                    f"not told apart from {names[other]} after subtracting the counts per pixel "
                    "outside all regions: the two may differ only in a film or stray signal"
                )
                break
    for number, mask in enumerate(masks):
        if not remarks[number]:
            remarks[number] = _held_by_surroundings(
                measured, mask, around, noise, factors, "at%" if of_atoms else "% of all counts"
            )
    return remarks


def _is_left(measured, masks, factors):
    """Return which regions have counts beyond their errors, bool, shape (R,)."""
    found = region_counts(measured, masks)
    error = np.sqrt(np.maximum(np.einsum("rij,i,j->r", found.noise, factors, factors), 0.0))
    return found.counts @ factors > _STANDARD_ERRORS * error


def _held_by_surroundings(measured, mask, around, noise, factors, unit):
    """Return a remark on the element whose percentage the surroundings change most, or ""."""
    there = mask & measured.used
    pixels, held = there.sum(), measured.net[:, there].sum(axis=1)
    left = held - pixels * around
    variance = measured.variance[:, there].sum(axis=1) + pixels**2 * noise
    atoms, rest = np.maximum(held, 0.0) * factors, np.maximum(left, 0.0) * factors
    error = np.sqrt(variance @ np.square(factors))
    if not rest.sum() > max(_STANDARD_ERRORS * error, _LEFT * atoms.sum()):
        return ""
    percent, without = (100 * each / each.sum() for each in (atoms, rest))
    errors = 100 * np.sqrt(variance) * factors / rest.sum()
    change = np.abs(percent - without)
    large = (pixels * around > _SHARE * held) & (
        change > np.maximum(_CHANGED, _STANDARD_ERRORS * errors)
    )
    if not large.any():
        return ""
    k = int(np.argmax(np.where(large, change, 0.0)))
    share = 100 * min(pixels * around[k] / held[k], 1.0)
    return (
        f"outside all regions, {measured.names[k]} has {share:.0f} % of the counts per pixel that "
        "it has here, for example from a film or stray signal; without them, it would have "
        f"{without[k]:.0f} instead of {percent[k]:.0f} {unit}"
    )

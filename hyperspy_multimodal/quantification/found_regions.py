"""Regions of uniform composition, found in fused maps."""

from itertools import combinations

import numpy as np
from scipy.cluster.vq import ClusterError, kmeans2
from scipy.ndimage import binary_opening, label, uniform_filter

from .propagation import carried, percentages, region_counts

#: A fused pixel holds what some neighbours have counted.
NEIGHBOURS = 5
_SIGNIFICANT = 3.0  # standard errors
# Of a piece of the specimen. Many pixels are looked at, and noise of a film reaches 4.
_CERTAIN = 5.0
_MOST = 6  # regions
#: Pixels of a region.
FEWEST = 20
# Two regions differ by this many per cent, and standard errors of their raw counts, or are one.
# Dozens of pairs are compared.
_APART, _TOLD_APART = 10.0, 4.0
_SOLID = 0.5  # share of a region's pixels in squares of 2 x 2: others are strewn about
_STARTS = 5


def is_there(measured):
    """Return where there is anything: pixels whose fused counts are significant, (ny, nx).

    There the fused counts of all maps, also in the mean of 3 x 3 pixels, are above three standard
    errors of the raw counts in 5 x 5 pixels, and above what three standard errors of counts without
    any background would be. The mean keeps out single pixels of a count or two in vacuum.
    """
    counts = np.clip(measured.fused, 0, None).sum(axis=0)
    counts = np.where(np.isfinite(counts), counts, 0.0)
    size = (NEIGHBOURS, NEIGHBOURS)
    variance = uniform_filter(measured.variance.sum(axis=0), size, mode="nearest")
    nearby = uniform_filter(counts, (3, 3), mode="nearest")
    return measured.used & _exceeds(counts, variance) & _exceeds(nearby, variance)


def _exceeds(counts, variance):
    # running sums may leave a little less than 0
    error = np.sqrt(np.maximum(np.maximum(variance, counts), 0.0)) / NEIGHBOURS
    return counts > _SIGNIFICANT * error


def found_regions(measured, factors, seed):
    """Return regions whose composition differs, without vacuum, the largest first.

    Parameters
    ----------
    measured : Measured
    factors : numpy.ndarray
        Shape (K,).
    seed : int
        Of the starts of k-means.

    Returns
    -------
    numpy.ndarray
        Bool, shape (R, ny, nx); no region where nothing is significant.
    """
    there = certain_pieces(measured, is_there(measured))
    if not there.any():
        return np.zeros((0, *there.shape), bool)
    shares = percentages(np.clip(measured.fused, 0, None)[:, there].T, factors)
    distinct = len(np.unique(shares.round(3), axis=0))
    best, separation = there[None], 0.0
    for number in range(2, _MOST + 1):
        if len(shares) < number * FEWEST or distinct < number:
            break
        labels = _clusters(shares, number, seed)
        if labels is None:
            continue
        masks = np.zeros((number, *there.shape), bool)
        masks[:, there] = labels == np.arange(number)[:, None]
        masks = _united(measured, masks, factors)
        certain = np.array([certain_pieces(measured, each) for each in masks])
        if len(masks) < 2 or certain.sum(axis=(1, 2)).min() < FEWEST:
            continue
        found = _separation(shares, masks[:, there])
        if found > separation and all(map(_hangs_together, masks)):
            best, separation = certain, found
    return best[np.argsort(-best.sum(axis=(1, 2)), kind="stable")]


def certain_pieces(measured, there):
    """Return pixels without connected pieces that may be noise; all if no piece is certain.

    The fused counts of a piece are above five standard errors of its raw counts. Pieces of the
    specimen must be certain, and those of each region as well.
    """
    pieces, number = label(there, np.ones((3, 3)))
    counts, variance = (
        np.bincount(pieces[there], each[there], number + 1)
        for each in (np.clip(measured.fused, 0, None).sum(axis=0), measured.variance.sum(axis=0))
    )
    certain = counts > _CERTAIN * np.sqrt(np.maximum(variance, counts))
    kept = there & certain[pieces]
    return kept if kept.any() else there


def _hangs_together(mask):
    """Return whether most pixels are in squares of 2 x 2 of the region, not single or in rows."""
    return binary_opening(mask, np.ones((2, 2), bool)).sum() >= _SOLID * mask.sum()


def _clusters(shares, number, seed):
    """Return labels of the best of some k-means; None where some of its clusters stay empty."""
    best, least = None, np.inf
    for start in range(_STARTS):
        generator = np.random.default_rng([seed, number, start])
        try:
            centres, labels = kmeans2(shares, number, minit="++", seed=generator, missing="raise")
        except ClusterError:
            continue
        cost = np.square(np.linalg.norm(shares[:, None] - centres, axis=2).min(axis=1)).sum()
        if cost < least:
            best, least = labels, cost
    return best


def _separation(shares, members):
    """Return how far apart regions are: 1 if pixels have the composition of their region's mean."""
    centres = np.array([shares[each].mean(axis=0) for each in members])
    distances = np.linalg.norm(shares[:, None] - centres, axis=2)
    own = distances[members.T]
    other = np.where(members.T, np.inf, distances).min(axis=1)
    return float(np.mean(1 - own / np.maximum(other, 1e-12)))


def _united(measured, masks, factors):
    """Unite regions until raw counts tell each from each other, those that differ least first."""
    while len(masks) > 1:
        differences = {
            pair: _difference(measured, masks[list(pair)], factors)
            for pair in combinations(range(len(masks)), 2)
        }
        one, other = min(differences, key=differences.get)
        if differences[one, other] >= _TOLD_APART:
            break
        both = masks[one] | masks[other]
        masks = np.concatenate([np.delete(masks, [one, other], axis=0), both[None]])
    return masks


def are_apart(measured, masks, factors):
    """Return whether raw counts tell two regions (2, ny, nx) from each other."""
    return _difference(measured, masks, factors) >= _TOLD_APART


def _difference(measured, masks, factors):
    """Return by how many standard errors two regions differ; 0 if by too few per cent.

    The errors are those of regions of one composition, that of both together. An element that only
    the smaller one contains has a few counts there, whose own noise would hide that it is absent
    from the other: half of the counts beyond those expected are taken to have noise.
    """
    found = region_counts(measured, masks)
    if (found.counts * factors).sum(axis=1).min() <= 0:
        return 0.0
    one, other = percentages(found.counts, factors)
    if np.linalg.norm(one - other) < _APART:
        return 0.0
    amounts = (found.counts * factors).sum(axis=1)
    common = (found.counts * factors).sum(axis=0) / amounts.sum()
    excess = measured.per_count * (found.counts - np.outer(amounts, common) / factors)
    variance = np.diagonal(found.noise, axis1=1, axis2=2)
    least = np.maximum(variance - np.where(excess > 0, excess / 2, excess), 0.0)
    scale = np.sqrt(least / np.maximum(variance, 1e-300))
    noise = found.noise * scale[:, :, None] * scale[:, None, :]
    derivatives = 100 * (np.eye(len(common)) - common[:, None]) * factors / amounts[:, None, None]
    errors = np.sqrt(np.maximum(np.diag(carried(derivatives, noise).sum(axis=0)), 1e-300))
    return float(np.max(np.abs(one - other) / errors))


def rim(mask):
    """Return which pixels of a region have a neighbour outside it, (ny, nx)."""
    padded = np.pad(mask, 1, mode="edge")
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inside

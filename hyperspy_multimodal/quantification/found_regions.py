"""Regions of uniform composition, found in fused maps."""

from itertools import combinations

import numpy as np
from scipy.cluster.vq import ClusterError, kmeans2
from scipy.ndimage import binary_opening, label, uniform_filter

from .propagation import by_counts, carried, percentages, region_counts

# A fused pixel holds what some neighbours have counted.
_NEIGHBOURS = 5
_SIGNIFICANT = 3.0  # standard errors
# Of a piece of the specimen. Many pixels are looked at, and noise of a film reaches 4.
_CERTAIN = 5.0
_MOST = 6  # regions
_FEWEST = 20  # pixels of a region
# Two regions differ by this many per cent, and standard errors of their raw counts, or are one.
_APART, _TOLD_APART = 10.0, 3.0
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
    size = (_NEIGHBOURS, _NEIGHBOURS)
    variance = uniform_filter(measured.variance.sum(axis=0), size, mode="nearest")
    nearby = uniform_filter(counts, (3, 3), mode="nearest")
    return measured.used & _exceeds(counts, variance) & _exceeds(nearby, variance)


def _exceeds(counts, variance):
    # running sums may leave a little less than 0
    error = np.sqrt(np.maximum(np.maximum(variance, counts), 0.0)) / _NEIGHBOURS
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
    there = _certain_pieces(measured, is_there(measured))
    if not there.any():
        return np.zeros((0, *there.shape), bool)
    shares = percentages(np.clip(measured.fused, 0, None)[:, there].T, factors)
    distinct = len(np.unique(shares.round(3), axis=0))
    best, separation = there[None], 0.0
    for number in range(2, _MOST + 1):
        if len(shares) < number * _FEWEST or distinct < number:
            break
        labels, found = _clusters(shares, number, seed)
        if labels is None or found <= separation:
            continue
        image = np.zeros(there.shape, int)
        image[there] = labels + 1
        masks = np.array([image == label for label in range(1, number + 1)])
        if masks.sum(axis=(1, 2)).min() < _FEWEST or not all(map(_hangs_together, masks)):
            continue
        if _differ(measured, masks, factors):
            best, separation = masks, found
    return best[np.argsort(-best.sum(axis=(1, 2)), kind="stable")]


def _certain_pieces(measured, there):
    """Return the specimen without pieces that may be noise; all of it if no piece is certain.

    The fused counts of a piece are above five standard errors of its raw counts.
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
    """Return labels of the best of some k-means, and how far apart its clusters are.

    Labels are None where some of the clusters stay empty.
    """
    best = np.inf, None, 0.0
    for start in range(_STARTS):
        generator = np.random.default_rng([seed, number, start])
        try:
            centres, labels = kmeans2(shares, number, minit="++", seed=generator, missing="raise")
        except ClusterError:
            continue
        distances = np.linalg.norm(shares[:, None] - centres, axis=2)
        cost = np.square(distances.min(axis=1)).sum()
        if cost < best[0]:
            own, other = np.sort(distances, axis=1)[:, :2].T
            best = cost, labels, float(np.mean(1 - own / np.maximum(other, 1e-12)))
    return best[1:]


def _differ(measured, masks, factors):
    """Return whether raw counts tell each region from each other."""
    found = region_counts(measured, masks)
    if (found.counts * factors).sum(axis=1).min() <= 0:
        return False
    percent = percentages(found.counts, factors)
    covariance = carried(by_counts(found.counts, factors), found.noise)
    for a, b in combinations(range(len(masks)), 2):
        difference = percent[a] - percent[b]
        error = np.sqrt(np.diag(covariance[a] + covariance[b]))
        if np.linalg.norm(difference) < _APART or np.all(np.abs(difference) < _TOLD_APART * error):
            return False
    return True


def rim(mask):
    """Return which pixels of a region have a neighbour outside it, (ny, nx)."""
    padded = np.pad(mask, 1, mode="edge")
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inside

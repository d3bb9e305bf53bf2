"""Whether the composition of a region is uniform, from raw counts of blocks of pixels."""

import numpy as np

from .propagation import by_counts, carried, percentages

# Pixels along a side of blocks, the fewest blocks, and which part of a block is in the region, and
# of the blocks has little noise.
_SIZES, _BLOCKS, _PART = (3, 4, 6, 8, 12, 16), 6, 0.5
# Noise that a percentage of blocks may have, and what their scatter beyond it must exceed: this
# many per cent, and chance, in standard errors.
_NOISE, _VARIED, _CHANCE = 8.0, 6.0, 5.0


def uniformity_remarks(measured, masks, atomic, elements):
    """Return what is to be said of regions whose composition varies, "" of others.

    The percentages of blocks of pixels are compared with their noise, where it is below 8 %. The
    blocks are as small as this allows for most of them.

    Parameters
    ----------
    measured : Measured
    masks : numpy.ndarray
        Pixels of the regions, bool, shape (R, ny, nx).
    atomic : Percent
        Atomic percentages of the regions, as in the table, and what a count stands for in atoms.
    elements : list of str

    Returns
    -------
    list of str
    """
    return [
        _remark(measured, mask & measured.used, factors, percent, elements)
        for mask, factors, percent in zip(masks, atomic.factors, atomic.values, strict=True)
    ]


def _remark(measured, mask, factors, of_region, elements):
    for size in _SIZES:
        percent, errors = _of_blocks(measured, mask, factors, size)
        if len(percent) < _BLOCKS:
            return ""
        known = errors.max(axis=1) < _NOISE
        if known.mean() > _PART and known.sum() >= _BLOCKS:
            break
    else:
        return ""
    percent, errors = percent[known], errors[known]
    scatter = np.mean(np.square(percent - percent.mean(axis=0)), axis=0)
    noise = np.mean(np.square(errors), axis=0)
    beyond = np.sqrt(np.maximum(scatter - noise, 0.0))
    least = noise * (1 + _CHANCE * np.sqrt(2 / len(percent)))
    varied = (beyond > _VARIED) & (scatter > least)
    if not varied.any():
        return ""
    k = int(np.where(varied, beyond, 0.0).argmax())
    # counts below 0 make percentages beyond these limits
    low, high = np.clip(np.quantile(percent[:, k], (0.05, 0.95)), 0, 100)
    return (
        f"not uniform: {elements[k]} varies from {low:.0f} to {high:.0f} at% between blocks of "
        f"{size} x {size} pixels, and the region has {of_region[k]:.0f} at%; noise explains "
        f"+- {np.sqrt(noise[k]):.0f}"
    )


def _of_blocks(measured, mask, factors, size):
    """Return at% of blocks, and their errors by noise, shape (B, K)."""
    rows, columns = np.indices(mask.shape) // size
    _, blocks = np.unique(rows[mask] * mask.shape[1] + columns[mask], return_inverse=True)
    pixels = np.bincount(blocks)
    kept = pixels >= _PART * size**2

    def summed(image):
        return np.bincount(blocks, image[mask])[kept]

    counts = np.array([summed(each) for each in measured.net]).T
    noise = np.zeros((*counts.shape, counts.shape[1]))
    for k, variance in enumerate(measured.variance):
        noise[:, k, k] = np.maximum(summed(variance), 0.0)
    for (i, j), covariance in measured.covariances.items():
        noise[:, i, j] = noise[:, j, i] = summed(covariance)
    positive = (counts * factors).sum(axis=1) > 0
    counts, noise = counts[positive], noise[positive]
    if not len(counts):
        return counts, counts
    covariance = carried(by_counts(counts, factors), noise)
    errors = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0.0))
    return percentages(counts, factors), errors

"""The level of a map where it is dark, which noise that was cut off below 0 cannot exceed."""

import numpy as np

# Dark pixels: the lowest per cent of the means of blocks with sides of so many pixels, and standard
# errors by which their mean may be too low.
_DARK, _BLOCK, _STANDARD_ERRORS = 10, 16, 3.0


def dark_level(image, mask=None):
    """Return an upper limit of the mean of a map where it is dark.

    Noise that was cut off raises dark pixels most, and by no more than they hold. Blocks that are
    dark in every other pixel tell where a map is dark, and the pixels between tell the level there:
    blocks that are dark by chance would make it too low.

    Parameters
    ----------
    image : numpy.ndarray
        Map, shape (ny, nx).
    mask : numpy.ndarray of bool, optional
        Pixels without data, in which the map is 0. Default none.

    Returns
    -------
    float
        Mean of the dark pixels and three of its standard errors, >= 0.
    """
    there = np.ones(image.shape, bool) if mask is None else ~mask
    first = np.indices(image.shape).sum(axis=0) % 2 == 0
    halves = [_block_sums(image, there & half) for half in (first, ~first)]
    seen = np.all([pixels > _BLOCK**2 / 4 for _, pixels in halves], axis=0)
    if not seen.any():
        return max(float(image.sum(where=there) / max(there.sum(), 1)), 0.0)
    found = []
    for (sums, pixels), (others, between) in (halves, halves[::-1]):
        means = sums[seen] / pixels[seen]
        dark = means <= np.percentile(means, _DARK)
        found.append((others[seen][dark], between[seen][dark]))
    sums, pixels = (np.concatenate(each) for each in zip(*found, strict=True))
    level = sums.sum() / pixels.sum()
    error = np.sqrt(np.square(sums - level * pixels).sum()) / pixels.sum()
    return max(float(level + _STANDARD_ERRORS * error), 0.0)


def _block_sums(image, there):
    """Return the sums over blocks of the pixels that are there, and their number."""
    found = []
    for each in (np.where(there, image, 0.0), there):
        for axis in (0, 1):
            starts = np.arange(0, image.shape[axis], _BLOCK)
            each = np.add.reduceat(each, starts, axis, float)
        found.append(each)
    return found

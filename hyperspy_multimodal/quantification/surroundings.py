"""Whether found regions differ only by the counts of what surrounds them."""

from dataclasses import replace

import numpy as np

from .found_regions import are_apart


def surroundings_remarks(measured, names, masks, factors):
    """Return what is to be said of regions that hold what a larger one and the surroundings hold.

    Where a particle becomes thin, as at its outline, the counts of a film, of tails of the beam and
    of the instrument are a larger part of all counts. Without these, taken to be as many as in
    pixels outside of all regions, such a region does not differ from the particle.

    Parameters
    ----------
    measured : Measured
    names : list of str
        Regions that were found, the largest first.
    masks : numpy.ndarray
        Their pixels, bool, shape (R, ny, nx).
    factors : numpy.ndarray
        What a count stands for in atoms, shape (K,).

    Returns
    -------
    list of str
        "" for other regions.
    """
    remarks = [""] * len(masks)
    outside = measured.used & ~masks.any(axis=0)
    if len(masks) < 2 or not outside.any():
        return remarks
    around = measured.net[:, outside].mean(axis=1)
    noise = measured.variance[:, outside].sum(axis=1) / outside.sum() ** 2
    # that of the mean is the same in all pixels of a region
    pixels = np.einsum("ryx,r->yx", masks, masks.sum(axis=(1, 2)))
    net = np.where(measured.used, measured.net - around[:, None, None], 0.0)
    variance = measured.variance + noise[:, None, None] * pixels
    background = variance - measured.per_count[:, None, None] * net
    without = replace(measured, net=net, variance=variance, background=background)
    for number in range(1, len(masks)):
        for other in range(number):
            if not are_apart(without, masks[[other, number]], factors):
                remarks[number] = (
                    f"not told apart from {names[other]} once as many counts per pixel as "
                    "outside of all regions are subtracted: it may be its outline, or a thin part"
                )
                break
    return remarks

"""Fifths of the dark pixels of the HAADF in which fused maps lack counts."""

import numpy as np
from scipy import optimize, special

from ..counts.contracts import Maps
from .brightness_sums import BLUR, ByBrightness, parted_classes, shares_of, wanted_sums
from .lost_structure import Lost
from .normalised_haadf import smoothed
from .significance import errors_of, spread_of

# Probability that a scan has any element that is corrected unnecessarily.
_CHANCE = 0.001
_NAMES = tuple(
    f"the {each} fifth of the dark pixels"
    for each in ("darkest", "second darkest", "middle", "second brightest", "brightest")
)
# Prior standard deviation of the factors.
_FACTORS = 0.15


class DarkFifth(ByBrightness):
    """A fifth of the dark pixels."""

    is_fifth = True


def lacking_fifths(maps: Maps, expectation, fused, haadf, totals, apart_from=()):
    """Return fifths of the dark pixels, by brightness, of elements that lack counts in the darkest.

    The HAADF moves counts of an element from the darkest pixels to less dark ones if other
    elements, carbon or a varying pedestal brighten these. The sum over all dark pixels does not
    show this. Each window lacks few counts, so some are significant only by chance.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    expectation : Expectation
        Expectation of the measured maps.
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    haadf : numpy.ndarray
        HAADF at the resolution of the maps, shape (ny, nx).
    totals : numpy.ndarray
        Net totals that are kept, shape (K,), NaN where free.
    apart_from : sequence of Lost
        Windows whose pixels are excluded.

    Returns
    -------
    list of Lost
        All fifths of each element that lacks counts.
    """
    parts, shares = _fifths(haadf, maps.mask)
    least, found = -special.ndtri(_CHANCE / len(fused)), []
    for i in np.flatnonzero(np.isfinite(totals)) if len(parts) else ():
        there = np.ones(haadf.shape, bool)
        for each in apart_from:
            there[each.pixels] &= each.element != i
        fifths = [DarkFifth(*each) for each in zip(_NAMES, parts & there, shares, strict=True)]
        images, unit = expectation.images(i, fused[i]), expectation.unit(i, fused[i])
        sums = np.array([[each[one.there].sum() for one in fifths] for each in images])
        errors = errors_of(*sums[:3], unit, spread_of(sums))
        if errors[0] < least:
            continue
        for each, error in zip(fifths, errors.tolist(), strict=True):
            of_both = (float(image[each.there].sum()) for image in (maps.net[i], fused[i]))
            found.append(Lost(int(i), each, 0, each.pixels(), error, *of_both, is_shown=True))
    return found


def with_fifths(fused, net, fifths):
    """Return a map whose sums over fifths of the dark pixels are close to those of its counts.

    Each fifth is multiplied by a factor, and counts are spread evenly over it; both are
    interpolated by brightness. The added counts do not increase with brightness, because the
    brightest fifth is mostly beside edges, where a map may be too low for other reasons. Amounts
    are least-squares estimates, given the standard errors of the sums and the prior of the
    amounts. Bright pixels remain unchanged.

    Parameters
    ----------
    fused, net : numpy.ndarray
        A map and its counts, shape (ny, nx).
    fifths : sequence of DarkFifth
        All fifths of the element.
    """
    wanted = wanted_sums(net, fifths)
    pixels = np.array([each.there.sum() for each in fifths])
    shares = np.stack([each.share for each in fifths])
    evenly = np.cumsum(shares, axis=0)
    parts = np.concatenate([fused * shares, evenly])
    rest = fused * (1 - shares.sum(axis=0))
    usual = np.full(len(parts), 1 / _FACTORS)
    usual[len(fifths) :] = pixels / np.maximum(wanted, 1.0)
    start = np.repeat([1.0, 0.0], [len(fifths), len(evenly)])
    slopes = np.array([parts[:, each.there].sum(axis=1) for each in fifths])
    off = wanted - [rest[each.there].sum() for each in fifths]
    errors = np.sqrt(np.maximum(wanted, 1.0))
    rows = np.vstack([slopes / errors[:, None], np.diag(usual)])
    right = np.concatenate([off / errors, usual * start])
    amounts = optimize.lsq_linear(rows, right, bounds=(0, np.inf)).x
    return rest + np.tensordot(amounts, parts, axes=1)


def _fifths(haadf, mask):
    """Return fifths of the dark pixels and the shares of all pixels; none if they do not differ."""
    classes, none = parted_classes(haadf, mask), (np.zeros((0, *haadf.shape), bool), [])
    if len(classes) < 2:
        return none
    haadf = smoothed(haadf, BLUR)
    limits = np.quantile(haadf[classes[0]], np.linspace(0, 1, len(_NAMES) + 1)[1:-1])
    numbers = np.digitize(haadf, limits)
    parts = np.stack([classes[0] & (numbers == n) for n in range(len(_NAMES))])
    if not parts.any(axis=(1, 2)).all():
        return none
    nodes = [haadf[each].mean() for each in (*parts, classes[1])]
    return (parts, shares_of(haadf, nodes)[:-1]) if np.all(np.diff(nodes) > 0) else none

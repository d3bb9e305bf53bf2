"""Sums of fused maps over dark, bright and brightest pixels of the HAADF that are wrong."""

import numpy as np
from scipy import optimize, stats

from ..counts.contracts import Maps
from ..threads import side_by_side
from .brightness import brightness_classes, class_sums
from .lost_structure import Lost
from .normalised_haadf import smoothed

# Probability that sums of any element are corrected that are right.
_CHANCE = 0.001
_NAMES = "dark pixels", "bright pixels", "brightest pixels"
#: What `Lost.window` has as its family where it is no window of the scan.
BRIGHTNESS = "brightness"
#: Blur of the HAADF whose brightness counts, in pixels.
BLUR = 1.0
# The brightest pixels are a class of their own if they exceed the others by this share of what
# these exceed the dark ones.
_BRIGHTER = 0.2
_LEAST = 1e-9  # counts that are none
# What corrections usually are: of factors, and of what a map exceeds its blurred version by; the
# blur in pixels; and how often they are solved for, as maps cannot be negative.
_FACTORS, _SHARPER, _EDGE, _STEPS = 0.1, 0.5, 1.5, 6
# Standard errors by which a map with sharper edges must be nearer to the counts, and any other one.
_SURE, _NEARER = 8.0, 2.0


class ByBrightness:
    """Pixels of the scan whose HAADF is about as bright, as `Windows` of one place.

    Parameters
    ----------
    name : str
        What they are.
    there : numpy.ndarray
        Which pixels, bool, shape (ny, nx).
    share : numpy.ndarray
        By how much each pixel follows the factor of this class, 0 to 1, shape (ny, nx).
    """

    family, is_compact, is_fifth = BRIGHTNESS, True, False

    def __init__(self, name, there, share):
        self.name, self.there, self.share = name, there, share

    def pixels(self, _place=0):
        """Return rows and columns of the pixels."""
        return np.nonzero(self.there)


def wrong_brightness_sums(maps: Maps, fused, haadf, totals, units):
    """Return sums over dark, bright and brightest pixels in which fused maps differ from counts.

    Total variation moves counts over edges, from bright pixels to dark ones, and evens out what is
    bright; the HAADF may leak. Each pixel is off by little, but sums over many pixels are known
    well: those of an element are corrected if the differences of bright and brightest pixels are
    significant together (few counts beside a particle in vacuum are not enough), with a chance of
    0.1 % for all elements of a scan, and if the corrected map is nearer to the counts.
    Elements whose totals are free are left as they are, as their background cannot be trusted.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    haadf : numpy.ndarray
        HAADF at the resolution of the maps, shape (ny, nx).
    totals : numpy.ndarray
        Net totals that are kept, shape (K,), NaN where free.
    units : sequence of float
        By element, the standard error of a sum in that of its stated variance.

    Returns
    -------
    found : list of Lost
        One per class, two or three, for each element whose sums are wrong.
    sharper : dict
        By element, the maps of these from `resharpened`.
    """
    classes = parted_classes(haadf, maps.mask)
    if len(classes) < 2:
        return [], {}
    smooth = smoothed(haadf, BLUR)
    shares = shares_of(smooth, [smooth[each].mean() for each in classes])
    counts, held = class_sums(maps.net, classes), class_sums(fused, classes)
    variances = np.maximum(class_sums(maps.net_variance, classes), 0.0)
    # of few counts, those that the map expects
    variances += np.maximum(held - counts, _LEAST)
    errors = (counts - held) / (np.sqrt(variances) * np.asarray(units)[:, None])
    chances = stats.chi2.sf(np.square(errors[:, 1:]).sum(axis=1), len(classes) - 1)
    windows = [ByBrightness(*each) for each in zip(_NAMES, classes, shares, strict=False)]
    doubtful = np.flatnonzero((chances < _CHANCE / len(fused)) & np.isfinite(totals)).tolist()
    maybe = side_by_side(lambda i: resharpened(fused[i], maps.net[i], windows), doubtful)
    found, sharper = [], {}
    for i, better in zip(doubtful, maybe, strict=True):
        if nearer(better, fused[i], maps.net[i], windows) < _NEARER:
            continue
        sharper[i] = better
        for window, *sums in zip(windows, errors[i], counts[i], held[i], strict=True):
            numbers = map(float, sums)
            found.append(Lost(i, window, 0, window.pixels(), *numbers, is_shown=True))
    return found, sharper


def wanted_sums(net, classes):
    """Return the sums of net counts over classes of brightness, or 0 where these are less."""
    return np.array([max(net[each.there].sum(dtype=np.float64), 0.0) for each in classes])


def resharpened(fused, net, classes):
    """Return a map with the sums of its counts over dark and bright pixels, or nearly so.

    Each class of brightness gets a factor, between which pixels of a brightness in between
    interpolate. What total variation moves over edges is mostly at them: besides, what the map
    exceeds its own blurred version by may be added to it. All amounts are least squares, in
    standard errors of the sums and of what they usually are. Of both ways, with edges and without,
    the one is taken that is nearer to the counts of all pixels. Nothing remains nothing.

    Parameters
    ----------
    fused, net : numpy.ndarray
        A map and its counts, shape (ny, nx).
    classes : sequence of ByBrightness
        Of which pixels.
    """
    wanted = wanted_sums(net, classes)
    sharper, even = (_with_sums(fused, wanted, classes, each) for each in (_SHARPER, 0.0))
    return sharper if nearer(sharper, even, net, classes) > _SURE else even


def nearer(one, other, net, classes):
    """Return by how much one map is nearer to the counts than another, in standard errors.

    That is of the squared differences, summed over all pixels. Both maps follow the noise of these
    counts, so that the sharper one is nearer by some standard errors even if it is no better.
    """
    there = np.any([each.there for each in classes], axis=0)
    moved = (one - other)[there].astype(np.float64)
    products = moved * (net - (one + other) / 2)[there]
    return float(products.sum() / max(np.sqrt(np.square(products).sum()), _LEAST))


def _with_sums(fused, wanted, classes, sharper):
    """Return a map with wanted sums; ``sharper`` is how much is usually added at edges."""
    n = len(classes)
    parts = [fused * each.share for each in classes]
    usual, start = [1 / _FACTORS] * n, [1.0] * n
    if sharper:
        parts += [fused - smoothed(fused, _EDGE)]
        usual, start = [*usual, 1 / sharper], [*start, 0.0]
    errors, amounts, found = np.sqrt(np.maximum(wanted, 1.0)), np.array(start), fused
    for _ in range(_STEPS):
        above = [each.there & (found > 0) for each in classes]
        slopes = np.array([[part[there].sum() for part in parts] for there in above])
        off = wanted - [found[each.there].sum() for each in classes] + slopes @ amounts
        rows = np.vstack([slopes / errors[:, None], np.diag(usual)])
        right = np.concatenate([off / errors, np.multiply(usual, start)])
        amounts = optimize.lsq_linear(rows, right, bounds=(0, np.inf)).x
        found = np.maximum(np.tensordot(amounts, parts, axes=1), 0.0)
    total = sum(found[each.there].sum() for each in classes)
    return found * (wanted.sum() / total) if total > _LEAST else fused


def parted_classes(haadf, mask):
    """Return dark, bright and brightest pixels, (classes, ny, nx), that do not overlap.

    The brightest are among the bright if they are hardly brighter: noise of the HAADF.
    """
    dark, bright, brightest = brightness_classes(haadf, mask)
    less = bright & ~brightest
    if dark.any() and less.any() and brightest.any():
        steps = np.diff([haadf[each].mean() for each in (dark, less, brightest)])
        if steps[1] > _BRIGHTER * steps[0]:
            return np.stack([dark, less, brightest])
    return np.array([each for each in (dark, bright) if each.any()])


def shares_of(haadf, nodes):
    """Return by how much each pixel belongs to classes of mean brightness, (classes, ny, nx).

    The shares are 1 in all. Between two classes they change evenly, so that no edges appear.
    """
    return np.stack([np.interp(haadf, nodes, each) for each in np.eye(len(nodes))])

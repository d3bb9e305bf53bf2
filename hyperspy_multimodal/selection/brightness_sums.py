"""Sums of fused maps over dark, bright and brightest pixels of the HAADF that are wrong."""

import numpy as np
from scipy import optimize, stats

from ..counts.contracts import Maps
from .brightness import brightness_classes, class_sums
from .lost_structure import Lost
from .normalised_haadf import smoothed

# Probability that sums of any element are corrected that are right.
_CHANCE = 0.001
_NAMES = "dark pixels", "bright pixels", "brightest pixels"
#: What `Lost.window` has as its family where it is no window of the scan.
BRIGHTNESS = "brightness"
_BLUR = 1.0  # pixels
# The brightest pixels are a class of their own if they exceed the others by this share of what
# these exceed the dark ones.
_BRIGHTER = 0.2
_LEAST = 1e-9  # counts that are none


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

    family, is_compact = BRIGHTNESS, True

    def __init__(self, name, there, share):
        self.name, self.there, self.share = name, there, share

    def pixels(self, _place=0):
        """Return rows and columns of the pixels."""
        return np.nonzero(self.there)


def wrong_brightness_sums(maps: Maps, fused, haadf, totals, units):
    """Return sums over dark, bright and brightest pixels in which fused maps differ from counts.

    Total variation moves counts over edges, from bright pixels to dark ones, and evens out what is
    bright; the HAADF may leak. Each pixel is off by little, but sums over many pixels are known
    well: those of an element are corrected if their differences are significant together, with a
    chance of 0.1 % for all elements of a scan. Elements whose totals are free are left as they are,
    as their background cannot be trusted.

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
    list of Lost
        One per class, two or three, for each element whose sums are wrong.
    """
    classes = _classes(haadf, maps.mask)
    if len(classes) < 2:
        return []
    shares = _shares(smoothed(haadf, _BLUR), classes)
    counts, held = class_sums(maps.net, classes), class_sums(fused, classes)
    variances = np.maximum(class_sums(maps.net_variance, classes), 0.0)
    # of few counts, those that the map expects
    variances += np.maximum(held - counts, _LEAST)
    errors = (counts - held) / (np.sqrt(variances) * np.asarray(units)[:, None])
    chances = stats.chi2.sf(np.square(errors).sum(axis=1), len(classes) - 1)
    found = []
    for i in np.flatnonzero((chances < _CHANCE / len(fused)) & np.isfinite(totals)):
        for n, there in enumerate(classes):
            window = ByBrightness(_NAMES[n], there, shares[n])
            sums = (float(each[i, n]) for each in (errors, counts, held))
            found.append(Lost(int(i), window, 0, window.pixels(), *sums, is_shown=True))
    return found


def wanted_sums(net, classes):
    """Return the sums of net counts over classes of brightness, or 0 where these are less."""
    return np.array([max(net[each.there].sum(dtype=np.float64), 0.0) for each in classes])


def rescaled(fused, wanted, classes):
    """Return a map with given sums over dark and bright pixels.

    Each class of brightness gets a factor, between which pixels of a brightness in between
    interpolate: nothing remains nothing, and no edges appear. Factors are least squares, in
    standard errors of the sums, and lie about 1 where the map does not tell them.

    Parameters
    ----------
    fused : numpy.ndarray
        A map, shape (ny, nx).
    wanted : numpy.ndarray
        Sums, shape (classes,).
    classes : sequence of ByBrightness
        Of which pixels.
    """
    held = [[(fused * of.share)[each.there].sum() for of in classes] for each in classes]
    errors = np.sqrt(np.maximum(wanted, 1.0))
    rows = np.vstack([np.array(held) / errors[:, None], np.eye(len(classes))])
    right = np.concatenate([wanted / errors, np.ones(len(classes))])
    factors = optimize.lsq_linear(rows, right, bounds=(0, np.inf)).x
    found = fused * np.tensordot(factors, [each.share for each in classes], axes=1)
    total = sum(found[each.there].sum() for each in classes)
    return found * (wanted.sum() / total) if total > _LEAST else fused


def _classes(haadf, mask):
    """Return dark, bright and brightest pixels, (classes, ny, nx), that do not overlap.

    The brightest are among the bright if they are hardly brighter: noise of the HAADF.
    """
    dark, bright, brightest = brightness_classes(haadf, mask)
    less = bright & ~brightest
    if dark.any() and less.any() and brightest.any():
        steps = np.diff([haadf[each].mean() for each in (dark, less, brightest)])
        if steps[1] > _BRIGHTER * steps[0]:
            return np.stack([dark, less, brightest])
    return np.stack([each for each in (dark, bright) if each.any()])


def _shares(haadf, classes):
    """Return by how much each pixel belongs to each class, (classes, ny, nx), 1 in all.

    In between the mean brightness of two classes it changes evenly, so that no edges appear.
    """
    nodes = [haadf[each].mean() for each in classes]
    return np.stack([np.interp(haadf, nodes, each) for each in np.eye(len(classes))])

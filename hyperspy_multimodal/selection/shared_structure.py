"""Structure that elements share: maps follow those of other elements where counts show this."""

from dataclasses import dataclass

import numpy as np

from .noise_share import block_sums
from .normalised_haadf import smoothed

# Widths of the Gaussians that split maps into bands of fine to broad structure, in pixels, and of
# the neighbourhoods in which each band is judged.
_WIDTHS, _NEIGHBOURS = (1.0, 2.5, 6.0), (3.0, 5.0, 8.0, 12.0)
# A band follows the other elements if this predicts held-out counts better by so many standard
# errors. These are from blocks of at least so many pixels: broad structure of one block is also in
# the next one if blocks are small. Fewer blocks do not tell the error.
_STANDARD_ERRORS, _BLOCKS, _FEWEST = 2.5, (1, 6, 12, 24), 4
# By how much weights differ from place to place, as known before: a standard deviation.
_VARIES = 0.3
# Variances of the counts are smoothed for weights, and are at least this share of their mean.
_SMOOTHING, _LEAST_VARIANCE = 4.0, 0.05
# Eigenvalues below this share of the largest are those of maps that depend on each other.
_DEPENDENT = 1e-9
_TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class SharedStructure:
    """How far the map of each element follows those of the other elements.

    Attributes
    ----------
    weights : numpy.ndarray
        For each element and band, from fine to broad, and for the whole scan: 0 where the map is as
        fused, 1 where it is what the others say, shape (K, bands).
    places : dict of numpy.ndarray
        The same for each pixel, of elements that follow others, float32, shape (bands, ny, nx), or
        (bands, 1, 1) if it is the same everywhere.
    guides : numpy.ndarray
        Elements whose maps others may follow, bool, shape (K,).
    """

    weights: np.ndarray
    places: dict
    guides: np.ndarray

    @property
    def elements(self):
        """Numbers of the elements whose maps follow others."""
        return sorted(self.places)

    @property
    def everywhere(self):
        """The same with the weights of the whole scan in each pixel, for other scans."""
        places = {i: self.weights[i, :, None, None].astype(np.float32) for i in self.places}
        return SharedStructure(self.weights, places, self.guides)

    def coefficients(self, fused, counts, mask=None):
        """Return the coefficients of the maps that an element follows, (K, K + 1).

        The last one is a constant. Rows of elements that follow no others are 0.

        Parameters
        ----------
        fused : numpy.ndarray
            Fused maps, shape (K, ny, nx).
        counts : Counts
            What they were fused from.
        mask : numpy.ndarray, optional
            Pixels without counts, bool, shape (ny, nx).
        """
        found = np.zeros((len(fused), len(fused) + 1))
        for i in self.elements:
            found[i] = _coefficients(fused, counts, i, self.guides, mask)
        return found

    def applied(self, fused, counts, mask=None, elements=None):
        """Return fused maps that follow each other.

        Values are not negative, and the sum of each map is kept.

        Parameters
        ----------
        fused, counts, mask
            As in `coefficients`.
        elements : collection of int, optional
            Maps to change. Default all.

        Returns
        -------
        numpy.ndarray
            Shape (K, ny, nx).
        """
        elements = [i for i in self.elements if elements is None or i in elements]
        if not elements:
            return fused
        found = np.array(fused)
        there = True if mask is None else ~mask
        for i in elements:
            guide = _guide(fused, _coefficients(fused, counts, i, self.guides, mask))
            bands = _bands(guide - fused[i])
            change = sum(weight * band for weight, band in zip(self.places[i], bands, strict=True))
            followed = np.maximum(fused[i] + change, 0.0)
            whole = followed.sum(where=there)
            if whole > 0:
                found[i] = followed * (fused[i].sum(where=there) / whole)
        return found


def shared_structure(held_out, setting):
    r"""Return the `SharedStructure` of maps that are fused with a setting.

    Where elements occur in few phases, their maps depend on each other: what the others say of a
    map, a linear combination of their maps and a constant, has their counts and their edges. Its
    coefficients are those that fit the counts of the element best. What this combination g and the
    fused map x differ by is split into bands, from fine to broad. In each band, the map moves
    towards g by

    .. math:: w = \sum (g - x) (y - x) / \sum (g - x)^2,

    which predicts other counts y best. These are held out: g and x are from one half of the counts,
    and y from the other. A weight below 2.5 standard errors is 0.

    An element may have structure of its own in some places. Therefore, w is also determined in the
    neighbourhood of each pixel. It is the mean of what the sums over the neighbourhood say and of
    the weight of the whole scan, each weighted with its precision. Where g and x do not differ by
    more than the noise, it is the latter.

    Parameters
    ----------
    held_out : HeldOut
        The halves of the counts.
    setting : Setting
        Free parameters of the fusion.

    Returns
    -------
    SharedStructure
    """
    counted, places = held_out.counted, {}
    weights = np.zeros((held_out.n_maps, len(_NEIGHBOURS)))
    if counted.sum() > 1:
        fused, halves = held_out.fused_halves(setting), held_out.splits[0]
        for i in np.flatnonzero(counted).tolist():
            products, squares = _products(fused, halves, i, counted, held_out.mask)
            weights[i] = _weights(products, squares)
            if weights[i].any():
                variance = sum(half.net_variance[i] for half in halves) / len(halves)
                places[i] = _places(weights[i], products, squares, variance)
    return SharedStructure(weights, places, counted)


def _products(fused, halves, element, guides, mask):
    """Return (g - x)(y - x) and (g - x)^2 in each band, summed over both halves, (bands, ny, nx).

    Each half predicts the other one.
    """
    products, squares = 0.0, 0.0
    for own, half, other in zip(fused, halves, halves[::-1], strict=True):
        guide = _guide(own, _coefficients(own, half, element, guides, mask))
        differences = np.stack(_bands(guide - own[element]))
        missed = other.net[element] - own[element]
        if mask is not None:
            missed, differences = (np.where(mask, 0.0, each) for each in (missed, differences))
        products = products + differences * np.stack(_bands(missed))
        squares = squares + np.square(differences)
    return products, squares


def _weights(products, squares):
    """Return the weight of each band for the whole scan; 0 if it is not significant."""
    found = np.zeros(len(products))
    for band, least in enumerate(_BLOCKS):
        own, whole = (block_sums(each[band : band + 1], least)[0] for each in (products, squares))
        if own.size < _FEWEST:
            continue
        weight = own.sum() / max(whole.sum(), _TINY)
        spread = np.square(own - weight * whole).sum() * own.size / (own.size - 1)
        if weight * whole.sum() > _STANDARD_ERRORS * np.sqrt(spread):
            found[band] = min(weight, 1.0)
    return found


def _places(weights, products, squares, variance):
    """Return the weight of each band and pixel, (bands, ny, nx).

    Pixels of a neighbourhood count as independent. Those of broad bands are not, so that what they
    say weighs more than it should: this keeps structure of an element of its own.
    """
    variance = _smooth_variance(variance)
    places = np.zeros(products.shape, np.float32)
    for band in np.flatnonzero(weights):
        width = _NEIGHBOURS[band]
        noise = _GAINS[band] * variance / (4 * np.pi * width**2)  # the area of the neighbourhood
        said, precision = (smoothed(each[band], width) / noise for each in (products, squares))
        # A weight near 0 varies less, as it cannot be below.
        low = min(weights[band], 0.5)
        known = 1 / (_VARIES**2 * 4 * low * (1 - low))
        places[band] = np.clip((said + known * weights[band]) / (precision + known), 0.0, 1.0)
    return places


def _coefficients(fused, counts, element, guides, mask):
    """Return the linear combination of the other maps that is nearest to the counts, (K + 1,)."""
    precision = 1 / _smooth_variance(counts.net_variance[element])
    if mask is not None:
        precision = np.where(mask, 0.0, precision)
    numbers = [i for i in np.flatnonzero(guides) if i != element] + [len(fused)]
    maps = [fused[i] if i < len(fused) else np.ones_like(precision) for i in numbers]
    units = np.array([np.abs(each).mean() for each in maps])
    units[units == 0] = 1.0
    weighted = [precision * each / unit for each, unit in zip(maps, units, strict=True)]
    matrix = np.array(
        [[np.vdot(a, b) / unit for b, unit in zip(maps, units, strict=True)] for a in weighted]
    )
    known = np.array([np.vdot(a, counts.net[element]) for a in weighted])
    found = np.zeros(len(fused) + 1)
    found[numbers] = np.linalg.pinv(matrix, rcond=_DEPENDENT, hermitian=True) @ known / units
    return found


def _smooth_variance(variance):
    """Return a smoothed variance, which is nowhere next to nothing."""
    smooth = smoothed(np.asarray(variance, float), _SMOOTHING)
    return np.maximum(smooth, max(_LEAST_VARIANCE * smooth.mean(), _TINY))


def _guide(fused, coefficients):
    """Return a linear combination of maps and a constant."""
    return np.tensordot(coefficients[:-1], fused, 1) + coefficients[-1]


def _bands(image):
    """Return an image split into fine to broad structure, whose sum it is."""
    broader = [smoothed(image, width) for width in _WIDTHS]
    return [a - b for a, b in zip([image, *broader[:-1]], broader, strict=True)] + [broader[-1]]


def _gains():
    """Return the variance of each band of white noise of variance 1."""
    point = np.zeros((61, 61))
    point[30, 30] = 1.0
    return [float(np.square(band).sum()) for band in _bands(point)]


_GAINS = _gains()

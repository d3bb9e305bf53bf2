"""Structure that elements share: maps follow those of other elements where counts show this."""

from dataclasses import dataclass

import numpy as np

from .noise_share import block_sums
from .normalised_haadf import smoothed

# Widths of the Gaussians that split maps into bands of fine to broad structure, in pixels.
_WIDTHS = (1.0, 2.5, 6.0)
# A band follows the other elements if this predicts held-out counts better by so many standard
# errors.
_STANDARD_ERRORS = 2.0
# Variances of the counts are smoothed for weights, and are at least this share of their mean.
_SMOOTHING, _LEAST_VARIANCE = 4.0, 0.05
# Eigenvalues below this share of the largest are those of maps that depend on each other.
_DEPENDENT = 1e-9


@dataclass(frozen=True)
class SharedStructure:
    """How far the map of each element follows those of the other elements.

    Attributes
    ----------
    weights : numpy.ndarray
        For each element and band, from fine to broad: 0 where the map is as fused, 1 where it is
        what the others say, shape (K, bands).
    guides : numpy.ndarray
        Elements whose maps others may follow, bool, shape (K,).
    """

    weights: np.ndarray
    guides: np.ndarray

    @property
    def elements(self):
        """Numbers of the elements whose maps follow others."""
        return np.flatnonzero(self.weights.any(axis=1)).tolist()

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
            change = sum(
                weight * band
                for weight, band in zip(self.weights[i], _bands(guide - fused[i]), strict=True)
            )
            followed = np.maximum(fused[i] + change, 0.0)
            whole = followed.sum(where=there)
            if whole > 0:
                found[i] = followed * (fused[i].sum(where=there) / whole)
        return found


def shared_structure(held_out, setting):
    r"""Return the `SharedStructure` of maps that are fused with a setting.

    Few phases have many elements, so that maps depend on each other. A map that others say, a
    linear combination of the maps of the other elements, has their counts, and their edges. The
    coefficients are those that fit the counts best. What the combination g and the fused map x
    differ by is split into bands, from fine to broad. In each, the map moves towards g by

    .. math:: w = \sum (g - x) (y - x) / \sum (g - x)^2,

    which predicts other counts y best. These are held out: both maps are from one half of the
    counts, and y from the other. A weight below two standard errors is 0. Structure in which the
    other elements have no part is thus predicted to be kept.

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
    counted, mask = held_out.counted, held_out.mask
    weights = np.zeros((held_out.n_maps, len(_WIDTHS) + 1))
    if counted.sum() > 1:
        fused, halves = held_out.fused_halves(setting), held_out.splits[0]
        for i in np.flatnonzero(counted):
            weights[i] = _weights(fused, halves, i, counted, mask)
    return SharedStructure(weights, counted)


def _weights(fused, halves, element, guides, mask):
    """Return the weight of each band of an element, from each half with the other one held out."""
    products, squares = 0.0, 0.0
    for own, half, other in zip(fused, halves, halves[::-1], strict=True):
        guide = _guide(own, _coefficients(own, half, element, guides, mask))
        differences = _bands(guide - own[element])
        missed = other.net[element] - own[element]
        if mask is not None:
            missed = np.where(mask, 0.0, missed)
            differences = [np.where(mask, 0.0, each) for each in differences]
        differences = np.stack(differences)
        products = products + block_sums(differences * np.stack(_bands(missed)))
        squares = squares + block_sums(np.square(differences))
    whole = squares.sum(axis=1)
    weights = np.divide(products.sum(axis=1), whole, out=np.zeros_like(whole), where=whole > 0)
    rest = products - weights[:, None] * squares
    errors = np.sqrt(np.square(rest).sum(axis=1)) / np.maximum(whole, np.finfo(float).tiny)
    return np.where(weights > _STANDARD_ERRORS * errors, np.clip(weights, 0.0, 1.0), 0.0)


def _coefficients(fused, counts, element, guides, mask):
    """Return the linear combination of the other maps that is nearest to the counts, (K + 1,)."""
    variance = smoothed(np.asarray(counts.net_variance[element], float), _SMOOTHING)
    precision = 1 / np.maximum(variance, max(_LEAST_VARIANCE * variance.mean(), 1e-300))
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


def _guide(fused, coefficients):
    """Return a linear combination of maps and a constant."""
    return np.tensordot(coefficients[:-1], fused, 1) + coefficients[-1]


def _bands(image):
    """Return an image split into fine to broad structure, whose sum it is."""
    broader = [smoothed(image, width) for width in _WIDTHS]
    return [a - b for a, b in zip([image, *broader[:-1]], broader, strict=True)] + [broader[-1]]

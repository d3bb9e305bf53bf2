"""Decompositions of a whole spectrum image, and element maps from their components.

The maps of the whole-spectrum fit are linear in the spectra of the pixels. What a decomposition
does to the spectra it therefore does to the maps: here the maps are projected, not the spectra.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

PCA_NUMBERS = tuple(range(1, 11))
_LEAST_COUNTS = 30  # a group of channels


def poisson_pca(counts, raw):
    """Return raw maps by principal components, for each number of them.

    Components are those of counts over the square roots of the mean spectrum and the mean image,
    as by M. R. Keenan and P. G. Kotula, Surf. Interface Anal. 36, 203 (2004),
    doi:10.1002/sia.1657. Neighbouring channels are merged until each group holds 30 counts: where
    a channel holds a count or two, each of them makes a component of its own.

    Parameters
    ----------
    counts : array_like
        Spectrum image, (ny, nx, channels).
    raw : numpy.ndarray
        Maps of the fit, (K, ny, nx).

    Returns
    -------
    list of numpy.ndarray
        The maps of the fit to the spectra of these components, (K, ny, nx).
    """
    spectra = _by_pixel(counts)
    pixels = _root(spectra.sum(axis=1))
    channels = _root(spectra.sum(axis=0))
    weighted = sparse.diags(_inverse(pixels)) @ spectra @ sparse.diags(_inverse(channels))
    images, values, _ = svds(weighted, k=max(PCA_NUMBERS), random_state=0)
    images = images[:, np.argsort(-values)]
    maps = raw.reshape(len(raw), -1).T * _inverse(pixels)[:, None]
    found = []
    for number in PCA_NUMBERS:
        kept = images[:, :number]
        found.append((pixels[:, None] * (kept @ (kept.T @ maps))).T.reshape(raw.shape))
    return found


def _by_pixel(counts):
    """Return a sparse matrix of pixels by groups of channels."""
    counts = np.asarray(counts)
    spectra = sparse.csr_array(counts.reshape(-1, counts.shape[-1]).astype(float))
    totals = np.asarray(spectra.sum(axis=0)).ravel()
    groups, held = np.zeros(totals.size, int), 0.0
    for channel, total in enumerate(totals[:-1]):
        held += total
        full = held >= _LEAST_COUNTS
        groups[channel + 1] = groups[channel] + full
        held = 0.0 if full else held
    each = np.arange(totals.size)
    return spectra @ sparse.csr_array((np.ones(totals.size), (each, groups)))


def _root(sums):
    return np.sqrt(np.asarray(sums, float).ravel())


def _inverse(values):
    """Return 1 / values, and 0 where there are no counts."""
    return np.divide(1, values, out=np.zeros_like(values), where=values > 0)

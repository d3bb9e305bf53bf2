"""Decompositions of a whole spectrum image, and element maps from their components.

The maps of the whole-spectrum fit are linear in the spectra of the pixels. What a decomposition
does to the spectra it therefore does to the maps: here the maps are projected, not the spectra.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

PCA_NUMBERS = tuple(range(1, 11))
NMF_NUMBERS = (1, 2, 3, 4, 5)
_NMF_ITERATIONS = 100
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


def nmf(counts, raw):
    """Return raw maps by non-negative components, for each number of them.

    Multiplicative updates for the Poisson likelihood, by D. D. Lee and H. S. Seung, Nature 401, 788
    (1999), doi:10.1038/44565, from a seeded random start. Each map is the sum of the images of the
    components that fits the raw map best.

    Parameters
    ----------
    counts, raw
        As those of `poisson_pca`.

    Returns
    -------
    list of numpy.ndarray
    """
    spectra = _by_pixel(counts).tocoo()
    maps = raw.reshape(len(raw), -1).T
    found = []
    for number in NMF_NUMBERS:
        images, components = _multiplicative_updates(spectra, number)
        expected = images @ components.sum(axis=1)
        # noise of a pixel grows with its counts; the floor is for pixels that have none
        weights = 1 / np.sqrt(np.maximum(expected, 0.1 * expected.mean()))[:, None]
        contents, *_ = np.linalg.lstsq(weights * images, weights * maps, rcond=None)
        found.append((images @ contents).T.reshape(raw.shape))
    return found


def _multiplicative_updates(spectra, number):
    """Return images (pixels, number) and component spectra (number, channels)."""
    rng = np.random.default_rng(0)
    n_pixels, n_channels = spectra.shape
    rows, columns, values = spectra.row, spectra.col, spectra.data
    mean = np.asarray(spectra.sum(axis=0)).ravel() / n_pixels
    images = rng.uniform(0.5, 1.5, (n_pixels, number)) / number
    components = mean * rng.uniform(0.5, 1.5, (number, n_channels))
    tiny = np.finfo(float).tiny

    def ratios():
        model = np.einsum("ir,ir->i", images[rows], components.T[columns])
        return sparse.csr_array((values / np.maximum(model, tiny), (rows, columns)), spectra.shape)

    for _ in range(_NMF_ITERATIONS):
        images *= (ratios() @ components.T) / np.maximum(components.sum(axis=1), tiny)
        gathered = (ratios().T @ images).T
        components *= gathered / np.maximum(images.sum(axis=0), tiny)[:, None]
    return images, components


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

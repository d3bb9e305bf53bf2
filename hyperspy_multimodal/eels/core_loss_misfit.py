"""Where the fit of a summed core-loss spectrum is far from it."""

import numpy as np

# Width of the bands that are compared, relative to their energy.
_BAND = 0.045
_LEAST_CHANNELS = 3
# A misfit exceeds these: in errors of counting, relative to the edges nearby, and to all counts.
_ERRORS, _OF_EDGES, _OF_COUNTS = 5.0, 0.18, 0.01


def worst_misfit(fit, energy, inside, lowest, gain):
    """Return where a fit is farthest from the spectrum, None if it is near everywhere.

    Bands of 4.5 % of their energy, from the lowest onset to the end of the last integration window,
    are compared with the fitted edges in them or, if that is more, in the nearest window.

    Parameters
    ----------
    fit : CoreLossFit
    energy : numpy.ndarray
        Energies of the channels in eV, shape (C,).
    inside : list of (int, int)
        Channels [start, stop) of the integration windows.
    lowest : float
        Lowest onset in eV.
    gain : float
        Counts per electron.

    Returns
    -------
    None or tuple of (float, float, float)
        Limits in eV, and the misfit in percent of the edges.
    """
    half = np.maximum(_BAND * energy / 2, _LEAST_CHANNELS * (energy[1] - energy[0]) / 2)
    starts, stops = (np.searchsorted(energy, energy + side * half) for side in (-1, 1))

    def band_sum(counts):
        sums = np.concatenate([[0.0], np.cumsum(np.where(fit.used, counts, 0.0))])
        return sums[stops] - sums[starts]

    means = np.array([fit.net[start:stop].mean() for start, stop in inside])
    middles = np.array([energy[start:stop].mean() for start, stop in inside])
    nearest = means[np.abs(energy[:, None] - middles).argmin(axis=1)]
    residual = np.abs(band_sum(fit.observed - fit.fitted))
    counts = np.maximum(band_sum(fit.fitted), np.finfo(float).tiny)
    edges = np.maximum(band_sum(fit.net), nearest * (stops - starts))
    far = (
        (energy > lowest - half)
        & (energy < energy[max(stop for _, stop in inside) - 1])
        & (residual > _ERRORS * np.sqrt(gain * (counts + band_sum(fit.dark))))
        & (residual > _OF_EDGES * edges)
        & (residual > _OF_COUNTS * counts)
    )
    if not far.any():
        return None
    worst = np.where(far, residual / np.sqrt(counts), 0.0).argmax()
    share = 100 * residual[worst] / max(edges[worst], residual[worst])
    return energy[worst] - half[worst], energy[worst] + half[worst], share

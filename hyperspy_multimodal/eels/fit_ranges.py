"""Dependence of the edges in a core-loss fit on the fitted energy range."""

import numpy as np

# A fit that begins later still has this share of the energy of the lowest edge before it.
_BEFORE = 0.1


def range_covariance(model, parameters, lined, inside, lowest, errors, errors_of):
    """Return the covariance of the counts of edges over reasonable ranges of a fit, (K, K).

    Cross-sections and plural scattering are not known well over hundreds of eV, so a fit that ends
    earlier, or begins later, gives other counts. The spectrum is fitted again from halfway to the
    lowest edge, up to halfway between the last window and the end, and up to the last window. The
    mean square of the changes counts, of those at the end and of that at the beginning, as far as
    it exceeds what the noise of the shorter fits explains.

    Parameters
    ----------
    model : core_loss_fit.CoreLossModel
    parameters : sequence of float
        Exponent, shift, offset and width that fit best.
    lined : list of int
        Elements with white lines.
    inside : list of (int, int)
        Channels [start, stop), one integration window per edge to map.
    lowest : float
        Lowest onset in eV.
    errors : CoreLossErrors
        Of the fit of all channels.
    errors_of : callable
        Called as ``errors_of(model, parameters)``; returns the `CoreLossErrors` of another fit.
    """
    whole = model.counts(parameters, lined, inside)
    of_whole = errors.of_windows(inside)
    total = np.zeros_like(of_whole)
    for ranges in (_later(model, lowest), _earlier(model, inside)):
        changes = []
        for used in ranges:
            shorter = model.over(used)
            found = shorter.search(lined, parameters)
            change = shorter.counts(found, lined, inside) - whole
            noise = errors_of(shorter, found).of_windows(inside) - of_whole
            changes.append(np.outer(change, change) - positive(noise))
        if changes:
            total += positive(np.mean(changes, axis=0))
    return total


def _later(model, lowest):
    """Return the channels of a fit that begins halfway to the lowest edge, if there is room."""
    first = model.energy[model.used][0]
    start = min((first + lowest) / 2, (1 - _BEFORE) * lowest)
    return [model.used & (model.energy >= start)] if start > first else []


def _earlier(model, inside):
    """Return the channels of fits that end before the axis does."""
    last = max(stop for _, stop in inside)
    end = np.flatnonzero(model.used)[-1] + 1
    channels = np.arange(len(model.used))
    stops = sorted({last, (last + end) // 2} - {end})
    return [model.used & (channels < stop) for stop in stops if stop < end]


def positive(covariance):
    """Return a symmetric matrix without its negative eigenvalues.

    Parameters
    ----------
    covariance : numpy.ndarray
        Shape (K, K).
    """
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, 0.0)) @ vectors.T

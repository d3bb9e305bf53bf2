"""Dependence of the edges in a core-loss fit on shapes that its model does not have."""

import numpy as np

from .core_loss_errors import fit_derivatives, inverse_information

#: Standard deviation of the change of the exponent of a background for each factor e in energy.
CURVATURE = 0.5
# Those of what else real spectra have and the model does not: the powers of the energy by which
# cross-sections differ from hydrogenic ones, for all edges and for each; and, by energy loss in eV,
# the share of electrons at an edge that have also lost energy to plasmons or other electrons.
_SLOPE, _OWN_SLOPE = 0.5, 0.2
_PLURAL = {20.0: 0.5, 50.0: 0.3}
# Widths of bands, relative to their energy, over which residuals may be correlated.
_BAND = 0.03
_LEAST_FREEDOM = 2
_REPEATS = 3
# The truth may lie on either side of what the wider model finds: with this factor for the square of
# a change, 68 % lie within one error, whether it is small or large beside the noise.
_CHANGES = 1.3


def shape_covariance(model, parameters, lined, inside, gain):
    """Return the covariance of the counts of edges over reasonable shapes of a spectrum, (K, K).

    Backgrounds are no exact power laws, and cross-sections and plural scattering are not known
    well. The model gets parameters for these, each with a prior that does not depend on the range
    of the fit. To first order, their fit to the same channels changes the counts. The covariance is
    that of the counts of this wider model, plus 1.3 times the square of the changes. Where a range
    cannot tell curvature from edges, the priors determine it.

    Residuals of neighbouring channels are not independent where the model is wrong, so their
    variance is also taken from sums over bands.

    Parameters
    ----------
    model : core_loss_fit.CoreLossModel
    parameters : sequence of float
        Exponent, shift, offset and width that fit best.
    lined : list of int
        Elements with white lines.
    inside : list of (int, int)
        Channels [start, stop), one integration window per edge to map.
    gain : float
        Counts per electron.
    """
    own = fit_derivatives(model, parameters, lined)
    shapes, by_element, deviations = _unmodelled(model, parameters, lined)
    weighted = np.concatenate([own.rows, shapes])[:, model.used] * model.root
    deviations = np.concatenate([own.deviations, deviations])
    responses = np.concatenate([own.responses, by_element], axis=1)
    design, _ = model.design(parameters, lined)
    amplitudes, _ = model.solve(design)
    residual = model.missing - (amplitudes @ design)[model.used] * model.root
    scale = own.scale(model, gain)
    for _ in range(_REPEATS):
        inverse = inverse_information(weighted, scale, deviations)
        step = inverse @ (weighted @ residual)
        left = _variance(model, residual - step @ weighted, len(weighted))
        covariance, scale = scale * inverse, max(gain, left)
    sums = np.array(
        [
            response[:, start:stop].sum(axis=1)
            for response, (start, stop) in zip(responses, inside, strict=False)
        ]
    )
    change = sums @ step
    return sums @ covariance @ sums.T + _CHANGES * np.outer(change, change)


def _unmodelled(model, parameters, lined):
    """Return shapes, (M, C), what they add to elements, (K, M, C), and standard deviations."""
    design, owners = model.design(parameters, lined)
    amplitudes, _ = model.solve(design)
    n_elements, energy = len(model.edges), np.maximum(model.energy, 1.0)

    def edges_of(shapes):
        return np.array([amplitudes[owners == i] @ shapes[owners == i] for i in range(n_elements)])

    edges = edges_of(design)
    onsets = np.array([min(each.onsets) for each in model.edges])
    sloped = edges * np.log(np.maximum(energy / onsets[:, None], 1.0))
    changes = [(_SLOPE, sloped)]
    if n_elements > 1:
        changes += [(_OWN_SLOPE, row[:, None] * sloped) for row in np.eye(n_elements)]
    exponent, shift, offset, width = parameters
    for loss, share in _PLURAL.items():
        later, _ = model.design((exponent, shift + loss, offset, width), lined)
        changes.append((share, edges_of(later) - edges))
    # About the middle, amplitude and exponent hardly change with it.
    logarithm = np.log(energy / np.sqrt(energy[model.used][0] * onsets.min()))
    curved = -amplitudes[-1] * design[-1] * np.square(logarithm) / 2
    shapes = np.array([curved, *(change.sum(axis=0) for _, change in changes)])
    by_element = np.stack([np.zeros_like(edges), *(change for _, change in changes)], axis=1)
    return shapes, by_element, np.array([CURVATURE, *(deviation for deviation, _ in changes)])


def _variance(model, residual, n_parameters):
    """Return the variance of weighted residuals by channel or, if that is more, by band."""
    of_channels = residual @ residual / max(len(residual) - n_parameters, 1)
    energy = model.energy[model.used]
    bands = np.floor(np.log(energy / energy[0]) / _BAND).astype(int)
    widths = np.maximum(np.bincount(bands), 1)
    squares = np.square(np.bincount(bands, residual)) / widths
    return max(of_channels, squares.sum() / max(len(widths) - n_parameters, _LEAST_FREEDOM))

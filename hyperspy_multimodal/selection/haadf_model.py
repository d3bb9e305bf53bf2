"""The HAADF as a sum of element maps: scales, weights and pedestal from the measured maps."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, optimize

from ..fusion.problem import map_scales

_BLUR = 1.5
_PERCENTILES = (0.5, 99.5)
# HAADF intensity per atom goes with Z to about this power.
_Z_EXPONENT = 1.7
# Lowest share of an eigenvalue of the corrected normal matrix, which noise may leave indefinite.
_RIDGE = 1e-3
_LEAST_WEIGHT = 1e-6


@dataclass(frozen=True)
class HaadfModel:
    """h = offset + sum_i weights_i (x_i / scales_i)^gamma for a HAADF of unit range.

    Parameters
    ----------
    scales : numpy.ndarray
        Scale of each map in counts, shape (K,).
    weights : numpy.ndarray
        Weights >= 0, shape (K,).
    offset : float
        Pedestal.
    r_squared : float
        Share of the variance of the blurred HAADF that the measured, blurred maps explain.
    """

    scales: np.ndarray
    weights: np.ndarray
    offset: float
    r_squared: float

    @property
    def has_weights(self):
        """Whether any weight is large enough for a HAADF of unit range to feel it."""
        return bool(np.any(self.weights > _LEAST_WEIGHT))


def normalise_haadf(image):
    """Bring a HAADF image to a unit range, by its 0.5th and 99.5th percentiles.

    Parameters
    ----------
    image : numpy.ndarray
        HAADF image, shape (ny, nx), not constant.

    Returns
    -------
    haadf : numpy.ndarray
        (image - low) / (high - low), float64; not clipped.
    lowest_offset : float
        The pedestal that stands for zero intensity of ``image`` (or its lowest value, if negative).
    """
    image = np.asarray(image, dtype=np.float64)
    low, high = np.percentile(image, _PERCENTILES)
    if not high > low:
        low, high = image.min(), image.max()
    return (image - low) / (high - low), (min(image.min(), 0.0) - low) / (high - low)


def fit_haadf_model(maps, haadf, lowest_offset, gamma, atomic_numbers, weights="auto"):
    r"""Fit weights and pedestal of the HAADF model to measured maps.

    Least squares of h on :math:`(x_i / s_i)^\gamma` and a constant, both blurred by 1.5 pixels,
    with weights >= 0 and the pedestal no lower than zero intensity. Noise in the maps would pull
    the weights towards 0, so its known variance is taken off the diagonal of the normal matrix
    (errors in variables). Where the data leave weights open, because a map is mostly noise or maps
    are proportional to each other, they are those of Rutherford scattering, proportional to
    :math:`s_i Z_i^{1.7}`.

    Parameters
    ----------
    maps : ElementMaps
        Measured maps.
    haadf : numpy.ndarray
        HAADF of unit range, shape (ny, nx).
    lowest_offset : float
        Lower bound of the pedestal.
    gamma : float
        Exponent of the maps.
    atomic_numbers : sequence of int
        Z of each map's element.
    weights : {"auto"}, None or array_like
        "auto": fitted. None: 1 for each element, as published. Otherwise the weights, one an
        element. The pedestal is fitted in any case.

    Returns
    -------
    HaadfModel
    """
    scales = map_scales(maps.counts, maps.background)
    by_map = scales[:, None, None]
    blurred = ndimage.gaussian_filter(maps.net, (0, _BLUR, _BLUR), mode="nearest") / by_map
    # Clipped noise has a mean, which would pass for signal: clip only where the power demands it.
    positive = blurred if gamma == 1 else np.maximum(blurred, 0)
    # variance of the mean of a Gaussian neighbourhood: 1 / (4 pi sigma^2) of that of a pixel
    local = ndimage.gaussian_filter(maps.net_variance, (0, _BLUR, _BLUR), mode="nearest")
    variance = local / (4 * np.pi * _BLUR**2) / by_map**2
    slope = gamma * np.maximum(np.maximum(positive, np.sqrt(variance)), 1e-6) ** (gamma - 1)
    noise = np.where((gamma == 1) | (blurred > 0), slope**2 * variance, 0).sum(axis=(1, 2))

    terms = positive.reshape(len(scales), -1) ** gamma
    target = ndimage.gaussian_filter(haadf, _BLUR, mode="nearest").ravel()
    if isinstance(weights, str):
        expected = scales * np.asarray(atomic_numbers) ** _Z_EXPONENT
        fitted, offset = _errors_in_variables_fit(terms, target, noise, expected, lowest_offset)
    else:
        fitted = np.ones(len(scales)) if weights is None else np.asarray(weights, dtype=float)
        offset = max(float((target - fitted @ terms).mean()), lowest_offset)
    residual = target - offset - fitted @ terms
    r_squared = 1 - residual.var() / max(target.var(), np.finfo(float).tiny)
    return HaadfModel(scales, fitted, float(offset), float(r_squared))


def _errors_in_variables_fit(terms, target, noise, expected, lowest_offset):
    """Return weights and pedestal; ``expected`` are the weights of Rutherford scattering."""
    columns = np.vstack([terms, np.ones_like(target)])
    # Pedestal and common factor of the expected weights: one composite map, of little noise.
    composite = np.vstack([expected @ terms, np.ones_like(target)])
    factor, pedestal = _bounded_fit(
        composite @ composite.T - np.diag([expected**2 @ noise, 0]),
        composite @ target,
        np.array([0, lowest_offset]),
    )
    gram = columns @ columns.T
    right = columns @ target
    energy = np.maximum(np.diag(gram)[:-1], np.finfo(float).tiny)
    prior = factor * expected
    # As the share of noise in a map grows, its fit gives way to the expected weight. So it does
    # where the fit cannot tell weights apart that differ by as much as the expected ones: their
    # misfit, noise of the maps included and correlated over the blur, is its precision.
    misfit = (target - pedestal - prior @ terms).var()
    precision = misfit * 4 * np.pi * _BLUR**2 / np.maximum(prior, 1e-6) ** 2
    doubt = noise**2 / energy + np.minimum(precision, energy)
    gram[np.diag_indices(len(noise))] += doubt - noise
    right[:-1] += doubt * prior
    solution = _bounded_fit(gram, right, np.r_[np.zeros(len(noise)), lowest_offset])
    return solution[:-1], solution[-1]


def _bounded_fit(gram, right, lower):
    """Minimise x.gram.x / 2 - right.x over x >= lower, for a matrix that should be positive."""
    unit = np.sqrt(np.maximum(np.diag(gram), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(gram / np.outer(unit, unit))
    values = np.maximum(values, _RIDGE * values.max())
    root = np.sqrt(values)[:, None] * vectors.T
    scaled = (vectors.T @ (right / unit)) / np.sqrt(values)
    return optimize.lsq_linear(root, scaled, bounds=(lower * unit, np.inf)).x / unit

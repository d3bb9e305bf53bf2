"""Model of the HAADF as a sum of element maps: scales, weights, pedestal and blur."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from ..counts.contracts import Counts
from ..fusion.scaled import map_scales
from .normalised_haadf import SMOOTHING, noise_of, smoothed

#: Blurs, in pixels, among which the HAADF model chooses.
BLURS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
#: Exponents that gamma="auto" chooses from.
GAMMAS = (1.0, 1.4, 1.8)
# A blur must remove this share of the unexplained variance, and at least this much variance.
_GAIN, _LEAST_GAIN = 0.2, 0.002
# Lowest relative eigenvalue of the corrected normal matrix, which noise can make indefinite.
_RIDGE = 1e-3
# Share of the noise of a map below which its structure is rounding.
_ROUNDING = 1e-12
# Pixels that are converted to float64 at a time.
_PIXELS = 100_000
_LEAST_WEIGHT = 1e-6


@dataclass(frozen=True, eq=False)
class HaadfModel:
    """Model G * h = offset + sum_i weights_i (x_i / scales_i)^gamma of a HAADF h in [0, 1].

    Parameters
    ----------
    scales : numpy.ndarray
        Scale of each map in counts, shape (K,).
    weights : numpy.ndarray
        Weights >= 0, shape (K,).
    offset : float
        Pedestal.
    gamma : float
        Exponent of the maps.
    blur : float
        Standard deviation, in pixels, of the Gaussian G that blurs the HAADF to the resolution of
        the maps.
    r_squared : float
        Fraction of the variance of the blurred HAADF that the measured, blurred maps explain,
        corrected for the noise of maps and HAADF.
    """

    scales: np.ndarray
    weights: np.ndarray
    offset: float
    gamma: float
    blur: float
    r_squared: float

    @property
    def has_weights(self):
        """Whether any weight is large enough to matter for a HAADF normalised to about [0, 1]."""
        return bool(np.any(self.weights > _LEAST_WEIGHT))

    def matched(self, haadf):
        """Return the HAADF at the resolution of the maps."""
        return smoothed(haadf, self.blur)

    def modelled(self, maps):
        """Return the HAADF, shape (ny, nx), that maps (K, ny, nx) in counts predict."""
        terms = (maps / self.scales[:, None, None]) ** self.gamma
        return self.offset + np.tensordot(self.weights, terms, axes=1)


class HaadfFit:
    r"""Fits of weights, pedestal and blur of the HAADF model to measured maps.

    The fit is by least squares of h on :math:`(x_i / s_i)^\gamma` and a constant, both blurred by
    1.5 pixels, with weights >= 0 and a pedestal not below zero intensity. Noise in the maps would
    bias the weights towards 0, so its known variance is subtracted from the diagonal of the normal
    matrix (errors in variables). Weights that the data do not determine, because a map is mostly
    noise or maps are proportional to each other, are those of Rutherford scattering: proportional
    to :math:`s_i`, to the atoms per count, and to :math:`Z_i^{1.7}`.

    Parameters
    ----------
    maps : Counts
        Measured or drawn maps.
    haadf : numpy.ndarray
        HAADF normalised to about [0, 1], shape (ny, nx).
    lowest_offset : float
        Lower bound of the pedestal.
    scattering : sequence of float
        HAADF intensity for each count of the maps, up to a common factor, shape (K,).
    """

    def __init__(self, maps: Counts, haadf, lowest_offset, scattering):
        self.maps, self.haadf = maps, haadf
        self.lowest_offset, self.scattering = lowest_offset, scattering
        self.scales = map_scales(maps.counts, maps.background)
        there = maps.counts.any(axis=(1, 2))
        self.expected = there * self.scales * np.asarray(scattering, dtype=float)
        by_map = self.scales.astype(maps.net.dtype)[:, None, None]
        self.blurred = smoothed(maps.net, SMOOTHING) / by_map
        noise = np.maximum(smoothed(maps.net_variance, SMOOTHING), 0.0)
        # variance of the mean of a Gaussian neighbourhood: 1 / (4 pi sigma^2) of that of a pixel
        self.variance = noise / (4 * np.pi * SMOOTHING**2) / by_map**2
        self.haadf_noise = noise_of(haadf)

    def model(self, gamma, weights="auto", blur="auto"):
        """Fit the model.

        Parameters
        ----------
        gamma : float
            Exponent of the maps.
        weights : {"auto", "even", "Z"}, None or array_like
            "auto": fitted. "even": fitted, but maps that are proportional to each other, or sums of
            each other, get equal weights, each on its own scale. "Z": Rutherford scattering, with a
            fitted common factor. None: 1 for each element, as published. Otherwise, the weights,
            one per element. The pedestal is always fitted.
        blur : "auto" or float
            Blur of the HAADF in pixels. "auto": the value in `BLURS` with which the maps explain
            most, if this is clearly more than without blur.

        Returns
        -------
        HaadfModel
        """
        terms, noise = self._terms(gamma)
        blurs = BLURS if isinstance(blur, str) else (blur,)
        models = [self._model(gamma, weights, each, terms, noise) for each in blurs]
        best = max(models, key=lambda model: model.r_squared)
        unexplained = 1 - models[0].r_squared
        gained = best.r_squared - models[0].r_squared
        return best if gained > _GAIN * unexplained + _LEAST_GAIN else models[0]

    def of(self, maps, haadf):
        """Return fits for other maps of the same elements, and their HAADF in the same units."""
        return HaadfFit(maps, haadf, self.lowest_offset, self.scattering)

    def predicted(self, model):
        """Return the HAADF that the measured maps predict, smoothed by 1.5 pixels, (ny, nx)."""
        terms, _ = self._terms(model.gamma)
        return model.offset + (model.weights @ terms).reshape(self.haadf.shape)

    def predicted_noise(self, model):
        """Return the mean variance of the noise of `predicted`."""
        _, noise = self._terms(model.gamma)
        return float(model.weights**2 @ noise / self.haadf.size)

    def signal_shares(self):
        """Return the share of the variance of each smoothed map that is not noise, shape (K,)."""
        variance = np.array([each.var(dtype=float) for each in self.blurred])
        noise = self.variance.mean(axis=(1, 2), dtype=float)
        return np.clip(1 - noise / np.maximum(variance, np.finfo(float).tiny), 0, 1)

    def _terms(self, gamma):
        """Return the terms of the model, (K, pixels), and sums of their noise variance."""
        # Clipped noise has a mean that would look like signal: clip only if the power requires it.
        positive = self.blurred if gamma == 1 else np.maximum(self.blurred, 0)
        level = np.maximum(np.maximum(positive, np.sqrt(self.variance)), 1e-6)
        noise = (gamma * level ** (gamma - 1)) ** 2 * self.variance
        noise = np.where((gamma == 1) | (self.blurred > 0), noise, 0).sum(axis=(1, 2))
        return positive.reshape(len(self.scales), -1) ** gamma, noise

    def _model(self, gamma, weights, blur, terms, noise):
        width = np.hypot(SMOOTHING, blur)
        target = smoothed(self.haadf, width).ravel()
        if isinstance(weights, str):
            fit = {"auto": _fit_to_expected, "even": _even_fit, "Z": _composite_fit}[weights]
            fitted, offset = fit(terms, target, noise, self.expected, self.lowest_offset)
        else:
            shape = len(self.scales)
            fitted = np.ones(shape) if weights is None else np.asarray(weights, dtype=float)
            offset = max(float((target - fitted @ terms).mean()), self.lowest_offset)
        residual = target - offset - fitted @ terms
        own = self.haadf_noise**2 / (4 * np.pi * width**2)
        noisy = fitted**2 @ noise / target.size
        # noise is neither counted as unexplained nor as variance of the HAADF
        explained = target.var() - max(residual.var() - noisy, own)
        variance = max(target.var() - own, own, np.finfo(float).tiny)
        r_squared = float(min(explained / variance, 1.0))
        return HaadfModel(self.scales, fitted, float(offset), gamma, float(blur), r_squared)


def _composite_fit(terms, target, noise, expected, lowest_offset):
    """Return weights in proportion to ``expected``, and the pedestal: one map with little noise."""
    composite = np.vstack([expected @ terms, np.ones_like(target)])
    factor, pedestal = _bounded_fit(
        composite @ composite.T - np.diag([expected**2 @ noise, 0]),
        composite @ target,
        np.array([0, lowest_offset]),
    )
    return factor * expected, pedestal


def _fit_to_expected(*known):
    """Return weights and pedestal, with Rutherford scattering in poorly determined directions."""
    gram, right, centre, lower = _errors_in_variables(*known)
    # Fit the difference from the expected weights: poorly determined directions keep them.
    solution = centre + _bounded_fit(gram, right - gram @ centre, lower - centre)
    solution = np.maximum(solution, lower)
    return solution[:-1], float(solution[-1])


def _even_fit(*known):
    """Return weights and pedestal, with the smallest weights in poorly determined directions."""
    gram, right, _, lower = _errors_in_variables(*known)
    solution = _bounded_fit(gram, right, lower)
    return solution[:-1], float(solution[-1])


def _errors_in_variables(terms, target, noise, expected, lowest_offset):
    """Return normal matrix, right-hand side, expected solution and lower bounds of the fit."""
    prior, pedestal = _composite_fit(terms, target, noise, expected, lowest_offset)
    gram, right = _products(terms, target)
    # a map without structure determines nothing, to within rounding
    least = np.maximum(_ROUNDING * noise, np.finfo(float).tiny)
    energy = np.maximum(np.diag(gram)[:-1], least)
    # With a growing share of noise in a map, its fitted weight approaches the expected one. The
    # same happens if the fit cannot distinguish weights that differ by as much as the expected
    # ones. The misfit of these, including the noise of the maps and its correlation over the blur,
    # gives its precision.
    misfit = (target - pedestal - prior @ terms).var()
    precision = misfit * 4 * np.pi * SMOOTHING**2 / np.maximum(prior, 1e-6) ** 2
    doubt = noise**2 / energy + np.minimum(precision, energy)
    gram[np.diag_indices(len(noise))] += doubt - noise
    right[:-1] += doubt * prior
    lower = np.r_[np.zeros(len(noise)), lowest_offset]
    return gram, right, np.r_[prior, pedestal], lower


def _products(terms, target):
    """Return products of the terms and of 1 with each other and with the target, in float64."""
    gram, right = 0.0, 0.0
    for start in range(0, target.size, _PIXELS):
        part = slice(start, start + _PIXELS)
        columns = np.vstack([terms[:, part], np.ones(target[part].size)])
        gram = gram + columns @ columns.T
        right = right + columns @ target[part]
    return gram, right


def _bounded_fit(gram, right, lower):
    """Minimise x.gram.x / 2 - right.x over x >= lower, for a matrix that should be positive.

    The solution is 0 for rows of zeros, from maps without counts.
    """
    there = np.diag(gram) > np.finfo(float).eps * np.abs(np.diag(gram)).max()
    if not there.all():
        solution = np.zeros(len(right))
        if there.any():
            solution[there] = _bounded_fit(gram[np.ix_(there, there)], right[there], lower[there])
        return np.maximum(solution, lower)
    unit = np.sqrt(np.maximum(np.diag(gram), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(gram / np.outer(unit, unit))
    values = np.maximum(values, _RIDGE * values.max())
    root = np.sqrt(values)[:, None] * vectors.T
    scaled = (vectors.T @ (right / unit)) / np.sqrt(values)
    return optimize.lsq_linear(root, scaled, bounds=(lower * unit, np.inf)).x / unit

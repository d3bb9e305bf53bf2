"""Backgrounds of EELS edges that are no power law, as the summed spectrum shows before the edge."""

from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

from .edge_windows import channel_energies, halved
from .power_law import power_law_area, power_law_exponent
from .unmodelled_shapes import CURVATURE

# The pre-edge window is divided into this many blocks at most: residuals of neighbouring channels
# may be correlated.
_BLOCKS = 8
# Confidence with which noise does not explain a misfit or a drift.
_CONFIDENCE = 0.95


class BackgroundMisfit(NamedTuple):
    """How far the spectrum before an edge deviates from a power law, beyond its noise.

    Attributes
    ----------
    scale : float
        Factor for the error of the exponent by noise, at least 1.
    drift : float
        Error of the extrapolated background, as a share of it, by an exponent that changes with
        the energy.
    """

    scale: float = 1.0
    drift: float = 0.0


def background_misfit(observed, dark, axis, side, window, gain):
    """Return the `BackgroundMisfit` of a summed spectrum.

    The residuals of the power law in blocks of the pre-edge window are fitted by a straight line
    in the logarithm of the energy (another amplitude and exponent) and by a parabola (an exponent
    that changes). The residuals of the line scale the error of the exponent. The parabola,
    extrapolated, shows how far the background is wrong. The exponent is expected to change by as
    much as for a fit, so that noise in short windows is not taken for a large change.

    Parameters
    ----------
    observed : numpy.ndarray
        Sum of all spectra, in counts, shape (C,).
    dark : float
        As in `WindowSpectrum`.
    axis : Channels
        Energy axis.
    side, window : tuple of (int, int)
        Channels [start, stop) of the pre-edge window and of the integration window.
    gain : float
        Counts per electron.
    """
    counts = observed[slice(*side)].astype(float)
    blocks = np.array_split(np.arange(len(counts)), min(_BLOCKS, len(counts)))
    free = len(blocks) - 2
    if free < 1 or not counts.sum() > 0:
        return BackgroundMisfit()
    law = _power_law(counts, axis, side)
    logarithm = _logarithms(axis, side)
    expected = np.array([law(*side)[block].sum() for block in blocks])
    residuals = np.array([counts[block].sum() for block in blocks]) / expected - 1
    weights = expected**2 / (gain * (expected + dark * np.array([len(each) for each in blocks])))
    x = np.array([logarithm[block].mean() for block in blocks])
    middle = np.average(x, weights=weights)
    terms = np.stack([np.ones_like(x), x - middle, (x - middle) ** 2])
    scale, *_ = _fit(terms[:2], residuals, weights, free)
    if free < 2:
        return BackgroundMisfit(scale)
    _, found, errors = _fit(terms, residuals, weights, free - 1)
    # The residuals are -change / 2 times the square of the logarithm.
    change, noise = 2 * found[2], 2 * errors[2]
    likely = CURVATURE**2 / (CURVATURE**2 + noise**2)
    beyond = change**2 - chi2.ppf(_CONFIDENCE, 1) * noise**2
    # What the parabola adds under the edge to what the line takes up.
    under, ahead = law(*window), _logarithms(axis, window) - middle
    taken_up = np.linalg.lstsq(
        (terms[:2] * np.sqrt(weights)).T, terms[2] * np.sqrt(weights), rcond=None
    )[0]
    effect = np.average(ahead**2 - taken_up[0] - taken_up[1] * ahead, weights=under)
    return BackgroundMisfit(
        scale, float(abs(effect) / 2 * likely * np.sqrt(max(float(beyond), 0.0)))
    )


def _fit(terms, residuals, weights, free):
    """Return the scale of errors by misfit, the coefficients of terms, and their errors."""
    inverse = np.linalg.inv(terms * weights @ terms.T)
    found = inverse @ (terms @ (weights * residuals))
    chi_square = float(weights @ (residuals - found @ terms) ** 2)
    scale = np.sqrt(1 + max(0.0, chi_square - chi2.ppf(_CONFIDENCE, free)) / free)
    return float(scale), found, scale * np.sqrt(np.diag(inverse))


def _power_law(counts, axis, side):
    """Return a function of channels [start, stop) that returns the counts of a power law."""
    (left, middle), (_, right) = (channel_energies(axis, half) for half in halved(axis, *side))
    split = round((middle - left) / axis.scale)
    exponent = power_law_exponent(counts[:split].sum(), counts[split:].sum(), left, middle, right)
    height = counts.sum() / power_law_area(exponent, left, right)

    def law(start, stop):
        limits = np.array(channel_energies(axis, range(start, stop + 1)))
        areas = power_law_area(exponent, limits[:-1], limits[1:])
        return height * areas * (left / limits[:-1]) ** exponent

    return law


def _logarithms(axis, channels):
    """Return the logarithms of the energies of channels [start, stop)."""
    limits = np.log(channel_energies(axis, range(channels[0], channels[1] + 1)))
    return (limits[:-1] + limits[1:]) / 2

"""From counts of regions to their composition, with errors by source."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .expected import expected_background, expected_variance


@dataclass(frozen=True)
class RegionCounts:
    """Net counts of K lines in R regions, and their covariances.

    Attributes
    ----------
    counts : numpy.ndarray
        Shape (R, K).
    background : numpy.ndarray
        Variance of the counts of a line that is not there, shape (R, K).
    noise : numpy.ndarray
        Covariance of the counts by their noise, shape (R, K, K).
    common : numpy.ndarray
        Covariance by what is common to all pixels of a region, shape (R, K, K).
    absent : numpy.ndarray
        Variance by what is common, of the counts of a line that is not there, shape (R, K).
    """

    counts: np.ndarray
    background: np.ndarray
    noise: np.ndarray
    common: np.ndarray
    absent: np.ndarray


def region_counts(measured, masks):
    """Sum the raw counts of regions.

    Their variance is the one that is expected: see `expected_variance`.

    What is common to all pixels (calibration, line weights, continuum) is as large a part of the
    counts of a line in a region as of its total. But where a line has less of its counts than
    all others, what is wrong about them comes from these: then it is as large a part of the error
    of its total as the region has of the counts of all lines, or of the spectra of EELS. It is no
    more than the counts beneath the line there: see `shares_of_errors`.
    The background of a region can have another slope than that of the scan. What this is measured
    to change, beyond its noise, is an error of the region. So is all by which its pixels may be too
    high because noise below 0 was cut off.

    Parameters
    ----------
    measured : Measured
    masks : numpy.ndarray
        Pixels of the regions, bool, shape (R, ny, nx).
    """
    pixels = (masks & measured.used).reshape(len(masks), -1).astype(float)
    return counts_of(
        measured, sums_by(measured, lambda maps: maps.reshape(len(maps), -1) @ pixels.T)
    )


class Sums(NamedTuple):
    """Sums of maps over R sets of pixels.

    Attributes
    ----------
    net, background, added : numpy.ndarray
        As those of `Measured`, shape (K, R).
    together, pixels : numpy.ndarray
        Counts of all lines or of the spectra, and numbers of pixels, shape (R,).
    covariances : dict
        By pair of lines, shape (R,) each.
    tilts : numpy.ndarray
        Shape (2, R).
    """

    net: np.ndarray
    background: np.ndarray
    added: np.ndarray
    together: np.ndarray
    pixels: np.ndarray
    covariances: dict
    tilts: np.ndarray

    def at(self, places):
        """Return those of some of the sets."""
        arrays = (each[..., places] for each in (self.net, self.background, self.added))
        own = {pair: each[places] for pair, each in self.covariances.items()}
        return Sums(*arrays, self.together[places], self.pixels[places], own, self.tilts[:, places])


def sums_by(measured, summed):
    """Return the `Sums` of measured maps; ``summed`` takes maps (M, ny, nx) to sums (M, R)."""

    def of_one(each):
        return summed(np.asarray(each, float)[None])[0]

    return Sums(
        net=summed(np.asarray(measured.net, float)),
        background=summed(np.asarray(measured.background, float)),
        added=summed(np.broadcast_to(np.asarray(measured.added, float), np.shape(measured.net))),
        together=of_one(measured.together),
        pixels=of_one(measured.used),
        covariances={pair: of_one(each) for pair, each in measured.covariances.items()},
        tilts=summed(np.asarray(measured.tilts, float)),
    )


def counts_of(measured, sums):
    """Return the `RegionCounts` of `Sums`; see `region_counts`."""
    counts = sums.net.T
    shares = sums.together / max(float(measured.together.sum()), 1e-300)
    shares = np.clip(shares, 0.0, 1.0)
    pooled = measured.background.sum(axis=(1, 2)) * shares[:, None]
    beneath = expected_background(sums.background.T, pooled, measured.per_count)
    background = beneath + np.maximum(sums.added.T, 0.0)
    variance = expected_variance(counts, background, measured.per_count)
    deviation = np.sqrt(variance)
    noise = measured.correlation * deviation[:, :, None] * deviation[:, None, :]
    for (i, j), covariance in sums.covariances.items():
        most = deviation[:, i] * deviation[:, j]
        noise[:, i, j] = noise[:, j, i] = np.clip(covariance, -most, most)
    diagonal = np.arange(len(measured.names))
    noise[:, diagonal, diagonal] = variance
    totals = np.where(measured.totals > 0, measured.totals, np.inf)
    least = shares_of_errors(shares[:, None], beneath, measured)
    scale = np.maximum(counts / totals, least)
    common = measured.common * scale[:, :, None] * scale[:, None, :]
    amounts, variances = sums.tilts
    effects = np.outer(measured.tilt_effects, measured.tilt_effects)
    own = np.maximum(np.square(amounts) - variances, 0.0)[:, None, None] * effects
    own = own + np.square(sums.pixels)[:, None, None] * np.diag(
        measured.cut_off**2 + measured.per_pixel**2
    )
    absent = np.diag(measured.common) * np.square(least)
    absent = absent + np.diagonal(own, axis1=1, axis2=2)
    return RegionCounts(counts, background, noise, common + own, absent)


def shares_of_errors(shares, background, measured):
    """Return which share of the error of its total a line has at least, (..., K).

    What is wrong about a line that is not there comes from the counts beneath it, and can be no
    more than these. Unlisted elements are an exception: their counts are those of the line.

    Parameters
    ----------
    shares : numpy.ndarray
        Counts of all lines, or of the spectra, over those of the scan, (..., 1).
    background : numpy.ndarray
        Variance of the counts of a line that is not there, (..., K).
    measured : Measured
    """
    errors = np.sqrt(np.maximum(np.diag(measured.common), 1e-300))
    known = np.isfinite(measured.hidden)
    hidden = np.where(known, measured.hidden, 0.0) * shares
    most = np.hypot(background / measured.per_count, hidden) / errors
    return np.where(known, np.minimum(shares, most), shares)


def percentages(counts, factors):
    """Return the composition in per cent, (..., K), of counts and factors (..., K).

    Without any counts it is NaN. Cliff and Lorimer: the shares of the products of both.
    """
    amounts = counts * factors
    total = amounts.sum(axis=-1, keepdims=True)
    positive = total > 0
    return 100 * np.divide(amounts, total, out=np.full_like(amounts, np.nan), where=positive)


def by_counts(counts, factors):
    """Return the derivatives of `percentages` by the counts, shape (R, K, K).

    Factors are those of all regions, (K,), or of each, (R, K).
    """
    percent = percentages(counts, factors)
    total = (counts * factors).sum(axis=1)[:, None, None]
    own = 100 * np.eye(counts.shape[1])
    factors = np.broadcast_to(factors, counts.shape)[:, None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        return (own - percent[:, :, None]) * factors / total


def by_factors(percent):
    """Return the derivatives of a composition (R, K) by the logarithms of the factors."""
    own = np.eye(percent.shape[1])
    return percent[:, :, None] * own - percent[:, :, None] * percent[:, None, :] / 100


def carried(derivatives, covariance):
    """Return covariances (R, K, K) through derivatives of the same shape."""
    return derivatives @ covariance @ np.swapaxes(derivatives, 1, 2)

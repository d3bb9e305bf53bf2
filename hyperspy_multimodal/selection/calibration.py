"""Calibration of bootstrap errors to the scale and correlation that the counts show."""

import numpy as np
from scipy import ndimage
from scipy.optimize import least_squares

from .normalised_haadf import smoothed

# Errors are taken apart by Gaussian filters of these widths; what squares of window sums of these
# widths are says how much there is of each part. In pixels.
_FILTERS = (1.5, 5.0)
_WINDOWS = (1, 3, 6, 12)
# Bright is what is above this share of the 99th percentile of the smoothed map.
_BRIGHT, _SMOOTHING = 0.5, 2.0
_FEWEST_PIXELS = 50
# What draws say of window sums may be off by this share of a variance.
_OF_DRAWS = 0.1
# What is known of the logarithm of a ratio before: mean, standard deviation of what all parts
# share, and of what each has of its own.
_MEAN, _SHARED, _OWN = 0.1, 0.6, 0.5
# Degrees of freedom of the prior, Student's t-distribution: draws may be far off, and counts that
# show this clearly must prevail.
_FREEDOM = 3.0
_MOST_UNSURE = 1.0  # variance of a logarithm
# Draws are few, and where total variation errs is not known well: this share of a variance is that
# of the neighbourhood, a Gaussian of so many pixels. A draw grows by no more than a factor.
_SHARE, _NEIGHBOURS, _MOST = 0.5, 4.0, 3.0


def calibrated(errors, noise, residual, variance, fused, mask=None, doubt=0.0, least=0.0):
    r"""Scale the errors of the draws of one element so that they agree with the counts.

    A fusion f of net counts y of variance v has a mean squared error of
    :math:`E (f - y)^2 - v + 2 \mathrm{cov}(f, y)`, whatever the truth: how far it is from the
    counts, corrected for what it follows of their noise (Efron's covariance penalty; Stein's
    unbiased estimate of risk). The same holds for sums over windows. The draws know the covariance:
    it is that of their errors and their noise. Errors are taken apart into a fine part, a middle
    and a broad one, by Gaussian filters of 1.5 and 5 pixels; each has a factor, which is fitted to
    windows of 1 to 12 pixels, for bright pixels and for the others. The larger the standard errors
    of that are, the nearer are the factors to what is usual.

    Parameters
    ----------
    errors, noise : numpy.ndarray
        Errors of draws, and the noise of the net counts that were drawn, shape (draws, ny, nx).
    residual, variance : numpy.ndarray
        Differences f - y of the measured scan, and the variance of y, shape (ny, nx).
    fused : numpy.ndarray
        Fused map, shape (ny, nx).
    mask : numpy.ndarray, optional
        Pixels without counts, bool, shape (ny, nx).
    doubt : float
        By what share of itself v may be wrong, one standard deviation; default 0.
    least : float
        Smallest factor of a variance; default 0.

    Returns
    -------
    errors : numpy.ndarray
        Of mean 0, as of `balanced`, shape (draws, ny, nx).
    ratio : float
        Their variance in bright pixels over what it was.

    References
    ----------
    B. Efron, J. Am. Stat. Assoc. 99, 619 (2004), doi:10.1198/016214504000000692.
    """
    bright = bright_pixels(fused)
    used = np.full(bright.shape, True) if mask is None else ~mask
    share = smoothed(bright.astype(np.float32), 1.0)
    drawn = balanced(errors)
    parts = _parts(drawn)
    deviations = errors - errors.mean(axis=0)
    result = np.zeros_like(drawn)
    for area, weight in ((bright, share), (~bright, 1 - share)):
        ratios = np.ones(len(parts))
        if (area & used).sum() >= _FEWEST_PIXELS:
            found = _squared_errors(parts, deviations, noise, residual, variance, area & used)
            ratios = np.maximum(_ratios(*found, doubt), least)
        for part, ratio in zip(parts, ratios, strict=True):
            result += np.sqrt(ratio).astype(drawn.dtype) * weight * part
    seen = bright if bright.any() else used
    before = np.square(drawn[:, seen]).mean()
    return result, float(np.square(result[:, seen]).mean() / before) if before > 0 else 1.0


def balanced(errors):
    """Return errors of mean 0: what all share has the opposite sign in every other one."""
    n = len(errors)
    shared = errors.mean(axis=0)
    signs = np.resize([1.0, -1.0], n).reshape(-1, *(1,) * shared.ndim)
    rest = errors - shared
    rest *= np.sqrt(n / (n - 1))
    return rest + (signs * shared).astype(errors.dtype)


def bright_pixels(fused):
    """Return where a map is above half of its 99th percentile, smoothed, bool, (ny, nx)."""
    smooth = smoothed(np.asarray(fused, float), _SMOOTHING)
    return smooth > _BRIGHT * np.percentile(smooth, 99)


def evened(errors, fused):
    """Scale errors of draws, so that half of the variance of a pixel is that of its neighbourhood.

    Draws say well how large errors are in an area, but not in which of its pixels: their truth has
    edges and noise where it happens to. Bright pixels and others do not mix.

    Parameters
    ----------
    errors : numpy.ndarray
        Errors of draws, mean 0, shape (draws, ny, nx).
    fused : numpy.ndarray
        Fused map, shape (ny, nx).

    Returns
    -------
    numpy.ndarray
        Shape (draws, ny, nx).
    """
    bright = bright_pixels(fused)
    near = smoothed(np.square(errors, dtype=np.float64).mean(axis=0), 1.0)
    wanted = (1 - _SHARE) * near
    for area in (bright, ~bright):
        weight = area.astype(np.float64)
        around = smoothed(near * weight, _NEIGHBOURS)[area] / smoothed(weight, _NEIGHBOURS)[area]
        wanted[area] += _SHARE * around
    ratios = np.divide(wanted, near, out=np.ones_like(near), where=near > 0)
    return errors * np.minimum(np.sqrt(ratios), _MOST).astype(errors.dtype)


def _parts(errors):
    """Return the fine, the middle and the broad part of errors (draws, ny, nx)."""
    broader = [smoothed(errors, width) for width in _FILTERS]
    return errors - broader[0], broader[0] - broader[1], broader[1]


def _squared_errors(parts, deviations, noise, residual, variance, area):
    """Return, of sums over windows of each width, what counts say of their mean squared error.

    Returns
    -------
    found : numpy.ndarray
        Mean squared errors, shape (windows,).
    covariance : numpy.ndarray
        Of their own errors, shape (windows, windows).
    noise_left : numpy.ndarray
        What they lack if the variance is as large again, shape (windows,).
    drawn : numpy.ndarray
        Mean products of the parts of drawn errors, shape (windows, parts, parts).
    """
    found, of_draws, left, drawn = [], [], [], []
    follow = len(noise) / (len(noise) - 1)
    for size in _WINDOWS:
        there = (_sums(np.ones(area.shape), size, area) * area).sum()

        def mean(images, there=there):
            return (images * area).sum(axis=(-2, -1)) / there

        variances = mean(_sums(variance, size, area))
        products = _sums(deviations, size, area) * _sums(noise, size, area)
        of_draws.append(2 * follow * mean(products))
        found.append(mean(np.square(_sums(residual, size, area))) - variances)
        left.append(variances - of_draws[-1].mean())
        sums = [_sums(part, size, area) for part in parts]
        drawn.append([[mean((a * b).mean(axis=0)) for b in sums] for a in sums])
    found, of_draws, left, drawn = map(np.array, (found, of_draws, left, drawn))
    spread = np.maximum(left + drawn.sum(axis=(1, 2)), 0.0) / np.square(_WINDOWS)
    covariance = 2 / area.sum() * _ALIKE * np.outer(spread, spread)
    covariance += np.cov(of_draws) / of_draws.shape[1]
    return found + of_draws.mean(axis=1), covariance, left, drawn


def _ratios(found, covariance, noise, drawn, doubt):
    """Return the ratio of measured to drawn variances of the parts of errors, shape (parts,)."""
    whole, n_parts = drawn.sum(axis=(1, 2)), drawn.shape[1]
    if not np.all(whole > 0):
        return np.ones(n_parts)
    covariance = covariance / np.outer(whole, whole) + _OF_DRAWS**2 * np.eye(len(whole))
    drawn = drawn / whole[:, None, None]
    to_data, to_prior = (
        np.linalg.inv(np.linalg.cholesky(each))
        for each in (covariance, np.full((n_parts,) * 2, _SHARED**2) + _OWN**2 * np.eye(n_parts))
    )

    def residuals(unknowns):
        logs, wrong = unknowns[:-1], unknowns[-1]
        factors = np.exp(logs / 2)
        expected = np.einsum("lij,i,j->l", drawn, factors, factors)
        misfit = (found - wrong * doubt * noise) / whole - expected
        return np.concatenate([to_data @ misfit, _heavy_tailed(to_prior @ (logs - _MEAN)), [wrong]])

    fit = least_squares(residuals, np.append(np.full(n_parts, _MEAN), 0.0))
    # The mean of what a variance may be is above the most likely.
    unsure = np.diag(np.linalg.inv(fit.jac.T @ fit.jac))[:-1]
    return np.exp(fit.x[:-1] + np.minimum(unsure, _MOST_UNSURE) / 2)


def _heavy_tailed(deviations):
    """Return residuals whose squares are -2 ln of Student's distribution of deviations."""
    squared = np.square(deviations).sum()
    freedom = _FREEDOM + len(deviations)
    ratio = freedom * np.log1p(squared / _FREEDOM) / squared if squared else freedom / _FREEDOM
    return np.sqrt(ratio) * deviations


def _alike(size, other):
    """Return how alike sums of white noise over windows of two widths are, summed over places."""
    return np.square(np.convolve(np.ones(size), np.ones(other))).sum() ** 2


# How squares of such sums vary together, for noise of variance 1.
_ALIKE = np.array([[_alike(size, other) for other in _WINDOWS] for size in _WINDOWS])


def _sums(images, size, area):
    """Return sums over windows around each pixel, of what lies in an area."""
    images = images * area
    if size == 1:
        return images
    sizes = (1,) * (images.ndim - 2) + (size, size)
    return size**2 * ndimage.uniform_filter(images.astype(float), sizes, mode="constant")

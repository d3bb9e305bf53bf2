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
# Windows overlap, and parts of the draws are few: standard errors are larger by this factor, and at
# least this share of what the draws say.
_OVERLAP, _OF_DRAWS = 1.2, 0.1
# Squares of sums of white noise over windows of n x n pixels are alike over so many times n^2.
_WHERE_ALIKE = 4 / 9
# What is known of the logarithm of a ratio before: mean and standard deviation; how much it changes
# from one part to the next.
_MEAN, _SPREAD, _STEP = 0.0, 1.0, 1.5
# Draws are few, and where total variation errs is not known well: this share of a variance is that
# of the neighbourhood, a Gaussian of so many pixels. A draw grows by no more than a factor.
_SHARE, _NEIGHBOURS, _MOST = 0.5, 4.0, 3.0


def calibrated(errors, noise, residual, variance, fused, mask=None, doubt=0.0):
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
        found = _squared_errors(drawn, deviations, noise, residual, variance, area & used)
        ratios = _ratios(parts, found, area & used, doubt)
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


def _squared_errors(drawn, deviations, noise, residual, variance, area):
    """Return, of sums over windows of each width, what counts say of their mean squared error.

    That is the mean, its standard error, and what it lacks if the variance is as large again.
    """
    found = []
    if area.sum() < _FEWEST_PIXELS:
        return found
    follow = len(noise) / (len(noise) - 1)
    for size in _WINDOWS:
        there = _sums(np.ones(area.shape), size, area) * area
        variances = _sums(variance, size, area)
        mean, spread = _mean((np.square(_sums(residual, size, area)) - variances) * area, there)
        products = _sums(deviations, size, area) * _sums(noise, size, area) * area
        products = 2 * follow * products.sum(axis=(1, 2)) / there.sum()
        noise_left = (variances * area).sum() / there.sum() - products.mean()
        expected = (np.square(_sums(drawn, size, area)).mean(axis=0) * area).sum() / there.sum()
        # Blocks are too few, or smaller than windows: at least what the draws expect.
        independent = max(area.sum() / max(1.0, _WHERE_ALIKE * size**2), 1.0)
        least = np.sqrt(2 / independent) * max(noise_left + expected, 0.0)
        of_draws = products.std(ddof=1) / np.sqrt(len(products))
        spread = np.hypot(max(spread, least), of_draws)
        found.append((mean + products.mean(), spread, noise_left))
    return found


def _ratios(parts, squared_errors, area, doubt):
    """Return the ratio of measured to drawn variances of the three parts of errors, shape (3,)."""
    if not squared_errors:
        return np.ones(len(parts))
    drawn = []
    for size in _WINDOWS:
        total = (_sums(np.ones(area.shape), size, area) * area).sum()
        sums = [_sums(part, size, area) for part in parts]
        drawn.append([[((a * b).mean(axis=0) * area).sum() / total for b in sums] for a in sums])
    drawn = np.array(drawn)
    whole = drawn.sum(axis=(1, 2))
    if not np.all(whole > 0):
        return np.ones(len(parts))
    found, spread, noise = np.array(squared_errors).T / whole
    drawn = drawn / whole[:, None, None]
    spread = _OVERLAP * np.hypot(spread, _OF_DRAWS)

    def residuals(unknowns):
        logs, wrong = unknowns[:-1], unknowns[-1]
        factors = np.exp(logs / 2)
        expected = np.einsum("lij,i,j->l", drawn, factors, factors)
        misfit = (found - expected - wrong * doubt * noise) / spread
        before = (logs - _MEAN) / _SPREAD
        return np.concatenate([misfit, before, np.diff(logs) / _STEP, [wrong]])

    fit = least_squares(residuals, np.append(np.full(len(parts), _MEAN), 0.0))
    # The mean of what a variance may be is above the most likely: half of that is taken.
    unsure = np.diag(np.linalg.inv(fit.jac.T @ fit.jac))[:-1]
    return np.exp(fit.x[:-1] + np.minimum(unsure, 1.0) / 4)


def _sums(images, size, area):
    """Return sums over windows around each pixel, of what lies in an area."""
    images = images * area
    if size == 1:
        return images
    sizes = (1,) * (images.ndim - 2) + (size, size)
    return size**2 * ndimage.uniform_filter(images.astype(float), sizes, mode="constant")


def _mean(squares, there):
    """Return a mean over an area, and its standard error from blocks of the scan."""
    for axis in (0, 1):
        size = squares.shape[axis]
        starts = np.unique(np.linspace(0, size, min(size, 12), endpoint=False).astype(int))
        squares, there = (np.add.reduceat(each, starts, axis=axis) for each in (squares, there))
    mean = squares.sum() / there.sum()
    rest = (squares - mean * there)[there > 0]
    return mean, np.sqrt(np.square(rest).sum()) / there.sum()

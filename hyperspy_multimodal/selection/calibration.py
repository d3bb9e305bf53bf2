"""Calibration of bootstrap errors to the scale and correlation seen in held-out counts."""

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
_OVERLAP, _OF_DRAWS = 1.5, 0.1
# How little is known before: of a ratio R, (1 - 1 / R) is 0 to 1 / 0.8; neighbouring parts have the
# same to a factor of e.
_PRIOR, _ALIKE = 0.8, 1.0
# Draws know most of the finest part, of which there are most; the variance of broader ones is the
# mean of what it may be, not the most likely.
_PREDICTED = np.array([0.0, 1.0, 1.0])
_MOST = 2.0


def calibrated(errors, of_halves, held_out, fused, mask=None, doubt=0.0):
    r"""Scale the errors of the draws of one element so that they agree with held-out counts.

    A fusion f of one half of the counts and the net counts y of the other half, of variance v, have
    :math:`E (f - y)^2 - v` = mean squared error, without any truth, also for sums over windows.
    Draws of half the counts say how large it ought to be. Errors are taken apart into a fine part,
    a middle and a broad one, by Gaussian filters of 1.5 and 5 pixels; each has a factor, which is
    fitted to windows of 1 to 12 pixels, for bright pixels and for the others. The larger the
    standard errors of that are, the nearer to 1 are the factors.

    What draws lack is noise in part, which falls with the dose, and in part a lasting misfit; at
    all counts their excess is taken to be the geometric mean of both.

    Parameters
    ----------
    errors, of_halves : numpy.ndarray
        Of draws of all counts and of half of them, mean 0, shape (draws, ny, nx).
    held_out : list of (numpy.ndarray, numpy.ndarray)
        Differences f - y and variances v, shape (ny, nx).
    fused : numpy.ndarray
        Fused map, shape (ny, nx).
    mask : numpy.ndarray, optional
        Pixels without counts, bool, shape (ny, nx).
    doubt : float
        By what share of itself v may be wrong, one standard deviation; default 0.

    Returns
    -------
    errors : numpy.ndarray
        Shape (draws, ny, nx).
    ratio : float
        Their variance in bright pixels over what it was.
    """
    bright = bright_pixels(fused)
    used = np.full(bright.shape, True) if mask is None else ~mask
    share = smoothed(bright.astype(np.float32), 1.0)
    parts, of_half = _parts(errors), _parts(of_halves)
    result = np.zeros_like(errors)
    for area, weight in ((bright, share), (~bright, 1 - share)):
        ratios = _ratios(of_half, held_out, area & used, doubt)
        inside = area & used if (area & used).any() else area
        excess = _excess(errors[:, inside], of_halves[:, inside])
        ratios = np.where(ratios > 1, 1 + excess * (ratios - 1), ratios)
        for part, ratio in zip(parts, ratios, strict=True):
            result += np.sqrt(ratio).astype(errors.dtype) * weight * part
    seen = bright if bright.any() else used
    before = np.square(errors[:, seen]).mean()
    return result, float(np.square(result[:, seen]).mean() / before) if before > 0 else 1.0


def bright_pixels(fused):
    """Return where a map is above half of its 99th percentile, smoothed, bool, (ny, nx)."""
    smooth = smoothed(np.asarray(fused, float), _SMOOTHING)
    return smooth > _BRIGHT * np.percentile(smooth, 99)


def _parts(errors):
    """Return the fine, the middle and the broad part of errors (draws, ny, nx)."""
    broader = [smoothed(errors, width) for width in _FILTERS]
    return errors - broader[0], broader[0] - broader[1], broader[1]


def _excess(errors, of_halves):
    """Return by what the excess of a variance at half the counts is multiplied at all of them."""
    if not errors.size:
        return 1.0
    whole, half = (float(np.square(each).mean(dtype=float)) for each in (errors, of_halves))
    return np.clip(np.sqrt(4 * half / whole), 1.0, _MOST) if whole > 0 else 1.0


def _ratios(of_half, held_out, area, doubt):
    """Return the ratio of measured to drawn variances of the three parts of errors, shape (3,)."""
    unknown = np.ones(len(of_half))
    if area.sum() < _FEWEST_PIXELS:
        return unknown
    found, spread, drawn, noise = [], [], [], []
    for size in _WINDOWS:
        variances = sum(_sums(variance, size, area) for _, variance in held_out)
        squares = sum(np.square(_sums(difference, size, area)) for difference, _ in held_out)
        squares = squares - variances
        there = _sums(np.ones(area.shape), size, area) * area
        mean, deviation = _mean(squares / len(held_out) * area, there)
        found.append(mean)
        spread.append(deviation)
        sums = [_sums(part, size, area) for part in of_half]
        total = there.sum()
        noise.append(doubt * (variances * area).sum() / len(held_out) / total)
        drawn.append([[((a * b).mean(axis=0) * area).sum() / total for b in sums] for a in sums])
    drawn = np.array(drawn)
    whole = drawn.sum(axis=(1, 2))
    if not np.all(whole > 0):
        return unknown
    found, spread, drawn = found / whole, spread / whole, drawn / whole[:, None, None]
    noise = noise / whole
    spread = _OVERLAP * np.hypot(spread, _OF_DRAWS)

    def residuals(unknowns):
        logs, wrong = unknowns[:-1], unknowns[-1]
        factors = np.exp(logs / 2)
        expected = np.einsum("lij,i,j->l", drawn, factors, factors)
        before = _PRIOR * (1 - np.exp(-logs))
        misfit = (found - expected - wrong * noise) / spread
        return np.concatenate([misfit, before, np.diff(logs) / _ALIKE, [wrong]])

    fit = least_squares(residuals, np.zeros(len(of_half) + 1))
    variances = np.diag(np.linalg.inv(fit.jac.T @ fit.jac))[:-1]
    return np.exp(fit.x[:-1] + _PREDICTED * np.minimum(variances, 1.0) / 2)


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

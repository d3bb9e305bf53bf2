"""Maps in equal steps: counts that were multiplied by a constant, such as counts per second."""

from dataclasses import replace

import numpy as np

from ..counts.dispersion import dispersion_of
from .noise_from_moments import Noise

# Values differ from multiples of the step by less than this share of a step. There are at most so
# many steps.
_EQUAL_STEPS, _MOST_STEPS = 1e-3, 2**16
# A step is the gain if it differs from the gain by the noise by less than this many errors of that.
# Noise is that of counts if its variance differs by less than as many errors, or by this share.
_AGREES, _ALIKE = 3.0, 0.1


def step_of(values):
    """Return the step of values that are multiples of it, or 0."""
    levels = np.unique(values)
    if not 2 < levels.size < min(_MOST_STEPS, values.size / 2):
        return 0.0
    steps = np.diff(levels)
    if np.array_equal(levels, np.rint(levels)):
        return float(np.gcd.reduce(steps.astype(np.int64)))
    step = float(steps.min())
    away = np.abs(steps / step - np.rint(steps / step))
    return step if away.max() < _EQUAL_STEPS else 0.0


def gains_by_steps(arrays, mask=None):
    """Return the gains of maps that are all counts multiplied by constants, or None.

    Parameters
    ----------
    arrays : numpy.ndarray
        Maps, shape (K, ny, nx).
    mask : numpy.ndarray of bool, optional
        Pixels without data, in which the maps are 0. Default none.

    Returns
    -------
    numpy.ndarray or None
        Map units per count, shape (K,).
    """
    steps = [_step_from_zero(image) for image in arrays]
    if not all(steps):
        return None
    for step, image in zip(steps, arrays, strict=True):
        if not _are_counts(dispersion_of(np.rint(image / step), mask)):
            return None
    return np.array(steps)


def in_steps(noise, image):
    """Return the noise of a map whose steps are single counts, or the noise as estimated.

    The noise of counts that were multiplied by a constant determines the constant to some per cent,
    but the steps between the values show it exactly. Steps of rounding are no counts: the noise of
    the number of steps is then not Poisson noise.

    Parameters
    ----------
    noise : Noise
        As estimated.
    image : numpy.ndarray
        Map, shape (ny, nx).

    Returns
    -------
    Noise
    """
    step = _step_from_zero(image)
    if not step:
        return noise
    found = dispersion_of(np.rint(image / step))
    is_told = np.isfinite(noise.gain_error)
    agrees = abs(noise.gain - step) < _AGREES * noise.gain_error
    if _are_counts(found) and (agrees or not is_told):
        return Noise(step, 0.0, gain_error=0.0, floor_error=0.0)
    if is_told and agrees and not found.unlike_counts:
        return replace(noise, gain=step)
    return noise


def _are_counts(found):
    """Return whether noise is that of counts, and not of counts that were scaled and rounded."""
    away = abs(found.factor - 1)
    return found.like_counts and away < max(_AGREES * found.error, _ALIKE)


def _step_from_zero(image):
    """Return the step of a map without negative values that are multiples of it, or 0."""
    step = step_of(image)
    if not step or image.min() < 0:
        return 0.0
    numbers = np.rint(image / step)
    step = float(image.max() / numbers.max())
    return step if np.abs(image / step - numbers).max() < _EQUAL_STEPS else 0.0

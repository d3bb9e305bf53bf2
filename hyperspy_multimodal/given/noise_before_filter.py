"""Noise of a map before it was smoothed or interpolated, from pixels and from sums of pixels."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from .noise_blocks import SHARED, blocks_of
from .noise_from_moments import OF_GAIN, Noise, noise_from_moments
from .noise_of_parts import spread_of_gain

# Lengths of squares, in pixels, whose sums are used, and the minimum number of squares along a
# side. An enlargement by 2 treats pixels in odd columns differently.
_SUMMED, _SMALLEST = (1, 3, 5), 12
# Noise is independent at this multiple of the blur.
_INDEPENDENT = 2.0
# The gain of a filtered map must be known to better than this share.
_TOLD = 1 / 6
# Edges and columns increase the noise of pixels by this power of what smooth structure would.
_SMOOTH = 0.25
# Share of the blocks of pixels from which the noise is determined.
_USED = 0.5
# Noise of larger sums that is lower than that of smaller ones by more standard errors tells nothing
# of structure.
_LOWEST = -5.0


class _OfSums(NamedTuple):
    """Noise before a filter from sums of pixels, and how much of it smooth structure causes."""

    gain: float
    error: float  # relative
    floor: float
    floor_error: float
    structure: float
    noise: float  # variance at the mean brightness
    noise_error: float  # relative
    found: Noise  # of the sums
    sums: np.ndarray
    gap: int
    sharing: float


def noise_before_filter(image, correlation):
    """Return the noise before a filter, from pixels and from sums of pixels.

    Sums depend less on the filter, but more on structure. This increases the noise of sums more
    than that of pixels, which tells how much it may increase the latter. Noise at the mean
    brightness is compared, as it is known better than the gain. Parts of the scan are compared for
    the size of sums that is best known.

    Parameters
    ----------
    image : numpy.ndarray
        Map without hot pixels, shape (ny, nx).
    correlation : Correlation
        Of neighbouring pixels, known.

    Returns
    -------
    Noise
    """
    sizes = [size for size in _SUMMED if size == 1 or min(image.shape) // size >= _SMALLEST]
    tried = [_of_sums(image, size, correlation) for size in sizes]
    errors = [
        np.hypot(each.error, _from_structure(each, tried[place + 1 :], float(image.mean())))
        for place, each in enumerate(tried)
    ]
    # the smallest sums, unless others are better known
    place = int(np.argmin(errors))
    best, error = tried[place], float(errors[place])
    if error < _TOLD:
        blocks = blocks_of(best.sums, best.gap)
        spread = spread_of_gain(
            best.sums, blocks, best.found.gain, best.found.floor, False, best.sharing
        )
        error = max(error, float(np.hypot(spread / best.found.gain, OF_GAIN)))
    if not correlation.is_of_filter:
        error = np.inf
    return Noise(
        gain=best.gain,
        floor=best.floor,
        blur=correlation.blur,
        gain_error=best.gain * error if error < _TOLD else np.inf,
        floor_error=best.floor_error,
    )


def _of_sums(image, size, correlation):
    """Return the noise before a filter from sums of squares of pixels."""
    factors, sharing = correlation.factors(size), correlation.sharing(size)
    gap = int(np.ceil(_INDEPENDENT * correlation.blur / size))
    sums = _summed(image, size)
    found = noise_from_moments(sums, gap=gap, sharing=sharing)
    factor = float(factors[0])
    doubt = np.abs(factors / factor - 1).max() / 2  # two standard errors
    of_floor = factor / size**2
    gain, floor = found.gain * factor, found.floor * of_floor
    independent = _USED * sums.size / SHARED / max(correlation.spread / size, 1.0) ** 2
    return _OfSums(
        gain=gain,
        error=float(np.hypot(found.gain_error / found.gain, doubt)),
        floor=floor,
        floor_error=found.floor_error * of_floor,
        structure=size**6 * factor,
        noise=gain * float(image.mean()) + floor,
        noise_error=float(np.hypot(np.sqrt(2 / independent), doubt)),
        found=found,
        sums=sums,
        gap=gap,
        sharing=sharing,
    )


def _from_structure(one, larger, mean):
    """Return the relative error of a gain due to structure, from the noise of larger sums.

    The logarithm of the noise is too large by a multiple, >= 0, of a power of its structure. This
    returns the root mean square of the multiple, given the noise of larger sums, times this power,
    and by how much the noise is contradictory otherwise. All of it may belong to the gain.
    """
    if not larger or not one.gain * mean > 0:
        return np.inf
    away = np.array([np.log(each.noise / one.noise) for each in larger])
    lever = np.array([(each.structure / one.structure) ** _SMOOTH for each in larger]) - 1
    errors = np.array([each.noise_error for each in larger])
    weight = np.square(lever / errors)
    most, deviation = weight @ (away / lever) / weight.sum(), weight.sum() ** -0.5
    ratio = max(most / deviation, _LOWEST)
    tail = np.exp(-(ratio**2) / 2) / np.sqrt(2 * np.pi) / ndtr(ratio)
    structure = deviation * np.sqrt(max(ratio**2 + 1 + ratio * tail, 0.0))
    contradiction = np.max(-away - np.hypot(errors, one.noise_error), initial=0.0)
    return float(np.hypot(structure, contradiction) * one.noise / (one.gain * mean))


def _summed(image, size):
    """Return sums over squares of pixels; what is left at the edges is left out."""
    ny, nx = np.array(image.shape) // size
    cut = image[: ny * size, : nx * size]
    return cut.reshape(ny, size, nx, size).sum(axis=(1, 3))

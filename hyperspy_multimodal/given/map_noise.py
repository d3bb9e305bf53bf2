"""Noise of maps that are not counts: variance as a function of the mean, from moments."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .hot_pixels import without_hot_pixels
from .noise_correlation import correlation_of_noise
from .noise_from_moments import Noise, noise_from_moments

# Lengths of squares, in pixels, whose sums are used for filtered maps, and the minimum number of
# squares along a side. An enlargement by 2 treats pixels in odd columns differently.
_SUMMED, _SMALLEST = (1, 3, 5), 12
# Noise is independent at this multiple of the blur.
_INDEPENDENT = 2.0
# The gain of a filtered map must be known to better than this share, and gains from pixels and from
# sums must agree to within this many standard errors.
_TOLD, _AGREE = 0.16, 1.5
# Structure of sums is compared if their gain is known to better than this share. Edges and columns
# increase the gain of pixels by this power of what smooth structure would.
_COMPARED, _SMOOTH = 1.0, 0.25


def estimate_noise(image, beside_clipped=False):
    """Estimate the noise of a map from the differences of diagonal neighbours.

    In blocks of 2 x 2 pixels, slopes and most edges cancel. Blocks are sorted by the mean of the
    pixels *around* them, which is independent of their noise, and the half with the gentlest slopes
    is used at each level. The mean of the squared differences is then the variance, and the mean of
    the blocks is the level, even if most pixels are exactly 0. Gain and floor are those for which
    counts with Gaussian noise, clipped at 0 if the map is, have these moments. For clipped Gaussian
    noise, they come from `fit_clipped`.

    Hot pixels, far above all others, are ignored. Correlated noise, as after smoothing, is
    recognised; gain and floor are then those of the map before smoothing.

    Parameters
    ----------
    image : numpy.ndarray
        Map, shape (ny, nx), at least 2 x 2.
    beside_clipped : bool
        Whether another map of the same scan was clipped at 0, so that this one probably was, too.
        Default False.

    Returns
    -------
    Noise

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.given.map_noise import estimate_noise
    >>> counts = np.random.default_rng(0).poisson(np.linspace(1, 20, 128), (128, 128))
    >>> noise = estimate_noise(0.25 * counts)
    >>> bool(abs(noise.gain - 0.25) < 0.02), bool(noise.floor < 0.05)
    (True, True)
    """
    image, hot = without_hot_pixels(np.asarray(image, dtype=np.float64))
    correlation = correlation_of_noise(image)
    if correlation.blur > 0:
        return replace(_before_filter(image, correlation), hot=hot)
    found = replace(noise_from_moments(image, beside_clipped), hot=hot)
    if np.isnan(correlation.blur):
        return replace(found, blur=np.nan, clipped=False, gain_error=np.inf, shape=np.inf)
    return found


class _OfSums(NamedTuple):
    """Noise before a filter from sums of pixels, and how much of it smooth structure causes."""

    gain: float
    error: float  # relative
    floor: float
    floor_error: float
    structure: float


def _before_filter(image, correlation):
    """Return the noise before a filter, from pixels and from sums of pixels.

    Sums depend less on the filter, but more on structure. This increases the gain of sums more than
    that of pixels, which tells how much it may increase the latter.
    """
    sizes = [size for size in _SUMMED if size == 1 or min(image.shape) // size >= _SMALLEST]
    tried = [_of_sums(image, size, correlation) for size in sizes]
    told = [each for each in tried if each.error < _TOLD] or tried[:1]
    first = best = told[0]
    for other in told[1:]:
        if abs(np.log(other.gain / first.gain)) > _AGREE * np.hypot(other.error, first.error):
            break
        best = min(best, other, key=lambda each: each.error)
    structure = [
        np.log(each.gain / best.gain) / (each.structure / best.structure) ** _SMOOTH
        for each in tried
        if each.structure > best.structure and each.error < _COMPARED
    ]
    error = np.hypot(best.error, max(structure, default=0.0))
    return Noise(
        gain=best.gain,
        floor=best.floor,
        blur=correlation.blur,
        gain_error=float(best.gain * error) if error < _TOLD else np.inf,
        floor_error=best.floor_error,
    )


def _of_sums(image, size, correlation):
    """Return the noise before a filter from sums of squares of pixels."""
    factors, sharing = correlation.factors(size), correlation.sharing(size)
    gap = int(np.ceil(_INDEPENDENT * correlation.blur / size))
    found = noise_from_moments(_summed(image, size), gap=gap, sharing=sharing)
    factor = float(factors[0])
    doubt = np.abs(factors / factor - 1).max() / 2  # two standard errors
    of_floor = factor / size**2
    return _OfSums(
        gain=found.gain * factor,
        error=float(np.hypot(found.gain_error / found.gain, doubt)),
        floor=found.floor * of_floor,
        floor_error=found.floor_error * of_floor,
        structure=size**6 * factor,
    )


def _summed(image, size):
    """Return sums over squares of pixels; what is left at the edges is left out."""
    ny, nx = np.array(image.shape) // size
    cut = image[: ny * size, : nx * size]
    return cut.reshape(ny, size, nx, size).sum(axis=(1, 3))

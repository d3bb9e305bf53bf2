"""Gain and floor of a map from the differences of neighbouring pixels."""

from dataclasses import dataclass

import numpy as np

from .clipped_noise import fit_clipped
from .noise_blocks import blocks_of, by_level, levels_of
from .noise_moments import fit_gain, fit_noise
from .noise_of_parts import change_by_position, spread_of_gain

# A map without negative values is clipped at 0 if this share of the pixels of a level is 0.
_CLIPPED = 0.02
# Counts without a floor are accepted if they fit worse by less than this, and if they explain the
# number of pixels at 0: to within this share, at most levels, for single counts of one size or of
# different sizes, of which there are up to this many times as many.
_AS_PLAIN, _OF_ZEROS, _MAJORITY, _SIZES = 9.0, 0.06, 0.8, 1.6
# If noise does not grow with the map, effective counts are this share of its variance.
_POISSON_SHARE = 0.05
# A gain is told if its standard error is less than this share: it is then wrong by less than a
# quarter with a probability of 90 %.
_TOLD = 0.15
# It is the best guess if it is known to better than this share. Otherwise, the floor is at least
# this many counts.
_BEST_GUESS, _GAUSSIAN = 0.6, 10.0
# A floor may hide the gain if it is at least this share of the mean variance.
_HIDES = 0.1
# Gain and floor that explain less than this share of the variance explain nothing.
_TOO_LITTLE = 0.5
# Relative error of the floor of clipped maps due to unknown sizes of counts.
_MODEL = 0.03
#: Relative error of the gain that does not decrease with the number of pixels: the gains of parts
#: of a measured scan differ by 5 to 9 % more than their other errors.
OF_GAIN = 0.05


@dataclass(frozen=True)
class Noise:
    """Noise of a map with the variance gain * x + floor.

    Attributes
    ----------
    gain : float
        Map units per effective count, > 0.
    floor : float
        Variance where x is 0, before clipping, in squared units, >= 0.
    blur : float
        Standard deviation, in pixels, of the Gaussian filter that would cause the correlation of
        neighbours; 0 for independent pixels, NaN if it cannot be determined. Gain and floor are
        those before the filter.
    clipped : bool
        Whether Gaussian noise was clipped at 0, so that dark parts of the map are too bright.
    gain_error, floor_error : float
        Standard errors; infinite if the map does not determine the value.
    shape : float
        Shape of the gamma distribution of the sizes of single counts in clipped maps; infinite for
        one size.
    hot : int
        Number of hot pixels, which were ignored.
    enlarged_from : tuple of int or None
        Shape of the map before it was enlarged by interpolation.
    """

    gain: float
    floor: float
    blur: float = 0.0
    clipped: bool = False
    gain_error: float = np.inf
    floor_error: float = np.inf
    shape: float = np.inf
    hot: int = 0
    enlarged_from: tuple[int, int] | None = None


def noise_from_moments(image, beside_clipped=False, gap=0, sharing=None):
    """Return the noise of a map from mean and variance at several levels of brightness.

    Parameters
    ----------
    image : numpy.ndarray
        Map without spikes, shape (ny, nx).
    beside_clipped : bool, default False
        Whether another map of the same scan was clipped at 0.
    gap : int, default 0
        Distance, in pixels, between a block and the pixels around it that determine its level.
    sharing : float, optional
        Of filtered maps, variance of the sum of many pixels over that of their differences. Such
        maps are not clipped, and the caller compares the parts of the scan and decides whether the
        gain is told. Default not filtered.

    Returns
    -------
    Noise
    """
    blocks = blocks_of(image, gap)
    flat, whole = by_level(image[:-1, :-1].ravel(), *blocks)
    if flat.mean_square.max(initial=0.0) == 0:
        return Noise(max(float(image.mean()), 0.0) or 1.0, 0.0)
    if flat.mean.max() <= 0:
        floor = float(flat.mean_square.mean())
        return Noise(float(np.sqrt(floor / _GAUSSIAN)), floor)
    clipped = bool(sharing is None and image.min() >= 0 and flat.zeros.max() > _CLIPPED)
    # first for very few counts; the result is kept if it confirms this
    counts = np.zeros_like(flat.mean)
    for roughly in (True, True, False):
        found = fit_noise(levels_of(flat, whole, counts, sharing), clipped, roughly)
        counts = found.counts
    gaussian, is_clear = None, True
    if clipped:
        gaussian, is_clear = fit_clipped(image, found.gain, beside_clipped)
    if gaussian is not None:
        levels = levels_of(flat, whole, flat.mean / gaussian.gain)
        gain, error = fit_gain(levels, gaussian.floor, gaussian.gain, clipped, gaussian.of_counts)
        floor_error = np.hypot(gaussian.floor_error, _MODEL * gaussian.floor)
        found = found._replace(
            gain=gain, floor=gaussian.floor, gain_error=error, floor_error=floor_error
        )
    elif clipped and found.plain_excess < _AS_PLAIN and _are_of_counts(flat, found.plain_gain):
        levels = levels_of(flat, whole, flat.mean / found.plain_gain)
        error = min(fit_gain(levels, 0.0, found.plain_gain, clipped)[1], found.gain_error)
        error = max(error, abs(found.gain - found.plain_gain))
        found = found._replace(gain=found.plain_gain, floor=0.0, gain_error=error)
    if not is_clear:
        found = found._replace(gain_error=np.inf)
    gain, floor = found.gain, found.floor
    if found.gain_error < _BEST_GUESS * gain:
        spread = 0.0
        if sharing is None:
            spread = spread_of_gain(image, blocks, gain, floor, clipped)
        error = np.hypot(max(found.gain_error, spread), OF_GAIN * gain)
        if floor > _HIDES * blocks[1].mean():
            error = np.hypot(error, gain * change_by_position(image.shape, blocks, gain, floor))
        found = found._replace(gain_error=float(error))
    brightest = max(float(np.abs(flat.mean).max()), np.finfo(float).tiny)
    told, is_best = (found.gain_error < share * gain for share in (_TOLD, _BEST_GUESS))
    told = told if sharing is None else is_best
    level, variance = np.maximum(flat.mean, 0.0), flat.mean_square
    explained = (
        gaussian is not None or np.mean(gain * level + floor) > _TOO_LITTLE * variance.mean()
    )
    if not is_best and not explained:
        # noise that hardly depends on brightness, as for shares: all of it is floor
        floor = float(variance.mean())
    least = _POISSON_SHARE * floor / brightest
    gain = max(gain, least)
    if not is_best and floor > gain * brightest:
        # the size of counts is unknown; assume many small ones, so that noise is Gaussian
        gain = min(gain, max(np.sqrt(floor / _GAUSSIAN), least))
    return Noise(
        gain=float(gain),
        floor=floor,
        clipped=gaussian is not None,
        shape=np.inf if gaussian is None else gaussian.shape,
        gain_error=found.gain_error if told else np.inf,
        floor_error=found.floor_error,
    )


def _are_of_counts(flat, gain):
    """Return whether counts of one or several sizes explain the number of pixels at 0."""
    counts = flat.mean / gain
    most, least = np.exp(-counts) + _OF_ZEROS, np.exp(-_SIZES * counts) - _OF_ZEROS
    return np.mean((flat.zeros > least) & (flat.zeros < most)) > _MAJORITY

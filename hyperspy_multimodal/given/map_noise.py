"""Noise of maps that are not counts: variance as a function of the mean, from moments."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .clipped_noise import fit_clipped
from .noise_correlation import correlation_of_noise
from .noise_moments import Levels, fit_gain, fit_noise, near_gain

# Number of levels of brightness, and minimum number of blocks of pixels in each.
_LEVELS, _LEAST_BLOCKS = 24, 60
# Half-width, in pixels, of the square around a block whose mean is the level of the block.
_AROUND = 3
# Share of the blocks of a level, those with the gentlest slopes.
_FLAT = 0.5
# Share of squares below the quantile from which their mean is estimated, and this quantile of chi
# squared.
_QUANTILE, _CHI_SQUARED = 0.7, 1.0741942
# With fewer counts than this, the quantile cannot be used, because squares do not follow chi
# squared.
_FEW_COUNTS = 10.0
# If no level has more than this, slopes are noise. All blocks are then used, with the variance of
# their pixels, and the level is a polynomial of the surroundings.
_FEWEST_COUNTS, _DEGREE = 0.3, 2
# A map without negative values is clipped at 0 if this share of the pixels of a level is 0.
_CLIPPED = 0.02
# Counts without a floor are accepted if they fit worse by less than this, and if they explain the
# number of pixels at 0: to within this share, at most levels, for single counts of one size or of
# different sizes, of which there are up to this many times as many.
_AS_PLAIN, _OF_ZEROS, _MAJORITY, _SIZES = 9.0, 0.06, 0.8, 1.6
# If noise does not grow with the map, effective counts are this share of its variance.
_POISSON_SHARE = 0.05
# A gain must be known to better than this share; otherwise, the floor is at least this many counts.
_TOLD, _GAUSSIAN = 0.6, 10.0
# Gain and floor that explain less than this share of the variance explain nothing.
_TOO_LITTLE = 0.5
# Relative error of the floor of clipped maps due to unknown sizes of counts.
_MODEL = 0.03
# Relative error of the gain of filtered maps.
_OF_FILTER = 0.3
# A spike is this many times as bright as its brightest neighbour and as this quantile of the map.
_SPIKE, _BRIGHTEST = 5.0, 0.995
# Relative error of the gain that does not decrease with the number of pixels: the gains of parts of
# a measured scan differ by 5 to 9 % more than their other errors.
_OF_GAIN = 0.05
# Parts of the scan along each side, which are left out in turn.
_PARTS = 3
# Overlapping blocks share pixels: this many of them count as one.
_SHARED = 2.5


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
    """

    gain: float
    floor: float
    blur: float = 0.0
    clipped: bool = False
    gain_error: float = np.inf
    floor_error: float = np.inf
    shape: float = np.inf


def estimate_noise(image, beside_clipped=False):
    """Estimate the noise of a map from the differences of diagonal neighbours.

    In blocks of 2 x 2 pixels, slopes and most edges cancel. Blocks are sorted by the mean of the
    pixels *around* them, which is independent of their noise, and the half with the gentlest slopes
    is used at each level. The mean of the squared differences is then the variance, and the mean of
    the blocks is the level, even if most pixels are exactly 0. Gain and floor are those for which
    counts with Gaussian noise, clipped at 0 if the map is, have these moments. For clipped Gaussian
    noise, they come from `fit_clipped`.

    Single pixels far above all others, such as from cosmic rays, are ignored. Correlated noise, as
    after smoothing, is recognised; gain and floor are then those of the map before smoothing.

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
    image = _without_spikes(np.asarray(image, dtype=np.float64))
    found = _from_moments(image, beside_clipped)
    blur, factor = correlation_of_noise(image)
    if blur == 0:
        return found
    uncertain = np.hypot(found.gain_error / found.gain, _OF_FILTER if blur > 0 else np.inf)
    return Noise(
        gain=found.gain * factor,
        floor=found.floor * factor,
        blur=blur,
        gain_error=found.gain * factor * uncertain,
        floor_error=found.floor_error * factor,
    )


def _without_spikes(image):
    """Return a map in which single pixels far above all others are as bright as the brightest."""
    high = np.quantile(image[image != 0], _BRIGHTEST) if np.any(image) else 0.0
    beside = ndimage.rank_filter(image, -2, size=3)
    return np.where((high > 0) & (image > _SPIKE * np.maximum(beside, high)), high, image)


def _from_moments(image, beside_clipped):
    blocks = _blocks(image)
    flat, whole = _by_level(image[:-1, :-1].ravel(), *blocks)
    if flat.mean_square.max(initial=0.0) == 0:
        return Noise(max(float(image.mean()), 0.0) or 1.0, 0.0)
    if flat.mean.max() <= 0:
        floor = float(flat.mean_square.mean())
        return Noise(float(np.sqrt(floor / _GAUSSIAN)), floor)
    clipped = bool(image.min() >= 0 and flat.zeros.max() > _CLIPPED)
    # first for very few counts; the result is kept if it confirms this
    counts = np.zeros_like(flat.mean)
    for roughly in (True, True, False):
        found = fit_noise(_levels(flat, whole, counts), clipped, roughly)
        counts = found.counts
    gaussian = fit_clipped(image, found.gain, beside_clipped) if clipped else None
    if gaussian is not None:
        levels = _levels(flat, whole, flat.mean / gaussian.gain)
        gain, error = fit_gain(levels, gaussian.floor, gaussian.gain, clipped)
        floor_error = np.hypot(gaussian.floor_error, _MODEL * gaussian.floor)
        found = found._replace(
            gain=gain, floor=gaussian.floor, gain_error=error, floor_error=floor_error
        )
    elif clipped and found.plain_excess < _AS_PLAIN and _are_of_counts(flat, found.plain_gain):
        error = max(found.gain_error, abs(found.gain - found.plain_gain))
        found = found._replace(gain=found.plain_gain, floor=0.0, gain_error=error)
    gain, floor = found.gain, found.floor
    if found.gain_error < _TOLD * gain:
        spread = _spread_of_gain(image, blocks, gain, floor, clipped)
        error = np.hypot(max(found.gain_error, spread), _OF_GAIN * gain)
        found = found._replace(gain_error=float(error))
    brightest = max(float(np.abs(flat.mean).max()), np.finfo(float).tiny)
    told = found.gain_error < _TOLD * gain
    level, variance = np.maximum(flat.mean, 0.0), flat.mean_square
    explained = (
        gaussian is not None or np.mean(gain * level + floor) > _TOO_LITTLE * variance.mean()
    )
    if not told and not explained:
        # noise that hardly depends on brightness, as for shares: all of it is floor
        floor = float(variance.mean())
    least = _POISSON_SHARE * floor / brightest
    gain = max(gain, least)
    if not told and floor > gain * brightest:
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


def _spread_of_gain(image, blocks, gain, floor, clipped):
    """Return the standard error of the gain from the differences between parts of the scan.

    It is that of the jackknife: each part is left out in turn. It contains what the errors of the
    moments do not, such as a background that varies over the scan.
    """
    ny, nx = np.subtract(image.shape, 1)
    rows, columns = (np.arange(n) * _PARTS // max(n, 1) for n in (ny, nx))
    part = (rows[:, None] * _PARTS + columns).ravel()
    if np.bincount(part, minlength=_PARTS**2).min() < _LEAST_BLOCKS:
        return 0.0
    order = np.argsort(blocks[2], kind="stable")  # by the surroundings: sorted once for all parts
    pixel, part = image[:-1, :-1].ravel()[order], part[order]
    blocks = [each[order] for each in blocks]
    gains = []
    for left_out in range(_PARTS**2):
        kept = part != left_out
        flat, whole = _by_level(pixel[kept], *(each[kept] for each in blocks))
        levels = _levels(flat, whole, flat.mean / gain)
        gains.append(near_gain(levels, floor, gain, clipped))
    return float(np.sqrt((len(gains) - 1) * np.var(gains)))


def _are_of_counts(flat, gain):
    """Return whether counts of one or several sizes explain the number of pixels at 0."""
    counts = flat.mean / gain
    most, least = np.exp(-counts) + _OF_ZEROS, np.exp(-_SIZES * counts) - _OF_ZEROS
    return np.mean((flat.zeros > least) & (flat.zeros < most)) > _MAJORITY


def _levels(flat, whole, counts):
    """Return the moments to use for levels with given expected counts."""
    if counts.max() < _FEWEST_COUNTS and len(np.unique(whole.around)) > _DEGREE:
        # the level varies less than its error, so a curve through all levels is more accurate
        mean = np.polynomial.Polynomial.fit(whole.around, whole.mean, _DEGREE)(whole.around)
        return Levels(mean, whole.variance, whole.blocks, whole.blocks, whole.mean - mean)
    # a quantile excludes edges
    is_few = (counts < _FEW_COUNTS) | ~(flat.quantile > 0)
    variance = np.where(is_few, flat.mean_square, flat.quantile)
    return Levels(flat.mean, variance, flat.blocks, flat.blocks / _SHARED)


def _blocks(image):
    """Return means, squared differences, surroundings, slopes and shares of 0 of 2 x 2 blocks."""
    a, b, c, d = image[:-1, :-1], image[1:, :-1], image[:-1, 1:], image[1:, 1:]
    level, square = (a + b + c + d) / 4, np.square((a - b - c + d) / 2)
    size = 2 * _AROUND + 2
    ring = np.ones((size, size))
    ring[_AROUND:-_AROUND, _AROUND:-_AROUND] = 0
    inside = np.ones_like(level)
    places = np.arange(size) - (size - 1) / 2

    def averaged(kernel):
        # of the pixels around a block, which begins at pixel _AROUND of the kernel
        padded = np.pad(image, _AROUND, mode="symmetric")
        return ndimage.correlate(padded, kernel, mode="constant")[
            size // 2 : size // 2 + inside.shape[0], size // 2 : size // 2 + inside.shape[1]
        ]

    around = averaged(ring / ring.sum())
    steep = [averaged(ring * axis / np.sum(ring * axis**2))
             for axis in (places[:, None] + 0 * ring, places + 0 * ring)]  # fmt: skip
    zero = (image == 0).astype(float)
    zeros = (zero[:-1, :-1] + zero[1:, :-1] + zero[:-1, 1:] + zero[1:, 1:]) / 4
    return tuple(each.ravel() for each in (level, square, around, np.hypot(*steep), zeros))


class _Blocks(NamedTuple):
    """Blocks of each level of brightness: moments, their number, and pixels at 0."""

    around: np.ndarray
    mean: np.ndarray
    mean_square: np.ndarray
    zeros: np.ndarray
    variance: np.ndarray
    quantile: np.ndarray
    blocks: np.ndarray


def _by_level(pixel, level, square, around, slope, zeros):
    """Return blocks of gentle slopes by level, and all blocks; ``pixel`` is the first of each."""
    order = np.argsort(around, kind="stable")
    flat, whole = [], []
    for part in np.array_split(order, max(min(_LEVELS, level.size // _LEAST_BLOCKS), 1)):
        gentle = part[slope[part] <= np.quantile(slope[part], _FLAT)]
        for rows, blocks, values in ((flat, gentle, level), (whole, part, pixel)):
            means = (each[blocks].mean() for each in (around, values, square, zeros))
            quantile = np.quantile(square[blocks], _QUANTILE) / _CHI_SQUARED
            rows.append((*means, values[blocks].var(), quantile, len(blocks)))
    return tuple(_Blocks(*np.array(rows).T) for rows in (flat, whole))

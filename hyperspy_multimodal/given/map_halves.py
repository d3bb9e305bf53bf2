"""Halves of maps that are not counts, with errors that are independent."""

from functools import cache

import numpy as np
from scipy import ndimage
from scipy.special import gammaln, xlogy

from ..counts.rounded_halves import rounded_half
from .noise_model import TABLE, moments_for

# Single counts are signals of different sizes, which have a gamma distribution of this shape.
_SHAPE = 2.0
# Values up to this are split into single counts, if the noise floor is below that, in squared
# counts; larger ones are split as if they were whole numbers.
_LARGEST, _SMALLEST, _NO_FLOOR = 10.0, 1e-3, 0.02
# Steps of value and level, most single counts, and how many numbers of them stand for all chances.
_STEPS, _MOST, _CHANCES = 64, 40, 128
_AT_ONCE = 2**15  # pixels whose chances are in memory together
_WIDTH = 2.0  # of the Gaussian filter that gives the level, in pixels


def halved_counts(net, excess, splits, seed, blurs=0.0, clipped=False):
    """Draw first halves of maps in effective counts, whose errors are independent of the second's.

    What a pixel holds is the sum of a few signals of different sizes, each of which goes to one
    half or the other, wholly. How many there are is drawn from what is likely, given the value and
    the level around. Noise beside them is told from counts by the same chances, and Gaussian noise
    of a quarter of its variance goes to one half at the expense of the other; where it was clipped
    at 0, that variance is lower. Many counts are rounded at random. Pixels that are 0 are 0 in
    both halves, but for the floor. Filtered maps are halved by Gaussian noise that neighbours
    share as they do in the map.

    Parameters
    ----------
    net : numpy.ndarray
        Maps in effective counts, shape (K, ny, nx).
    excess : numpy.ndarray
        Variance where there are no counts, in squared counts, shape (K,).
    splits, seed : int
        How many pairs of halves, and the seed.
    blurs : numpy.ndarray or float, default 0
        Gaussian filters of the maps in pixels, shape (K,), as `Noise.blur`.
    clipped : numpy.ndarray of bool or bool, default False
        Whether what was negative was set to 0, shape (K,).

    Returns
    -------
    list of numpy.ndarray
        First halves; the second are ``net`` less these.
    """
    rng = np.random.default_rng(seed)
    excess = np.asarray(excess, float)
    blurs = np.broadcast_to(np.nan_to_num(blurs), len(net))
    clipped = np.broadcast_to(clipped, len(net))
    mean = _means(net)
    level = np.maximum(mean, 0.0)
    halves = [np.empty_like(net, dtype=float) for _ in range(splits)]
    for half in halves:
        for k, image in enumerate(net):
            if blurs[k] > 0:
                noise = np.sqrt(level[k] + excess[k]) * rng.standard_normal(image.shape)
                half[k] = (image + ndimage.gaussian_filter(noise, blurs[k], mode="nearest")) / 2
            elif excess[k] < _NO_FLOOR:
                few = (image > 0) & (image < _LARGEST)
                half[k] = rounded_half(image, excess[k], level[k], rng)
                half[k][few] = _split(image[few], level[k][few], rng)
            else:
                half[k] = rounded_half(image, excess[k], level[k], rng)
                noise = float(excess[k]), bool(clipped[k])
                few = np.flatnonzero(level[k] < _LARGEST)
                for part in np.array_split(few, 1 + few.size // _AT_ONCE):
                    values, around = image.flat[part], mean[k].flat[part]
                    half[k].flat[part] = _split_from_noise(values, around, *noise, rng)
    return halves


def smoothed(maps):
    """Return the level around each pixel, >= 0, shape (K, ny, nx)."""
    return np.maximum(_means(maps), 0.0)


def _means(maps):
    return ndimage.gaussian_filter(maps, (0, _WIDTH, _WIDTH), mode="nearest")


def _split(values, level, rng):
    """Return first halves of sums of a few signals of different sizes."""
    table = _numbers()
    steps = np.log([_SMALLEST, _LARGEST])

    def place(x):
        share = (np.log(np.clip(x, _SMALLEST, _LARGEST)) - steps[0]) / (steps[1] - steps[0])
        return np.rint(share * (_STEPS - 1)).astype(np.intp)

    number = table[place(values), place(level), rng.integers(_CHANCES, size=len(values))]
    first = rng.binomial(number, 0.5)
    share = (first == number).astype(float)
    both = (first > 0) & (first < number)
    share[both] = rng.beta(_SHAPE * first[both], _SHAPE * (number - first)[both])
    return values * share


def _split_from_noise(values, level, excess, clipped, rng):
    """Return first halves of few whole counts with Gaussian noise of variance ``excess``."""
    variance = level + excess
    if clipped:
        moments = moments_for(excess, clipped=True)
        lacking = np.minimum(level - moments.mean[0], 0.0) / (moments.mean[1] - moments.mean[0])
        level = np.interp(level, moments.mean, TABLE) + lacking * TABLE[1]
        variance = np.interp(level, TABLE, moments.second)
        variance += lacking * (moments.second[1] - moments.second[0])
    level = np.maximum(level, 0.0)
    # Noise of the level, which is below none as often as above, does not change the mean of this.
    floor = np.maximum(variance - level, 0.0)
    number = np.arange(_MOST)
    log_chance = xlogy(number, np.maximum(level, _SMALLEST)[:, None]) - gammaln(number + 1)
    log_chance -= np.square(values[:, None] - number) / (2 * excess)
    chance = np.exp(log_chance - log_chance.max(axis=1, keepdims=True))
    below = np.cumsum(chance, axis=1)
    whole = (below < rng.random((len(values), 1)) * below[:, -1:]).sum(axis=1)
    first = rng.binomial(whole, 0.5) + (values - whole) / 2
    return first + np.sqrt(floor) / 2 * rng.standard_normal(len(values))


@cache
def _numbers():
    """Return likely numbers of single counts, shape (values, levels, chances).

    In effective counts the mean square of one is its mean, so that its mean is k / (k + 1) for a
    gamma distribution of shape k.
    """
    values = np.geomspace(_SMALLEST, _LARGEST, _STEPS)[:, None, None]
    level = values.reshape(1, -1, 1) * (_SHAPE + 1) / _SHAPE
    number = np.arange(1, _MOST + 1)
    shape, scale = _SHAPE * number, 1 / (_SHAPE + 1)
    log_chance = (
        xlogy(number, level) - gammaln(number + 1)
        + (shape - 1) * np.log(values) - gammaln(shape) - shape * np.log(scale)
    )  # fmt: skip
    chance = np.exp(log_chance - log_chance.max(axis=-1, keepdims=True))
    below = np.cumsum(chance, axis=-1) / chance.sum(axis=-1, keepdims=True)
    middle = (np.arange(_CHANCES) + 0.5) / _CHANCES
    return 1 + (below[:, :, None, :] < middle[:, None]).sum(axis=-1)

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
# Classes of level, and blocks of pixels in each at least, of which the noise that halves share is
# measured.
_CLASSES, _LEAST_BLOCKS = 12, 1000
_WIDTH = 2.0  # of the Gaussian filter that gives the level, in pixels


def halved_counts(net, excess, splits, seed, blurs=0.0, clipped=False):
    """Draw first halves of maps in effective counts, whose errors are independent of the second's.

    What a pixel holds is the sum of a few signals of different sizes, each of which goes to one
    half or the other, wholly. How many there are is drawn from what is likely, given the value and
    the level around. Noise beside them is told from counts by the same chances, and Gaussian noise
    goes to one half at the expense of the other until their differences of neighbours are
    uncorrelated at each level. Many counts are rounded at random. Pixels that are 0 are 0 in
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
    mean = level_around(net)
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
                few = level[k] < _LARGEST
                places = np.flatnonzero(few)
                for part in np.array_split(places, 1 + places.size // _AT_ONCE):
                    values, around = image.flat[part], mean[k].flat[part]
                    half[k].flat[part] = _split_from_noise(values, around, *noise, rng)
                shared = shared_variance(half[k], image - half[k], level[k], few)
                half[k][few] += np.sqrt(shared[few]) * rng.standard_normal(places.size)
    return halves


def shared_variance(first, second, level, chosen):
    """Return the covariance of the noise of halves at the level of each pixel, >= 0.

    It is that of the differences of diagonal neighbours, in which slopes cancel. No model of the
    noise is needed, so that no error of one remains in the halves.

    Parameters
    ----------
    first, second : numpy.ndarray
        Halves, shape (ny, nx).
    level : numpy.ndarray
        Mean around each pixel, shape (ny, nx).
    chosen : numpy.ndarray of bool
        Pixels to look at, shape (ny, nx).
    """
    inside = _corners(chosen).all(axis=0).ravel()
    if not inside.any():
        return np.zeros_like(level)
    signs = np.array([1, -1, -1, 1])[:, None, None] / 2
    one, other = ((signs * _corners(half)).sum(axis=0).ravel()[inside] for half in (first, second))
    around = _corners(level).mean(axis=0).ravel()[inside]
    order = np.argsort(around, kind="stable")
    classes = np.array_split(order, max(min(_CLASSES, order.size // _LEAST_BLOCKS), 1))
    levels = [around[each].mean() for each in classes]
    shared = [one[each] @ other[each] / each.size for each in classes]
    return np.interp(level, levels, np.maximum(shared, 0.0))


def _corners(image):
    """Return the pixels of all blocks of 2 x 2, shape (4, ny - 1, nx - 1)."""
    return np.stack([image[:-1, :-1], image[1:, :-1], image[:-1, 1:], image[1:, 1:]])


def level_around(maps):
    """Return the mean around each pixel, shape (K, ny, nx)."""
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
    if clipped:
        moments = moments_for(excess, clipped=True)
        lacking = np.minimum(level - moments.mean[0], 0.0) / (moments.mean[1] - moments.mean[0])
        level = np.interp(level, moments.mean, TABLE) + lacking * TABLE[1]
    number = np.arange(_MOST)
    log_chance = xlogy(number, np.maximum(level, _SMALLEST)[:, None]) - gammaln(number + 1)
    log_chance -= np.square(values[:, None] - number) / (2 * excess)
    chance = np.exp(log_chance - log_chance.max(axis=1, keepdims=True))
    below = np.cumsum(chance, axis=1)
    whole = (below < rng.random((len(values), 1)) * below[:, -1:]).sum(axis=1)
    return rng.binomial(whole, 0.5) + (values - whole) / 2


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

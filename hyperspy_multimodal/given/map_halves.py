"""Halves of maps that are not counts, with independent errors."""

from functools import cache

import numpy as np
from scipy import ndimage
from scipy.special import gammaln, ndtr, xlogy

from ..counts.rounded_halves import rounded_half
from .noise_model import TABLE, clipping_bias, sizes_of

# Single counts are signals of different sizes with a gamma distribution of this shape.
_SHAPE = 2.0
# Values up to this are split into single counts if the noise floor is below the second value, in
# squared counts. Larger values are split as if they were whole numbers.
_LARGEST, _SMALLEST, _NO_FLOOR = 10.0, 1e-3, 0.02
# Steps of value and level, maximum number of single counts, and how many numbers represent their
# distribution.
_STEPS, _MOST, _CHANCES = 64, 40, 128
# Number of values for which the probabilities of numbers of counts with noise are computed.
_VALUES = 1024
# The distribution of Gaussian noise clipped at 0 is similar to that of a sum of signals: this many
# on average, with sizes from a gamma distribution of this shape. The sum has this mean, in standard
# deviations of the noise, this variance, and the same number of zeros.
_RATE, _CLIPPED_SHAPE = np.log(2), 2.09
_CLIPPED_MEAN = 1 / np.sqrt(2 * np.pi)
_CLIPPED_SIZE = _CLIPPED_MEAN / (_RATE * _CLIPPED_SHAPE)
_HIGHEST = 6.0  # standard deviations
_AT_ONCE = 2**15  # pixels whose chances are in memory together
# Classes of level, and blocks of pixels in each at least, of which the noise that halves share is
# measured.
_CLASSES, _LEAST_BLOCKS = 12, 1000
_WIDTH = 2.0  # of the Gaussian filter that gives the level, in pixels


def halved_counts(net, excess, splits, seed, blurs=0.0, clipped=False, shapes=np.inf):
    """Draw first halves of maps in effective counts, with errors independent of the second halves.

    A pixel contains the sum of a few signals of different sizes. Each signal goes entirely to one
    of the halves. Their number is drawn from its probability distribution, given the value and the
    level around it. The same probabilities separate counts from additional noise. Gaussian noise is
    then added to one half and subtracted from the other until the differences of neighbours in both
    halves are uncorrelated at each level.

    Noise that was clipped at 0 is treated as a sum of signals, so that both halves are positive
    where the map is. Otherwise, fusion would cut off negative values, and the halves would agree
    where the map happens to be bright. Many counts are rounded at random. Pixels that are 0 are 0
    in both halves, except for the floor. Filtered maps are halved with Gaussian noise that is
    correlated between neighbours as in the map.

    Parameters
    ----------
    net : numpy.ndarray
        Maps in effective counts, shape (K, ny, nx).
    excess : numpy.ndarray
        Variance without counts, in squared counts, shape (K,).
    splits, seed : int
        Number of pairs of halves, and the seed.
    blurs : numpy.ndarray or float, default 0
        Gaussian filters of the maps in pixels, shape (K,), as `Noise.blur`.
    clipped : numpy.ndarray of bool or bool, default False
        Whether negative values were set to 0, shape (K,).
    shapes : numpy.ndarray or float, default infinite
        Shapes of the gamma distributions of the sizes of single counts in clipped maps, infinite
        for one size, shape (K,). Other maps with additional noise have counts of one size.

    Returns
    -------
    list of numpy.ndarray
        First halves; the second halves are ``net`` minus these.
    """
    rng = np.random.default_rng(seed)
    excess = np.asarray(excess, float)
    blurs = np.broadcast_to(np.nan_to_num(blurs), len(net))
    clipped, shapes = (np.broadcast_to(each, len(net)) for each in (clipped, shapes))
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
                shape = float(shapes[k]) if clipped[k] else np.inf
                noise = float(excess[k]), bool(clipped[k]), shape
                few = level[k] < _LARGEST
                places = np.flatnonzero(few)
                for part in np.array_split(places, 1 + places.size // _AT_ONCE):
                    values, around = image.flat[part], mean[k].flat[part]
                    half[k].flat[part] = _split_from_noise(values, around, *noise, rng)
                half[k][few] = uncorrelated(half[k], image, level[k], few, rng)
    return halves


def uncorrelated(half, image, level, chosen, rng):
    """Return the chosen pixels of a half with noise uncorrelated to that of the other half.

    If the noise of the halves is positively correlated, Gaussian noise is moved from one to the
    other. If it is negatively correlated, the half moves closer to the mean of both. This needs no
    model of the noise, so errors of such a model cannot affect the halves.

    Parameters
    ----------
    half, image : numpy.ndarray
        Half of a map, and the map, shape (ny, nx).
    level : numpy.ndarray
        Mean around each pixel, shape (ny, nx).
    chosen : numpy.ndarray of bool
        Pixels to look at, shape (ny, nx).
    rng : numpy.random.Generator
        Source of the noise.
    """
    away = half - image / 2
    own, whole = variances_by_level([away, image], level, chosen)
    shared = whole / 4 - own
    noise = np.sqrt(np.maximum(shared[chosen], 0.0)) * rng.standard_normal(chosen.sum())
    nearer = np.minimum(whole / 4, own) / np.maximum(own, np.finfo(float).tiny)
    return image[chosen] / 2 + np.sqrt(nearer[chosen]) * away[chosen] + noise


def variances_by_level(maps, level, chosen):
    """Return the variance of the noise of some maps at the level of each pixel, shape (M, ny, nx).

    It is computed from differences of diagonal neighbours, in which slopes cancel.

    Parameters
    ----------
    maps : sequence of numpy.ndarray
        Shape (ny, nx) each.
    level, chosen : numpy.ndarray
        As for `uncorrelated`.
    """
    inside = _corners(chosen).all(axis=0).ravel()
    if not inside.any():
        return np.zeros((len(maps), *level.shape))
    signs = np.array([1, -1, -1, 1])[:, None, None] / 2
    around = _corners(level).mean(axis=0).ravel()[inside]
    order = np.argsort(around, kind="stable")
    classes = np.array_split(order, max(min(_CLASSES, order.size // _LEAST_BLOCKS), 1))
    levels = [around[each].mean() for each in classes]
    found = []
    for image in maps:
        squares = np.square((signs * _corners(image)).sum(axis=0).ravel()[inside])
        found.append(np.interp(level, levels, [squares[each].mean() for each in classes]))
    return np.array(found)


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
    return values * _share(number, _SHAPE, rng)


def _share(number, shape, rng):
    """Return the share of sums of some single counts, > 0, that goes to the first half."""
    first = rng.binomial(number, 0.5)
    share = first / np.maximum(number, 1)
    if np.isfinite(shape):
        both = (first > 0) & (first < number)
        share[both] = rng.beta(shape * first[both], shape * (number - first)[both])
    return share


def _split_from_noise(values, level, excess, clipped, shape, rng):
    """Return first halves of few counts with Gaussian noise of variance ``excess``."""
    if clipped:
        mean = TABLE + clipping_bias(excess, shape)
        lacking = np.minimum(level - mean[0], 0.0) / (mean[1] - mean[0])
        level = np.interp(level, mean, TABLE) + lacking * TABLE[1]
    rate = np.maximum(level, _SMALLEST) * (1.0 if np.isinf(shape) else (shape + 1) / shape)
    number = np.arange(_MOST)
    sizes = sizes_of(number, shape)
    log_chance = xlogy(number, rate[:, None]) - gammaln(number + 1)
    log_chance += _log_chances_of_values(values, sizes, excess, clipped)
    chance = np.exp(log_chance - log_chance.max(axis=1, keepdims=True))
    below = np.cumsum(chance, axis=1)
    drawn = (below < rng.random((len(values), 1)) * below[:, -1:]).sum(axis=1)
    if clipped:
        # positive values stay positive in both halves; otherwise, they would be cut off again
        return values * np.where(
            drawn > 0, _share(drawn, shape, rng), _clipped_share(values / np.sqrt(excess), rng)
        )
    return rng.binomial(drawn, 0.5) + (values - drawn) / 2


def _clipped_share(values, rng):
    """Return the share of clipped noise, > 0 and in standard deviations, that goes to one half.

    Gaussian noise moved from one half to the other would make the halves uncorrelated, but both
    would be high where the noise is high.
    """
    table = _numbers_of_clipped()
    place = np.minimum(values / _HIGHEST * _STEPS, _STEPS - 1).astype(np.intp)
    number = table[place, rng.integers(_CHANCES, size=len(values))]
    return _share(number, _CLIPPED_SHAPE, rng)


def _log_chances_of_values(values, sizes, excess, clipped):
    """Return log-likelihoods of numbers of counts with sizes (N, Q) for values, shape (L, N)."""
    tried = np.linspace(0.0, sizes.max(), _VALUES) if sizes.shape[1] > 1 else values
    away = -np.square(tried[:, None, None] - sizes) / (2 * excess)
    nearest = away.max(axis=2, keepdims=True)
    found = nearest[..., 0] + np.log(np.exp(away - nearest).mean(axis=2))
    if sizes.shape[1] > 1:
        place = np.rint(np.clip(values / sizes.max(), 0.0, 1.0) * (_VALUES - 1))
        found = found[place.astype(np.intp)]
    if clipped:
        below = ndtr(-sizes / np.sqrt(excess)).mean(axis=1)
        found[values == 0] = np.log(np.maximum(below, np.finfo(float).tiny))
    return found


@cache
def _numbers():
    """Return likely numbers of single counts, shape (values, levels, chances).

    In effective counts, the mean square of a single count equals its mean, so its mean is k / (k +
    1) for a gamma distribution of shape k.
    """
    values = np.geomspace(_SMALLEST, _LARGEST, _STEPS)[:, None, None]
    level = values.reshape(1, -1, 1) * (_SHAPE + 1) / _SHAPE
    number = np.arange(1, _MOST + 1)
    shape, scale = _SHAPE * number, 1 / (_SHAPE + 1)
    log_chance = (
        xlogy(number, level) - gammaln(number + 1)
        + (shape - 1) * np.log(values) - gammaln(shape) - shape * np.log(scale)
    )  # fmt: skip
    return _likely(number, log_chance)


@cache
def _numbers_of_clipped():
    """Return likely numbers of signals that represent clipped noise, shape (values, chances)."""
    values = (np.arange(_STEPS) + 0.5)[:, None] * _HIGHEST / _STEPS
    number = np.arange(1, _MOST + 1)
    shape = _CLIPPED_SHAPE * number
    log_chance = (
        xlogy(number, _RATE) - gammaln(number + 1)
        + (shape - 1) * np.log(values) - gammaln(shape) - shape * np.log(_CLIPPED_SIZE)
    )  # fmt: skip
    return _likely(number, log_chance)


def _likely(number, log_chance):
    """Return numbers, repeated according to their probabilities, shape (..., chances)."""
    chance = np.exp(log_chance - log_chance.max(axis=-1, keepdims=True))
    below = np.cumsum(chance, axis=-1) / chance.sum(axis=-1, keepdims=True)
    middle = (np.arange(_CHANCES) + 0.5) / _CHANCES
    return number[0] + (below[..., None, :] < middle[:, None]).sum(axis=-1)

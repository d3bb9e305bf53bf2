"""Gain and floor of maps whose noise was clipped at 0, from the distribution of pixels."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.optimize import minimize, minimize_scalar
from scipy.special import gammainc, gammaincc, gammaln, ndtr, xlogy

from .noise_model import sizes_of

# Pixels are classified by the mean of a square of this half-width around them, excluding
# themselves.
_AROUND = 3
_CLASSES, _LEAST_PIXELS = 16, 400
# Only classes darker than this many standard deviations of the noise, or counts, are used: there,
# clipping determines the floor.
_DARK = 2.0
# Values up to this many standard deviations above that are sorted into this many bins.
_HIGHEST, _BINS = 5.0, 60
# Single counts have one size, or sizes with a gamma distribution of one of these shapes.
_SHAPES = (np.inf, 2.0, 1.0)
# Shapes for counts alone, without noise. Their log-likelihood must be lower by this much in the
# darkest third of the classes; brighter ones contain edges, which no expectation describes.
_SHAPES_ALONE, _CLEARLY, _DARKEST = (np.inf, 10.0, 4.0, 2.0, 1.0, 0.5), 10.0, 3
# Share of pixels at 0 that clipped noise leaves in the darkest class.
_HALF = 0.3, 0.7
# Expected counts of a class that are compared: 0 and this many others, starting from this one.
_TRIED, _FEWEST, _MOST = 45, 2e-3, 30.0
# Gains and floors differ from the initial ones by at most this factor.
_FARTHEST = 3.0
_GAINS_ALONE = 24
# A background of counts must be more likely than other noise and counts alone by this much. Counts
# that are tried first, and the relative error of the floor that it causes,
# because their number is not the same in all pixels.
_BETTER, _BACKGROUND, _OF_BACKGROUND = 4.0, 3.0, 0.15
_PENALTY = 1e3
# Probability that every model leaves for any value.
_LEAST_CHANCE = 1e-12
_STEP = 0.03  # of derivatives, in logarithms
# A smaller share of pixels at 0 biases a sum by less than half a percent. Values are multiples of
# the smallest one to within this share of it.
_FEW_ZEROS, _MULTIPLE = 0.02, 0.02
# Counts alone must be more likely than noise by this much to be certain: a background that varies
# within a class is less likely than one that does not, although it is there.
_ALIKE = 20.0
# Values below this many counts show whether all values are whole numbers of counts.
_FEW = 10


class Clipped(NamedTuple):
    """Gain and floor in units of a map, with standard errors, and the log-likelihood.

    ``shape`` is that of the gamma distribution of the sizes of counts, infinite for one size.
    ``of_counts`` says whether the noise is that of a background of counts.
    """

    gain: float
    floor: float
    gain_error: float
    floor_error: float
    log_likelihood: float
    shape: float
    of_counts: bool = False


def may_be_clipped(values, gain):
    """Return whether pixels at 0 may be noise that was cut off, which biases sums.

    They are not if they are few, if there are negative values, or if all values are multiples of a
    number that is no small part of a count.

    Parameters
    ----------
    values : numpy.ndarray
        Values of a map at the pixels that have data.
    gain : float
        Estimated gain.
    """
    if values.min() < 0 or np.mean(values == 0) < _FEW_ZEROS or not values.any():
        return False
    above = values[values > 0]
    return not (_are_multiples(above) and above.min() > gain / 2)


def _are_multiples(values):
    """Return whether all values, which are above 0, are multiples of the smallest one."""
    multiples = values / values.min()
    return bool(np.all(np.abs(multiples - np.rint(multiples)) < _MULTIPLE))


def fit_clipped(image, gain, beside_others=False):
    """Fit gain and floor of a map that was clipped at 0, unless counts alone explain it as well.

    Each pixel contains some counts plus Gaussian noise, or 0 if the sum is negative. The number of
    counts is Poisson distributed, with one expectation for all pixels of a class, which have
    surroundings of equal brightness. Gain, floor and expectations maximise the likelihood of the
    histograms of the dark classes. Counts alone on a film leave equally many pixels at 0, but
    either few values near 0, or most of them near 0. The noise of a background of counts that was
    subtracted is not Gaussian: its positive values extend further than its negative ones. In
    moments, by contrast, values cut off below 0 cannot be distinguished from small counts.

    Parameters
    ----------
    image : numpy.ndarray
        Map, >= 0, shape (ny, nx).
    gain : float
        Initial gain in units of the map, > 0.
    beside_others : bool
        Whether another map of the same scan was clipped. It is then enough if noise is more likely
        than counts alone, even if not clearly. Default False.

    Counts whose sizes differ and a background that varies can look alike. If both explain the map
    nearly as well, it is not clear which of them is there. If all values are whole numbers of
    counts, nothing is taken for clipped noise; structure finer than the surroundings may then be
    the reason why counts alone explain the distribution worse.

    Returns
    -------
    found : Clipped or None
        None for counts alone.
    is_clear : bool
        Whether this is certain.
    """
    classes = _classes(image)
    values = image.ravel()
    darkest = values[classes[0]]
    if not _HALF[0] < np.mean(darkest == 0) < _HALF[1]:
        return None, True
    # half the noise is there
    deviation = float(np.sqrt(2 * np.mean(np.square(darkest))))
    histograms, edges = _histograms(image, classes, gain, deviation)
    dark = histograms[: max(len(classes) // _DARKEST, 1)]
    clipped = _fitted(dark, edges, gain, deviation, _SHAPES[0]).log_likelihood
    alone = max(_likelihood_alone(dark, edges, gain, shape) for shape in _SHAPES_ALONE)
    background = _with_background(dark, edges, deviation)
    if _has_few_levels(values, gain):
        return None, max(clipped, background.log_likelihood) < alone + _CLEARLY
    better = background.log_likelihood - max(clipped, alone)
    if better > _BETTER:
        return background, True
    if clipped < alone + (0.0 if beside_others else _CLEARLY):
        if better > 0:
            return background, False
        return None, max(clipped, background.log_likelihood) < alone - _ALIKE
    found = [_fitted(histograms, edges, gain, deviation, shape) for shape in _SHAPES]
    return max(found, key=lambda each: each.log_likelihood), True


def _has_few_levels(values, gain):
    """Return whether values that are few counts have at most two levels per count."""
    return len(np.unique(values[values < _FEW * gain])) <= 2 * _FEW


def _classes(image):
    """Return the places of pixels by the brightness around them, the darkest first."""
    size = 2 * _AROUND + 1
    whole = ndimage.uniform_filter(image, size, mode="reflect") * size**2
    order = np.argsort((whole - image).ravel(), kind="stable")
    return np.array_split(order, max(min(_CLASSES, order.size // _LEAST_PIXELS), 1))


def _histograms(image, classes, gain, deviation):
    """Return numbers of pixels by dark class and bin, (J, B), and edges between bins, (B - 1,)."""
    values = image.ravel()
    limit = _DARK * max(deviation, gain)
    dark = [each for each in classes if values[each].mean() < limit] or classes[:1]
    # between existing values, so that rounded values stay together
    levels = np.unique(values)
    middle = (levels[1:] + levels[:-1]) / 2
    highest = limit + _HIGHEST * deviation
    middle = middle[: max(np.searchsorted(middle, highest), 1)]
    places = np.searchsorted(middle, np.linspace(0, middle[-1], _BINS))
    edges = middle[np.unique(places)]
    bins = np.searchsorted(edges, values)
    return np.array([np.bincount(bins[each], minlength=edges.size + 1) for each in dark]), edges


def _fitted(histograms, edges, gain, deviation, shape):
    """Return the best fit for count sizes of one shape."""
    start = np.log([gain, deviation])
    expected, sizes = _sizes(shape, deviation / gain)

    def cost(x):
        unit, spread = np.exp(x)
        below = ndtr((edges - unit * sizes[..., None]) / spread).mean(axis=1)
        away = np.maximum(np.abs(x - start) - np.log(_FARTHEST), 0.0)
        return -_log_likelihood(histograms, below, expected) + _PENALTY * (away @ away)

    first = start + np.array([[0.0, 0.0], [0.15, 0.0], [0.0, 0.1]])
    found = minimize(cost, start, method="Nelder-Mead",
                     options={"xatol": 2e-3, "fatol": 1e-2, "initial_simplex": first})  # fmt: skip
    errors = _errors(cost, found.x)
    gain, deviation = np.exp(found.x)
    return Clipped(float(gain), float(deviation**2), float(gain * errors[0]),
                   float(2 * deviation**2 * errors[1]), -float(found.fun), shape)  # fmt: skip


def _with_background(histograms, edges, deviation):
    """Return the best fit if the noise is that of a background of counts that was subtracted.

    Their expected number is not the same in all pixels, so that the distribution is continuous.
    """
    start = np.log([deviation / np.sqrt(_BACKGROUND), _BACKGROUND])
    expected, sizes = _sizes(np.inf, np.sqrt(_BACKGROUND))

    def cost(x):
        unit, background = np.exp(x)
        counts = edges / unit - sizes + background + 0.5
        below = np.where(counts > 0, gammaincc(np.maximum(counts, 1e-9), background), 0.0)
        away = np.maximum(np.abs(x - start) - np.log(_FARTHEST), 0.0)
        return -_log_likelihood(histograms, below, expected) + _PENALTY * (away @ away)

    first = start + np.array([[0.0, 0.0], [0.15, 0.0], [0.0, 0.3]])
    found = minimize(cost, start, method="Nelder-Mead",
                     options={"xatol": 2e-3, "fatol": 1e-2, "initial_simplex": first})  # fmt: skip
    unit, background = np.exp(found.x)
    floor = float(unit**2 * background)
    error = _OF_BACKGROUND * floor
    return Clipped(float(unit), floor, np.inf, error, -float(found.fun), np.inf, of_counts=True)


def _likelihood_alone(histograms, edges, gain, shape):
    """Return the largest log-likelihood of counts without noise."""
    expected, sizes = _sizes(shape, 1.0)
    number = np.arange(len(sizes))[:, None]

    def cost(x):
        values = edges / np.exp(x)
        if np.isinf(shape):
            below = (number < values).astype(float)
        else:
            below = np.where(number, gammainc(shape * number, values * (shape + 1)), 1.0)
        return -_log_likelihood(histograms, below, expected)

    tried = np.log(gain) + np.linspace(-1, 1, _GAINS_ALONE) * np.log(_FARTHEST)
    costs = [cost(x) for x in tried]
    best = int(np.argmin(costs))
    near = tried[max(best - 1, 0)], tried[min(best + 1, len(tried) - 1)]
    found = minimize_scalar(cost, bounds=near, method="bounded", options={"xatol": 1e-2})
    return -min(float(found.fun), costs[best])


def _errors(cost, at):
    """Return standard errors of logarithms from the curvature; infinite where there is none."""
    one, other = _STEP * np.eye(2)
    least = cost(at)
    diagonal = [(cost(at + step) + cost(at - step) - 2 * least) / _STEP**2 for step in (one, other)]
    mixed = (
        cost(at + one + other) - cost(at + one - other)
        - cost(at - one + other) + cost(at - one - other)
    ) / (4 * _STEP**2)  # fmt: skip
    determinant = diagonal[0] * diagonal[1] - mixed**2
    if min(*diagonal, determinant) <= 0:
        return np.array([np.inf, np.inf])
    return np.sqrt(np.array(diagonal[::-1]) / determinant)


def _sizes(shape, deviation):
    """Return expected numbers of counts to compare, (L,), and sizes of 0, 1, ... counts, (N, Q).

    Sizes are in effective counts, of which the mean square over the mean is 1.
    """
    most = min(_MOST, 3 * _DARK * max(deviation, 1.0))
    mean_size = 1.0 if np.isinf(shape) else shape / (shape + 1)
    expected = np.concatenate([[0.0], np.geomspace(_FEWEST, most, _TRIED)]) / mean_size
    number = np.arange(int(expected[-1] + 5 * np.sqrt(expected[-1]) + 5))
    return expected, sizes_of(number, shape)


def _log_likelihood(histograms, below, expected):
    """Return the log-likelihood with the best expected counts of each class.

    ``below`` are probabilities that 0, 1, ... counts give values below the edges of bins.
    """
    ends = np.zeros((len(below), 1)), np.ones((len(below), 1))
    of_number = np.diff(np.concatenate([ends[0], below, ends[1]], axis=1), axis=1)
    number = np.arange(len(below))
    chances = np.exp(xlogy(number, expected[:, None]) - expected[:, None] - gammaln(number + 1))
    by_level = np.log(np.maximum(chances @ of_number, _LEAST_CHANCE))
    tried = histograms @ by_level.T
    # between those compared, along a parabola
    best = np.clip(tried.argmax(axis=1), 1, len(expected) - 2)
    rows = np.arange(len(tried))
    low, middle, high = tried[rows, best - 1], tried[rows, best], tried[rows, best + 1]
    bend = np.maximum(2 * middle - low - high, 1e-9)
    vertex = middle + np.square(high - low) / (8 * bend)
    return float(np.where(middle >= np.maximum(low, high), vertex, tried.max(axis=1)).sum())

"""The noise of maps that are no counts: variance against mean, from moments."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

# Levels of brightness, and blocks of pixels in each at least.
_LEVELS, _LEAST_BLOCKS = 24, 60
# Half-width of the square around a block whose mean is its level, in pixels.
_AROUND = 3
# Of the blocks of a level, those with the gentlest slopes.
_FLAT = 0.5
# Share of the squares below the quantile that tells their mean, and this of chi squared.
_QUANTILE, _CHI_SQUARED = 0.7, 1.0741942
# Bins with fewer pixels that are exactly 0 than this are not clipped.
_UNCLIPPED = 0.05
# Where there is nothing, counts leave more than this share of pixels at 0.
_EMPTY = 0.8
_FEWEST = 4  # levels for a line
_REFITS = 12
# Variances this many squared standard errors above the line are structure; a share of the variance
# is allowed for beside its error.
_OUTLYING, _MODEST = 4.0, 0.2
# Noise between neighbours below this share of that at three pixels is correlated.
_INDEPENDENT = 0.6
# Noise that does not grow with the map: effective counts are then this share of their variance.
_POISSON_SHARE = 0.05
# Of the brightest of a smoothed map, where its noise is looked at for correlation.
_BRIGHT = 0.3
# Overlapping blocks share pixels: so many of them count as one.
_SHARED = 2.5


@dataclass(frozen=True)
class Noise:
    """Variance of a map: gain * x + floor.

    Attributes
    ----------
    gain : float
        Units of the map for each effective count, > 0.
    floor : float
        Variance where x is 0, in squared units, >= 0.
    correlated : bool
        Whether neighbouring pixels share their noise, as after smoothing: then it is larger than
        it seems.
    gain_error, floor_error : float
        Standard errors; infinite where the map tells nothing.
    """

    gain: float
    floor: float
    correlated: bool = False
    gain_error: float = np.inf
    floor_error: float = np.inf


def estimate_noise(image):
    """Estimate the noise of a map from the differences of diagonal neighbours.

    In blocks of 2 x 2 pixels slopes cancel, and so do most edges. Blocks are sorted by the mean of
    the pixels *around* them, which does not know their noise; of each level the half with the
    gentlest slopes is taken. There the mean of the squared differences is the variance, and the
    mean of the blocks the level, also where most pixels are exactly 0. A straight line through
    these moments, weighted by the errors that such counts have, gives gain and floor. Levels at
    which pixels are clipped at 0 are left out if enough others remain; if not, the gain of maps
    whose noise was clipped at 0 comes out up to twice too low.

    Parameters
    ----------
    image : numpy.ndarray
        Map, shape (ny, nx), at least 2 x 2.

    Returns
    -------
    Noise

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.maps.map_noise import estimate_noise
    >>> counts = np.random.default_rng(0).poisson(np.linspace(1, 20, 128), (128, 128))
    >>> noise = estimate_noise(0.25 * counts)
    >>> bool(abs(noise.gain - 0.25) < 0.02), bool(noise.floor < 0.05)
    (True, True)
    """
    image = np.asarray(image, dtype=np.float64)
    found = _from_moments(image)
    near, far = (_flat_noise(image, distance) for distance in (1, 3))
    return replace(found, correlated=bool(0 < near < _INDEPENDENT * far))


def _from_moments(image):
    level, square, around, slope, zeros = _blocks(image)
    means, squares, number, zero = _by_level(level, square, around, slope, zeros)
    if squares.max(initial=0.0) == 0:
        return Noise(max(float(image.mean()), 0.0) or 1.0, 0.0)
    # where it is dark, counts leave nearly all pixels at 0, and noise that was clipped half of them
    whole = zero < _UNCLIPPED
    clipped = zero[0] < _EMPTY and np.ptp(means[whole]) > 0.5 * np.ptp(means) if whole.any() else 0
    if clipped and whole.sum() >= _FEWEST:
        means, squares, number = means[whole], squares[whole], number[whole]
    gain, floor, errors = _line(means, squares, number)
    brightest = max(float(np.abs(means).max()), np.finfo(float).tiny)
    if gain <= 0:
        floor = max(float(np.median(squares)), np.finfo(float).tiny)
        return Noise(_POISSON_SHARE * floor / brightest, floor, False, np.inf, errors[1])
    return Noise(gain, floor, False, *errors)


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


def _by_level(level, square, around, slope, zeros):
    """Return mean, variance, number of blocks and share of pixels that are 0 by level."""
    order = np.argsort(around, kind="stable")
    parts = np.array_split(order, max(min(_LEVELS, level.size // _LEAST_BLOCKS), 1))
    rows = []
    for part in parts:
        flat = part[slope[part] <= np.quantile(slope[part], _FLAT)]
        zero = zeros[flat].mean()
        # a quantile leaves out edges; of few counts it knows nothing, and the mean has to do
        quantile = np.quantile(square[flat], _QUANTILE) / _CHI_SQUARED
        variance = square[flat].mean() if zero > _UNCLIPPED or not quantile > 0 else quantile
        rows.append((level[flat].mean(), variance, len(flat), zero))
    means, variances, number, zero = (np.array(each) for each in zip(*rows, strict=True))
    return means, variances, number / _SHARED, zero


def _line(x, variance, number):
    """Return slope and intercept >= 0 of a line through variances, and their errors."""
    scale, units = max(float(np.max(x)), 1e-300), float(variance.max())
    x, variance = np.maximum(x, 0.0) / scale, variance / units
    count = units / scale  # a count, if all variance were that of counts
    gain = max(float(variance @ number) / max(float(x @ number), 1e-300), 0.0)
    floor = 0.0
    for _ in range(_REFITS):
        v = np.maximum(gain * x + floor, 1e-3)
        # of squared differences of four pixels, with the fourth cumulant of counts
        fourth = (gain * count) ** 2 / units
        spread = (2 * v**2 + 0.25 * fourth * np.maximum(v - floor, 0)) / number
        # structure can only add
        above = np.maximum(variance - v, 0) ** 2 / (spread + (_MODEST * v) ** 2)
        weight = 1 / (spread * (1 + above / _OUTLYING))
        gram = np.array([[weight @ x**2, weight @ x], [weight @ x, weight.sum()]])
        right = np.array([weight @ (x * variance), weight @ variance])
        covariance = np.linalg.pinv(gram)
        gain, floor = covariance @ right
        if floor < 0:
            gain, floor = right[0] / max(gram[0, 0], 1e-300), 0.0
        gain = max(float(gain), 0.0)
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return gain * count, float(floor) * units, (float(errors[0]) * count, float(errors[1]) * units)


def _flat_noise(image, distance):
    """Return the mean squared diagonal difference where the image slopes least and is not dark."""
    d = min(distance, min(image.shape) - 1)
    smooth = ndimage.gaussian_filter(image, 2.0, mode="nearest")
    slope = np.hypot(*np.gradient(smooth))
    slope, level = (each[: image.shape[0] - d, : image.shape[1] - d] for each in (slope, smooth))
    a, b, c, e = image[:-d, :-d], image[d:, :-d], image[:-d, d:], image[d:, d:]
    square = np.square((a - b - c + e) / 2)
    bright = level >= max(np.median(level), _BRIGHT * level.max())
    flat = bright & (slope <= np.median(slope[bright]))
    return float(square[flat].mean())

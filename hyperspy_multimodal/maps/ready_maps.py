"""Maps that were made elsewhere, in the units in which they are nearly Poisson."""

import logging
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..fusion.checks import per_element
from .edge_fit import gaussian_halves
from .fitted_maps import FittedMaps

_logger = logging.getLogger(__name__)

# Median of the squared standard normal distribution.
_MEDIAN_CHI_SQUARED = 0.4549364
_LEVELS = 12
_LEAST_PIXELS = 50
# Noise that does not grow with the map: effective counts are then this share of their variance.
_POISSON_SHARE = 0.05
# Noise between neighbours below this share of that at three pixels is correlated.
_INDEPENDENT = 0.6
# Of the brightest of a smoothed map, where its noise is looked at for correlation.
_BRIGHT = 0.3
# Maps are shares if their sum varies by no more than this share of itself.
_SHARES = 1e-3
# Whole numbers are scaled, not counted, where the median is at least so large and noise suggests
# counts of so many units.
_ENOUGH_COUNTS, _SCALED = 10, 2.5


@dataclass(frozen=True)
class Noise:
    """Variance of a map: gain * x + floor.

    Parameters
    ----------
    gain : float
        Units of the map for each effective count, > 0.
    floor : float
        Variance where x is 0, in squared units, >= 0.
    correlated : bool
        Whether neighbouring pixels share their noise, as after smoothing: then it is larger than
        it seems.
    """

    gain: float
    floor: float
    correlated: bool = False


def estimate_noise(image):
    """Estimate the noise of a map from the differences of diagonal neighbours.

    In blocks of 2 x 2 pixels slopes cancel, and so do most edges. The median of the squared
    differences, at a dozen levels of brightness, is fitted by a straight line of the brightness.

    Parameters
    ----------
    image : numpy.ndarray
        Map, shape (ny, nx), at least 2 x 2.

    Returns
    -------
    Noise
    """
    level, square = _blocks(image, 1)
    order = np.argsort(level, kind="stable")
    parts = np.array_split(order, max(min(_LEVELS, level.size // _LEAST_PIXELS), 1))
    x = np.array([level[part].mean() for part in parts])
    # Of few counts most differences are 0, and so is their median; the mean is not.
    medians = np.array([np.median(square[part]) / _MEDIAN_CHI_SQUARED for part in parts])
    variance = np.where(medians > 0, medians, [square[part].mean() for part in parts])
    if variance.max() == 0:
        return Noise(max(float(image.mean()), 0.0) or 1.0, 0.0)
    gain, floor = _line(x, variance)
    brightest = max(float(np.abs(x).max()), np.finfo(float).tiny)
    if gain <= 0:
        floor = max(float(np.median(variance)), np.finfo(float).tiny)
        gain = _POISSON_SHARE * floor / brightest
    near, far = (_flat_noise(image, distance) for distance in (1, 3))
    correlated = 0 < near < _INDEPENDENT * far
    return Noise(float(gain), float(floor), bool(correlated))


def ready_maps(names, arrays, gain, background, halves, seed):
    """Return maps as `FittedMaps`, in effective counts.

    Whole numbers are taken for counts, and split binomially, unless they look scaled. Otherwise
    gain and noise floor are given, or estimated from the noise; halves are then drawn by Gaussian
    noise of that variance.

    Parameters
    ----------
    names : list of str
        Elements, lines or edges.
    arrays : numpy.ndarray
        Maps, shape (K, ny, nx), float64.
    gain : None, float or sequence of float
        Units for each count.
    background : None, float or sequence of float
        Background that was subtracted, in the units of the maps.
    halves, seed : int
        How many random halves to draw, and their seed.

    Returns
    -------
    maps : FittedMaps
    source : str
        "counts", "given" or "estimated": where the gain comes from.
    """
    n_maps = len(names)
    _warn_of_shares(names, arrays)
    whole = bool(np.all(arrays >= 0) and np.array_equal(arrays, np.rint(arrays)))
    given = None
    if gain is not None:
        given = per_element("gain", gain, n_maps, low=0, include_low=False)
    subtracted = per_element(
        "background", 0.0 if background is None else background, n_maps, low=0, include_low=True
    )
    scaled = [] if given is not None or not whole else _scaled(names, arrays)
    if whole and not scaled and background is None and (given is None or np.all(given == 1)):
        counts = arrays.astype(np.int64)
        rng = np.random.default_rng(seed)
        first = [rng.binomial(counts, 0.5).astype(float) for _ in range(halves)]
        maps = _as_fitted(names, arrays, np.ones(n_maps), np.zeros(n_maps), first, counts)
        return maps, "counts" if given is None else "given"
    if given is not None or (whole and not scaled):
        gains = given if given is not None else np.ones(n_maps)
        floors = gains * subtracted
        source = "given" if given is not None else "counts"
    else:
        noises = [estimate_noise(image) for image in arrays]
        gains = np.array([noise.gain for noise in noises])
        floors = np.array([noise.floor for noise in noises]) + gains * subtracted
        source = "estimated"
        _logger.warning(
            "The maps hold no counts%s. Their noise suggests, in their own units, a count of %s "
            "and a variance of %s beside it. Fusion and lambdas='auto' rest on that: give the maps "
            "in counts, or `gain` and `background`, if they are known.",
            f", though whole numbers: those of {', '.join(scaled)} look scaled" if scaled else "",
            _list(names, gains),
            _list(names, floors),
        )
        correlated = [n for n, noise in zip(names, noises, strict=True) if noise.correlated]
        if correlated:
            _logger.warning(
                "Neighbouring pixels of %s share their noise, as if the map had been smoothed or "
                "interpolated. Its noise is larger than it seems, and lambdas='auto' will smooth "
                "too little: give unsmoothed maps, or lambdas.",
                ", ".join(correlated),
            )
    by_map = gains[:, None, None]
    net = arrays / by_map
    excess = floors / gains**2
    # the variance must not follow the noise of single pixels
    level = np.maximum(_smooth(net), 0.0)
    variance = level + excess[:, None, None]
    covariance = np.moveaxis(variance, 0, -1)[..., None] * np.eye(n_maps)
    first = gaussian_halves(net, covariance, halves, seed) if halves else []
    return _as_fitted(names, net, gains, excess, first, None), source


def _warn_of_shares(names, arrays):
    """Say if the maps add up to the same everywhere: then one of them is what the others leave."""
    whole = arrays.sum(axis=0)
    if len(names) > 1 and 0 <= np.ptp(whole) <= _SHARES * whole.mean():
        brightest = names[int(arrays.mean(axis=(1, 2)).argmax())]
        _logger.warning(
            "The maps add up to %.3g in every pixel: they are shares, not counts. Each then holds "
            "the others with the opposite sign, which no HAADF model can know, and may come out "
            "wrong. Fuse counts; or leave one of the maps out, say %s, and take it as what the "
            "others leave.",
            whole.mean(),
            brightest,
        )


def _scaled(names, arrays):
    """Return the names of maps of whole numbers that are no counts, as pictures of 8 bits are.

    Their levels lie further apart than 1, or their noise is far above that of counts.
    """
    found = []
    for name, image in zip(names, arrays, strict=True):
        noisy = np.median(image) >= _ENOUGH_COUNTS and estimate_noise(image).gain > _SCALED
        if _level_spacing(image) >= 2 or noisy:
            found.append(name)
    return found


def _as_fitted(names, net, gains, excess, first, counts):
    shape = net.shape
    return FittedMaps(
        names=names,
        net=net,
        # net + excess: what `FittedMaps` takes beyond the net counts is then the excess, exactly
        net_variance=net + excess[:, None, None],
        gross=np.full(shape[1:], 1e3),
        gains=gains,
        first_halves=np.array(first).reshape(len(first), *shape),
        are_integers=True,
        common_factor=1 if counts is None else int(np.gcd.reduce(counts, axis=None)),
    )


def _blocks(image, distance):
    """Return mean and squared diagonal difference of squares of pixels ``distance`` apart."""
    d = min(distance, min(image.shape) - 1)
    a, b, c, e = image[:-d, :-d], image[d:, :-d], image[:-d, d:], image[d:, d:]
    return ((a + b + c + e) / 4).ravel(), np.square((a - b - c + e) / 2).ravel()


def _flat_noise(image, distance):
    """Return the mean squared diagonal difference where the image slopes least and is not dark."""
    d = min(distance, min(image.shape) - 1)
    smooth = ndimage.gaussian_filter(image, 2.0, mode="nearest")
    slope = np.hypot(*np.gradient(smooth))
    slope, level = (each[: image.shape[0] - d, : image.shape[1] - d] for each in (slope, smooth))
    _, square = _blocks(image, distance)
    bright = level >= max(np.median(level), _BRIGHT * level.max())
    flat = bright & (slope <= np.median(slope[bright]))
    return float(square[flat.ravel()].mean())


def _level_spacing(image):
    """Return the distance of the levels of a map of whole numbers: 1 for counts."""
    levels = np.unique(image)
    return float(np.median(np.diff(levels))) if levels.size > 2 else 1.0


def _line(x, variance):
    """Return slope and intercept >= 0 of a weighted straight line through variances."""
    weight = 1 / np.maximum(variance, variance.max() * 1e-3)
    slope, intercept = np.polyfit(x, variance, 1, w=weight) if len(x) > 1 else (0.0, variance[0])
    if intercept < 0:
        positive = np.maximum(x, 0)
        total = (weight**2 * positive**2).sum()
        slope = (weight**2 * positive * variance).sum() / total if total > 0 else 0.0
        intercept = 0.0
    return slope, intercept


def _smooth(maps):
    return ndimage.gaussian_filter(maps, (0, 2.0, 2.0), mode="nearest")


def _list(names, values):
    return ", ".join(f"{name} {value:.3g}" for name, value in zip(names, values, strict=True))

"""Maps that were made elsewhere, in the units in which they are nearly Poisson."""

import logging

import numpy as np
from scipy import ndimage
from scipy.special import ndtr

from ..fusion.checks import per_element
from .fitted_maps import FittedMaps
from .map_noise import estimate_noise

_logger = logging.getLogger(__name__)

# Maps are shares if their sum varies by no more than this share of itself.
_SHARES = 1e-3
# Whole numbers are scaled, not counted, where the median is at least so large and noise suggests
# counts of so many units.
_ENOUGH_COUNTS, _SCALED = 10, 2.5
_CERTAIN = 3.0  # standard errors


def ready_maps(names, arrays, gain, background, halves, seed):
    """Return maps as `FittedMaps`, in effective counts.

    Whole numbers are taken for counts, and split binomially, unless they look scaled. Otherwise
    gain and noise floor are given, or estimated from the noise; see `halved_counts`.

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
            _list(names, gains, [noise.gain_error for noise in noises]),
            _list(names, floors, [noise.floor_error for noise in noises]),
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
    first = halved_counts(net, excess, halves, seed)
    return _as_fitted(names, net, gains, excess, first, None), source


def halved_counts(net, excess, number, seed):
    """Draw first halves of maps in effective counts, whose errors are independent of the second's.

    Effective counts are rounded at random, up or down, so that the mean stays, and each goes to one
    half or the other. What rounding leaves is shared equally, as is what is negative, and Gaussian
    noise of a quarter of the noise floor goes to one half at the expense of the other. Pixels that
    are 0 are 0 in both halves, but for the floor.

    Parameters
    ----------
    net : numpy.ndarray
        Maps in effective counts, shape (K, ny, nx).
    excess : numpy.ndarray
        Variance where there are no counts, in squared counts, shape (K,).
    number, seed : int
        How many pairs of halves, and the seed.

    Returns
    -------
    list of numpy.ndarray
        First halves; the second are ``net`` less these.
    """
    rng = np.random.default_rng(seed)
    excess = np.asarray(excess, float)[:, None, None]
    # where the floor is positive by chance it passes for counts, and needs no noise of its own
    level = np.maximum(_smooth(net), 0.0)
    deviation = np.maximum(np.sqrt(excess), 1e-12)
    ratio = level / deviation
    by_chance = deviation * np.exp(-0.5 * ratio**2) / np.sqrt(2 * np.pi) - level * ndtr(-ratio)
    floor = np.sqrt(np.maximum(excess - by_chance, 0.0)) / 2
    halves = []
    for _ in range(number):
        whole = np.floor(np.maximum(net, 0) + rng.random(net.shape))
        own = rng.binomial(whole.astype(np.int64), 0.5)
        halves.append(own + (net - whole) / 2 + floor * rng.standard_normal(net.shape))
    return halves


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
        noisy = np.median(image) >= _ENOUGH_COUNTS and _is_noisier(estimate_noise(image))
        if _level_spacing(image) >= 2 or noisy:
            found.append(name)
    return found


def _is_noisier(noise):
    """Return whether noise is certainly more than that of counts."""
    return noise.gain - _CERTAIN * noise.gain_error > _SCALED


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


def _level_spacing(image):
    """Return the distance of the levels of a map of whole numbers: 1 for counts."""
    levels = np.unique(image)
    return float(np.median(np.diff(levels))) if levels.size > 2 else 1.0


def _smooth(maps):
    return ndimage.gaussian_filter(maps, (0, 2.0, 2.0), mode="nearest")


def _list(names, values, errors):
    """Return values with their errors by name; errors of what the maps do not tell are infinite."""
    return ", ".join(
        f"{name} {value:.3g} ± {error:.1g}"
        if np.isfinite(error)
        else f"{name} {value:.3g} (a guess)"
        for name, value, error in zip(names, values, errors, strict=True)
    )

"""Existing maps, in units in which their noise is nearly Poisson."""

from dataclasses import replace

import numpy as np

from ..checks import per_element
from ..counts.fitted_maps import FittedMaps
from ..counts.repeated_lines import Repeats, without_repeats
from ..notes import Speaker
from ..written_numbers import known_by_name, plain
from .clipped_noise import may_be_clipped
from .clipping_bias import without_clipping_bias
from .dark_level import dark_level
from .doubtful_gains import (
    gains_of_whole_counts,
    warn_of_contradicted_gains,
    warn_of_large_gains,
)
from .equal_steps import gains_by_steps
from .hot_pixels import without_hot_pixels
from .likely_counts import mean_size
from .map_halves import halved_counts
from .map_noise import Noise, estimate_noise
from .noise_warnings import warn_of_correlation, warn_of_hot_pixels
from .shares import warn_of_shares
from .whole_numbers import enlarged, judged, noise_of_whole_numbers

_logger = Speaker(__name__)

# Error of the variance where gain and noise floor are estimated, as a share of it.
_DOUBT = 0.3
# Whole numbers of counts, as single precision has them.
_WHOLE = 1e-3


def ready_maps(names, arrays, gain, background, splits, seed, mask=None):
    """Return maps as `FittedMaps`, in effective counts.

    Whole numbers are treated as counts and split binomially, unless their levels, their noise or
    repeated pixels contradict this, and so are whole multiples of a step with Poisson noise.
    Otherwise, gain and noise floor are given, or estimated from
    the noise; see `halved_counts`. Whether noise was cut off below 0 is estimated in both cases.

    Parameters
    ----------
    names : list of str
        Elements, lines or edges.
    arrays : numpy.ndarray
        Maps, shape (K, ny, nx), float64.
    gain : None, float or sequence of float
        Map units per count.
    background : None, float or sequence of float
        Background that was subtracted, in the units of the maps. With a gain, it is all of the
        noise floor; otherwise, or if None, the noise floor is estimated.
    splits, seed : int
        Number of random halves to draw, and their seed.
    mask : numpy.ndarray of bool, optional
        Pixels without data, in which the maps are 0. Default none.

    Returns
    -------
    maps : FittedMaps
    source : str
        Source of the gain: "counts", "given" or "estimated".
    """
    n_maps = len(names)
    given, subtracted = checked_units(gain, background, n_maps)
    warn_of_shares(arrays)
    if given is not None:
        warn_of_large_gains(names, arrays, given)
    whole = bool(np.all(arrays >= 0) and np.array_equal(arrays, np.rint(arrays)))
    source = "counts" if given is None else "given"
    if given is None and background is None and not whole:
        given = gains_by_steps(arrays, mask)
        if given is not None:
            _say_counts_are_scaled(names, given, arrays)
    if given is not None and are_whole(arrays, given):
        repeats, numbers = Repeats(arrays, 1.0, 1.0, mask), None
        are_counts = True
    else:
        repeats, numbers = without_repeats(arrays, mask), None
        if whole:
            numbers = judged(names, repeats.arrays, background is not None, repeats.mask)
        are_counts = given is None and whole and numbers.are_counts and repeats.number == 1
    gains = np.ones(n_maps) if given is None else given
    if are_counts and background is None:
        if source == "given" and not (whole and np.all(given == 1)):
            known = gains_of_whole_counts(arrays, given, mask)
            warn_of_contradicted_gains(names, given, *known)
        counts = np.rint(arrays / gains[:, None, None]).astype(np.int64)
        rng = np.random.default_rng(seed)
        first = [rng.binomial(counts, 0.5).astype(float) for _ in range(splits)]
        net = counts.astype(float)
        return _as_fitted(names, net, gains, np.zeros(n_maps), first, counts), source
    if are_counts:
        noises = [Noise(each, 0.0, gain_error=0.0, floor_error=0.0) for each in gains]
    else:
        noises = _noises(names, repeats, numbers)
        if given is None:
            source = "estimated"
        else:
            known = [(each.gain * _size(each), each.gain_error * _size(each)) for each in noises]
            warn_of_contradicted_gains(names, given, *zip(*known, strict=True))
            noises = _with_gains(noises, given, arrays, subtracted is not None)
        gains = np.array([noise.gain for noise in noises])
    floors = np.array([noise.floor for noise in noises])
    if subtracted is not None:
        floors = floors + gains * subtracted
    blurs = np.array([noise.blur for noise in noises])
    floor_errors = np.array([noise.floor_error for noise in noises])
    clipped = np.array([noise.clipped for noise in noises]) & (floors > 0)
    shapes = np.array([noise.shape for noise in noises])
    if source == "estimated":
        _warn_of_estimate(names, noises, floors, numbers, repeats)
    if not are_counts:
        warn_of_correlation(names, noises)
        warn_of_hot_pixels(names, noises)
    by_map = gains[:, None, None]
    net = arrays / by_map
    excess = floors / gains**2
    first = halved_counts(net, excess, splits, seed, blurs)
    if source == "estimated" and numbers is not None and repeats.number == 1:
        _split_counts(first, arrays, numbers.counts, seed)
    maps = _as_fitted(names, net, gains, excess, first, None)
    maps = without_clipping_bias(maps, excess, floor_errors / gains**2, clipped, shapes, seed)
    if are_counts:
        return maps, source
    there = slice(None) if mask is None else ~mask
    biased = [may_be_clipped(each[there], g) for each, g in zip(arrays, gains, strict=True)]
    levels = np.array([dark_level(each, mask) for each in net])
    maps = replace(maps, cut_off=np.where(clipped | biased, levels, 0.0))
    if source == "estimated":
        doubts = np.array([noise.gain_error for noise in noises]) / gains
        doubts[np.isnan(blurs)] = np.nan
        maps = replace(maps, variance_doubt=_DOUBT, gain_doubts=doubts)
    return maps, source


def checked_units(gain, background, n_maps):
    """Return gain and background of each map, as given, or None."""
    if gain is not None:
        gain = per_element("gain", gain, n_maps, low=0, include_low=False)
    if background is not None:
        background = per_element("background", background, n_maps, low=0, include_low=True)
    return gain, background


def are_whole(arrays, gains=None):
    """Return whether maps hold whole numbers of counts >= 0, with their gains, by default 1."""
    counts = arrays if gains is None else arrays / gains[:, None, None]
    return bool(np.all(arrays >= 0) and np.all(np.abs(counts - np.rint(counts)) < _WHOLE))


def _size(noise):
    """Return the mean size of a count, in effective counts."""
    return mean_size(noise.shape) if noise.clipped else 1.0


def _with_gains(noises, gains, images, are_floors_known):
    """Return estimated noises with gains that were given.

    What a gain says nothing about is kept: noise that does not depend on brightness, noise that was
    cut off below 0, and correlated neighbours. A floor whose gain was a guess changes with it, so
    that the variance stays.

    Parameters
    ----------
    noises : list of Noise
    gains : numpy.ndarray
        Map units per count, shape (K,).
    images : numpy.ndarray
        Maps, shape (K, ny, nx).
    are_floors_known : bool
        Whether floors were given, too, so that the estimated ones are left out.
    """
    found = []
    for noise, gain, image in zip(noises, gains, images, strict=True):
        unit = gain / _size(noise)
        floor = noise.floor
        if np.isinf(noise.gain_error):
            floor = max(floor + (noise.gain - unit) * max(float(image.mean()), 0.0), 0.0)
        floor = 0.0 if are_floors_known else floor
        blur = float(np.nan_to_num(noise.blur))
        found.append(replace(noise, gain=unit, floor=floor, blur=blur, gain_error=0.0))
    return found


def _noises(names, repeats, numbers):
    """Return the noise of each map; of whole numbers, what is known of them is used."""
    if numbers is not None and numbers.are_counts:
        noises = [Noise(1.0, 0.0, gain_error=0.0, floor_error=0.0)] * len(names)
    else:
        noises = _estimated(repeats.arrays)
    if numbers is not None and not numbers.are_counts:
        noises = [
            noise_of_whole_numbers(
                noise, is_counts, numbers.factors.get(name, np.nan), float(image.mean())
            )
            for name, image, noise, is_counts in zip(
                names, repeats.arrays, noises, numbers.counts, strict=True
            )
        ]
    if repeats.number > 1:
        noises = [enlarged(noise, repeats.number) for noise in noises]
    return noises


def _estimated(arrays):
    """Return the noise of each map. Maps of a scan are usually clipped at 0 together."""
    noises = [estimate_noise(image) for image in arrays]
    if not any(each.clipped for each in noises):
        return noises
    return [
        each if each.clipped else estimate_noise(image, beside_clipped=True)
        for each, image in zip(noises, arrays, strict=True)
    ]


def _split_counts(first, arrays, are_counts, seed):
    """Split those maps binomially, in place, that are counts beside others that are not."""
    rng = np.random.default_rng(seed)
    chosen = np.flatnonzero(are_counts)
    for half in first:
        half[chosen] = rng.binomial(arrays[chosen].astype(np.int64), 0.5)


def _say_counts_are_scaled(names, gains, arrays):
    """Say that maps are counts that were multiplied by constants, and name their hot pixels."""
    units = known_by_name(names, gains, np.zeros(len(gains)))
    _logger.warning(
        "The maps are counts that were multiplied by a constant: their values are multiples of a "
        "step, and their noise is that of counts. In map units, one count is worth: %s.",
        units,
        kind="counts in steps",
        brief=f"Maps are counts multiplied by a constant: 1 count = {units}.",
    )
    hot = [without_hot_pixels(image)[1] for image in arrays]
    warn_of_hot_pixels(names, [Noise(1.0, 0.0, hot=number) for number in hot])


def _warn_of_estimate(names, noises, floors, numbers, repeats):
    """Say what the noise is, and why it was estimated."""
    gains = [noise.gain for noise in noises]
    errors = [noise.gain_error for noise in noises]
    reasons = [numbers.why] if numbers is not None and numbers.why else []
    if repeats.number > 1:
        size = f"{plain(repeats.rows, 2)} x {plain(repeats.columns, 2)}"
        reasons.append(f"each pixel is repeated {size} times, as after enlarging")
    why = f" ({'; '.join(reasons)})" if reasons else ""
    if numbers is not None:
        why = f", although they are whole numbers{why}"
    _logger.warning(
        "The maps are not counts%s, so their noise was estimated. In map units, one count "
        "is estimated to be worth: %s.%s Fusion and lambdas='auto' rely on this. If you know the "
        "noise, pass the maps in counts, or pass `gain` and `background`.",
        why,
        known_by_name(names, gains, errors, assumed=True),
        _in_dark(names, floors, noises),
        kind="noise",
        about=[
            name
            for name, noise in zip(names, noises, strict=True)
            if not np.isfinite(noise.gain_error)
        ],
        brief=f"Noise estimated from the maps{why}: 1 count = "
        f"{known_by_name(names, gains, errors)}.",
    )


def _in_dark(names, floors, noises):
    """Return a sentence about noise that does not grow with brightness, of maps that show any.

    Where the gain is a guess, that is the noise which is used, and is named in any case.
    """
    shown = [
        (name, floor, noise.floor_error if floor > noise.floor_error > 0 else 0.0)
        for name, floor, noise in zip(names, floors, noises, strict=True)
        if floor > noise.floor_error > 0 or (floor > 0 and not np.isfinite(noise.gain_error))
    ]
    if not shown:
        return ""
    variances = known_by_name(*zip(*shown, strict=True))
    return f" Noise that does not depend on brightness adds a variance of {variances}."


def _as_fitted(names, net, gains, excess, first, counts):
    shape = net.shape
    return FittedMaps(
        names=names,
        net=net,
        # net + excess, so that the variance beyond the net counts in `FittedMaps` is exactly the
        # excess
        net_variance=net + excess[:, None, None],
        gross=np.full(shape[1:], 1e3),
        gains=gains,
        first_halves=np.array(first).reshape(len(first), *shape),
        are_integers=True,
        divisor=1 if counts is None else int(np.gcd.reduce(counts, axis=None)),
    )

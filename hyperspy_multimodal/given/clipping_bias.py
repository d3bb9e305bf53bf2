"""Counts of maps that are too bright because negative noise was cut off."""

from dataclasses import replace

import numpy as np

from ..counts.events import Events
from ..notes import Speaker
from ..written_numbers import with_error
from .likely_counts import likely_counts, mean_size
from .map_halves import halved_likely_counts, level_around
from .noise_model import TABLE, clipping_bias

_logger = Speaker(__name__)

_NEGLIGIBLE = 0.01  # share of a total


def without_clipping_bias(maps, excess, errors, clipped, shapes, seed):
    """Turn values of clipped maps into counts, and log by how much totals change.

    Parameters
    ----------
    maps : FittedMaps
        Maps in effective counts.
    excess, errors : numpy.ndarray
        Variance of the noise before it was clipped, and its standard error, in squared counts,
        shape (K,).
    clipped : numpy.ndarray of bool
        Which maps were clipped, shape (K,).
    shapes : numpy.ndarray
        Shapes of the gamma distributions of the sizes of counts, infinite for one size, (K,).
    seed : int
        Seed of the random halves.

    Returns
    -------
    FittedMaps
    """
    if not np.any(clipped):
        return maps
    net, variance, first, gains = (
        np.array(each, float)
        for each in (maps.net, maps.net_variance, maps.first_halves, maps.gains)
    )
    events = Events(np.ones_like(net), np.zeros_like(net))
    softening = np.broadcast_to(maps.softening, gains.shape).astype(float)
    changes, shares = np.zeros_like(gains), np.zeros_like(gains)
    for k in np.flatnonzero(clipped):
        size = mean_size(shapes[k])
        found = _counts_of(maps.net[k], excess[k], shapes[k])
        net[k], variance[k] = found.net, found.net + found.background
        events.sizes[k], events.levels[k] = found.event_sizes, found.stated_at
        others = _counts_of(maps.net[k], excess[k] + errors[k], shapes[k]).net
        total, error = net[k].sum(), abs(others.sum() - net[k].sum())
        changes[k] = maps.net[k].sum() - size * total
        shares[k] = error / total if total > 0 else 0.0
        rng = np.random.default_rng([seed, int(k)])
        for half in first:
            half[k] = halved_likely_counts(maps.net[k], found, excess[k], shapes[k], rng)
        gains[k] *= size
        softening[k] = 1.0
    totals = maps.net.sum(axis=(1, 2))
    _say_what_was_cut_off(maps.names, totals, changes, shares * (totals - changes), clipped)
    return replace(
        maps,
        net=net,
        net_variance=variance,
        first_halves=first,
        gains=gains,
        softening=softening,
        events=events,
        common=np.diag(np.square(shares)),
    )


def _counts_of(image, excess, shape):
    """Return the `LikelyCounts` of a clipped map."""
    net = image - clipped_mean(image, float(excess), float(shape))
    return likely_counts(image, net, excess, shape)


def clipped_mean(net, excess, shape):
    """Return by how much a map is too bright because negative noise was cut off.

    The bias is that of the level around a pixel, which is noisy itself.

    Parameters
    ----------
    net : numpy.ndarray
        Map in effective counts, shape (ny, nx).
    excess : float
        Variance of the noise before it was clipped, in squared counts.
    shape : float
        As for `likely_counts`.

    Returns
    -------
    numpy.ndarray
        In effective counts, shape (ny, nx).
    """
    level = level_around(net[None])[0]
    bias = clipping_bias(excess, shape)
    mean = TABLE + bias
    # a level that noise puts below that of no counts represents less than none
    lacking = np.minimum(level - mean[0], 0.0)
    return np.interp(level, mean, bias) + lacking * (bias[1] - bias[0]) / (mean[1] - mean[0])


def _say_what_was_cut_off(names, totals, bias, error, clipped):
    """Log the bias of each map as a share of its total."""
    totals = np.maximum(totals, np.finfo(float).tiny)
    cut = {
        names[k]: f"{with_error(100 * bias[k] / totals[k], 100 * error[k] / totals[k])} %"
        for k in np.flatnonzero(clipped & (bias >= _NEGLIGIBLE * totals))
    }
    if cut:
        _logger.warning(
            "Noise below 0 was cut off from the map of %s, which makes it too bright by %s of "
            "its total. This is subtracted, so totals are lower than those of the input maps.",
            ", ".join(cut),
            ", ".join(cut.values()),
            kind="told",
            brief=f"Totals lowered for noise that was cut off: "
            f"{', '.join(f'{name} by {each}' for name, each in cut.items())}.",
        )

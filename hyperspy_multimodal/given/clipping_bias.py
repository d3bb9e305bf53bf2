"""Bias of maps whose noise was clipped at 0, and its correction."""

from dataclasses import replace

import numpy as np

from ..notes import Speaker
from ..written_numbers import with_error
from .map_halves import level_around
from .noise_model import TABLE, clipping_bias

_logger = Speaker(__name__)

_NEGLIGIBLE = 0.01  # share of a total


def without_clipping_bias(maps, excess, errors, clipped, shapes):
    """Subtract the bias of clipped noise from maps, log it, and add the error to their totals.

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

    Returns
    -------
    FittedMaps
    """
    if not np.any(clipped):
        return maps
    below, slope = clipped_mean(maps.net, excess, clipped, shapes)
    raised = excess + np.where(clipped, errors, 0.0)
    more = clipped_mean(maps.net, raised, clipped, shapes)[0] - below
    totals, bias, error = (each.sum(axis=(1, 2)) for each in (maps.net, below, more))
    _say_what_was_cut_off(maps.names, totals, bias, error, clipped)
    own = [each - below / 2 - slope * level_around(each - maps.net / 2)
           for each in maps.first_halves]  # fmt: skip
    net = maps.net - below
    left = totals - bias
    shares = np.divide(error, left, out=np.zeros_like(left), where=left > 0)
    return replace(
        maps,
        net=net,
        net_variance=net + excess[:, None, None],
        first_halves=np.array(own).reshape(maps.first_halves.shape),
        common=np.diag(np.square(shares)),
    )


def clipped_mean(net, excess, clipped, shapes):
    """Return the bias of maps whose noise was clipped at 0, and its slope.

    The bias is that of the level around a pixel, which is noisy itself. Halves of a map must not
    share this noise: the excess of one half over half of the level changes its bias by the slope.

    Parameters
    ----------
    net : numpy.ndarray
        Maps in effective counts, shape (K, ny, nx).
    excess : numpy.ndarray
        Variance of the noise before it was clipped, in squared counts, shape (K,).
    clipped : numpy.ndarray of bool
        Which maps were clipped, shape (K,).
    shapes : numpy.ndarray
        As in `without_clipping_bias`.

    Returns
    -------
    below, slope : numpy.ndarray
        Bias in effective counts, and its derivative by the level, shape (K, ny, nx); 0 for other
        maps.
    """
    below, slope = np.zeros_like(net), np.zeros_like(net)
    for k in np.flatnonzero(clipped):
        level = level_around(net[k : k + 1])[0]
        bias = clipping_bias(float(excess[k]), float(shapes[k]))
        mean = TABLE + bias
        steps = np.diff(bias) / np.diff(mean)
        below[k] = np.interp(level, mean, bias)
        # a level that noise puts below that of no counts represents less than none
        lacking = np.minimum(level - mean[0], 0.0)
        below[k] += lacking * steps[0]
        slope[k] = steps[np.clip(np.searchsorted(mean, level) - 1, 0, len(steps) - 1)]
    return below, slope


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

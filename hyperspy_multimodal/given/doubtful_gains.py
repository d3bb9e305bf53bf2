"""Warnings about gains that are given with maps, but do not match them."""

import numpy as np

from ..counts.dispersion import dispersion_of
from ..counts.doubtful_gain import is_contradicted
from ..notes import Speaker
from ..written_numbers import known_by_name, plain

_logger = Speaker(__name__)


def warn_of_large_gains(names, arrays, gains):
    """Warn if no pixel of a map holds half a count."""
    highest = [float(each.max()) / gain for each, gain in zip(arrays, gains, strict=True)]
    low = {
        name: f"{name} ({plain(value, 2)})"
        for name, value in zip(names, highest, strict=True)
        if value < 0.5
    }
    if low:
        _logger.warning(
            "With the `gain` given, no pixel contains half a count: the highest values are %s. The "
            "gain is in map units per count, so it is probably too large.",
            ", ".join(low.values()),
            kind="wrong gain",
            about=list(low),
        )


def warn_of_contradicted_gains(names, gains, found, errors):
    """Warn of gains that the noise of maps clearly contradicts.

    Parameters
    ----------
    names : list of str
    gains : sequence of float
        Map units per count, as given.
    found, errors : sequence of float
        The same by the noise of the maps, and its standard errors; not finite if unknown.
    """
    doubtful = {
        name: (gain, own, error)
        for name, gain, own, error in zip(names, gains, found, errors, strict=True)
        if is_contradicted(gain, own, error)
    }
    if doubtful:
        given, own, error = zip(*doubtful.values(), strict=True)
        _logger.warning(
            "In map units per count, `gain` is given as %s, but the noise of the maps suggests %s. "
            "With a wrong gain, errors are wrong, and lambdas='auto' smooths too little or too "
            "much. Keep `gain` only if it is known.",
            known_by_name(doubtful, given, np.zeros(len(given))),
            known_by_name(doubtful, own, error),
            kind="wrong gain",
            about=list(doubtful),
        )


def gains_of_whole_counts(arrays, gains, mask=None):
    """Return gains by the noise of maps that are whole counts with given gains, and their errors.

    Parameters
    ----------
    arrays : numpy.ndarray
        Maps, shape (K, ny, nx).
    gains : numpy.ndarray
        Shape (K,).
    mask : numpy.ndarray of bool, optional
        Pixels without data, in which the maps are 0. Default none.

    Returns
    -------
    found, errors : numpy.ndarray
        Infinite errors where the noise may be that of counts. Shape (K,).
    """
    noises = [
        dispersion_of(np.rint(each / gain), mask) for each, gain in zip(arrays, gains, strict=True)
    ]
    found = [noise.factor for noise in noises]
    errors = [noise.error if noise.unlike_counts else np.inf for noise in noises]
    return gains * np.array(found), gains * np.array(errors)

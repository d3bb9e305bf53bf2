"""Noise of sums over windows, relative to that of counts, and maps that do not explain it."""

import numpy as np

from ..notes import Speaker

_logger = Speaker(__name__)

# Sides of the largest windows that tell the noise, and of the smallest that tell errors of the
# background, and the median of |x| of a Gaussian.
_NOISE_SIDE, _MEDIAN = 4, 0.6745
_TINY = np.float32(1e-30)
# Scatter about a map, in units of the noise, that is reported.
_SCATTERS = 1.5


def scatter(windows, runs):
    """Return how far counts of small windows scatter about a map, relative to their noise.

    Parameters
    ----------
    windows : iterable of Windows
        All kinds of windows.
    runs : Runs
        Of the counts that the map predicts, and of the excess of the measured counts over them.

    Returns
    -------
    float
        The largest median absolute deviation of any kind of window, 1 for noise alone.
    """
    found = 0.0
    for window in windows:
        if window.is_compact and max(window.size) <= _NOISE_SIDE:
            mean, beyond = window.sums(runs)
            off = np.abs(beyond) / np.sqrt(np.maximum(mean, _TINY))
            found = max(found, float(np.median(off)) / _MEDIAN)
    return found


def unit_below(least, runs, of_background):
    """Return the standard error with which no net counts are significantly negative.

    Parameters
    ----------
    least : dict
        Minimum standard errors of each kind of window.
    runs : Runs
        As for `scatter`.
    of_background : Runs
        Of the background of the counts.

    Returns
    -------
    float
        Relative to that of Poisson counts; 0 or negative if all net counts are positive.
    """
    unit = 0.0
    for window, enough in least.items():
        if window.is_compact and max(window.size) >= _NOISE_SIDE:
            mean, beyond = window.sums(runs)
            background = window.sums(of_background)
            below = (background - mean - beyond) / np.sqrt(np.maximum(background, 1.0))
            unit = max(unit, float(below.max()) / enough)
    return unit


def warn_of_scatter(names, scatters, automatic):
    """Warn of maps about which the counts scatter more than their noise explains.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    scatters : sequence of float
        From `scatter`, for each fused map.
    automatic : bool
        Whether lambdas were chosen automatically.
    """
    found = {name: each for name, each in zip(names, scatters, strict=True) if each > _SCATTERS}
    if not found:
        return
    remedy = "Use lambdas='auto' or a smaller lambda_2."
    if automatic:
        remedy = (
            "Check the gain, and quote sums of the raw map. If neighbouring pixels share noise, as "
            "after interpolation, bin the scan with s.rebin once; binning further does not help."
        )
    _logger.warning(
        "In most of the scan, the counts differ from the fused map by more than their noise: %s. "
        "The map is too smooth, or the noise is larger than assumed, as it is if neighbouring "
        "pixels share it. Structure that fusion erased is found only if it is stronger than these "
        "differences. %s",
        ", ".join(f"{name} {each:.1f} times" for name, each in found.items()),
        remedy,
        kind="too smooth",
        about=dict.fromkeys(found, 1.0),
    )

"""Noise of maps that are not counts: variance as a function of the mean, from moments."""

from dataclasses import replace

import numpy as np

from .enlarged_maps import before_enlarging, of_enlarged
from .equal_steps import in_steps
from .hot_pixels import without_hot_pixels
from .linear_filter import may_be_linear
from .noise_before_filter import noise_before_filter
from .noise_correlation import correlation_of_noise
from .noise_from_moments import Noise, noise_from_moments

__all__ = ["Noise", "estimate_noise"]


def estimate_noise(image, beside_clipped=False):
    """Estimate the noise of a map from the differences of diagonal neighbours.

    In blocks of 2 x 2 pixels, slopes and most edges cancel. Blocks are sorted by the mean of the
    pixels *around* them, which is independent of their noise, and the half with the gentlest slopes
    is used at each level. The mean of the squared differences is then the variance, and the mean of
    the blocks is the level, even if most pixels are exactly 0. Gain and floor are those for which
    counts with Gaussian noise, clipped at 0 if the map is, have these moments. For clipped Gaussian
    noise, they come from `fit_clipped`.

    Where the values are multiples of a step and their numbers have Poisson noise, the step is the
    gain. Maps that were enlarged by interpolation are first restored. Hot pixels, far above all
    others, are ignored. Correlated noise, as after smoothing, is
    recognised; gain and floor are then those of the map before smoothing. The gain has a finite
    error only if it is probably right to within a quarter.

    Parameters
    ----------
    image : numpy.ndarray
        Map, shape (ny, nx), at least 2 x 2.
    beside_clipped : bool
        Whether another map of the same scan was clipped at 0, so that this one probably was, too.
        Default False.

    Returns
    -------
    Noise

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.given.map_noise import estimate_noise
    >>> counts = np.random.default_rng(0).poisson(np.linspace(1, 20, 128), (128, 128))
    >>> noise = estimate_noise(0.25 * counts)
    >>> bool(abs(noise.gain - 0.25) < 0.02), bool(noise.floor < 0.05)
    (True, True)
    """
    image = np.asarray(image, dtype=np.float64)
    enlarged = before_enlarging(image)
    if enlarged is not None:
        return of_enlarged(estimate_noise(enlarged.source, beside_clipped), enlarged)
    image, hot = without_hot_pixels(image)
    correlation = correlation_of_noise(image)
    if correlation.blur > 0:
        found, spread = noise_before_filter(image, correlation), correlation.spread
    else:
        found, spread = noise_from_moments(image, beside_clipped), 1.0
    if np.isnan(correlation.blur):
        found = replace(found, blur=np.nan, clipped=False, gain_error=np.inf, shape=np.inf)
    elif np.isfinite(found.gain_error) and not may_be_linear(image, spread, found.gain):
        found = replace(found, gain_error=np.inf)
    return replace(in_steps(found, image), hot=hot)

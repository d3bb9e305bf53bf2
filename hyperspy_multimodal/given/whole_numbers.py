"""Whether maps of whole numbers are counts."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..counts.dispersion import dispersion_of
from ..written_numbers import plain
from .map_noise import Noise

# Number of levels, each in at least two pixels, that scaled maps must have.
_LEVELS = 6


class WholeNumbers(NamedTuple):
    """Whether maps of whole numbers are counts, and why not.

    Attributes
    ----------
    scaled : list of str
        Maps whose levels are more than 1 apart, such as 8-bit images.
    factors : dict of str to float
        Variance of the noise divided by that of counts, for maps in which it clearly differs.
    counts : list of bool
        Which maps clearly have Poisson noise.
    """

    scaled: list
    factors: dict
    counts: list

    @property
    def are_counts(self):
        """Whether nothing contradicts that the maps are counts."""
        return not self.scaled and not self.factors

    @property
    def why(self):
        """Why the maps are not counts."""
        parts = [f"the values of {', '.join(self.scaled)} look scaled"] if self.scaled else []
        if self.factors:
            each = ", ".join(f"{plain(value, 2)} in {name}" for name, value in self.factors.items())
            parts.append(f"variance of the noise divided by that of counts: {each}")
        return "; ".join(parts)


def judged(names, arrays, has_background, mask=None):
    """Return whether maps of whole numbers are counts, and why not.

    Their levels are tested. Their noise is also tested, unless a background was subtracted, which
    adds noise.

    Parameters
    ----------
    names : list of str
    arrays : numpy.ndarray
        Whole numbers >= 0, shape (K, ny, nx).
    has_background : bool
        Whether the maps are known to contain the noise of a background.
    mask : numpy.ndarray of bool, optional
        Pixels without data, in which the maps are 0. Default none.

    Returns
    -------
    WholeNumbers
    """
    scaled = [name for name, image in zip(names, arrays, strict=True) if _are_rescaled(image)]
    if has_background:
        return WholeNumbers(scaled, {}, [False] * len(names))
    found = [dispersion_of(image, mask) for image in arrays]
    return WholeNumbers(
        scaled,
        {
            name: each.factor
            for name, each in zip(names, found, strict=True)
            if each.unlike_counts and name not in scaled
        },
        [each.like_counts and name not in scaled for name, each in zip(names, found, strict=True)],
    )


def noise_of_whole_numbers(found, is_counts, factor, mean):
    """Return the noise of a map of whole numbers, if not all maps of the scan are counts.

    Whole numbers with less noise than counts were smoothed. If the filter cannot be determined,
    neither can the gain, because rounding adds noise; the gain is at least 1. Noise above that of
    counts is attributed to the gain if its origin cannot be determined.

    Parameters
    ----------
    found : Noise
        Estimated noise.
    is_counts : bool
        Whether the map clearly has Poisson noise.
    factor : float
        Variance of the noise divided by that of counts, NaN if unknown.
    mean : float
        Mean of the map.

    Returns
    -------
    Noise
    """
    if is_counts:
        return Noise(gain=1.0, floor=0.0, gain_error=0.0, floor_error=0.0)
    if factor > 1 and not found.clipped and not np.isfinite(found.gain_error):
        return replace(found, gain=found.gain + found.floor / mean, floor=0.0)
    if not factor < 1 or (found.blur > 0 and found.gain >= 1):
        return found
    blur = found.blur if found.blur > 0 else np.nan
    return replace(found, gain=max(found.gain, 1.0), blur=blur, gain_error=np.inf)


def enlarged(noise, repeats):
    """Return the noise of a map whose pixels were repeated.

    Such a map is treated as a moving average of counts that are ``repeats`` times as large.

    Parameters
    ----------
    noise : Noise
        Noise of the map without repeats.
    repeats : float
        Number of pixels that show the same counts.
    """
    return replace(
        noise,
        gain=noise.gain * repeats,
        floor=noise.floor * repeats,
        blur=float(np.hypot(noise.blur, np.sqrt(repeats / (4 * np.pi)))),
        gain_error=noise.gain_error * repeats,
        floor_error=noise.floor_error * repeats,
    )


def _are_rescaled(image):
    """Return whether whole numbers were multiplied by 2 or more: no two levels differ by 1.

    Levels that occur in a single pixel do not count, because they may be isolated by chance.
    """
    levels, pixels = np.unique(image, return_counts=True)
    return np.sum(pixels > 1) >= _LEVELS and np.diff(levels).min() >= 2

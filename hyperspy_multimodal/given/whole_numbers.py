"""Whether maps of whole numbers are counts."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..counts.dispersion import dispersion_of
from ..written_numbers import plain
from .map_noise import Noise

# Different values, of two pixels or more each, that have no neighbours in scaled maps.
_LEVELS = 6


class WholeNumbers(NamedTuple):
    """What maps of whole numbers are.

    Attributes
    ----------
    scaled : list of str
        Maps whose levels are further apart than 1, such as pictures of 8 bits.
    factors : dict of str to float
        Variance of the noise over that of counts, for maps in which it certainly differs.
    counts : list of bool
        Which maps certainly have the noise of counts.
    """

    scaled: list
    factors: dict
    counts: list

    @property
    def are_counts(self):
        """Whether nothing contradicts this."""
        return not self.scaled and not self.factors

    @property
    def why(self):
        """Why they are not counts."""
        parts = [f"those of {', '.join(self.scaled)} look scaled"] if self.scaled else []
        if self.factors:
            each = ", ".join(f"{plain(value, 2)} in {name}" for name, value in self.factors.items())
            parts.append(f"variance of the noise over that of counts: {each}")
        return "; ".join(parts)


def judged(names, arrays, has_background, mask=None):
    """Return what maps of whole numbers are.

    Their levels are tested, and their noise, unless a background was subtracted, which adds to it.

    Parameters
    ----------
    names : list of str
    arrays : numpy.ndarray
        Whole numbers >= 0, shape (K, ny, nx).
    has_background : bool
        Whether the noise of a background is known to be in the maps.
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
    """Return the noise of a map of whole numbers, of which some of the scan are no counts.

    Whole numbers with less noise than counts were smoothed. If the filter cannot be determined,
    neither can the size of counts, because rounding adds noise; it is at least 1. Noise above that
    of counts which does not tell its origin is taken to come from their size.

    Parameters
    ----------
    found : Noise
        As estimated.
    is_counts : bool
        Whether the noise certainly is that of counts.
    factor : float
        Variance over that of counts, NaN if unknown.
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
    """Return the noise of a map of which pixels were repeated.

    This is a moving average of counts that are as many times as large.

    Parameters
    ----------
    noise : Noise
        Of the map without repeats.
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
    """Return whether whole numbers were multiplied by 2 or more: no two levels are neighbours.

    Levels of single pixels may have no neighbours by chance, however many there are.
    """
    levels, pixels = np.unique(image, return_counts=True)
    return np.sum(pixels > 1) >= _LEVELS and np.diff(levels).min() >= 2

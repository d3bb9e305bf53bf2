"""Where the counts around a pixel have a composition."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from .found_regions import NEIGHBOURS
from .known import decide
from .propagation import counts_of, sums_by

# Standard errors by which counts around a pixel are negative, and by which its background has
# another slope: many pixels are looked at.
_NEGATIVE, _TILTED = 5.0, 4.0
_AT_ONCE = 20_000  # pixels


def has_composition_nearby(measured, factors, there):
    """Return where counts have a composition, by errors of fit and factors.

    Fused maps are not negative, so pixels seem to have a composition even where the background is
    wrong, or where errors that are not noise exceed the counts. This is decided by the raw counts
    of 5 x 5 pixels. Beside a specimen, most of these lie in it, so 25 times the fused counts of the
    pixel itself must exceed these errors, too. Noise was compared with the fused counts, see
    `is_there`: that of the raw ones would leave holes.

    Parameters
    ----------
    measured : Measured
    factors : Factors
    there : numpy.ndarray
        Pixels to look at, bool, shape (ny, nx).

    Returns
    -------
    numpy.ndarray
        Bool, shape (ny, nx).
    """

    def nearby(maps):
        for axis in (1, 2):
            maps = NEIGHBOURS * uniform_filter1d(maps, NEIGHBOURS, axis=axis, mode="constant")
        return maps.reshape(len(maps), -1)

    sums = sums_by(measured, nearby)
    tilts, variances = sums.tilts
    tilted = np.square(tilts) > _TILTED**2 * variances
    sums = sums._replace(tilts=np.array([np.where(tilted, tilts, 0.0), variances]))
    found = np.zeros(there.size, bool)
    places = np.flatnonzero(there)
    fused = np.clip(measured.fused, 0, None).reshape(len(measured.names), -1)
    for start in range(0, len(places), _AT_ONCE):
        part = places[start : start + _AT_ONCE]
        around = sums.at(part)
        as_here = around._replace(net=around.pixels * fused[:, part])
        counts, of_pixel = (counts_of(measured, each) for each in (around, as_here))
        nearby_too = decide(counts, factors, measured, _NEGATIVE, _without_noise(counts))
        here = decide(_without_noise(of_pixel), factors, measured)
        found[part] = nearby_too.has_composition & here.has_composition
    return found.reshape(there.shape)


def _without_noise(counts):
    return replace(counts, noise=np.zeros_like(counts.noise))

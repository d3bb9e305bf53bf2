"""Check of measured net totals in vacuum, if there is any."""

import numpy as np

from ..counts.contracts import Maps
from ..notes import Speaker
from ..written_numbers import percent
from .normalised_haadf import SMOOTHING, noise_of, smoothed

_logger = Speaker(__name__)

# Darker than this, in ranges of the HAADF above its lowest, may be vacuum ...
_DARK = 0.06
# ... if it is a share of the scan, and of so many pixels, ...
_LEAST_SHARE, _LEAST_PIXELS = 0.02, 100
# ... as flat as the noise of the HAADF allows, but for so many ranges, ...
_FLATNESS = 0.02
# ... and contains at most this share of the counts per pixel of the brightest quarter.
_FEW_COUNTS = 0.1
# Allowed error of the background, as a share of the total, and in standard errors.
_TRUSTED_SHARE, _STANDARD_ERRORS = 0.03, 4.0


def vacuum_of(maps: Maps, haadf, few_counts=_FEW_COUNTS):
    """Return where the scan shows vacuum, a bool array (ny, nx), or None if there is none.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    haadf : numpy.ndarray
        HAADF normalised to about [0, 1], shape (ny, nx).
    few_counts : float
        Maximum counts per pixel there, as a share of those of the brightest quarter.
    """
    smooth = smoothed(haadf, SMOOTHING)
    dark = smooth <= smooth.min() + _DARK
    if dark.sum() < max(_LEAST_SHARE * dark.size, _LEAST_PIXELS):
        return None
    noise = noise_of(haadf) / (np.sqrt(4 * np.pi) * SMOOTHING)
    if smooth[dark].std() > np.hypot(_FLATNESS, 2 * noise):
        return None
    net = maps.net.sum(axis=0)
    bright = smooth >= np.quantile(smooth, 0.75)
    return dark if net[dark].mean() <= few_counts * net[bright].mean() else None


def trusted_totals(maps: Maps, haadf):
    """Return which net totals to keep, bool, shape (K,).

    Counts from fits of whole spectra have no separate background, so their totals are kept. The
    background from windows is checked where the scan shows vacuum. If an element seems to be
    present there, with more than 3 % of its total when extrapolated to the whole scan, its total is
    not kept, and a message is logged.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    haadf : numpy.ndarray
        HAADF normalised to about [0, 1], shape (ny, nx).
    """
    totals = maps.net.sum(axis=(1, 2))
    trusted = np.isfinite(maps.totals)
    if not maps.has_measured_background:
        return trusted
    vacuum = vacuum_of(maps, haadf)
    if vacuum is None:
        return trusted
    shares = {}
    for i in np.flatnonzero(trusted):
        there, variance = maps.net[i][vacuum], maps.net_variance[i][vacuum]
        excess = there.mean() * haadf.size
        error = np.sqrt(max(variance.sum(), 1.0)) * haadf.size / vacuum.sum()
        if abs(excess) > max(_TRUSTED_SHARE * totals[i], _STANDARD_ERRORS * error):
            trusted[i] = False
            shares[maps.names[i]] = excess / totals[i]
    if shares:
        _logger.warning(
            "There are net counts in what looks like vacuum. Over the whole scan, they would make "
            "%s of the total. The background may therefore be wrong, and these totals are not "
            "kept. Check the background windows. If the elements are really there, for example in "
            "a support film, pass keep_totals=True.",
            ", ".join(f"{percent(s, 1, sign='+')} ({name})" for name, s in shares.items()),
            kind="background",
            about={name: abs(share) for name, share in shares.items()},
        )
    return trusted

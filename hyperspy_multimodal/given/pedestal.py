"""A uniform background in existing maps, measured where the scan shows vacuum."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..checks import per_element
from ..notes import Speaker
from ..selection import normalise_haadf, vacuum_of
from ..written_numbers import plain, with_error
from .uneven_vacuum import uneven_vacuum

_logger = Speaker(__name__)

#: Name of the pedestal that is measured in vacuum.
VACUUM = "vacuum"
# Counts in vacuum are reported from this share of the total and this many standard errors.
_SHARE, _STANDARD_ERRORS = 0.03, 4.0
# Vacuum stated by the user may contain this share of the counts per pixel of the brightest quarter.
_ASKED = 0.5
# Below this number of counts per pixel, the noise of a background is as large as the background
# over the areas that a fusion smooths. Maps that cannot be negative then keep a part of it.
_SCARCE = 0.05


class InVacuum(NamedTuple):
    """Counts per pixel in vacuum of each map, shape (K,).

    Attributes
    ----------
    mean, error : numpy.ndarray
        Mean, and its standard error if vacuum is uniform.
    uneven : numpy.ndarray
        Largest difference of a part of the vacuum from the mean, 0 if vacuum looks uniform.
    """

    mean: np.ndarray
    error: np.ndarray
    uneven: np.ndarray


def checked_pedestal(pedestal, n_maps):
    """Return None, "vacuum", or one number >= 0 per element, in map units."""
    if pedestal is None:
        return None
    if isinstance(pedestal, str):
        if pedestal != VACUUM:
            raise ValueError(
                "pedestal must be None, 'vacuum' or one number >= 0 per element, in map units per "
                f"pixel, but {pedestal!r} was given."
            )
        return pedestal
    return per_element("pedestal", pedestal, n_maps, low=0, include_low=True)


def without_pedestal(maps, pedestal, haadf, mask=None):
    """Subtract a uniform background from maps, or warn that they may contain one.

    The noise of the background remains. It is treated like counts on a background.

    Parameters
    ----------
    maps : FittedMaps
        Maps in effective counts.
    pedestal : None, str or numpy.ndarray
        From `checked_pedestal`.
    haadf : numpy.ndarray
        HAADF image, shape (ny, nx).
    mask : numpy.ndarray, optional
        Pixels without data, bool, shape (ny, nx).

    Returns
    -------
    maps : FittedMaps
    pedestal : numpy.ndarray
        What was subtracted, in map units per pixel, shape (K,).
    """
    if pedestal is None:
        found = in_vacuum(maps, haadf, mask)
        if found is not None:
            _warn_of_counts_in_vacuum(maps, found, mask)
        return maps, np.zeros(len(maps.names))
    if not isinstance(pedestal, str):
        counts = pedestal / maps.gains
    else:
        found = in_vacuum(maps, haadf, mask, few_counts=_ASKED)
        if found is None:
            raise ValueError(
                "pedestal='vacuum' needs a part of the scan that the HAADF shows to be vacuum, but "
                "there is none. It must be dark and flat, have at least 100 pixels and 2 % of the "
                "scan, and less than half of the counts of bright parts. Pass the pedestal as "
                "numbers, in map units per pixel, or leave it out."
            )
        counts = np.maximum(found.mean, 0.0)
        errors = np.hypot(found.error, found.uneven)
        _warn_of_uneven_vacuum(maps, counts, found.uneven, mask)
        maps = replace(maps, common=_uncertainty(maps, counts, errors), per_pixel=errors)
        _logger.info(
            "Maps in what looks like vacuum contain %s units per pixel. This is subtracted.",
            ", ".join(
                f"{name} {with_error(value, error)}"
                for name, value, error in zip(
                    maps.names, maps.gains * counts, maps.gains * errors, strict=True
                )
            ),
        )
    shift = counts[:, None, None]
    # `net_variance` is kept: the counts of the background are subtracted, but their noise remains
    maps = replace(maps, net=maps.net - shift, first_halves=maps.first_halves - shift / 2)
    if maps.cut_off is not None:
        # what dark pixels hold limits the bias by noise that was cut off, and they hold less now
        maps = replace(maps, cut_off=np.maximum(maps.cut_off - counts, 0.0))
    return maps, maps.gains * counts


def in_vacuum(maps, haadf, mask=None, **limits):
    """Return the counts `InVacuum`, or None if the scan shows no vacuum.

    Parameters
    ----------
    maps, haadf, mask
        As in `without_pedestal`.
    **limits
        Passed to `vacuum_of`.
    """
    if not np.ptp(haadf) > 0:
        return None
    vacuum = vacuum_of(maps, normalise_haadf(haadf)[0], **limits)
    if vacuum is not None and mask is not None:
        vacuum = vacuum & ~mask
    if vacuum is None or vacuum.sum() < 2:
        return None
    there = maps.net[:, vacuum]
    errors = there.std(axis=1, ddof=1) / np.sqrt(vacuum.sum())
    uneven = uneven_vacuum(maps.net, maps.net_variance, haadf, vacuum)
    return InVacuum(there.mean(axis=1), errors, uneven)


def _uncertainty(maps, counts, errors):
    """Return the relative covariance of the totals less a pedestal, with its error, (K, K)."""
    size = maps.net[0].size
    before = maps.net.sum(axis=(1, 2))
    totals = before - size * counts
    shares, scale = (
        np.divide(each, totals, out=np.zeros_like(totals), where=totals > 0)
        for each in (size * errors, before)
    )
    known = 0.0 if maps.common is None else maps.common * np.outer(scale, scale)
    return np.diag(np.square(shares)) + known


def _shares(maps, counts, mask, subtracted=0.0):
    """Return counts per pixel, over the whole scan, as shares of the totals, shape (K,)."""
    size = maps.net[0].size if mask is None else (~mask).sum()
    totals = maps.net.sum(axis=(1, 2)) - size * subtracted
    # all of the map, and more, where the total is not positive
    nothing = np.where(counts > 0, np.inf, 0.0)
    return np.divide(size * counts, totals, out=nothing, where=totals > 0)


def _warn_of_uneven_vacuum(maps, subtracted, uneven, mask):
    """Say by how much totals may be wrong if a pedestal is measured where vacuum is not uniform."""
    shares = _shares(maps, uneven, mask, subtracted)
    about = {maps.names[k]: float(shares[k]) for k in np.flatnonzero(shares > _SHARE)}
    if about:
        _logger.warning(
            "The counts in vacuum are not uniform, so that the pedestal is doubtful. The totals "
            "may be wrong by %s. If you know the background, pass it as `pedestal`.",
            _in_percent(about),
            kind="vacuum",
            about=about,
        )


def _in_percent(about):
    return ", ".join(f"{plain(100 * min(share, 1), 2)} % ({name})" for name, share in about.items())


def _warn_of_counts_in_vacuum(maps, found, mask):
    shares = _shares(maps, found.mean, mask)
    there = (shares > _SHARE) & (found.mean > _STANDARD_ERRORS * found.error)
    about = {maps.names[k]: float(shares[k]) for k in np.flatnonzero(there)}
    if about:
        _logger.warning(
            "There are counts in what looks like vacuum. Over the whole scan, they would make %s "
            "of the total. They are kept. If they are a uniform background of the maps and not a "
            "support film, pedestal='vacuum' subtracts them%s.%s",
            _in_percent(about),
            _reservation(maps.names, np.where(there, found.mean, np.inf)),
            _not_uniform(maps.names, there & (found.uneven > 0)),
            kind="vacuum",
            about=about,
        )


def _reservation(names, counts):
    """Return for which maps a pedestal helps only the sums of raw maps: they have few counts."""
    few = [name for name, each in zip(names, counts, strict=True) if each < _SCARCE]
    if not few:
        return ""
    return (
        f" from the raw maps. Fused maps of so few counts ({', '.join(few)}), which cannot be "
        "negative, keep a part of them where they are dark: there, use sums of the raw maps"
    )


def _not_uniform(names, uneven):
    """Return a sentence on maps whose counts in vacuum differ from place to place."""
    if not uneven.any():
        return ""
    listed = ", ".join(name for name, each in zip(names, uneven, strict=True) if each)
    return f" They are not uniform in {listed}."

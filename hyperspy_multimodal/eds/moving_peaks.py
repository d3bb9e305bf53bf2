"""Peaks that move across the scan, for example with the count rate."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ..notes import Speaker
from ..written_numbers import percent

_logger = Speaker(__name__)

_GROUPS, _FEWEST = 3, 30  # of scan positions, from dark to bright, and positions in each
_SMOOTHED = 5  # pixels
# Difference between groups that is reported, in standard errors and in keV.
_CERTAIN, _LEAST = 4.0, 0.002
_SHARE = 0.03  # of a total that is wrong by it


class Movement(NamedTuple):
    """Distances of peaks from their fitted positions, in groups of scan positions.

    Attributes
    ----------
    shifts, errors : numpy.ndarray
        In keV, from the positions with fewest counts to those with most, shape (G,).
    bias : numpy.ndarray
        Counts that maps have too many or too few for it, summed over the groups without their
        signs: the fit shares the fault out so that the sums of the groups nearly cancel. Shape
        (K,).
    """

    shifts: np.ndarray
    errors: np.ndarray
    bias: np.ndarray

    @property
    def is_certain(self):
        """Whether groups differ by more than noise, and by enough to affect maps."""
        low, high = int(np.argmin(self.shifts)), int(np.argmax(self.shifts))
        apart = self.shifts[high] - self.shifts[low]
        return bool(apart > max(_CERTAIN * np.hypot(*self.errors[[low, high]]), _LEAST))


def slopes(templates, channel):
    """Return how templates of maps change with their position, per keV, shape (K, C)."""
    shapes = templates.shapes[: len(templates.names)]
    return -np.gradient(shapes, channel, axis=1) if len(shapes) else shapes


def position_rows(templates, channel):
    """Return rows (K, C) that convert a spectrum to counts of each map times the shift of peaks.

    Weighted least squares of all templates together with the slopes of those of the maps.
    """
    n_maps = len(templates.names)
    design = np.vstack([templates.shapes, slopes(templates, channel)])
    weighted = design * templates.weights
    gram = weighted @ design.T
    unit = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    inverse = np.linalg.pinv(gram / np.outer(unit, unit), rcond=1e-8, hermitian=True)
    return ((inverse @ (weighted / unit[:, None])) / unit[:, None])[-n_maps:]


def movement(templates, channel, net, moved, gross):
    """Return the `Movement` of peaks from dark to bright scan positions, or None if these are few.

    Parameters
    ----------
    templates : Templates
    channel : float
        Width of a channel in keV.
    net : numpy.ndarray
        Net counts, shape (K, ny, nx).
    moved : numpy.ndarray
        Spectra as `position_rows` takes them, shape (K, ny, nx).
    gross : numpy.ndarray
        Counts of each spectrum, shape (ny, nx).
    """
    n_maps = len(templates.names)
    seen = np.flatnonzero(gross > 0)
    if len(seen) < _GROUPS * _FEWEST:
        return None
    smooth = ndimage.uniform_filter(gross.astype(float), _SMOOTHED, mode="nearest").ravel()
    groups = np.array_split(seen[np.argsort(smooth[seen], kind="stable")], _GROUPS)
    of_net, of_moved = net.reshape(n_maps, -1), moved.reshape(n_maps, -1)
    leaks = templates.projection[:n_maps] @ slopes(templates, channel).T
    shifts, errors, bias = [], [], np.zeros(n_maps)
    for group in groups:
        counts = np.maximum(of_net[:, group].sum(axis=1, dtype=float), 0.0)
        sums = of_moved[:, group].sum(axis=1, dtype=float)
        variance = len(group) * of_moved[:, group].var(axis=1, dtype=float)
        weights = counts / np.maximum(variance, 1e-300)
        information = max(float(counts @ weights), 1e-300)
        shifts.append(float(sums @ weights) / information)
        errors.append(information**-0.5)
        bias += np.abs(shifts[-1] * (leaks @ counts))
    return Movement(np.array(shifts), np.array(errors), bias)


def say_movement(names, found, totals):
    """Name maps that are wrong because their peaks move.

    Parameters
    ----------
    names : list of str
        Lines.
    found : Movement
    totals : numpy.ndarray
        Of the maps, shape (K,).
    """
    shares = found.bias / np.maximum(totals, 1e-300)
    about = {
        name: share
        for name, share, total in zip(names, shares.tolist(), totals, strict=True)
        if share >= _SHARE and total > 0
    }
    if about:
        _logger.warning(
            "Peaks shift with the count rate: by %+.1f eV at the scan positions with the fewest "
            "counts and by %+.1f eV at those with the most, relative to the fit. Overlapping "
            "lines therefore exchange counts: about %s. Record at a lower count rate, or "
            "fuse bright and dark parts of the scan separately.",
            1e3 * found.shifts[0],
            1e3 * found.shifts[-1],
            ", ".join(f"{percent(share)} ({name})" for name, share in about.items()),
            kind="moving peaks",
            about=about,
        )

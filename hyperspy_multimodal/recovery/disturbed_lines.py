"""Rows and columns of a scan whose counts were lost or disturbed, as after flyback."""

import numpy as np

from ..counts.contracts import Maps
from ..notes import Speaker

_logger = Speaker(__name__)

# Number of neighbours on each side that predict the counts of a row.
_NEIGHBOURS = 3
# A row is disturbed if it deviates by these multiples of the scatter of rows and of the standard
# error of its counts, and by this share of its counts.
_SCATTER, _CERTAIN, _SHARE = 8.0, 6.0, 0.1
_FEWEST = 12  # rows
# Below this share of the largest, sums of the HAADF are 0: nothing is relative to them.
_DARK = 1e-9
_NORMAL = 1.4826  # standard deviation over the median absolute deviation
_NAMED = 8  # rows, in a message
_ROUNDS = 3
_MOST = 0.2  # of all rows: more are structure


def disturbed_lines(counts, haadf, axis):
    """Return rows or columns whose counts differ from those of their neighbours.

    Changes of the HAADF image in the same row are taken into account: if both change from one row
    to the next, the specimen does. Nor is a row disturbed where the HAADF changes by more than the
    counts, as at the edge of a specimen.

    Parameters
    ----------
    counts : numpy.ndarray
        Counts of each spectrum, shape (ny, nx).
    haadf : numpy.ndarray
        Shape (ny, nx).
    axis : int
        0 for rows, 1 for columns.

    Returns
    -------
    lines : numpy.ndarray of int
        Their numbers; empty if more than a fifth of them deviate.
    shares : numpy.ndarray
        Counts of each, divided by the expected counts.
    """
    sums = np.asarray(counts, float).sum(axis=1 - axis)
    bright = np.asarray(haadf, float).sum(axis=1 - axis)
    if len(sums) < _FEWEST:
        return np.array([], int), np.array([])
    lines, shares = np.array([], int), np.array([])
    for _ in range(_ROUNDS):
        # of neighbours that are not disturbed themselves
        lines, shares = _off(sums, bright, lines)
    if len(lines) > _MOST * len(sums):
        return np.array([], int), np.array([])
    return lines, shares


def _off(sums, bright, disturbed):
    """Return disturbed rows, and their counts relative to those expected."""
    off, expected, change = _unexplained(sums, bright, disturbed, _of_neighbours)
    # Rows at the border have no neighbours on one side: both of these must deviate.
    other = _unexplained(sums, bright, disturbed, _extrapolated)
    nearer = np.abs(other[0]) < np.abs(off)
    off, expected, change = (
        np.where(nearer, theirs, own)
        for own, theirs in zip((off, expected, change), other, strict=True)
    )
    scatter = _NORMAL * np.median(np.abs(off - np.median(off)))
    least = np.maximum(_SCATTER * scatter, _CERTAIN * np.sqrt(np.maximum(expected, 1.0)))
    # where the HAADF changes by more, so does the specimen
    share = np.maximum(_SHARE, np.abs(change))
    lines = np.flatnonzero(np.abs(off) > np.maximum(least, share * expected))
    return lines, 1 + off[lines] / np.maximum(expected[lines], 1.0)


def _unexplained(sums, bright, disturbed, predicted):
    """Return by how much counts differ from those predicted, these, and the change of the HAADF.

    What the HAADF explains is not part of the first. The last is relative to its own prediction.
    """
    expected = predicted(sums, disturbed)
    of_haadf = predicted(bright, disturbed)
    off, with_haadf = sums - expected, bright - of_haadf
    # disturbed rows do not show how counts depend on the HAADF
    near = np.abs(off) <= 5 * np.median(np.abs(off)) + 1e-12
    power = float(with_haadf[near] @ with_haadf[near])
    slope = float(off[near] @ with_haadf[near]) / power if power > 0 else 0.0
    # if the HAADF deviates as much as the counts do, the specimen is the cause
    known = of_haadf > _DARK * np.abs(bright).max()
    relative = np.divide(with_haadf, of_haadf, out=np.zeros_like(off), where=known)
    explained = expected * relative
    along = max(slope, 0.0) * with_haadf
    nearer = known & (np.abs(off - explained) < np.abs(off - along))
    return np.where(nearer, off - explained, off - along), expected, relative


def warn_of_disturbed_lines(maps: Maps, haadf):
    """Name disturbed rows and columns, with a mask that leaves them out.

    Only for maps with known counts of whole spectra.
    """
    counts = maps.gross
    if counts is None:
        return
    for axis, name in enumerate(("row", "column")):
        lines, shares = disturbed_lines(counts, haadf, axis)
        if not len(lines):
            continue
        name = f"{name}s" if len(lines) > 1 else name
        index = f"{lines.tolist()}" if axis == 0 else f":, {lines.tolist()}"
        _logger.warning(
            "Disturbed %s of the scan: %s. Counts there are %s of those nearby, although the HAADF "
            "does not change as much. Leave the %s out: mask = np.zeros(haadf.data.shape, bool); "
            "mask[%s] = True; navigation_mask=mask.",
            name,
            _list(lines),
            _list([f"{100 * share:.0f} %" for share in shares]),
            name,
            index,
            kind="disturbed lines",
        )


def _of_neighbours(sums, disturbed):
    """Return the median of the neighbours of each row, without those that are disturbed."""
    known = sums.copy()
    known[disturbed] = np.nan
    padded = np.pad(known, _NEIGHBOURS, constant_values=np.nan)
    shifts = [k for k in range(2 * _NEIGHBOURS + 1) if k != _NEIGHBOURS]
    near = np.array([padded[k : k + len(sums)] for k in shifts])
    alone = np.isnan(near).all(axis=0)
    near[0, alone] = sums[alone]
    return np.nanmedian(near, axis=0)


def _extrapolated(sums, disturbed):
    """Return the median of neighbours, at the border a line through them."""
    expected = _of_neighbours(sums, disturbed)
    known = np.setdiff1d(np.arange(len(sums)), disturbed)
    for row in (*range(_NEIGHBOURS), *range(len(sums) - _NEIGHBOURS, len(sums))):
        near = known[(np.abs(known - row) <= _NEIGHBOURS) & (known != row)]
        if len(near) > 1:
            _, at_row = np.polyfit(near - row, sums[near], 1)
            expected[row] = max(at_row, 0.0)
    return expected


def _list(values):
    shown = ", ".join(str(value) for value in values[:_NAMED])
    return shown + (", ..." if len(values) > _NAMED else "")

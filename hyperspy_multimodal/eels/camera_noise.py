"""Gain and floor of the noise of a spectrometer's camera, from the spectra themselves."""

from dataclasses import dataclass, replace

import numpy as np

# Side, in pixels, of the blocks in which spectra are assumed to have the same shape.
_BLOCK = 8
# The share of the mean spectrum of the scan with which that of a block is padded.
_PADDED = 0.02
# Times that the ratio of neighbouring ranges differs between places.
_FARTHEST = 4.0
# Neighbouring differences share a pixel, and their squares a quarter of their variance.
_SHARED = 1.5
# What ranges i and i + 1 leave, x_i - (x_(i-1) + x_(i+1)) / 2, has a correlation of -2/3; i and
# i + 2, one of 1/6. The squares of these are the correlations of squares.
_SHARED_RANGES = 1 + 2 * ((2 / 3) ** 2 + (1 / 6) ** 2)
_HUBER = 3.5
_ROUNDS = 30
# Standard errors from fewer blocks are too small for a floor to stand on.
_BLOCKS = 16
# Minimum ratio of a floor to its standard error, and the smallest share of the noise that it must
# have somewhere.
_CLEAR, _MATTERS = 4.0, 0.05
# A gain from ranges of twice the width is preferred if its relative standard error is below this.
_SURE = 0.05


@dataclass(frozen=True)
class CameraNoise:
    """The variance of the counts of one channel: gain times mean, and the floor's square.

    Attributes
    ----------
    gain, gain_error : float
        Counts per electron, and its standard error; NaN and infinite if the spectra do not tell.
    floor, floor_error : float
        Standard deviation in counts where there are no electrons, 0 unless it is clearly there, and
        the standard error of its square over twice the floor, of the square root without a floor.
    gain_spread : float
        By how much the gain differs between ranges of channels and others that are twice as wide:
        neighbouring channels of a camera share electrons, which narrow ranges do not show.
    """

    gain: float
    gain_error: float
    floor: float = 0.0
    floor_error: float = np.inf
    gain_spread: float = 0.0


def camera_noise(counts, widths, free):
    """Estimate gain and floor from how noise grows with the mean.

    A range of channels is predicted by those on both sides, with the proportion that they have in a
    block of 8 x 8 pixels: thickness cancels, and so does what is smooth along the energy. The
    differences that are left between horizontal neighbours are noise, whose variance is linear in
    gain and squared floor, with known factors. Both are fitted to all blocks and ranges; those far
    above it have structure, and little weight.

    Neighbouring channels share electrons, so sums over narrow ranges have less noise for their
    counts than those over the windows of edges. Pairs of ranges are used instead if enough of them
    have no edge, and if they show the gain to 5 %.

    Parameters
    ----------
    counts : numpy.ndarray
        Counts in ranges of channels that follow each other, shape (R, ny, nx).
    widths : numpy.ndarray
        Channels in each, shape (R,).
    free : numpy.ndarray
        Which of them have no edge, bool, shape (R,). If there are no three beside each other, all
        serve: edges add to what is taken for noise where the composition changes.

    Returns
    -------
    CameraNoise
    """
    free = np.asarray(free)
    found = _noise_of_ranges(counts, widths, free)
    pairs = [slice(i, i + 2) for i in range(len(widths) - 1)]
    if not len(_inner(np.ones(len(pairs), bool), 2)) or not np.isfinite(found.gain):
        return found
    wide_free = np.array([np.all(free[each]) for each in pairs])
    wide = _noise_of_ranges(
        np.array([counts[each].sum(axis=0, dtype=float) for each in pairs]),
        np.array([np.sum(widths[each]) * bool(np.all(widths[each])) for each in pairs]),
        wide_free,
        step=2,
    )
    if not np.isfinite(wide.gain):
        return found
    has_edges = len(_inner(free)) and not len(_inner(wide_free, 2))
    is_sure = wide.gain_error < _SURE * wide.gain
    better = wide if is_sure and not has_edges else found
    return replace(better, gain_spread=float(abs(wide.gain - found.gain)))


def _noise_of_ranges(counts, widths, free, step=1):
    """Return the `CameraNoise`, with ranges that follow each other in steps of some."""
    unknown = CameraNoise(np.nan, np.inf)
    recorded = np.asarray(widths) > 0
    middle = _inner(recorded & free, step)
    if not len(middle):
        middle = _inner(recorded, step)
    if not len(middle) or counts[0].size < 2:
        return unknown
    if counts.shape[2] == 1:  # a scan along a column
        counts = counts.swapaxes(1, 2)
    widths = np.asarray(widths, float)
    found = [_moments(counts, widths, (i - step, i, i + step)) for i in middle]
    found = [[each.ravel() for each in moments] for moments in found]
    squares, electrons, floors, pairs = np.array(found).swapaxes(0, 1)
    known = electrons > 0
    if not known.any() or not squares[known].any():
        return unknown
    both, errors = _fitted(squares, np.stack([electrons, floors]), pairs)
    share = both[1] * floors / np.maximum(both[0] * electrons + both[1] * floors, 1e-300)
    enough = squares.shape[1] >= _BLOCKS
    if enough and both[1] > _CLEAR * errors[1] and np.quantile(share, 0.9) > _MATTERS:
        floor = float(np.sqrt(both[1]))
        return CameraNoise(float(both[0]), float(errors[0]), floor, float(errors[1] / (2 * floor)))
    alone, error = _fitted(squares, np.maximum(electrons, 0.0)[None], pairs)
    return CameraNoise(float(alone[0]), float(error[0]), 0.0, float(np.sqrt(errors[1])))


def _inner(use, step=1):
    """Return the places that are used with those so many steps before and after."""
    return np.flatnonzero(use[: -2 * step] & use[step:-step] & use[2 * step :]) + step


def _moments(counts, widths, ranges):
    """Return of three ranges, by block: mean square, factors of gain and squared floor, pairs."""
    before, i, after = ranges
    inner = counts[i].astype(np.float64)
    outer = counts[before].astype(np.float64) + counts[after]
    starts = [np.arange(0, max(size - _BLOCK // 2, 1), _BLOCK) for size in inner.shape]

    def summed(image):
        return np.add.reduceat(np.add.reduceat(image, starts[0], axis=0), starts[1], axis=1)

    def spread(blocks):
        for axis, start in enumerate(starts):
            blocks = np.repeat(blocks, np.diff(start, append=inner.shape[axis]), axis=axis)
        return blocks

    # in vacuum, where there is only noise, the ratio is that of the scan
    means = max(inner.mean(), 1e-300), max(outer.mean(), 1e-300)
    padding = _PADDED * summed(np.ones(inner.shape))
    own, beside = summed(inner) / means[0] + padding, summed(outer) / means[1] + padding
    relative = np.clip(own / np.maximum(beside, padding), 1 / _FARTHEST, _FARTHEST)
    ratio = spread(relative * means[0] / means[1])
    differences = np.diff(inner - ratio * outer, axis=1, append=0.0)
    there = np.full(inner.shape, True)
    there[:, np.append(starts[1][1:], inner.shape[1]) - 1] = False  # the next is in another block
    level = inner + ratio**2 * outer
    electrons = level + np.roll(level, -1, axis=1)
    channels = 2 * (widths[i] + ratio**2 * (widths[before] + widths[after]))
    pairs = summed(there.astype(float))
    squares, electrons, channels = (
        summed(np.where(there, each, 0.0)) / np.maximum(pairs - taken, 1.0)
        for each, taken in ((differences**2, _SHARED / 2), (electrons, 0.0), (channels, 0.0))
    )  # the ratio takes a degree of freedom
    return squares, electrons, channels, pairs


def _fitted(squares, factors, pairs):
    """Return factors >= 0 of a robust fit of mean squares, and their errors.

    Parameters
    ----------
    squares : numpy.ndarray
        Mean squares of differences, shape (ranges, blocks).
    factors : numpy.ndarray
        Of the gain, and of the squared floor, shape (1 or 2, ranges, blocks).
    pairs : numpy.ndarray
        How many differences, shape (ranges, blocks).
    """
    bright = (pairs > 1) & (factors[0] >= np.median(factors[0]))
    found = np.zeros(len(factors))
    found[0] = max(np.median(squares[bright] / factors[0, bright]), 1e-12)
    if len(factors) > 1:  # from above: what starts at 0 takes all of a vacuum for outliers
        found[1] = np.quantile((squares / np.maximum(factors[1], 1e-300))[pairs > 1], 0.1)
    least = 1e-6 * np.median(found[0] * factors[0, bright])
    scale = 1.0
    for _ in range(_ROUNDS):
        expected = np.maximum(np.tensordot(found, factors, axes=1), least)
        # the fourth moment of few electrons is more than that of a Gaussian
        variance = 2 * _SHARED * expected**2
        variance += found[0] ** 3 * np.maximum(factors[0], 0.0)
        sigma = scale * np.sqrt(variance / np.maximum(pairs, 1.0))
        misfit = (squares - expected) / sigma
        scale = max(scale * 1.4826 * np.median(np.abs(misfit[bright])), 1.0)
        trust = np.minimum(1.0, _HUBER / np.maximum(np.abs(misfit), _HUBER))
        weights = np.where(pairs > 1, trust / sigma**2, 0.0)
        normal = np.einsum("itb,jtb,tb->ij", factors, factors, weights)
        right = np.einsum("itb,tb,tb->i", factors, squares, weights)
        before, found = found, _non_negative(normal, right)
        if np.allclose(found, before, rtol=1e-4, atol=0):
            break
    misses = squares - np.tensordot(found, factors, axes=1)
    # ranges share channels: what is independent are the blocks
    scores = np.einsum("itb,tb,tb->ib", factors, misses, weights)
    # few blocks scatter by chance less than the squares of their differences must
    least = _SHARED_RANGES * np.einsum("itb,tb->i", factors**2, (weights * sigma) ** 2)
    inverse = np.linalg.pinv(normal)
    covariances = (inverse @ each @ inverse for each in (scores @ scores.T, np.diag(least)))
    return found, np.sqrt(np.max([np.diag(each) for each in covariances], axis=0))


def _non_negative(normal, right):
    """Return the solution >= 0 of normal equations of one or two unknowns, the first > 0."""
    alone = right / np.diag(normal)
    if len(right) == 1:
        return alone
    found = np.linalg.pinv(normal) @ right
    if found[1] < 0:
        return np.array([alone[0], 0.0])
    return found if found[0] > 0 else np.array([1e-9 * alone[0], alone[1]])

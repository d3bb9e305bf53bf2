"""Share of noise in the contrast of fused maps, from two halves of the counts."""

from typing import NamedTuple

import numpy as np

from ..threads import side_by_side
from .normalised_haadf import smoothed

# Widths of Gaussians in pixels; fine structure is what they remove.
_WIDTHS = (2.0, 4.0, 8.0, 16.0)
# Fine structure is noisy from this share of noise on: simulated maps of which more was noise had
# less than 0.4 in common with the true fine structure (r^2). It is seen if it has this share of the
# variance of the map.
_NOISY, _SEEN = 1 / 3, 0.05
# Margin for the edges of the scan, where smoothing may increase the noise.
_SURELY = 0.9
# Maps with a smaller share of raw noise in their variance need no test: fusion removes noise.
_NEGLIGIBLE = 0.05


class NoiseShare(NamedTuple):
    """Share of noise in the contrast of fused maps.

    Attributes
    ----------
    shares, errors : numpy.ndarray
        Variance of the noise over that of the fused map, at most 1, and its standard error, shape
        (K,). NaN where the map has no contrast.
    grain : numpy.ndarray
        Size in pixels below which a third or more of visible structure is noise, or 0, shape (K,).
    """

    shares: np.ndarray
    errors: np.ndarray
    grain: np.ndarray


def noise_share(held_out, setting, shared=None):
    """Return the `NoiseShare` of maps that are fused with a setting.

    Two independent halves of the counts are fused. Their sum contains the signal and the noise of
    the whole map, and their difference the same noise without the signal. The ratio of their
    variances is the share of noise. In terms of the correlation r of the halves, it is (1 - r) / (1
    + r), that is, one minus the split-half reliability of Spearman and Brown.

    Parameters
    ----------
    held_out : HeldOut
        The halves of the counts.
    setting : Setting
        Free parameters of the fusion.
    shared : SharedStructure, optional
        How maps follow each other.
    """
    halves, mask = held_out.splits[0], held_out.mask
    if _have_negligible_noise(halves, mask):
        return NoiseShare(*np.zeros((3, held_out.n_maps)))
    fused = held_out.fused_halves(setting)
    if shared is not None:
        fused = [shared.applied(*each, mask) for each in zip(fused, halves, strict=True)]
    first, second = fused
    noise, both = (
        _unmasked(each - _means(each, mask)[:, None, None], mask)
        for each in (first - second, first + second)
    )
    shares, errors = _share(noise, both, mask)
    grain = np.zeros(held_out.n_maps)
    # Fine noise is no more than all noise.
    may_be = np.flatnonzero(shares > _SURELY * _NOISY * _SEEN)
    if may_be.size:
        grain[may_be] = _grain(noise[may_be], both[may_be], mask)
    return NoiseShare(shares, errors, grain)


def _grain(noise, both, mask):
    """Return the size below which fine structure is noise, or 0, of difference and sum, (K,)."""
    grain, whole = np.zeros(len(both)), np.square(both).sum(axis=(1, 2))
    for width in _WIDTHS:
        if width > min(noise.shape[1:]) / 4:
            break
        fine_noise, fine = side_by_side(
            lambda each, width=width: each - smoothed(each, width), (noise, both)
        )
        of_fine, error = _share(fine_noise, fine, mask)
        seen = _unmasked(np.square(fine), mask).sum(axis=(1, 2)) > _SEEN * whole
        grain[seen & (of_fine - error > _NOISY)] = 2 * width
    return grain


def _share(noise, both, mask):
    """Return the ratio of the variances of difference and sum, and its standard error, (K,)."""
    of_noise, of_both = (block_sums(_unmasked(np.square(each), mask)) for each in (noise, both))
    whole = of_both.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = of_noise.sum(axis=1) / whole
        rest = of_noise - shares[:, None] * of_both
        return np.minimum(shares, 1.0), np.sqrt(np.square(rest).sum(axis=1)) / whole


def block_sums(values, least=1):
    """Sum maps (K, ny, nx) over at most 16 x 16 blocks; return an array (K, blocks).

    Blocks have sides of at least ``least`` pixels, or of the whole scan.
    """
    for axis in (1, 2):
        size = values.shape[axis]
        number = min(max(size // least, 1), 16)
        starts = np.unique(np.linspace(0, size, number, endpoint=False).astype(int))
        values = np.add.reduceat(values, starts, axis=axis)
    return values.reshape(len(values), -1)


def _have_negligible_noise(halves, mask):
    """Return whether noise is a negligible share of the variance of all raw maps."""
    net = sum(half.net.astype(float) for half in halves)
    noise = sum(half.net_variance.astype(float) for half in halves)
    both = _means(np.square(net - _means(net, mask)[:, None, None]), mask)
    return bool(np.all(_means(noise, mask) < _NEGLIGIBLE * both))


def _means(maps, mask):
    seen = True if mask is None else ~mask
    return np.mean(maps, axis=(1, 2), where=seen, dtype=float)


def _unmasked(maps, mask):
    return maps if mask is None else np.where(mask, 0.0, maps)

"""Counts in the units of a fusion problem, and quantities that depend only on them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ..kernels import block_means, constant_deviance, likeliest

# Approximate side, in pixels, of the blocks whose means are the first guess of the maps.
_BLOCK = 4


@dataclass(frozen=True)
class ScaledCounts:
    """Counts and background of each map, divided by a typical bright value.

    They are the same for all settings of a fusion of the same counts.

    Attributes
    ----------
    counts, background : numpy.ndarray
        float32, shape (K, ny, nx); the background may have a single row.
    scales : numpy.ndarray
        Divisors of the counts and the background, shape (K,).
    means, deviance : numpy.ndarray
        Mean and Poisson deviance of the most likely net counts, shape (K,).
    gross, entropy : numpy.ndarray
        Sums of the counts y, and of y - y log y, shape (K,).
    flat_deviance : numpy.ndarray
        Poisson deviance of maps that equal ``means`` everywhere, shape (K,).
    """

    counts: np.ndarray
    background: np.ndarray
    scales: np.ndarray
    means: np.ndarray
    deviance: np.ndarray
    gross: np.ndarray
    entropy: np.ndarray
    flat_deviance: np.ndarray

    @classmethod
    def of(cls, counts, background) -> ScaledCounts:
        """Scale counts and background, shape (K, ny, nx)."""
        alike = background.strides[1] == 0
        scales = _unit_of_maps(averaged(counts - background), counts, background)
        counts = _divided(counts, scales)
        background = _divided(background[:, :1] if alike else background, scales)
        n_maps, ny, nx = counts.shape
        rows = np.empty((4, n_maps, ny))
        likeliest(counts, background, rows)
        net, deviance, gross, entropy = rows.sum(axis=2)
        means = net / (ny * nx)
        flat = deviance_of_flat(means, counts, background)
        return cls(counts, background, scales, means, deviance, gross, entropy, flat)

    def part(self, chosen) -> ScaledCounts:
        """Return the scaled counts of chosen maps."""
        return ScaledCounts(*(getattr(self, each.name)[chosen] for each in fields(self)))


def deviance_of_flat(levels, counts, background):
    """Return the Poisson deviance of constant maps, shape (K,)."""
    rows = np.empty(counts.shape[:2])
    constant_deviance(levels.astype(np.float32), counts, background, rows)
    return rows.sum(axis=1)


def block_starts(n):
    """Return the starts of blocks of about 4 pixels along n pixels, symmetric from both ends."""
    n_blocks = -(-n // _BLOCK)
    if n % 2 == 1 and n_blocks % 2 == 0:  # a block in the middle
        n_blocks -= 1
    starts = np.arange(n_blocks) * n // n_blocks
    ends = n - np.arange(n_blocks, 0, -1) * n // n_blocks
    return np.where(2 * np.arange(n_blocks) < n_blocks, starts, ends)


def averaged(maps):
    """Return means over blocks of about 4 x 4 pixels."""
    _, ny, nx = maps.shape
    rows, cols = (np.append(block_starts(n), n) for n in (ny, nx))
    means = np.empty((len(maps), len(rows) - 1, len(cols) - 1), np.float32)
    block_means(maps.astype(np.float32, copy=False), rows, cols, means)
    return means


def _unit_of_maps(net, counts, background):
    """Return one typical bright value per map, from its block means."""
    units = np.empty(len(counts))
    for i, blocks in enumerate(net):
        candidates = (np.percentile(blocks, 99), counts[i].mean(), background[i].mean())
        units[i] = next((float(value) for value in candidates if value > 0), 1.0)
    return units


def _divided(maps, scales):
    factors = (1 / scales)[:, None, None]
    return np.multiply(maps, factors, dtype=np.float32, casting="same_kind", order="C")

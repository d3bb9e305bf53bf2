"""What maps are worth against their truth: noise and bias."""

import numpy as np

# Pixels that hold at least this share of the brightest are the cores of particles and columns.
_CORE = 0.7


def snr(found, truth):
    """Signal-to-noise ratio of each map in dB: power of the truth over that of the error."""
    power = np.square(truth).sum(axis=(1, 2))
    return 10 * np.log10(power / np.square(found - truth).sum(axis=(1, 2)))


def total_bias(found, truth):
    """Error of the total of each map in percent."""
    return 100 * (found.sum(axis=(1, 2)) / truth.sum(axis=(1, 2)) - 1)


def core_bias(found, truth):
    """Error of the mean of each map in the cores of particles or columns, in percent."""
    core = truth >= _CORE * truth.max(axis=(1, 2), keepdims=True)
    return np.array(
        [100 * (a[c].mean() / b[c].mean() - 1) for a, b, c in zip(found, truth, core, strict=True)]
    )


def composition_error(found, truth, specimen_share=0.05):
    """Largest error of an element's share of the counts in the specimen, in percent of itself.

    Counts over true counts stand for atoms: k-factors are taken as known exactly. Shares are those
    of all atoms where the specimen is; elements below 5 % of them are left out.
    """
    total = truth.sum(axis=0)
    there = total > specimen_share * total.max()
    factors = truth[:, there].sum(axis=1)
    factors = factors.max() / factors
    shares = factors * found[:, there].sum(axis=1)
    expected = factors * truth[:, there].sum(axis=1)
    return float(np.abs(shares / shares.sum() * expected.sum() / expected - 1).max() * 100)

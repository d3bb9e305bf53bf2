"""Sums over the counts, as references for the cost of maps."""

import numpy as np

from .compile import leaf
from .gaps import log_gap
from .power import natural_log

_ZERO = np.float32(0)
_TINY = np.float32(1e-20)


@leaf
def likeliest(counts, background, sums):
    """Sum counts y and the likeliest net counts x = max(y - B, 0) over each row.

    Counts and background B are those of `Data`. ``sums``, float64, shape (4, K, ny), receives x,
    its Poisson deviance z - y - y log(z / y) with z = x + B, y, and y - y log y.
    """
    n_maps, ny, nx = counts.shape
    uniform = background.shape[1] == 1
    for row in range(ny):
        background_row = 0 if uniform else row
        for i in range(n_maps):
            net = 0.0
            deviance = 0.0
            gross = 0.0
            entropy = 0.0
            for col in range(nx):
                y = counts[i, row, col]
                b = background[i, background_row, col]
                counted = y > _TINY
                floored = y if counted else _TINY
                over = y - b
                under = b - y if over < _ZERO else _ZERO
                net += np.float64(over if over > _ZERO else _ZERO)
                deviance += np.float64(y * log_gap(under / floored) if counted else under)
                gross += np.float64(y)
                entropy += np.float64(y - y * natural_log(floored) if counted else _ZERO)
            sums[0, i, row] = net
            sums[1, i, row] = deviance
            sums[2, i, row] = gross
            sums[3, i, row] = entropy


@leaf
def constant_deviance(levels, counts, background, sums):
    """Sum the Poisson deviance of maps that are ``levels[i]`` > 0 everywhere over each row.

    Levels are float32, shape (K,); counts and background are those of `Data`. ``sums``, float64,
    shape (K, ny), receives the sums.
    """
    n_maps, ny, nx = counts.shape
    uniform = background.shape[1] == 1
    for row in range(ny):
        background_row = 0 if uniform else row
        for i in range(n_maps):
            total = 0.0
            for col in range(nx):
                y = counts[i, row, col]
                z = levels[i] + background[i, background_row, col]
                counted = y > _TINY
                floored = y if counted else _TINY
                total += np.float64(y * log_gap((z - floored) / floored) if counted else z)
            sums[i, row] = total

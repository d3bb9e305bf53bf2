"""Values a map as arrays, and roots by bisection."""

import numpy as np


def by_map(values):
    return np.asarray(values, dtype=np.float64)[:, None, None]


def root(rising, low, high, halvings=52):
    """Return where the elementwise rising function ``rising`` crosses 0 in [low, high].

    Each halving is a bit of the result.
    """
    low, high = np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)
    for _ in range(halvings):
        middle = 0.5 * (low + high)
        above = rising(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return 0.5 * (low + high)

"""Which maps an overlay shows by default: those with most structure."""

import numpy as np

from .panels import is_distrusted
from .shown_raw import one_count


def clearest_maps(maps, most):
    """Return at most so many maps, in their order: those that show most, trusted ones only.

    Maps that are not to be trusted are taken only if there are no others.

    Parameters
    ----------
    maps : list of BaseSignal
    most : int
    """
    if len(maps) <= most:
        return list(maps)
    trusted = [each for each in maps if not is_distrusted(each)] or list(maps)
    ranked = sorted(trusted, key=structure_of, reverse=True)[:most]
    return [each for each in trusted if any(each is one for one in ranked)]


def structure_of(fused):
    """Return by how much counts prefer a map to a uniform one, as a logarithm of likelihoods.

    This grows with the number of counts and with the contrast. It is 0 for a uniform map, and
    little for an element that is everywhere.
    """
    values = fused.data[np.isfinite(fused.data)] / one_count(fused)
    values = np.maximum(values, 0.0).astype(float)
    mean = values.mean() if values.size else 0.0
    if mean <= 0:
        return 0.0
    shares = values / mean
    return float(mean * np.sum(shares * np.log(np.maximum(shares, np.finfo(float).tiny))))

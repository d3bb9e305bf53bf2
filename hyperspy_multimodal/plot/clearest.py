"""Choice of the maps that an overlay shows by default."""

import numpy as np

from .panels import is_distrusted
from .shown_raw import one_count

# Correlation above which two maps have the same colour everywhere in an overlay, and the number of
# maps that are shown all the same.
_ALIKE, _LEAST = 0.95, 2


def clearest_maps(maps, most):
    """Return maps that can be told apart, those with the most structure, in their original order.

    Of maps that are nearly proportional to each other, only the one with the most structure is
    taken, unless fewer than two would be left. If there are too many maps, those that are not to
    be trusted are taken only if there are no others.

    Parameters
    ----------
    maps : list of BaseSignal
    most : int
        Largest number of maps to return.
    """
    candidates = range(len(maps))
    if len(maps) > most:
        candidates = [i for i in candidates if not is_distrusted(maps[i])] or candidates
    ranked = sorted(candidates, key=lambda i: (is_distrusted(maps[i]), -structure_of(maps[i])))
    distinct = []
    for i in ranked:
        if not any(_are_alike(maps[i], maps[k]) for k in distinct):
            distinct.append(i)
    rest = [i for i in ranked if i not in distinct]
    chosen = [*distinct, *rest[: max(_LEAST - len(distinct), 0)]][:most]
    return [maps[i] for i in sorted(chosen)]


def _are_alike(one, other):
    """Return whether two maps show the same structure."""
    there = np.isfinite(one.data) & np.isfinite(other.data)
    first, second = (
        each.data[there].astype(float) - each.data[there].mean(dtype=float) for each in (one, other)
    )
    size = np.linalg.norm(first) * np.linalg.norm(second)
    return bool(first @ second > _ALIKE * size)


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

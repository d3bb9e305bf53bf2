"""Checks of the arguments of `solve_fusion`, before anything is computed."""

import numbers

import numpy as np

from ..checks import checked_array, per_element
from .directions import directions_of
from .regularisers import REGULARISERS, are_directional, names_of


def checked_counts(counts):
    """Return counts (K, ny, nx), or say what is wrong."""
    array = np.asarray(counts)
    if array.ndim != 3 or 0 in array.shape:
        raise ValueError(
            "counts must be an array (K, ny, nx) of K element maps, none of them empty, but an "
            f"array of shape {array.shape} was given."
        )
    return checked_array("counts", array, array.shape)


def checked_lambdas(lambdas, n_maps):
    """Return lambda_1 (> 0) and lambda_2 (>= 0), each with one value per element."""
    if isinstance(lambdas, (str, numbers.Real)) or not np.iterable(lambdas):
        raise TypeError(
            "lambdas must be a pair (lambda_1, lambda_2): the weight of the Poisson term and that "
            f"of the regulariser, but {lambdas!r} was given."
        )
    pair = list(lambdas)
    if len(pair) != 2:
        raise ValueError(
            "lambdas must be a pair (lambda_1, lambda_2): the weight of the Poisson term and that "
            f"of the regulariser, but {len(pair)} values were given."
        )
    return (
        per_element(
            "lambda_1",
            pair[0],
            n_maps,
            low=0,
            include_low=False,
            hint="With lambda_1 = 0, the measured counts would be ignored.",
        ),
        per_element("lambda_2", pair[1], n_maps, low=0, include_low=True),
    )


def checked_totals(totals, n_maps):
    """Return one total per element, NaN where it is free."""
    if totals is None:
        return np.full(n_maps, np.nan)
    try:
        array = np.array(totals, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"totals must be None or {n_maps} numbers, but {totals!r} was given."
        ) from error
    if array.shape != (n_maps,):
        raise ValueError(
            f"totals must be None or {n_maps} numbers, one per element, but the shape "
            f"{array.shape} was given."
        )
    if np.isinf(array).any() or (array < 0).any():
        raise ValueError(
            f"totals must be >= 0 and finite, or NaN for an element without one, but {totals!r} "
            "was given."
        )
    return array


def checked_regularisers(guide, directional, shape, regularisers=None):
    """Return the name of each element's regulariser, and the directions of the guide, if any."""
    n_maps, *size = shape
    if regularisers is not None:
        if directional is not None:
            raise TypeError(
                "Both regularisers and directional say which elements follow the guide. Pass "
                "only one of them."
            )
        names = _checked_names(regularisers, n_maps)
        if not any(are_directional(names)):
            return names, None
        if guide is None:
            raise ValueError(
                "regularisers has 'directional', which follows the edges of a guide, but guide "
                "is None. Pass guide, for example the HAADF image, or use 'isotropic'."
            )
        directional = are_directional(names)
    else:
        names = None
    if guide is None:
        if directional is not None:
            raise ValueError(
                "directional selects the elements that follow the edges of a guide, but guide "
                "is None. Pass guide, for example the HAADF image."
            )
        return names_of([False] * n_maps), None
    guide = np.asarray(guide)
    if guide.shape != tuple(size):
        raise ValueError(
            f"guide must have the shape {tuple(size)} of one map, but has the shape {guide.shape}."
        )
    guide = checked_array("guide", guide, tuple(size), negative=True)
    chosen = np.ones(n_maps, bool) if directional is None else np.asarray(directional)
    if chosen.dtype != bool or chosen.shape != (n_maps,):
        raise TypeError(
            f"directional must be None or {n_maps} of True and False, one per element, but "
            f"{directional!r} was given."
        )
    return names or names_of(chosen), directions_of(guide)


def _checked_names(regularisers, n_maps):
    """Return the names of regularisers, one per element, from one name or a list of them."""
    one = isinstance(regularisers, str) or not np.iterable(regularisers)
    names = (regularisers,) * n_maps if one else tuple(regularisers)
    known = [name for name, each in REGULARISERS.items() if not each.is_huber]
    if not all(isinstance(name, str) and name in known for name in names) or len(names) != n_maps:
        raise ValueError(
            f"regularisers must be None, one of {', '.join(map(repr, known))}, or {n_maps} of "
            f"them, one per element, but {regularisers!r} was given."
        )
    return names


def check_attainable(totals, counts, background):
    """Refuse a total of 0 where there are counts without background: their cost is infinite."""
    for i in np.flatnonzero(totals == 0):
        if np.any((counts[i] > 0) & (background[i] == 0)):
            raise ValueError(
                f"totals[{i}] is 0, but there are counts of that element in pixels without "
                "background, which is impossible. Pass a background or another total."
            )

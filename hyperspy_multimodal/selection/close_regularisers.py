"""Regularisers that predict held-out counts as well as the chosen one, but give another map."""

from typing import NamedTuple

import numpy as np

from ..notes import Speaker
from .moves import by_element

_logger = Speaker(__name__)

# Standard errors by which others may predict worse, and how much their map must differ: root mean
# square of the difference, as a share of that of the map.
_ALIKE, _DIFFERS = 1.0, 0.2


class CloseRegulariser(NamedTuple):
    """Another regulariser of an element that predicts as well.

    Attributes
    ----------
    element : int
    regulariser : str
        Its name.
    errors : float
        Standard errors by which it predicts worse.
    difference : float
        Root mean square of the difference of the maps, as a share of that of the chosen map.
    """

    element: int
    regulariser: str
    errors: float
    difference: float


def close_regularisers(held_out, setting):
    """Return the `CloseRegulariser` of each element that has one, the most different of several.

    Without HAADF, elements are independent, so all of them are fused with another regulariser at
    the same time. With it, settings that were tried in the search are compared.

    Parameters
    ----------
    held_out : HeldOut
        Errors of settings.
    setting : Setting
        The setting with which the maps are fused.

    Returns
    -------
    list of CloseRegulariser
    """
    movable = held_out.counted & held_out.has_structure(setting)
    others = [_others(held_out, setting, i) if movable[i] else [] for i in range(held_out.n_maps)]
    if not any(others):
        return []
    own, found = held_out.fused_halves(setting).sum(axis=0), {}
    for alternative, elements in _together(setting, others):
        maps = held_out.fused_halves(alternative).sum(axis=0)
        for i, errors in elements.items():
            difference = _difference(maps[i], own[i], held_out.mask)
            name = alternative.regularisers[i]
            if difference > _DIFFERS and (i not in found or difference > found[i].difference):
                found[i] = CloseRegulariser(i, name, errors, difference)
    return [found[i] for i in sorted(found)]


def say_close_regularisers(names, setting, found):
    """Warn that another draw of the held-out counts may choose other regularisers.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    setting : Setting
        The setting with which the maps are fused.
    found : sequence of CloseRegulariser
    """
    if found:
        _logger.warning(
            "The regulariser of %s is a close decision: %s (root mean square of the difference "
            "over all pixels, divided by that of the map). With another seed, it may be the "
            "opposite. Compare the maps of several seeds.",
            ", ".join(names[each.element] for each in found),
            "; ".join(
                f"{each.regulariser!r} predicts held-out counts as well as "
                f"{setting.regularisers[each.element]!r}, but its map"
                f"{f' of {names[each.element]}' if len(found) > 1 else ''} differs by "
                f"{100 * each.difference:.0f} %"
                for each in found
            ),
            kind="close regulariser",
            about={names[each.element]: each.difference for each in found},
        )


def _others(held_out, setting, element):
    """Return the best setting with each other regulariser, with the errors it predicts worse."""
    if setting.model is None:
        ranked = [
            (setting.with_regulariser(element, name, ratio), errors)
            for name, ratio, errors in held_out.alternatives(setting, element)
        ]
    else:
        alike = [each for each in held_out.tried if each.model is not None]
        alike.sort(key=lambda each: held_out.errors(each)[element])
        ranked = [(each, held_out.standard_errors_lost(each, setting)[element]) for each in alike]
    best = {}
    for each, errors in ranked:
        best.setdefault(each.regularisers[element], (each, float(errors)))
    best.pop(setting.regularisers[element], None)
    return [each for each in best.values() if each[1] < _ALIKE]


def _together(setting, others):
    """Yield settings to fuse, with the elements to compare in each and their errors."""
    if setting.model is not None:
        for i, each in enumerate(others):
            yield from ((other, {i: errors}) for other, errors in each)
        return
    for turn in range(max(map(len, others))):
        elements = {i: each[turn] for i, each in enumerate(others) if turn < len(each)}
        alternative = setting
        for i, (other, _) in elements.items():
            chosen = np.arange(len(others)) == i
            alternative = by_element(chosen, other, alternative)
        yield alternative, {i: errors for i, (_, errors) in elements.items()}


def _difference(one, other, mask):
    """Return the root mean square of the difference of maps, as a share of that of the other."""
    there = True if mask is None else ~mask
    squares = (np.sum(np.square(each), where=there, dtype=float) for each in (one - other, other))
    return float(np.sqrt(np.divide(*squares)))

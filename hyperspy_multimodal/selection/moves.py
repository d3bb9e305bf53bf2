"""Moves from one setting to another: to other ratios and other regularisers."""

from dataclasses import replace

import numpy as np

from .sieves import RATIOS as WIDTHS
from .sieves import SIEVES

#: Ratios lambda_2 / lambda_1 that are tried.
RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
# That of total variation; its Huber form is so many steps weaker.
_HIGHEST = RATIOS.index(16.0)
_SOFTER = 2
#: Huber's form of each total variation.
HUBER = {"directional": "directional huber", "isotropic": "huber"}


def by_element(chosen, some, others):
    """Return ``others`` with regulariser, ratio and HAADF of ``some`` for chosen elements."""
    names = "regularisers", "ratios", "apart"
    return replace(
        others,
        **{
            name: tuple(
                a if each else b
                for each, a, b in zip(
                    chosen, getattr(some, name), getattr(others, name), strict=True
                )
            )
            for name in names
        },
    )


def with_ratios(setting, chosen, step, only=True):
    """Return the setting with ratios of chosen elements so many steps higher.

    Steps are octaves, or those of the widths of sieves. ``only`` are elements that may move.
    """
    chosen = np.logical_and(chosen, only)
    tables = [WIDTHS if name in SIEVES else RATIOS for name in setting.regularisers]
    places = zip(tables, setting.ratios, strict=True)
    indices = np.array([table.index(ratio) for table, ratio in places]) + step * chosen
    indices = np.clip(indices, 0, [highest(name) for name in setting.regularisers])
    places = zip(tables, indices, strict=True)
    return replace(setting, ratios=tuple(table[index] for table, index in places))


def highest(name):
    """Return the index of the highest ratio of a regulariser."""
    if name in SIEVES:
        return len(WIDTHS) - 1
    return _HIGHEST + _SOFTER * (name in HUBER.values())


def with_other_form(setting, chosen, candidates):
    """Return the setting with Huber's form for plain total variation, or the other way round.

    Elements that may not have the other form keep theirs.
    """
    names, ratios = list(setting.regularisers), list(setting.ratios)
    plain = {soft: name for name, soft in HUBER.items()}
    for i in np.flatnonzero(chosen):
        other = HUBER.get(names[i]) or plain.get(names[i])
        if other not in candidates[i]:
            continue
        step = _SOFTER if names[i] in HUBER else -_SOFTER
        names[i] = other
        index = RATIOS.index(ratios[i]) + step
        ratios[i] = RATIOS[min(max(index, 0), highest(names[i]))]
    return replace(setting, regularisers=tuple(names), ratios=tuple(ratios))


def with_regularisers(setting, chosen, candidates, step):
    """Return the setting with the regularisers of chosen elements so many names further."""
    moved = [
        names[(names.index(name) + step * bool(free)) % len(names)]
        for name, names, free in zip(setting.regularisers, candidates, chosen, strict=True)
    ]
    return replace(setting, regularisers=tuple(moved))

"""Moves from one setting to another: to other ratios and other regularisers."""

from dataclasses import replace

import numpy as np

#: Ratios lambda_2 / lambda_1 that are tried.
RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
# That of total variation; its Huber form is so many steps weaker.
_HIGHEST = RATIOS.index(16.0)
_SOFTER = 2
#: Huber's form of each total variation.
HUBER = {"directional": "directional huber", "isotropic": "huber"}


def with_ratios(setting, chosen, step):
    """Return the setting with ratios of chosen elements so many octaves higher."""
    indices = np.array([RATIOS.index(ratio) for ratio in setting.ratios]) + step * chosen
    indices = np.clip(indices, 0, [highest(name) for name in setting.regularisers])
    return replace(setting, ratios=tuple(RATIOS[index] for index in indices))


def highest(name):
    """Return the index of the highest ratio of a regulariser."""
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

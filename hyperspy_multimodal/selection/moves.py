"""Moves from one setting to another: to other ratios and other regularisers."""

from dataclasses import replace

import numpy as np

from .sieves import RATIOS as WIDTHS
from .sieves import SIEVES

#: Ratios lambda_2 / lambda_1 that are tried.
RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
# Index of the highest ratio of total variation; that of its Huber form is this many steps higher.
_HIGHEST = RATIOS.index(64.0)
_SOFTER = 2
# Distance of another regulariser and of another HAADF model, in octaves of the ratio.
_OTHER_FORM, _OTHER_MODEL = 3.0, 2.0
#: Huber's form of each total variation.
HUBER = {"directional": "directional huber", "isotropic": "huber"}


def by_element(chosen, some, others):
    """Return ``others`` with regulariser, ratio and HAADF of ``some`` for chosen elements."""
    mixed = combined([some if each else others for each in chosen])
    return replace(mixed, model=others.model, lambda_1=others.lambda_1)


def combined(parents):
    """Return the first setting, with regulariser, ratio and HAADF of elements as in others."""
    names = "regularisers", "ratios", "apart"
    return replace(
        parents[0],
        **{name: tuple(getattr(each, name)[i] for i, each in enumerate(parents)) for name in names},
    )


def distance(setting, other, i):
    """Return a rough measure of how much the maps of an element differ between two settings."""
    far = _OTHER_FORM
    if setting.regularisers[i] == other.regularisers[i]:
        far = abs(np.log2(setting.ratios[i] / other.ratios[i]))
    if setting.model is not other.model:
        far += _OTHER_MODEL
    return far + abs(np.log2(setting.lambda_1 / other.lambda_1)) * (setting.model is not None)


def with_ratios(setting, chosen, step, only=True):
    """Return the setting with the ratios of chosen elements some steps higher.

    Steps are octaves, or steps in the widths of sieves. Only elements in ``only`` may move.
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
    return _HIGHEST + _SOFTER * is_huber(name)


def is_huber(name):
    """Return whether a regulariser is a Huber form of total variation."""
    return name in HUBER.values()


def of_same_form(setting, candidates):
    """Return the candidates of each element that have the same form as its regulariser."""
    places = zip(setting.regularisers, candidates, strict=True)
    return [tuple(n for n in names if is_huber(n) == is_huber(own)) for own, names in places]


def with_other_form(setting, chosen, forms):
    """Return the setting with the other of two ``forms`` for chosen elements.

    The forms are settings without HAADF. Ratios keep their distance from those of the forms.
    """
    names, ratios = list(setting.regularisers), list(setting.ratios)
    for i in np.flatnonzero(chosen):
        first, second = (is_huber(each.regularisers[i]) for each in forms)
        if first == second:
            continue  # it may have only one
        own, other = forms if first == is_huber(names[i]) else forms[::-1]
        step = RATIOS.index(ratios[i]) - RATIOS.index(own.ratios[i])
        names[i] = other.regularisers[i]
        index = RATIOS.index(other.ratios[i]) + step
        ratios[i] = RATIOS[min(max(index, 0), highest(names[i]))]
    return replace(setting, regularisers=tuple(names), ratios=tuple(ratios))


def with_regularisers(setting, chosen, candidates, step):
    """Return the setting with other regularisers of the same form, some names further."""
    candidates = of_same_form(setting, candidates)
    moved = [
        names[(names.index(name) + step * bool(free)) % len(names)]
        for name, names, free in zip(setting.regularisers, candidates, chosen, strict=True)
    ]
    return replace(setting, regularisers=tuple(moved))

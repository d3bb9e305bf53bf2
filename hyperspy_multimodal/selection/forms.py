"""Total variation and its Huber form without HAADF: which one serves each element, how strong."""

from dataclasses import replace

import numpy as np

from .moves import HUBER, RATIOS, highest, is_huber, with_ratios

#: Names of total variation and of its Huber forms, isotropic or following the HAADF.
TOTAL_VARIATION, HUBER_FORMS = tuple(HUBER), tuple(HUBER.values())
# What total variation has to gain over its Huber form to be taken. If counts do not tell them
# apart, Huber's form is nearer to the truth as a rule, but where the truth is flat.
_STANDARD_ERRORS = 1.0
# Where nothing predicts better than a constant, it is Huber's form that has to gain half of one: it
# leaves more of the noise.
_STANDARD_ERRORS_FLAT = -0.5
# Ratios that predict an element worse by less are as good as the best.
_ALIKE = 1.0


def forms_without(held_out, start, candidates, chosen):
    """Return the best setting without HAADF, and the best where elements have their other form.

    Parameters
    ----------
    held_out : HeldOut
        Errors of settings.
    start : Setting
        Without HAADF, where the search begins.
    candidates : sequence of tuple of str
        Names of the regularisers that each element may have.
    chosen : numpy.ndarray
        Elements that are searched for, bool, shape (K,).

    Returns
    -------
    best, other : Setting
        Equal where an element may have one form only.
    """
    plain = [_without_huber(names) or names for names in candidates]
    best = settled(held_out, start, plain, chosen)
    if plain == candidates:
        return best, best
    huber = [tuple(n for n in names if is_huber(n)) or names for names in candidates]
    start = replace(start, regularisers=tuple(each[0] for each in huber), ratios=best.ratios)
    softened = settled(held_out, start, huber, chosen)
    structured = held_out.has_structure(softened) | ~chosen
    asked = np.where(structured, _STANDARD_ERRORS, _STANDARD_ERRORS_FLAT)
    served = held_out.standard_errors_lost(softened, best) < asked
    served &= [a != b for a, b in zip(plain, huber, strict=True)]
    either = held_out.put_together(served, softened, best)
    other = held_out.put_together(served == structured, best, softened)
    return tuple(_flattened(held_out, each, ~structured) for each in (either, other))


def _without_huber(names):
    return tuple(name for name in names if not is_huber(name))


def _flattened(held_out, setting, flat):
    """Return the setting with the highest ratios of flat elements that predict as well."""
    going, raised = flat, setting
    while going.any():
        higher = with_ratios(raised, going, 1)
        going = going & np.not_equal(higher.ratios, raised.ratios)
        if going.any():
            going &= held_out.standard_errors_lost(higher, setting) < _ALIKE
            raised = held_out.put_together(going, higher, raised)
    return raised


def centred(held_out, setting, chosen):
    """Return a setting without HAADF with the middle ones of ratios that predict as well.

    With few counts, ratios that differ by factors of ten predict alike, and the best of them is at
    random.

    Parameters
    ----------
    held_out : HeldOut
        Errors of settings.
    setting : Setting
        Without HAADF; the best.
    chosen : numpy.ndarray
        Elements whose ratio may move, bool, shape (K,).

    Returns
    -------
    Setting
    """
    moved = {(i, 0): setting for i in range(held_out.n_maps)}  # by element and steps
    reach = {1: np.zeros(held_out.n_maps, int), -1: np.zeros(held_out.n_maps, int)}
    for direction in reach:
        going, steps = chosen & held_out.has_structure(setting), 0
        while going.any():
            steps += direction
            tried = with_ratios(setting, going, steps)
            before = with_ratios(setting, going, steps - direction)
            going &= np.not_equal(tried.ratios, before.ratios)
            if going.any():
                going &= held_out.standard_errors_lost(tried, setting) < _ALIKE
            moved |= {(i, steps): tried for i in np.flatnonzero(going)}
            reach[direction] += going
    middle = ((reach[1] - reach[-1]) / 2).astype(int)  # if there are two, the one nearer the best
    return held_out.collected([moved[i, steps] for i, steps in enumerate(middle)])


def settled(held_out, setting, candidates, chosen):
    """Return the setting with chosen elements' best regulariser and ratio, without HAADF.

    These elements move at a time, for they do not feel each other: to a ratio of each regulariser
    beside its best one so far.
    """
    found = [{} for _ in chosen]  # by element: (regulariser, index of ratio) to (error, setting)
    forms = range(max(len(names) for names in candidates))
    settings = [
        replace(setting, regularisers=tuple(names[form % len(names)] for names in candidates))
        for form in forms
    ]
    while settings:
        held_out.try_out(settings)
        for each in settings:
            places = zip(each.regularisers, map(RATIOS.index, each.ratios), strict=True)
            for i, (place, error) in enumerate(zip(places, held_out.errors(each), strict=True)):
                found[i].setdefault(place, (error, each))
        best = [min(each, key=lambda place: each[place][0]) for each in found]
        settings = []
        for form in forms:
            following = [
                _next_place(found[i], candidates[i][form])
                if chosen[i] and form < len(candidates[i])
                else None
                for i in range(held_out.n_maps)
            ]
            if any(following):
                places = [new or old for new, old in zip(following, best, strict=True)]
                settings.append(_at(setting, places))
    return held_out.collected([found[i][place][1] for i, place in enumerate(best)])


def _at(setting, places):
    return replace(
        setting,
        regularisers=tuple(name for name, _ in places),
        ratios=tuple(RATIOS[index] for _, index in places),
    )


def _next_place(found, name):
    """Return where to try a regulariser of an element next: beside its best ratio; None if none."""
    seen = [index for other, index in found if other == name]
    if not seen:
        return name, min(found, key=lambda place: found[place][0])[1]
    best = min(seen, key=lambda index: found[name, index][0])
    for index in (best + 1, best - 1):
        if 0 <= index <= highest(name) and index not in seen:
            return name, index
    return None

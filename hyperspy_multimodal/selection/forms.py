"""Choice between total variation and its Huber form without HAADF, and of their strengths."""

from dataclasses import replace

import numpy as np

from .moves import HUBER, RATIOS, highest, is_huber, with_ratios

#: Names of total variation and of its Huber forms, isotropic or following the HAADF.
TOTAL_VARIATION, HUBER_FORMS = tuple(HUBER), tuple(HUBER.values())
# Standard errors that total variation must gain over its Huber form to be chosen. If the counts do
# not distinguish them, Huber's form is usually closer to the truth, except where the truth is flat.
_STANDARD_ERRORS = 1.0
# If nothing predicts better than a constant, Huber's form must gain half a standard error instead,
# because it leaves more of the noise.
_STANDARD_ERRORS_FLAT = -0.5
# Ratios that predict an element worse by fewer standard errors are as good as the best.
_ALIKE = 1.0


def forms_without(held_out, start, candidates, chosen):
    """Return the best setting without HAADF, and the best one with the other form for each element.

    Parameters
    ----------
    held_out : HeldOut
        Errors of settings.
    start : Setting
        Setting without HAADF from which the search starts.
    candidates : sequence of tuple of str
        Names of the regularisers that each element may have.
    chosen : numpy.ndarray
        Elements whose parameters are searched, bool, shape (K,).

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
    """Return the setting with the highest ratios for flat elements that predict equally well."""
    going, raised = flat, setting
    while going.any():
        higher = with_ratios(raised, going, 1)
        going = going & np.not_equal(higher.ratios, raised.ratios)
        if going.any():
            going &= held_out.standard_errors_lost(higher, setting) < _ALIKE
            raised = held_out.put_together(going, higher, raised)
    return raised


def centred(held_out, setting, chosen, stride=1):
    """Return a setting without HAADF with the middle of the ratios that predict equally well.

    With few counts, ratios that differ by factors of ten predict equally well, and which one is
    best is a matter of chance.

    Parameters
    ----------
    held_out : HeldOut
        Errors of settings.
    setting : Setting
        Best setting without HAADF.
    chosen : numpy.ndarray
        Elements whose ratio may move, bool, shape (K,).
    stride : int
        Number of steps between the ratios that are compared. Default 1.

    Returns
    -------
    Setting
    """
    both_ends = np.zeros(held_out.n_maps, int)  # their sum, in steps
    for direction in (stride, -stride):
        going, steps = chosen, 0
        while going.any():
            before = with_ratios(setting, going, steps)
            steps += direction
            tried = with_ratios(setting, going, steps)
            going = going & np.not_equal(tried.ratios, before.ratios)
            if going.any():
                going &= held_out.standard_errors_lost(tried, setting) < _ALIKE
            both_ends += direction * going
    middle = (both_ends / 2).astype(int)  # of two, the one closer to the best
    return held_out.collected([with_ratios(setting, chosen, middle)] * held_out.n_maps)


def settled(held_out, setting, candidates, chosen):
    """Return the setting without HAADF with the best regulariser and ratio of chosen elements.

    Without HAADF, the elements are independent, so all of them move at the same time. For each
    regulariser, a ratio beside the best one so far is tried.
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
    """Return the next ratio to try for a regulariser, beside its best one, or None."""
    seen = [index for other, index in found if other == name]
    if not seen:
        return name, min(found, key=lambda place: found[place][0])[1]
    best = min(seen, key=lambda index: found[name, index][0])
    for index in (best + 1, best - 1):
        if 0 <= index <= highest(name) and index not in seen:
            return name, index
    return None

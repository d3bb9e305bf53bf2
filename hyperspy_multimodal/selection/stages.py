"""Stages of the search for a setting: each takes a setting and returns one that is no worse."""

from dataclasses import replace

import numpy as np

from .brightness import cannot_leak, leaks
from .moves import by_element, with_ratios

#: Limits of lambda_1.
LAMBDAS_1 = (1e-5, 1.0)
# Standard errors that an element must lose to be set apart.
_STANDARD_ERRORS_LOST = 2.0
# Standard errors that an element without structure must gain not to be set apart.
_STANDARD_ERRORS_GAINED = 1.0


def best_of(held_out, settings):
    """Return the best of some settings; all are tried before they are compared."""
    held_out.try_out(settings)
    return min(settings, key=held_out.score)


def walked(held_out, setting, step):
    """Return the setting with the best lambda_1 among values ``step`` half decades apart."""
    both = [_with_lambda_1(setting, steps) for steps in (step, -step)]
    held_out.try_out([each for each in both if each is not None])
    for steps in (step, -step):
        while True:
            further = _with_lambda_1(setting, steps)
            if further is None or held_out.score(further) >= held_out.score(setting):
                break
            setting = further
    return setting


def _with_lambda_1(setting, steps):
    """Return the setting with lambda_1 some half decades higher, or None beyond the limits."""
    half_decades = round(2 * np.log10(setting.lambda_1)) + steps
    lambda_1 = float(f"{10 ** (half_decades / 2):.3g}")
    is_allowed = LAMBDAS_1[0] <= lambda_1 <= LAMBDAS_1[1]
    return replace(setting, lambda_1=lambda_1) if is_allowed else None


def adjusted(held_out, setting, moves):
    """Return the setting with better regularisers and ratios for elements coupled by the HAADF.

    All elements make the same move. Each then takes the move that improves it most, if this
    improves the sum. Otherwise, a single move is made by the elements that it improves. Ratios
    continue to move until they settle; regularisers are compared once.

    Parameters
    ----------
    held_out : HeldOut
        Errors of settings.
    setting : Setting
        Setting from which to start.
    moves : sequence of callable
        Functions of a setting and the elements that may move; each returns a setting.

    Returns
    -------
    Setting
    """
    seen = [{place} for place in _places(setting)]
    while moves:
        tried = [setting]
        for move in moves:
            chosen = held_out.counted if move.func is with_ratios else np.full(len(seen), True)
            moved = move(setting, chosen)
            # An element does not need to return to an earlier place.
            new = [each not in known for each, known in zip(_places(moved), seen, strict=True)]
            if (chosen & new).any():
                tried.append(move(setting, chosen & new))
        held_out.try_out(tried)
        for each in tried:
            for known, place in zip(seen, _places(each), strict=True):
                known.add(place)
        best = _best_by_element(held_out, tried)
        if held_out.score(best) >= held_out.score(setting):
            each_alone = [_best_by_element(held_out, [setting, moved]) for moved in tried[1:]]
            best = best_of(held_out, [*tried, *each_alone])
        if best == setting:
            break
        setting = best
        moves = [move for move in moves if move.func is with_ratios]
    return setting


def _best_by_element(held_out, settings):
    """Return the first setting with each counted element as in the setting that is best for it."""
    errors = np.array([held_out.errors(each) for each in settings])
    best, served = settings[0], errors.argmin(axis=0)
    for number, each in enumerate(settings[1:], 1):
        best = by_element(held_out.counted & (served == number), each, best)
    # Elements that are not counted follow if all others make the same move.
    where = set(served[held_out.counted].tolist())
    return settings[where.pop()] if len(where) == 1 else best


def _places(setting):
    return list(zip(setting.regularisers, setting.ratios, strict=True))


def are_losing(held_out, setting, without):
    """Return which elements are predicted clearly worse with the HAADF, bool, (K,)."""
    return held_out.standard_errors_lost(setting, without) > _STANDARD_ERRORS_LOST


def are_idle(held_out, setting, without):
    """Return which elements have no structure and do not gain by the HAADF, bool, (K,).

    Their counts cannot contradict structure from the HAADF.
    """
    gained = held_out.standard_errors_lost(without, setting)
    return ~held_out.has_structure(without) & (gained < _STANDARD_ERRORS_GAINED)


def set_apart(held_out, setting, without):
    """Return the setting in which elements that are harmed by the pull of the HAADF are set apart.

    These are elements without structure, unless they gain by the pull; elements into which the
    HAADF leaks, also after others were set apart; and elements that are predicted worse with it,
    unless they would be biased without it where the HAADF is bright. They take regulariser and
    ratio from ``without``, which is returned if all elements are set apart.
    """
    lost = held_out.standard_errors_lost(setting, without)
    squares = held_out.squares_lost(setting, without)
    losing = are_losing(held_out, setting, without) & held_out.counted
    idle = are_idle(held_out, setting, without) & held_out.counted
    at_first = held_out.bias(setting, np.zeros_like(losing))
    concerned = held_out.counted & ~cannot_leak(at_first, lost, squares)
    found = held_out.bias(setting, concerned).is_found & concerned
    if not (losing | idle | found).any():
        return setting
    free = held_out.bias(without, losing | found)
    losing &= ~free.is_from_pull(held_out.bias(setting, losing | concerned))
    apart = np.array(setting.apart) | idle
    if apart[held_out.counted].all():
        return without
    if idle.any():
        setting = _apart(setting, without, apart)
    while True:
        lost = held_out.standard_errors_lost(setting, without)
        squares = held_out.squares_lost(setting, without)
        pulled = held_out.bias(setting, concerned & ~apart)
        leaking = leaks(pulled, free, lost, squares) & concerned & ~apart
        if not leaking.any():
            break
        apart |= leaking
        if apart[held_out.counted].all():
            return without
        setting = _apart(setting, without, apart)
    losing |= apart
    if (losing & ~apart).any() and not losing.all():
        setting = best_of(held_out, [setting, _apart(setting, without, losing)])
    return setting


def _apart(setting, without, elements):
    return replace(by_element(elements, without, setting), apart=tuple(elements.tolist()))

"""Stages of the search for a setting: each goes on from one and returns one that is no worse."""

from dataclasses import replace

import numpy as np

from .brightness import leaks
from .moves import by_element, with_ratios

#: Limits of lambda_1.
LAMBDAS_1 = (1e-5, 1.0)
# What an element has to lose to be set apart.
_STANDARD_ERRORS_LOST = 2.0


def best_of(settings, score):
    """Return the best of some settings; all are tried before any are compared."""
    for setting in settings:
        score(setting)
    return min(settings, key=score)


def walked(setting, step, score):
    """Return the setting with the best lambda_1 of those that lie ``step`` half decades apart."""
    for steps in (step, -step):
        while True:
            half_decades = round(2 * np.log10(setting.lambda_1)) + steps
            lambda_1 = float(f"{10 ** (half_decades / 2):.3g}")
            further = replace(setting, lambda_1=lambda_1)
            if not LAMBDAS_1[0] <= lambda_1 <= LAMBDAS_1[1] or score(further) >= score(setting):
                break
            setting = further
    return setting


def adjusted(held_out, setting, moves, score):
    """Return the setting with better regularisers and ratios, elements coupled by the HAADF.

    All elements make the same move. Those that it serves keep it, if that serves all together;
    moves go on until none does.
    """
    moves = list(moves)
    everyone = np.full(held_out.n_maps, True)
    useless = 0
    while useless < len(moves):
        move = moves[0]
        before = held_out.errors(setting)
        of_ratios = move.func is with_ratios
        moved = move(setting, held_out.counted if of_ratios else everyone)
        served = held_out.errors(moved) < before
        served &= held_out.counted
        if served.any() and not served.all():
            moved = move(setting, served)
        if score(moved) < score(setting):
            setting, useless = moved, 0
            if of_ratios:
                continue
        else:
            useless += 1
        moves = [*moves[1:], move]
    return setting


def set_apart(held_out, setting, without, score):
    """Return the setting with those elements apart to which the pull of the HAADF does harm.

    These are the ones into which it leaks, also after others were set apart, and those that are
    predicted worse with it, unless they are biased where the HAADF is bright without it. They take
    regulariser and ratio of ``without``, which is returned if they are all.
    """
    losing = held_out.standard_errors_lost(setting, without) > _STANDARD_ERRORS_LOST
    free = held_out.bias(without)
    losing &= held_out.counted & ~free.is_from_pull(held_out.bias(setting))
    apart = np.array(setting.apart)
    while True:
        lost = held_out.standard_errors_lost(setting, without)
        squares = held_out.squares_lost(setting, without)
        leaking = leaks(held_out.bias(setting), free, lost, squares) & held_out.counted & ~apart
        if not leaking.any():
            break
        apart |= leaking
        if apart[held_out.counted].all():
            return without
        setting = _apart(setting, without, apart)
    losing |= apart
    if (losing & ~apart).any() and not losing.all():
        setting = best_of([setting, _apart(setting, without, losing)], score)
    return setting


def _apart(setting, without, elements):
    return replace(by_element(elements, without, setting), apart=tuple(elements.tolist()))

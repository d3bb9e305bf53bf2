"""Stages of the search for a setting: each goes on from one and returns one that is no worse."""

from dataclasses import replace

import numpy as np

from .brightness import leaks
from .moves import by_element, with_ratios

#: Limits of lambda_1.
LAMBDAS_1 = (1e-5, 1.0)
# What an element has to lose to be set apart.
_STANDARD_ERRORS_LOST = 2.0
# What an element that is no better predicted than by a constant has to gain not to be.
_STANDARD_ERRORS = 1.0


def best_of(held_out, settings):
    """Return the best of some settings; all are tried before any are compared."""
    held_out.try_out(settings)
    return min(settings, key=held_out.score)


def walked(held_out, setting, step):
    """Return the setting with the best lambda_1 of those that lie ``step`` half decades apart."""
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
    """Return the setting with lambda_1 so many half decades further; None beyond the limits."""
    half_decades = round(2 * np.log10(setting.lambda_1)) + steps
    lambda_1 = float(f"{10 ** (half_decades / 2):.3g}")
    is_allowed = LAMBDAS_1[0] <= lambda_1 <= LAMBDAS_1[1]
    return replace(setting, lambda_1=lambda_1) if is_allowed else None


def adjusted(held_out, setting, moves):
    """Return the setting with better regularisers and ratios, elements coupled by the HAADF.

    All elements make the same move. Those that it serves keep it, if that serves all together;
    moves go on until none does.
    """
    moves = list(moves)
    everyone = np.full(held_out.n_maps, True)

    def moved_all(move):
        return move(setting, held_out.counted if move.func is with_ratios else everyone)

    if setting.model is not None:
        held_out.try_out([moved_all(move) for move in moves])
    useless = 0
    while useless < len(moves):
        move = moves[0]
        before = held_out.errors(setting)
        moved = moved_all(move)
        served = held_out.errors(moved) < before
        served &= held_out.counted
        if served.any() and not served.all() and setting.model is None:
            moved = held_out.put_together(served, moved, setting)
        elif served.any() and not served.all():
            moved = move(setting, served)
        if held_out.score(moved) < held_out.score(setting):
            setting, useless = moved, 0
            if move.func is with_ratios:
                continue
        else:
            useless += 1
        moves = [*moves[1:], move]
    return setting


def set_apart(held_out, setting, without):
    """Return the setting with those elements apart to which the pull of the HAADF does harm.

    These are the ones into which it leaks, also after others were set apart, and those that are
    predicted worse with it, unless they are biased where the HAADF is bright without it. They take
    regulariser and ratio of ``without``, which is returned if they are all.
    """
    # Elements without any structure of their own have to gain.
    asked = np.where(held_out.has_structure(without), _STANDARD_ERRORS_LOST, -_STANDARD_ERRORS)
    losing = held_out.standard_errors_lost(setting, without) > asked
    losing &= held_out.counted
    if not losing.any() and held_out.bias(setting).is_negligible[held_out.counted].all():
        return setting
    free = held_out.bias(without)
    losing &= ~free.is_from_pull(held_out.bias(setting))
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
        setting = best_of(held_out, [setting, _apart(setting, without, losing)])
    return setting


def _apart(setting, without, elements):
    return replace(by_element(elements, without, setting), apart=tuple(elements.tolist()))

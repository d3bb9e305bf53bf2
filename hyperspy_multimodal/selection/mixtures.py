"""Sieves for the elements that they serve, beside other regularisers for the others."""

from dataclasses import replace
from functools import partial

import numpy as np

from .moves import by_element, with_ratios
from .sieves import SIEVE, SMOOTH, blurs_without, without_beads
from .stages import LAMBDAS_1, adjusted, best_of, set_apart, walked

_STEP, _FINE_STEP = 2, 1  # in half decades
# What an element has to gain over the best it had before: more by a sieve, which makes beads of
# noise, than by a smooth map. And to have either while the HAADF is added.
_STANDARD_ERRORS = {SIEVE: 2.0, SMOOTH: 1.0}
_STANDARD_ERRORS_TRIED = 1.0
# As for total variation.
_HAADF_STANDARD_ERRORS = 3.0


def with_sieves(held_out, best, without, candidates, free):
    """Return the best setting with sieves if it predicts better than ``best``.

    Parameters
    ----------
    held_out : HeldOut
        Errors of settings.
    best, without : Setting
        The best setting so far, and the best of total variation without HAADF.
    candidates : sequence of tuple of str
        Names of the regularisers that each element may have.
    free : numpy.ndarray
        Elements that may have a sieve and have none so far, bool, shape (K,).

    Returns
    -------
    Setting
    """

    reference = best if best.model is None else without
    sieves = blurs_without(held_out, without, candidates, reference)
    if sieves is None:
        return best
    # Without HAADF elements do not feel each other.
    free = free & held_out.counted
    unaided = without_beads(held_out, sieves, without, candidates)
    if best.model is None:
        served = free & (held_out.standard_errors_lost(best, unaided) > _least(unaided))
        return held_out.put_together(served, unaided, best) if served.any() else best
    served = free & (held_out.standard_errors_lost(without, sieves) > _STANDARD_ERRORS_TRIED)
    if not served.any():
        return best
    alone = held_out.put_together(served, unaided, without)
    stronger = float(f"{best.lambda_1 * 10 ** (_STEP / 2):.3g}")
    chosen = replace(by_element(served, sieves, best), lambda_1=min(stronger, LAMBDAS_1[1]))
    chosen = walked(held_out, chosen, _STEP)
    chosen, served = _staying(held_out, chosen, best, served, 0.0)
    if not served.any():
        return best
    moves = [partial(with_ratios, step=step, only=served) for step in (1, -1)]
    chosen = adjusted(held_out, chosen, moves)
    chosen = walked(held_out, chosen, _FINE_STEP)
    chosen, served = _staying(held_out, chosen, best, served, _least(chosen))
    if not served.any():
        return best
    chosen = set_apart(held_out, chosen, alone)
    if held_out.standard_errors_gained(chosen, alone) < _HAADF_STANDARD_ERRORS:
        chosen = alone
    return best_of(held_out, [best, chosen])


def _least(setting):
    return np.array([_STANDARD_ERRORS.get(name, 0.0) for name in setting.regularisers])


def _staying(held_out, setting, best, served, least):
    """Return the setting with sieves that gain ``least`` standard errors, and which these are."""
    staying = served & (held_out.standard_errors_lost(best, setting) > least)
    leaving = served & ~staying
    return (by_element(leaving, best, setting) if leaving.any() else setting), staying

"""Sieves for elements that benefit from them, combined with other regularisers for the others."""

from dataclasses import replace
from functools import partial

import numpy as np

from ..fusion.regularisers import are_directional
from .moves import by_element, with_ratios
from .sieves import SIEVE, SMOOTH, blurs_without, with_smooth, without_beads
from .stages import LAMBDAS_1, adjusted, best_of, set_apart, walked

_STEP, _FINE_STEP = 2, 1  # in half decades
# What an element has to gain by a sieve, which makes beads of noise, over the best that it had
# before. And what to have it while the HAADF is added; a smooth map may lose as much until then.
_STANDARD_ERRORS = 2.0
_STANDARD_ERRORS_TRIED = 1.0
# Without the HAADF, what elements with structure may lose by a smooth map. If the counts do not
# distinguish it from total variation, it is usually closer to the truth, unless total variation
# takes its edges from the HAADF, which counts this few could not show.
_ALIKE = 1.0
# As for total variation.
_HAADF_STANDARD_ERRORS = 3.0


def with_sieves(held_out, best, without, candidates, free):
    """Return the best setting with sieves if it predicts better than ``best``.

    Parameters
    ----------
    held_out : HeldOut
        Errors of settings.
    best, without : Setting
        The best setting so far, and the best one without HAADF.
    candidates : sequence of tuple of str
        Names of the regularisers that each element may have.
    free : numpy.ndarray
        Elements that may have a sieve but do not have one yet, bool, shape (K,).

    Returns
    -------
    Setting
    """
    free = free & held_out.counted
    if best.model is None:
        return _unaided(held_out, best, candidates, free)
    sieves = blurs_without(held_out, without, candidates, without)
    if sieves is None:
        return best
    served = free & (held_out.standard_errors_lost(without, sieves) > _STANDARD_ERRORS_TRIED)
    if not served.any():
        return best
    sieves = with_smooth(held_out, sieves, without, candidates)
    gained = held_out.standard_errors_lost(without, sieves)
    served |= free & _are_smooth(sieves) & (gained > -_STANDARD_ERRORS_TRIED)
    unaided = without_beads(held_out, sieves, without, candidates)
    alone = held_out.put_together(served, unaided, without)
    stronger = float(f"{best.lambda_1 * 10 ** (_STEP / 2):.3g}")
    chosen = replace(by_element(served, sieves, best), lambda_1=min(stronger, LAMBDAS_1[1]))
    chosen = walked(held_out, chosen, _STEP)
    better = held_out.errors(chosen) < held_out.errors(best)
    chosen, served = _staying(held_out, chosen, best, served, better)
    if not served.any():
        return best
    moves = [partial(with_ratios, step=step, only=served) for step in (1, -1)]
    chosen = adjusted(held_out, chosen, moves)
    chosen = walked(held_out, chosen, _FINE_STEP)
    chosen, served = _staying(held_out, chosen, best, served, _gains(held_out, chosen, best))
    if not served.any():
        return best
    chosen = set_apart(held_out, chosen, alone)
    if held_out.standard_errors_gained(chosen, alone) < _HAADF_STANDARD_ERRORS:
        chosen = alone
    return best_of(held_out, [best, chosen])


def _unaided(held_out, best, candidates, free):
    """Return the best setting without HAADF, with smooth maps or sieves where they help.

    Elements that may have both are smooth: without the HAADF, which shows the positions of columns,
    sieves turn noise into beads.
    """
    candidates = [
        tuple(n for n in names if n != SIEVE or SMOOTH not in names) for names in candidates
    ]
    blurred = blurs_without(held_out, best, candidates, best)
    if blurred is None:
        return best
    # Elements are independent.
    alike = held_out.has_structure(best) & ~np.array(are_directional(best.regularisers))
    served = free & _gains(held_out, blurred, best, _ALIKE * alike)
    return held_out.put_together(served, blurred, best) if served.any() else best


def _gains(held_out, setting, best, alike=0.0):
    """Return which elements gain enough by their sieves or smooth maps, bool, (K,).

    With smooth maps, they may lose up to ``alike`` standard errors.
    """
    asked = np.where(_are_smooth(setting), -np.asarray(alike), _STANDARD_ERRORS)
    return held_out.standard_errors_lost(best, setting) > asked


def _are_smooth(setting):
    return np.array([name == SMOOTH for name in setting.regularisers])


def _staying(held_out, setting, best, served, better):
    """Return the setting with sieves for elements that gain by them, and which elements these are.

    An element also keeps its sieve if its previous regulariser is clearly worse when combined with
    the sieves of the others.
    """
    leaving = served & ~better
    if not leaving.any():
        return setting, served
    left = by_element(leaving, best, setting)
    leaving &= held_out.standard_errors_lost(left, setting) < _STANDARD_ERRORS
    return (by_element(leaving, best, setting) if leaving.any() else setting), served & ~leaving

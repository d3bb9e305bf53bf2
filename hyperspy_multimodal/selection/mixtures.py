"""Sieves for the elements that they serve, beside other regularisers for the others."""

from dataclasses import replace
from functools import partial

from .moves import by_element, with_ratios
from .sieves import sieve_without
from .stages import LAMBDAS_1, adjusted, best_of, set_apart, walked

_STEP, _FINE_STEP = 2, 1  # in half decades
# What an element has to gain by its sieve without HAADF, ...
_SERVED = 1.0
# ... what it has to gain to leave it again, with HAADF, ...
_LEAVING = 1.0
# ... and what all together have to gain.
_STANDARD_ERRORS = 2.0
_HAADF_STANDARD_ERRORS = 3.0


def with_sieves(held_out, best, without, free):
    """Return the best setting with sieves if it predicts clearly better than ``best``.

    Parameters
    ----------
    held_out : HeldOut
        Errors of settings.
    best, without : Setting
        The best setting so far, and the best of total variation without HAADF.
    free : numpy.ndarray
        Elements that may have a sieve, bool, shape (K,).

    Returns
    -------
    Setting
    """

    def score(setting):
        return held_out.relative(held_out.errors(setting))

    sieves = sieve_without(held_out, without, reference=without)
    if sieves is None:
        return best
    # Without HAADF elements do not feel each other.
    served = free & (held_out.standard_errors_lost(without, sieves) > _SERVED)
    if not (served & held_out.counted).any():
        return best
    if best.model is None:
        chosen = held_out.put_together(served, sieves, best)
    else:
        alone = held_out.put_together(served, sieves, without)
        stronger = float(f"{best.lambda_1 * 10 ** (_STEP / 2):.3g}")
        chosen = replace(by_element(served, sieves, best), lambda_1=min(stronger, LAMBDAS_1[1]))
        chosen = walked(chosen, _STEP, score)
        moves = [partial(with_ratios, step=step, only=served) for step in (1, -1)]
        chosen = adjusted(held_out, chosen, moves, score)
        chosen = walked(chosen, _FINE_STEP, score)
        leaving = served & (held_out.standard_errors_lost(chosen, best) > _LEAVING)
        if (leaving & held_out.counted).any():
            chosen = best_of([chosen, by_element(leaving, best, chosen)], score)
        chosen = set_apart(held_out, chosen, alone, score)
        if held_out.standard_errors_gained(chosen, alone) < _HAADF_STANDARD_ERRORS:
            chosen = alone
    is_better = held_out.standard_errors_gained(chosen, best) > _STANDARD_ERRORS
    return chosen if is_better else best
